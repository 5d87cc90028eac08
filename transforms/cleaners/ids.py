"""Ids and numbers that others gave: Salesforce ids, VAT numbers. Keys made from cells are in `transforms.keys`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl

from transforms.cleaners.batches import by_batch
from transforms.cleaners.registry import Context, cleaner

CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
"""Salesforce's alphabet for the case of five characters: 2^5 = 32 digits."""
NO_ID = r"^0{15}(?:AAA)?$"
"""A null lookup of Salesforce's exports."""
WELL_FORMED = r"^[A-Za-z0-9]{15}(?:[A-Za-z0-5]{3})?$"


@lru_cache(maxsize=1)
def _suffixes() -> pl.Series:
    """Every checksum, in the order of the fifteen bits that it stands for."""
    return pl.Series([CHECKSUM[n & 31] + CHECKSUM[n >> 5 & 31] + CHECKSUM[n >> 10] for n in range(1 << 15)])


def _checksums(bodies: pl.Series) -> pl.Series:
    """The three characters that tell which of an id's first fifteen are upper case, lowest bit first."""
    letters = np.frombuffer(bodies.str.join("").item().encode("ascii"), dtype=np.uint8).reshape(-1, 15)
    upper = (letters >= ord("A")) & (letters <= ord("Z"))
    return _suffixes().gather(upper @ (1 << np.arange(15)))


def _salesforce_values(values: pl.Series) -> pl.Series:
    well_formed = values.str.contains(WELL_FORMED).fill_null(False)
    nothing = pl.Series(values.name, [None], dtype=pl.String).new_from_index(0, len(values))
    if not well_formed.any():
        return nothing
    ids = values if well_formed.all() else values.filter(well_formed)
    bodies = ids.str.slice(0, 15)
    checksums = _checksums(bodies)
    frame = pl.DataFrame({"id": ids, "whole": bodies + checksums, "checksum": checksums})
    right = (pl.col("id").str.len_bytes() == 15) | (pl.col("id").str.slice(15).str.to_uppercase() == pl.col("checksum"))
    whole = frame.select(pl.when(right).then("whole")).to_series()
    return whole if len(whole) == len(values) else nothing.scatter(well_formed.arg_true(), whole)


@cleaner(
    "salesforce_id",
    reason="is not a Salesforce id (15 characters, or 18 with the right checksum)",
    absent=lambda cell: cell.str.contains(NO_ID),
)
def salesforce_id(cell: pl.Expr, _: Context) -> pl.Expr:
    """The id in its 18-character form."""
    return by_batch(cell, _salesforce_values)


@cleaner("vat_id", reason="is not a VAT or tax number of 5 to 17 letters and digits")
def vat_id(cell: pl.Expr, _: Context) -> pl.Expr:
    """Upper case, without separators and the words before it."""
    bare = cell.str.to_uppercase().str.replace(
        r"^(?:VAT|UST|USTID|TVA|IVA|NIF|TAX)[\s-]*(?:ID|NO|NR|REG)?[\s.:#-]*", ""
    )
    packed = bare.str.replace_all(r"[\s./-]", "")
    return pl.when(packed.str.contains(r"^[A-Z0-9]{5,17}$") & packed.str.contains(r"[0-9]{3}")).then(packed)
