"""Phone numbers to E.164, valid ones only: the fast way for what is plain, the phonenumbers library for the rest.

The fast way is built from the library's own metadata (`phone_rules`) and may only say "valid, and this is it" or "not
sure": then the library decides, once for every distinct text and region, and its answers are kept (`phone_answers`).
"""

from __future__ import annotations

import polars as pl

from transforms.cleaners.phone_answers import ANSWERS
from transforms.cleaners.phone_rules import CALLING_CODES, CodeRules, RegionRules, code_rules, region_rules
from transforms.cleaners.registry import Context, cleaner
from transforms.records import E164

PLAIN = r"^[(\[]?\+?[0-9()\[\]\s./-]{5,30}$"
"""A single number, without letters, extension or a second number: digits and what people put between them."""
BETWEEN = r"[()\[\]\s./-]"
FEW = 200
"""Numbers of which the library is asked at once: the rules of their countries take longer to be compiled."""
NO_REGION = "has no country code, and neither the row nor the source has a country"
INVALID = "is not a valid phone number"


def _why(cell: pl.Expr, context: Context) -> pl.Expr:
    homeless = context.row_country.is_null() & ~cell.str.contains(r"^\D*(?:\+|00)")
    return pl.when(homeless).then(pl.lit(NO_REGION)).otherwise(pl.lit(INVALID))


@cleaner("phone", why=_why, regional=True, yields=E164, absent=lambda cell: ~cell.str.contains("[0-9A-Za-z]"))
def phone(cell: pl.Expr, context: Context) -> pl.Expr:
    """E.164, read as in the row's country (else the source's); a number that is not valid there is null."""
    return pl.map_batches(
        [cell, context.row_country], lambda pair: e164(pair[0], pair[1]), return_dtype=pl.String, is_elementwise=True
    )


def e164(texts: pl.Series, regions: pl.Series) -> pl.Series:
    """E.164 of every text read in its region (alpha-2 or null); null where it is no valid number."""
    count = len(texts)
    regions = regions if len(regions) == count else pl.Series([regions[0]] * count, dtype=pl.String)
    frame = pl.DataFrame({"text": texts, "region": regions}, {"text": pl.String, "region": pl.String})
    frame = frame.with_row_index("place").filter(pl.col("text").is_not_null())
    if frame.is_empty():
        return pl.Series(values=[None] * count, dtype=pl.String)
    if frame.height < FEW:
        found = frame.with_columns(number=pl.lit(None, pl.String))
    else:
        found = frame.join(pl.concat(_sure(frame)), on="place", how="left", maintain_order="left")
    unsure = found.filter(pl.col("number").is_null())
    if not unsure.is_empty():
        rest = unsure.select("place", ANSWERS.lookup(unsure["text"], unsure["region"]).alias("number"))
        found = found.update(rest, on="place", how="left", maintain_order="left")
    if found.height == count:
        return found["number"]
    return pl.Series(values=[None] * count, dtype=pl.String).scatter(found["place"], found["number"])


def _sure(frame: pl.DataFrame) -> list[pl.DataFrame]:
    """place, number of those that the fast way is sure of."""
    plain = frame.filter(pl.col("text").str.contains(PLAIN)).with_columns(
        pl.col("text").str.replace_all(BETWEEN, "").alias("digits")
    )
    abroad = pl.col("digits").str.starts_with("+")
    coded = [plain.filter(abroad).select("place", pl.col("digits").str.slice(1))]
    found = [frame.clear().select("place", pl.col("text").alias("number"))]
    for (region,), local in (
        plain.filter(~abroad & pl.col("region").is_not_null()).partition_by("region", as_dict=True).items()
    ):
        rules = region_rules(str(region))
        if rules is not None:
            numbers, dialled = _local(local.select("place", "digits"), rules)
            found.append(numbers)
            coded.append(dialled)
    for (code,), numbers in (
        pl.concat(coded)
        .with_columns(pl.col("digits").str.extract(CALLING_CODES).alias("code"))
        .filter(pl.col("code").is_not_null())
        .partition_by("code", as_dict=True)
        .items()
    ):
        of_code = code_rules(str(code))
        if of_code is not None:
            national = numbers.select("place", pl.col("digits").str.slice(len(str(code))).alias("national"))
            found.append(_valid(_without_prefix(national, of_code.main), of_code))
    return found


def _local(numbers: pl.DataFrame, rules: RegionRules) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Numbers as dialled within a region: (the sure ones, those dialled abroad as code and number).

    The order of questions is the library's: an international prefix; the region's own code before a number that is
    none without it; the national prefix.
    """
    digits = pl.col("digits")
    abroad = digits.str.contains(rules.international_prefix)
    dialled = numbers.filter(abroad).select("place", digits.str.replace(rules.international_prefix, ""))
    dialled = dialled.filter(~digits.str.starts_with("0"))
    home = numbers.filter(~abroad).with_columns(
        (digits.str.starts_with(rules.code) & ~digits.str.contains(rules.general)).alias("coded")
    )
    own_code = home.filter("coded").select("place", digits.str.slice(len(rules.code)).alias("national"))
    own_code = _without_prefix(own_code, rules).filter(pl.col("national").str.contains(rules.general))
    national = home.filter(~pl.col("coded")).select("place", digits.alias("national"))
    of_code = code_rules(rules.code)
    if of_code is None:
        return numbers.clear().select("place", digits.alias("number")), dialled
    candidates = pl.concat([_without_prefix(own_code, of_code.main), _without_prefix(national, rules)])
    return _valid(candidates, of_code), dialled


def _without_prefix(numbers: pl.DataFrame, rules: RegionRules) -> pl.DataFrame:
    """`national` without the region's national prefix; numbers are dropped where only the library can tell."""
    if rules.national_prefix is None:
        return numbers
    national = pl.col("national")
    prefixed = national.str.contains(rules.national_prefix)
    if rules.transforms:
        return numbers.filter(~prefixed)
    stripped = national.str.replace(rules.national_prefix, "")
    stays = national.str.contains(rules.general) & ~stripped.str.contains(rules.general)
    strips = prefixed & ~stays
    # What is left may be a local number (`1 310 1234`): the library then has its reasons to leave the prefix on.
    unsure = strips & ~stripped.str.len_bytes().is_in(rules.lengths)
    return numbers.filter(~unsure).with_columns(pl.when(strips).then(stripped).otherwise(national).alias("national"))


def _valid(numbers: pl.DataFrame, rules: CodeRules) -> pl.DataFrame:
    """place, number: the valid ones, as E.164."""
    national = pl.col("national")
    valid = national.str.contains(rules.valid)
    if rules.leading is not None and rules.valid_leading is not None:
        leads = national.str.contains(rules.leading)
        valid = (leads & national.str.contains(rules.valid_leading)) | (~leads & valid)
    return numbers.filter(valid).select("place", ("+" + rules.code + national).alias("number"))
