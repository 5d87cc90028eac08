"""Columns that a draft never lands: known by their name, or by what stands in them.

What is found here is told by its column's name and a reason; never a value.
"""

from __future__ import annotations

import re

import polars as pl

ANYWHERE = {
    r"passw(or)?[dt]|passphrase|kennwort|secret|api.?key|auth.?token|security.?(answer|question)": "a secret",
    r"\b(ssn|social security|national id|nino|passport|driver.?s? licen[cs]e|tax id|steuer.?id|id card|identity number)"
    r"|sozialversicherung|personalausweis|aadhaar": "a national id",
    r"card (number|no)|credit card|cvv|cvc|kreditkarte": "a payment card",
    r"\b(iban|bic|bank|account holder|sort code|routing number)\b|kontonummer": "a bank account",
    r"\b(salary|wage|payroll|bonus|compensation|gehalt|salaire|pay (rate|grade|group|type)|hourly rate)\b": "pay",
    r"health|disab|medical|diagnos|illness|sick|blood|pregnan|behinder|krank": "health",
    r"religio|konfession|ethnic|\brace\b|sexual|orientation|trade union|politic": "a protected trait",
}
IN_HR = {
    r"birth|\bdob\b|geburt|naissance|\bage\b|anniversary": "a birth date",
    r"gender|\bsex\b|geschlecht|pronoun|marital|familienstand|nationality|citizen|visa|work permit|milit|veteran": (
        "a protected trait"
    ),
    r"\bhome\b|\bpersonal (e?mail|phone|mobile)|private|privat|emergency|dependent|spouse|child|\bmobile\b|\bcell\b": (
        "private contact"
    ),
    r"\b(street|address|zip|postal|postcode|address ?line)\b|straße|strasse|\bplz\b": "a home address",
    r"\bpay|\bbonus|\bgrade|\bcompa|stock|equity|job profile|fix.*gehalt|vergütung": "pay",
    r"\breason\b|grund\b|legal (first|last|middle)? ?name|photo|picture": "what HR keeps to itself",
}
"""Beside those, of workers: of customers some of it may be evidence."""

CARD = r"^([3-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}|3[47]\d\d[ -]?\d{6}[ -]?\d{5})$"
IBAN = r"^[A-Z]{2}\d{2} ?([A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}$"
SSN = r"^\d{3}-\d{2}-\d{4}$"
SHARE = 0.3
"""Of the filled cells; a column of which so many look like it is not landed."""


def by_name(name: str, label: str, *, hr: bool) -> str | None:
    """Why a column of this name, or with this label, is never landed."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", f"{name} {label}")
    words = re.sub(r"[\W_]+", " ", apart).casefold().strip()
    rules = ANYWHERE | IN_HR if hr else ANYWHERE
    return next((why for pattern, why in rules.items() if re.search(pattern, words)), None)


def by_content(cells: pl.Series) -> str | None:
    """Why a column with these cells is never landed."""
    filled = cells.drop_nulls().str.strip_chars()
    filled = filled.filter(filled != "")
    if not filled.len():
        return None
    tests = {
        "it holds what look like payment cards": filled.filter(filled.str.contains(CARD)),
        "it holds what look like bank accounts": filled.filter(filled.str.contains(IBAN)),
        "it holds what look like social-security numbers": filled.filter(filled.str.contains(SSN)),
    }
    proofs = {"it holds what look like payment cards": _luhn, "it holds what look like bank accounts": _mod97}
    for why, alike in tests.items():
        proof = proofs.get(why)
        count = sum(map(proof, alike)) if proof else alike.len()
        if count >= SHARE * filled.len():
            return why
    return None


def _luhn(number: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812)."""
    digits = [int(one) for one in number if one.isdigit()][::-1]
    doubled = (sum(divmod(2 * one, 10)) for one in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _mod97(iban: str) -> bool:
    """The check digits of bank accounts (ISO 13616)."""
    plain = iban.replace(" ", "")
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1
