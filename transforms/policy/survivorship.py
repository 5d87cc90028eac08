"""Survivorship: by which rules one of a customer's records gives it a value. How they are obeyed is SQL (`dbt`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Rule = Literal["pinned", "verified", "most_complete", "most_frequent", "source_rank", "most_recent"]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "name": ("display_name", "given_name", "family_name"),
    "email": ("email",),
    "phone": ("phone_e164",),
    "address": ("street", "postal_code", "city", "region", "country"),
    "language": ("language",),
    "timezone": ("timezone",),
    "plan": ("plan",),
    "sla": ("sla",),
    "organisation": ("organisation_id",),
    "owner": (),
}
"""Field group -> the values that it decides together; `owner` decides which login is asked for the owner."""

Rules = tuple[Rule, ...]


def _order(
    *, verifiable: bool = False, in_parts: bool = False, contact_point: bool = False
) -> Callable[[Rules], Rules]:
    """A check of a group's rules: what its values let one tell apart."""

    def check(order: Rules) -> Rules:
        for rule in order:
            if order.count(rule) > 1:
                raise ValueError(f"{rule} stands there twice; name each rule once, in the order in which they decide")
        if "verified" in order and not verifiable:
            raise ValueError("nothing says of such a value that it is verified; take verified out")
        if "most_complete" in order and not in_parts:
            raise ValueError("it is one value and has no parts to be complete; take most_complete out")
        if contact_point and [rule for rule in order if rule != "pinned"][:1] != ["verified"]:
            raise ValueError(
                "expected verified before every rule but pinned: a shared mailbox or a switchboard stands only where "
                "there is no contact point of the customer's own"
            )
        return order

    return check


Some = Annotated[Rules, Field(min_length=1)]
Plain = Annotated[Some, AfterValidator(_order())]
InParts = Annotated[Some, AfterValidator(_order(in_parts=True))]
Supposed = Annotated[Some, AfterValidator(_order(verifiable=True))]
ContactPoint = Annotated[Some, AfterValidator(_order(verifiable=True, contact_point=True))]


class Survivorship(BaseModel):
    """Per field group, the rules in the order in which they decide; ties go to the smaller record key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: InParts
    email: ContactPoint
    phone: ContactPoint
    address: InParts
    language: Supposed
    timezone: Supposed
    plan: Plain
    sla: Plain
    organisation: Plain
    owner: Plain
