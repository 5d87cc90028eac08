"""How records of the sample stand in the JSON of HubSpot, Zendesk and Workday, and what all systems' rows share.

Salesforce's CSV is in `salesforce`; which rows there are is decided in `generate`, files are written in `files`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from connectors.sample.entities import ANCHOR
from connectors.sample.errors import chance, where
from connectors.sample.material import COUNTRIES, Rng

TIMEZONES = pl.Series([c.timezone for c in COUNTRIES])
_LOCALES = pl.Series([c.language for c in COUNTRIES])


def serial_ids(first: int, step: int, size: int) -> pl.Series:
    """Growing numeric ids."""
    return first + pl.arange(0, size, eager=True) * step


def times(rng: Rng, size: int) -> pl.DataFrame:
    """created <= modified and active <= the day of the sample, as instants; some were never active."""
    end = np.datetime64(ANCHOR, "ms")
    age = 1_000 * rng.integers(5 * 86_400, 3_600 * 86_400, size)
    created = end - age
    modified = created + np.floor(age * np.sqrt(rng.random(size))).astype(np.int64)
    active = end - np.floor(age * rng.random(size) ** 3).astype(np.int64)
    frame = pl.DataFrame({"created": created, "modified": modified, "active": active})
    return frame.with_columns(active=pl.when(pl.lit(pl.Series(chance(rng, size, 0.7)))).then("active"))


def _iso(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def hubspot_rows(
    ids: pl.Series, properties: pl.DataFrame, rng: Rng, associations: dict[str, pl.Series] | None = None
) -> pl.DataFrame:
    """Rows of `results`: id, properties, createdAt, updatedAt, archived, associations by the object they lead to."""
    linked = []
    if associations:
        results = {
            name: pl.concat_list(pl.struct(other.alias("id"), pl.lit(f"to_{name}").alias("type"))).alias("results")
            for name, other in associations.items()
        }
        linked = [pl.struct(pl.struct(found).alias(name) for name, found in results.items()).alias("associations")]
    return properties.hstack(times(rng, len(ids))).select(
        ids.cast(pl.String).alias("id"),
        pl.struct(properties.columns).alias("properties"),
        _iso("created").alias("createdAt"),
        _iso("modified").alias("updatedAt"),
        pl.lit(False).alias("archived"),
        *linked,
    )


def hubspot_contacts(seen: pl.DataFrame, company: pl.Series, owner: pl.Series, rng: Rng) -> pl.DataFrame:
    size = seen.height
    return seen.select(
        "email",
        pl.col("given").alias("firstname"),
        pl.col("family").alias("lastname"),
        "phone",
        pl.col("mobile").alias("mobilephone"),
        pl.col("street").alias("address"),
        "city",
        pl.col("region").alias("state"),
        pl.col("postal_code").alias("zip"),
        "country",
        company.cast(pl.String).alias("associatedcompanyid"),
        owner.alias("hubspot_owner_id"),
        where(chance(rng, size, 0.05), "true", pl.repeat(None, size, eager=True, dtype=pl.String)).alias(
            "hs_email_optout"
        ),
    )


def hubspot_companies(seen: pl.DataFrame, owner: pl.Series) -> pl.DataFrame:
    return seen.select(
        "name",
        "domain",
        "phone",
        pl.col("street").alias("address"),
        "city",
        pl.col("region").alias("state"),
        pl.col("postal_code").alias("zip"),
        "country",
        owner.alias("hubspot_owner_id"),
    )


def hubspot_deals(owner: pl.Series, rng: Rng) -> pl.DataFrame:
    size = len(owner)
    stages = pl.Series(["closedwon", "closedlost", "qualifiedtobuy", "contractsent"])
    return pl.DataFrame(
        {
            "dealname": "Deal " + pl.arange(1, size + 1, eager=True).cast(pl.String),
            "amount": pl.Series(np.round(np.exp(rng.normal(8, 1.2, size)), 2)).cast(pl.String),
            "deal_currency_code": pl.repeat("EUR", size, eager=True),
            "dealstage": stages.gather(rng.integers(0, 4, size)),
            "hubspot_owner_id": owner,
        }
    )


def hubspot_tickets(owner: pl.Series, rng: Rng) -> pl.DataFrame:
    size = len(owner)
    return pl.DataFrame(
        {
            "subject": pl.Series(["Question", "Refund", "Address changed"]).gather(rng.integers(0, 3, size)),
            "hs_pipeline_stage": pl.Series(["1", "2", "4", "4"]).gather(rng.integers(0, 4, size)),
            "hs_ticket_priority": pl.Series(["LOW", "MEDIUM", "HIGH"]).gather(rng.integers(0, 3, size)),
            "hubspot_owner_id": owner,
        }
    )


def hubspot_owners(ids: pl.Series, workers: pl.DataFrame) -> pl.DataFrame:
    return workers.select(
        ids.cast(pl.String).alias("id"),
        "email",
        pl.col("given").alias("firstName"),
        pl.col("family").alias("lastName"),
        pl.lit("2020-01-01T08:00:00.000Z").alias("createdAt"),
        pl.lit("2026-06-01T08:00:00.000Z").alias("updatedAt"),
        (pl.col("status") == "Terminated").alias("archived"),
    )


def zendesk_users(
    ids: pl.Series, seen: pl.DataFrame, organisation: pl.Series, country: pl.Series, rng: Rng
) -> pl.DataFrame:
    size = len(ids)
    first = chance(rng, size, 0.25)
    phone = where(first, seen["phone"].fill_null(seen["mobile"]), seen["mobile"].fill_null(seen["phone"]))
    return seen.hstack(times(rng, size)).select(
        ids.alias("id"),
        pl.concat_str("given", "family", separator=" ", ignore_nulls=True).alias("name"),
        "email",
        _iso("created").alias("created_at"),
        _iso("modified").alias("updated_at"),
        TIMEZONES.gather(country).alias("iana_time_zone"),
        phone.alias("phone"),
        _LOCALES.gather(country).alias("locale"),
        organisation.alias("organization_id"),
        pl.lit("end-user").alias("role"),
        pl.lit(None, dtype=pl.String).alias("external_id"),
        pl.lit(True).alias("active"),
        pl.lit(False).alias("suspended"),
    )


def zendesk_agents(ids: pl.Series, workers: pl.DataFrame) -> pl.DataFrame:
    return workers.select(
        ids.alias("id"),
        (pl.col("given") + " " + pl.col("family")).alias("name"),
        "email",
        pl.lit("2020-01-01T08:00:00Z").alias("created_at"),
        pl.lit("2026-06-01T08:00:00Z").alias("updated_at"),
        TIMEZONES.gather(workers["country"]).alias("iana_time_zone"),
        pl.lit(None, dtype=pl.String).alias("phone"),
        pl.lit("en-US").alias("locale"),
        pl.lit(None, dtype=pl.Int64).alias("organization_id"),
        pl.lit("agent").alias("role"),
        pl.col("employee_id").alias("external_id"),
        pl.lit(True).alias("active"),
        (pl.col("status") == "Terminated").alias("suspended"),
    )


def zendesk_organizations(ids: pl.Series, seen: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    bare = pl.col("domain").str.replace("https://www.", "", literal=True).str.replace("www.", "", literal=True)
    return seen.hstack(times(rng, len(ids))).select(
        ids.alias("id"),
        "name",
        pl.col("customer_number").alias("external_id"),
        _iso("created").alias("created_at"),
        _iso("modified").alias("updated_at"),
        pl.when(pl.col("domain").is_not_null())
        .then(pl.concat_list(bare.str.strip_chars_end("/")))
        .alias("domain_names"),
        pl.lit(None, dtype=pl.String).alias("deleted_at"),
    )


def zendesk_tickets(
    ids: pl.Series, requester: pl.Series, organisation: pl.Series, assignee: pl.Series, rng: Rng
) -> pl.DataFrame:
    size = len(ids)
    return times(rng, size).select(
        ids.alias("id"),
        pl.struct(pl.lit("email").alias("channel")).alias("via"),
        _iso("created").alias("created_at"),
        _iso("modified").alias("updated_at"),
        pl.Series(["Invoice", "Where is my order", "Password", "Cancel"])
        .gather(rng.integers(0, 4, size))
        .alias("subject"),
        pl.Series(["low", "normal", "high", "urgent"]).gather(rng.integers(0, 4, size)).alias("priority"),
        pl.Series(["open", "pending", "solved", "closed", "closed"]).gather(rng.integers(0, 5, size)).alias("status"),
        requester.alias("requester_id"),
        assignee.alias("assignee_id"),
        organisation.alias("organization_id"),
    )


def workday_workers(workers: pl.DataFrame) -> pl.DataFrame:
    """Every value is text; birth date and pay are there as in a careless report, and must never be landed."""
    name = pl.col("given") + " " + pl.col("family")
    state = pl.when(pl.col("status") == "Active").then(pl.lit("")).otherwise(" (" + pl.col("status") + ")")
    boss = pl.Series(workers["employee_id"]).gather(workers["manager"].replace(-1, None))
    return workers.select(
        pl.col("employee_id").alias("Employee_ID"),
        (name + state).alias("Display_Name"),
        pl.col("given").alias("First_Name"),
        pl.col("family").alias("Last_Name"),
        pl.col("email").alias("Work_Email"),
        pl.col("title").alias("Business_Title"),
        pl.lit("Employee").alias("Worker_Type"),
        pl.col("status").alias("Worker_Status"),
        pl.col("department").alias("Supervisory_Organization"),
        boss.fill_null("").alias("Manager_Employee_ID"),
        pl.Series([c.written[0] for c in COUNTRIES]).gather(workers["country"]).alias("Country"),
        TIMEZONES.gather(workers["country"]).alias("Time_Zone"),
        pl.col("hired").alias("Hire_Date"),
        pl.col("left").fill_null("").alias("Termination_Date"),
        pl.lit("2026-06-01T08:00:00.000Z").alias("Last_Functionally_Updated"),
        pl.col("languages").alias("Languages"),
        pl.col("skills").alias("Skills"),
        pl.col("birth").alias("Birth_Date"),
        pl.col("pay").alias("Base_Pay"),
    )
