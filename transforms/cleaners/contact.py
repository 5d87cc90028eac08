"""E-mail addresses and web domains. Phones have their own module; what an address is worth as evidence: identity."""

from __future__ import annotations

import polars as pl

from transforms.cleaners.batches import by_batch, repaired
from transforms.cleaners.registry import Context, cleaner
from transforms.cleaners.text import replaced

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~\p{L}\p{N}-]+"
_LABEL = r"[\p{Ll}\p{Lo}0-9](?:[\p{Ll}\p{Lo}\p{M}0-9-]{0,61}[\p{Ll}\p{Lo}\p{M}0-9])?"
_DOMAIN = rf"(?:{_LABEL}\.)+(?:xn--[a-z0-9-]{{2,59}}|[\p{{Ll}}\p{{Lo}}\p{{M}}]{{2,63}})"
EMAIL = rf"^{_ATOM}(?:\.{_ATOM})*@{_DOMAIN}$"
"""RFC 5322 dot-atom, RFC 1123 host name; letters beyond ASCII as in RFC 6531 and IDN. Quoted local parts are not taken:
no export has them, and what looks like one is a display name."""
DOMAIN = rf"^{_DOMAIN}$"
ASCII_EMAIL = (
    r"^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}$"
)
"""The plain case of EMAIL for addresses of up to 64 octets: tens of times faster than classes of all letters."""
PLAIN_LENGTH = 64
LONGEST_EMAIL = 254
"""RFC 5321, 4.5.3.1.3: a path of 256 octets with its angle brackets."""
_HOST = r"^(?:[a-z]+:/*)?(?:[^/@\s]*@)?(?:www\d?\.)?([^/:?#\s,;\"]+)"
_NOT_SITES = r"(?:^|\.)(?:localhost|local|invalid|example)$"


def _is_email(values: pl.Series) -> pl.Series:
    plain = values.str.contains(ASCII_EMAIL) & (values.str.len_bytes() <= PLAIN_LENGTH)
    return repaired(plain, ~plain, lambda _: _is_any_email(values.filter(~plain)))


def _is_any_email(values: pl.Series) -> pl.Series:
    return values.str.contains(EMAIL) & (values.str.len_bytes() <= LONGEST_EMAIL)


def _unwrap(values: pl.Series) -> pl.Series:
    """The address within `Ann <ann@x.com>`, `mailto:ann@x.com?subject=…`, `ann@x.com; bob@x.com`, `ann@x.com.`."""
    bracketed = values.str.extract(r"<\s*([^<>\s]+@[^<>\s]+?)\s*>")
    bare = bracketed.fill_null(values) if bracketed.null_count() < len(bracketed) else values
    bare = bare.str.replace(r"^(?:e-?mail|mailto)\s*:\s*", "").str.replace(r"\?.*$", "")
    return bare.str.replace(r"(?:;|, |\"\s*,).*$", "").str.strip_chars(" '\",;.()[]")


def _email_values(values: pl.Series) -> pl.Series:
    lower = values.str.to_lowercase()
    unwrapped = repaired(lower, ~_is_email(lower), _unwrap)
    return repaired(unwrapped, ~_is_email(unwrapped), lambda bad: pl.Series([None] * len(bad), dtype=pl.String))


@cleaner("email", reason="is not a valid e-mail address")
def email(cell: pl.Expr, _: Context) -> pl.Expr:
    """One address in lower case, without display name or `mailto:`; of several, the first."""
    return by_batch(cell, _email_values)


@cleaner("domain", reason="holds no web domain")
def domain(cell: pl.Expr, _: Context) -> pl.Expr:
    """The host of a web address or e-mail address, lower case, without `www.`, port and path."""
    plain = replaced(cell.str.to_lowercase(), r'^[\["\s]+|["\]\s]+$')
    bare = plain.str.extract(_HOST).str.strip_chars(".")
    return pl.when(bare.str.contains(DOMAIN) & ~bare.str.contains(_NOT_SITES)).then(bare)
