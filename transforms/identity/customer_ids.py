"""What a customer id looks like, in Python and in SQL. Who gets which id does not belong here (`registry`)."""

from __future__ import annotations

import base64
import hashlib

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
"""RFC 4648, section 6, in lower case."""

LENGTH = 20


def customer_id(founder: str, generation: int) -> str:
    """`c_` and the first 20 base32 characters (100 bits) of sha256 of `<record key of the founder>|<generation>`.

    The base32 alphabet is RFC 4648's, lower-cased; the text is hashed as UTF-8.
    """
    digest = hashlib.sha256(f"{founder}|{generation}".encode()).digest()
    return "c_" + base64.b32encode(digest).decode("ascii")[:LENGTH].lower()


def customer_id_sql(founder: str, generation: str) -> str:
    """The same as an SQL expression: 5 hex digits of the hash are 4 base32 characters."""
    digest = f"sha256({founder} || '|' || {generation})"
    characters = (
        f"'{ALPHABET}'[((('0x' || substr({digest}, {start}, 5))::integer >> {shift}) & 31) + 1]"
        for start in range(1, LENGTH // 4 * 5, 5)
        for shift in (15, 10, 5, 0)
    )
    return f"('c_' || {' || '.join(characters)})"
