"""Pins: what stewards say of single customers, rows of pins.csv, read and checked. They survive every rebuild.

Whether the customer or record that a pin names is there, and what the pin then does, is SQL (`dbt`, int_pin).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from transforms.policy.survivorship import GROUPS

COLUMNS = ("customer_id", "source", "object", "record", "field", "value", "who", "why", "when")


@dataclass(frozen=True)
class _Shape:
    """How the value of a field looks: `expected` in words, and the pattern that says so."""

    expected: str
    pattern: str = r"\S.*"


SHAPES: Mapping[str, _Shape] = {
    "display_name": _Shape("a name"),
    "given_name": _Shape("a name"),
    "family_name": _Shape("a name"),
    "email": _Shape("an e-mail address in lower case, such as ann@example.org", r"[^\s@A-Z]+@[^\s@A-Z]+\.[^\s@A-Z]+"),
    "phone_e164": _Shape("a number in E.164, such as +491701234567", r"\+[1-9][0-9]{6,14}"),
    "street": _Shape("a street and house number"),
    "postal_code": _Shape("a postal code"),
    "city": _Shape("a city"),
    "region": _Shape("a state, province or county"),
    "country": _Shape("an ISO 3166-1 alpha-2 code, such as DE", r"[A-Z]{2}"),
    "language": _Shape("a BCP 47 tag, such as de-AT", r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"),
    "timezone": _Shape("an IANA time zone, such as Europe/Berlin", r"[A-Za-z_]+(/[A-Za-z0-9_+-]+)*"),
    "plan": _Shape("a plan"),
    "sla": _Shape("a service level in lower case", r"[^\sA-Z][^A-Z]*"),
}
"""Fields whose value a pin may say; for the others it names the record to believe."""

GROUP_OF = {field: group for group, fields in GROUPS.items() for field in fields} | {group: group for group in GROUPS}
"""What may stand in the column `field`, and the group of fields that a pinned record gives."""


class PinError(ValueError):
    """A line of pins.csv that cannot be obeyed; the message names file, line, column, value and what was expected."""


class Pin(BaseModel):
    """One line: a customer (by id, or by one of its records), a field, and its value or the record that gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: int
    customer_id: str | None
    source: str | None
    object: str | None
    record_id: str | None
    field: str
    field_group: str
    value: str | None
    who: str
    why: str
    stated_on: date


def read_pins(file: Path) -> tuple[Pin, ...]:
    """All pins in the order of the file; which of several about one thing holds is decided where customers are known.

    Raises:
        PinError: a column is missing, a line has more cells than columns, a cell is empty or not what was expected.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, restkey="beyond", restval="")
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise PinError(f"{file}: columns missing: {', '.join(missing)}. Expected: {','.join(COLUMNS)}.")
            return tuple(_pin(file, rows.line_num, row) for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PinError(f"{file}: cannot be read as CSV in UTF-8: {error}. Save it as CSV UTF-8.") from error


def _pin(file: Path, line: int, row: Mapping[str, str]) -> Pin:
    def wrong(column: str, expected: str) -> PinError:
        return PinError(f"{file}, line {line}, column {column}: {cell.get(column, '')!r}. {expected}")

    cell = {column: row[column].strip() for column in COLUMNS}
    if "beyond" in row:
        raise PinError(f"{file}, line {line}: more cells than columns. Put a value that holds a comma into quotes.")
    field, value = cell["field"], cell["value"]
    group = GROUP_OF.get(field)
    if group is None:
        raise wrong("field", f"Expected a field or a group of fields: {', '.join(GROUP_OF)}.")
    named = [column for column in ("source", "object", "record") if cell[column]]
    if named and len(named) < 3:
        missing = next(column for column in ("source", "object", "record") if not cell[column])
        raise wrong(missing, "Expected source, object and record, all three, or none of them.")
    if not named and not cell["customer_id"]:
        raise wrong("customer_id", "Expected a customer's id, or a record in source, object and record.")
    if value and field not in SHAPES:
        raise wrong("value", f"Expected none, for {field} is pinned by naming the record to believe.")
    if value and not re.fullmatch(SHAPES[field].pattern, value):
        raise wrong("value", f"Expected {SHAPES[field].expected}.")
    if not value and not named:
        raise wrong("value", "Expected the value to hold fast, or in source, object and record the record to believe.")
    for column, expected in (("who", "Expected who decided it."), ("why", "Expected the reason, for those after you.")):
        if not cell[column]:
            raise wrong(column, expected)
    try:
        stated_on = date.fromisoformat(cell["when"])
    except ValueError as error:
        raise wrong("when", "Expected the day on which it was decided, such as 2026-07-01.") from error
    return Pin(
        line=line,
        customer_id=cell["customer_id"] or None,
        source=cell["source"] or None,
        object=cell["object"] or None,
        record_id=cell["record"] or None,
        field=field,
        field_group=group,
        value=value or None,
        who=cell["who"],
        why=cell["why"],
        stated_on=stated_on,
    )
