"""Fields, and what their agreeing or disagreeing weighs, in words: the same ones wherever evidence is told.

A weight is in bits (log2 of how much likelier one customer makes it): +10 is a thousand times likelier. What a whole
explanation says does not belong here (`explain`, `explain_pair`, `review`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

LABELS = {
    "consent_ai": "consent to AI",
    "consent_email": "consent to e-mail",
    "consent_phone": "consent to calls",
    "birth_place": "place of birth",
    "customer_since": "customer since",
    "domain": "web domain",
    "email": "e-mail",
    "loyalty_id": "loyalty number",
    "national_id": "national number",
    "organisation_id": "organisation",
    "people": "where its people write from",
    "phone_e164": "phone",
    "sla": "service level",
    "vat_id": "VAT number",
}
"""Names that do not read well with their underscores taken out."""

Weights = Mapping[str, float]
"""Field -> weight in bits, heaviest first."""


def label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " "))


def listing(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]])) or "nothing"


def weights(told: str | None) -> Weights:
    """The weights of an edge or a link, which publications hold as a JSON object."""
    found: dict[str, float] = json.loads(told or "{}")
    return heaviest_first(found)


def heaviest_first(found: Mapping[str, float]) -> Weights:
    return dict(sorted(found.items(), key=lambda item: (-abs(item[1]), item[0])))


def told(agreed: Weights, disagreed: Weights) -> str:
    """`e-mail (+21.3) and family name (+10.2) agree; birth date (-4.6) disagrees`; empty where neither does."""
    parts = (_verb(agreed, "agree"), _verb(disagreed, "disagree"))
    return "; ".join(part for part in parts if part)


def _verb(found: Weights, verb: str) -> str:
    if not found:
        return ""
    words = [f"{label(name)} ({weight:+.1f})" for name, weight in found.items()]
    return f"{listing(words)} {verb}{'s' if len(words) == 1 else ''}"
