"""What a customer id looks like. Who gets which id does not belong here (`registry`)."""

from __future__ import annotations

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
"""Base32 of RFC 4648, section 6, in lower case."""

LENGTH = 20


def customer_id_sql(founder: str, generation: str) -> str:
    """SQL of `c_` and the first 20 base32 characters (100 bits) of sha256 of `<record key of the founder>|<generation>`
    in UTF-8: 5 hex digits of the hash are 4 of them."""
    digest = f"sha256({founder} || '|' || {generation})"
    characters = (
        f"'{ALPHABET}'[((('0x' || substr({digest}, {start}, 5))::integer >> {shift}) & 31) + 1]"
        for start in range(1, LENGTH // 4 * 5, 5)
        for shift in (15, 10, 5, 0)
    )
    return f"('c_' || {' || '.join(characters)})"
