"""People leave, go on leave and come; their customers, and nobody else's, get another owner who is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from connectors.difference import diff
from tests.integration.conftest import Place
from tests.rederive.compare import compare
from transforms.policy import load_policy

CONTACT = (
    "Id,IsDeleted,AccountId,FirstName,LastName,Email,Languages__c,OwnerId,LastModifiedDate,SystemModstamp,CreatedDate"
)
USER = (
    "Id,Username,FirstName,LastName,Email,IsActive,UserType,UserPermissionsSupportUser,LanguageLocaleKey,EmployeeNumber"
)
STAMP = "2026-01-01 00:00:00"
STAFF = {
    "ann": {"Manager_Employee_ID": "max", "Termination_Date": "2026-07-04"},  # announced long before
    "bob": {"Manager_Employee_ID": "nobody HR lists"},
    "cay": {"Manager_Employee_ID": "max"},
    "max": {},
    "yam": {"Languages": "German; English"},
    "zed": {"Languages": "German"},
}
OF_EACH = 4


def contacts() -> str:
    """Four customers each of Ann, Bob and Cay; all speak German."""
    owners = [owner for owner in ("ann", "bob", "cay") for _ in range(OF_EACH)]
    rows = [
        f"003E000000{number:05},0,,Ada,Family{number},ada.{number}@example.com,German,{login(owner)},{STAMP},{STAMP},{STAMP}"
        for number, owner in enumerate(owners)
    ]
    return "\n".join([CONTACT, *rows]) + "\n"


def login(worker: str) -> str:
    return f"005E0000000{worker.encode().hex()[:4]}"


def users() -> str:
    """Ann, Bob, Cay and Max sell; Yam and Zed answer cases. Each login names its worker by e-mail, Cay's by number."""
    rows = [
        f"{login(name)},{name},{name.title()},Worker,{name}@firm.example,1,Standard,{int(name in ('yam', 'zed'))},de,"
        + ("cay" if name == "cay" else "")
        for name in STAFF
    ]
    return "\n".join([USER, *rows]) + "\n"


def workers(at: str, changed: Mapping[str, Mapping[str, str]] | None = None) -> str:
    entries = [
        {
            "Employee_ID": name,
            "First_Name": name.title(),
            "Last_Name": "Worker",
            "Work_Email": "" if name == "cay" else f"{name}@firm.example",
            "Worker_Status": "Active",
            "Manager_Employee_ID": "",
            "Hire_Date": "2020-01-01",
            "Termination_Date": "",
            "Last_Functionally_Updated": f"{at}T00:00:00.000Z",
        }
        | said
        | dict((changed or {}).get(name, {}))
        for name, said in STAFF.items()
    ]
    return json.dumps({"Report_Entry": entries})


def owners(place: Place) -> dict[str, str | None]:
    """Family name -> owner, without the name of the source."""
    rows = place.table("customer").select("family_name", "owner_employee_id").rows()
    return {name: owner and owner.removeprefix("workday:") for name, owner in rows}


def inactive_owners(place: Place) -> pl.DataFrame:
    there = place.table("support_agent").filter(pl.col("active")).select(owner_employee_id="employee_id")
    owned = place.table("customer").filter(pl.col("owner_employee_id").is_not_null(), pl.col("status") == "active")
    return owned.join(there, on="owner_employee_id", how="anti")


def moved(
    before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> dict[str, tuple[str | None, str | None]]:
    return {name: (before[name], after[name]) for name in sorted(before) if before[name] != after[name]}


DAYS = ("2026-07-01", "2026-07-02", "2026-07-04")
CHANGES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "2026-07-01": {},
    "2026-07-02": {"bob": {"Worker_Status": "Terminated", "Termination_Date": "2026-07-02"}},
    "2026-07-04": {"zed": {"Worker_Status": "On Leave"}},
}
"""All is well; Bob has left; Zed is on leave, and what was announced of Ann has come."""


def owners_by_day(place: Place, days: tuple[str, ...] = DAYS) -> list[dict[str, str | None]]:
    """Owners at the end of each day."""
    place.put("salesforce/Contact.csv", contacts())
    place.put("salesforce/User.csv", users())
    so_far: dict[str, Mapping[str, str]] = {}
    told = []
    for day in days:
        so_far |= CHANGES[day]
        place.put(f"workday/{day}/workers.json", workers(day, so_far))
        assert place.run(day)["publication"]["outcome"] == "published", day
        assert inactive_owners(place).is_empty(), day
        told.append(owners(place))
    return told


Week = tuple[Place, list[dict[str, str | None]]]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    root: Path = tmp_path_factory.mktemp("week")
    place = Place(root / "exports", root / "data")
    return place, owners_by_day(place)


def test_each_customer_is_with_the_owner_whom_the_crm_names(week: Week) -> None:
    assert week[1][0] == {f"Family{n}": ("ann", "bob", "cay")[n // OF_EACH] for n in range(3 * OF_EACH)}


def test_one_departure_moves_that_owners_customers_and_nobody_else(week: Week) -> None:
    place, (first, second, _) = week
    changes = moved(first, second)
    assert set(changes) == {name for name, owner in first.items() if owner == "bob"}
    # nobody is above Bob: his customers are shared out, two to each agent
    assert sorted(after or "" for _, after in changes.values()) == ["yam", "yam", "zed", "zed"]
    changed = diff(place.data, 1, 2).columns
    assert changed == dict.fromkeys(("owner_employee_id", "owner_reason", "publication"), OF_EACH)


def test_an_announced_termination_acts_on_its_day_and_leave_counts_and_everybody_else_stays(week: Week) -> None:
    place, (_, second, third) = week
    assert moved(second, third) == {
        name: (owner, {"ann": "max", "zed": "yam"}[owner]) for name, owner in second.items() if owner in ("ann", "zed")
    }
    reasons = dict(place.table("customer").select("owner_employee_id", "owner_reason").unique().rows())
    assert reasons == {
        "workday:cay": "owner in salesforce, known by employee number",
        "workday:max": "nearest active manager: workday:ann is terminated",
        "workday:yam": "support agent: workday:bob is terminated",
    }


def test_at_the_end_of_the_week_all_is_published_as_it_is_derived_another_way(week: Week) -> None:
    place, _ = week
    assert compare(place.data, load_policy(place.settings.policy)).mismatches == ()


@pytest.mark.long
def test_the_same_days_elsewhere_end_with_the_same_owners(week: Week, place: Place) -> None:
    assert owners_by_day(place, DAYS[:2]) == week[1][:2]
