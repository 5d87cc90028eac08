"""The phonenumbers library's metadata as regexes that Polars can run. Nothing is parsed here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

KINDS_OF_NUMBER = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip
"""The kinds of which the library says that a number of one of them is valid."""
CALLING_CODES = "^(" + "|".join(str(code) for code in sorted(COUNTRY_CODE_TO_REGION_CODE)) + ")"
"""No calling code is the beginning of another one."""


@dataclass(frozen=True)
class RegionRules:
    """How numbers are dialled within one region."""

    code: str
    general: str
    """What any national number looks like, whole."""
    lengths: tuple[int, ...]
    """Digits of a whole national number; shorter local ones are not among them."""
    international_prefix: str
    national_prefix: str | None
    transforms: bool
    """The national prefix is not just dropped: only the library knows."""
    leading: str | None
    """The first digits that tell this region from others with its calling code."""
    kinds: str
    """What valid national numbers look like."""


@dataclass(frozen=True)
class CodeRules:
    """What numbers of one calling code look like, over all its regions."""

    code: str
    main: RegionRules
    valid: str
    leading: str | None
    """First digits that belong to one region, whose kinds alone decide then …"""
    valid_leading: str | None
    """… by this."""


@cache
def region_rules(region: str) -> RegionRules | None:
    """Rules of a region (alpha-2); None where the library knows none."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.general_desc is None or not metadata.general_desc.national_number_pattern:
        return None
    described = [getattr(metadata, kind) for kind in KINDS_OF_NUMBER]
    patterns = [d.national_number_pattern for d in described if d is not None and d.national_number_pattern]
    prefix = metadata.national_prefix_for_parsing
    return RegionRules(
        code=str(metadata.country_code),
        general=f"^(?:{metadata.general_desc.national_number_pattern})$",
        lengths=tuple(metadata.general_desc.possible_length),
        international_prefix=f"^(?:{metadata.international_prefix or '00'})",
        national_prefix=f"^(?:{prefix})" if prefix else None,
        transforms=bool(metadata.national_prefix_transform_rule),
        leading=metadata.leading_digits,
        kinds="|".join(dict.fromkeys(patterns)),
    )


@cache
def code_rules(code: str) -> CodeRules | None:
    """Rules of a calling code; None for codes of no region (satellites, international freephone)."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    rules = [rule for region in regions if (rule := region_rules(region)) is not None]
    if not rules:
        return None
    leading = [rule for rule in rules if rule.leading]
    others = [rule for rule in rules if not rule.leading]
    return CodeRules(
        code=code,
        main=rules[0],
        valid=_whole(others),
        leading="^(?:" + "|".join(str(rule.leading) for rule in leading) + ")" if leading else None,
        valid_leading=_whole(leading) if leading else None,
    )


def _whole(rules: list[RegionRules]) -> str:
    """A regex that one of the rules' kinds matches whole; one that matches nothing where there are no rules."""
    kinds = "|".join(rule.kinds for rule in rules if rule.kinds)
    return f"^(?:{kinds})$" if kinds else r"^\b$"
