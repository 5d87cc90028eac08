"""How records of the sample stand in the CSV files of Salesforce's Data Export: columns, ids and formats.

Which rows there are is decided in `generate`; files are written in `files`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from connectors.sample.errors import chance, where
from connectors.sample.material import COUNTRIES, Rng
from connectors.sample.shapes import TIMEZONES, times

NO_ID = "000000000000000AAA"
_BASE62 = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
_CHECK = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)
_NAMED = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch"}
_LANGUAGES = pl.Series([_NAMED[c.language[:2]] for c in COUNTRIES])
_SUBJECTS = pl.Series(["Invoice", "Delivery late", "Login fails", "Contract, question", 'Says "broken"'])
_CURRENCIES = pl.Series([c.currency for c in COUNTRIES])


def ids_of(prefix: str, instance: str, size: int) -> pl.Series:
    """18-character ids: three letters of the object, four of the org's instance, eight of a serial number, checksum.

    A check letter stands for five characters, one bit each: set where the character is an upper-case letter.
    """
    serial = 1_000_003 + np.arange(size, dtype=np.int64) * 41
    characters = np.empty((size, 18), dtype=np.uint8)
    characters[:, :7] = np.frombuffer((prefix + instance).encode(), dtype=np.uint8)
    for position in range(14, 6, -1):
        characters[:, position] = _BASE62[serial % 62]
        serial //= 62
    upper = (characters[:, :15] >= ord("A")) & (characters[:, :15] <= ord("Z"))
    characters[:, 15:] = _CHECK[upper.reshape(size, 3, 5) @ np.array([1, 2, 4, 8, 16])]
    return pl.Series(characters.view("S18").ravel().astype(str), dtype=pl.String)


def _salesforce_time(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%Y-%m-%d %H:%M:%S")


def _salesforce_day(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%Y-%m-%d 00:00:00")


def _flags(rng: Rng, size: int, share: float) -> pl.Series:
    return where(chance(rng, size, share), "1", pl.repeat("0", size, eager=True, dtype=pl.String))


def _salesforce_stamps() -> list[pl.Expr]:
    return [
        _salesforce_time("created").alias("CreatedDate"),
        _salesforce_time("modified").alias("LastModifiedDate"),
        _salesforce_time("modified").alias("SystemModstamp"),
        _salesforce_day("active").alias("LastActivityDate"),
    ]


def contacts(
    ids: pl.Series, seen: pl.DataFrame, account: pl.Series, owner: pl.Series, *, country: pl.Series, rng: Rng
) -> pl.DataFrame:
    size = len(ids)
    consent = rng.random(size)
    return seen.hstack(times(rng, size)).select(
        ids.alias("Id"),
        pl.lit("0").alias("IsDeleted"),
        account.fill_null(NO_ID).alias("AccountId"),
        pl.lit("").alias("Salutation"),
        pl.col("given").alias("FirstName"),
        pl.col("family").alias("LastName"),
        pl.col("street").alias("MailingStreet"),
        pl.col("city").alias("MailingCity"),
        pl.col("region").alias("MailingState"),
        pl.col("postal_code").alias("MailingPostalCode"),
        pl.col("country").alias("MailingCountry"),
        pl.col("phone").alias("Phone"),
        pl.col("mobile").alias("MobilePhone"),
        pl.col("email").alias("Email"),
        (pl.col("born") + " 00:00:00").alias("Birthdate"),
        owner.fill_null(NO_ID).alias("OwnerId"),
        _flags(rng, size, 0.06).alias("HasOptedOutOfEmail"),
        _flags(rng, size, 0.04).alias("DoNotCall"),
        *_salesforce_stamps(),
        where(chance(rng, size, 0.5), None, _LANGUAGES.gather(country)).alias("Languages__c"),
        where(consent < 0.25, "granted", where(consent > 0.94, "denied", pl.repeat("", size, eager=True))).alias(
            "AI_Consent__c"
        ),
    )


def leads(ids: pl.Series, seen: pl.DataFrame, company: pl.DataFrame, owner: pl.Series, rng: Rng) -> pl.DataFrame:
    size = len(ids)
    return seen.hstack(times(rng, size)).select(
        ids.alias("Id"),
        pl.lit("0").alias("IsDeleted"),
        pl.col("given").alias("FirstName"),
        pl.col("family").alias("LastName"),
        company["name"].fill_null("[not provided]").alias("Company"),
        pl.col("street").alias("Street"),
        pl.col("city").alias("City"),
        pl.col("region").alias("State"),
        pl.col("postal_code").alias("PostalCode"),
        pl.col("country").alias("Country"),
        pl.col("phone").alias("Phone"),
        pl.col("mobile").alias("MobilePhone"),
        pl.col("email").alias("Email"),
        company["domain"].alias("Website"),
        pl.lit("Open - Not Contacted").alias("Status"),
        owner.fill_null(NO_ID).alias("OwnerId"),
        _flags(rng, size, 0.03).alias("HasOptedOutOfEmail"),
        pl.lit("0").alias("IsConverted"),
        *_salesforce_stamps(),
        _flags(rng, size, 0.03).alias("DoNotCall"),
    )


def accounts(ids: pl.Series, seen: pl.DataFrame, owner: pl.Series, rng: Rng) -> pl.DataFrame:
    size = len(ids)
    levels = pl.Series(["", "", "Bronze", "Silver", "Gold", "Platinum"])
    return seen.hstack(times(rng, size)).select(
        ids.alias("Id"),
        pl.lit("0").alias("IsDeleted"),
        pl.col("name").alias("Name"),
        pl.lit("Customer - Direct").alias("Type"),
        pl.lit(NO_ID).alias("ParentId"),
        pl.col("street").alias("BillingStreet"),
        pl.col("city").alias("BillingCity"),
        pl.col("region").alias("BillingState"),
        pl.col("postal_code").alias("BillingPostalCode"),
        pl.col("country").alias("BillingCountry"),
        pl.col("phone").alias("Phone"),
        pl.col("customer_number").alias("AccountNumber"),
        pl.col("domain").alias("Website"),
        owner.fill_null(NO_ID).alias("OwnerId"),
        *_salesforce_stamps(),
        levels.gather(np.floor(rng.random(size) ** 1.5 * 6).astype(int)).alias("SLA__c"),
        pl.Series(["", "Low", "Medium", "High"]).gather(rng.integers(0, 4, size)).alias("CustomerPriority__c"),
        where(chance(rng, size, 0.06), "No", pl.repeat("Yes", size, eager=True)).alias("Active__c"),
    )


def with_sample_account(frame: pl.DataFrame, account_id: str) -> pl.DataFrame:
    """The account that every org with entitlements is born with."""
    born = {
        "Id": account_id,
        "IsDeleted": "0",
        "Name": "Sample Account for Entitlements",
        "ParentId": NO_ID,
        "OwnerId": NO_ID,
    }
    return pl.concat([frame, pl.DataFrame([born])], how="diagonal")


def converted(leads: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """The first leads once more under other ids, converted: the same people live on as contacts or leads."""
    return leads.head(len(ids)).with_columns(
        ids.alias("Id"), pl.lit("1").alias("IsConverted"), pl.lit("Qualified").alias("Status")
    )


def with_system_users(frame: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """The logins that every org has of its own: nobody behind them."""
    rows = pl.DataFrame(
        {
            "Id": ids,
            "Username": ["autoproc@00dsample", "cloud@00dsample", "integration@00dsample.com"],
            "FirstName": ["Automated", None, "Integration"],
            "LastName": ["Process", "Platform Integration User", "User"],
            "IsActive": "1",
            "UserType": ["AutomatedProcess", "CloudIntegrationUser", "Standard"],
            "ManagerId": NO_ID,
        }
    )
    return pl.concat([frame, rows], how="diagonal")


def cases(ids: pl.Series, contact: pl.Series, account: pl.Series, owner: pl.Series, rng: Rng) -> pl.DataFrame:
    size = len(ids)
    closed = chance(rng, size, 0.8)
    return times(rng, size).select(
        ids.alias("Id"),
        pl.lit("0").alias("IsDeleted"),
        pl.arange(1, size + 1, eager=True).cast(pl.String).str.zfill(8).alias("CaseNumber"),
        contact.fill_null(NO_ID).alias("ContactId"),
        account.fill_null(NO_ID).alias("AccountId"),
        where(closed, "Closed", pl.repeat("New", size, eager=True)).alias("Status"),
        _SUBJECTS.gather(rng.integers(0, len(_SUBJECTS), size)).alias("Subject"),
        pl.Series(["Low", "Medium", "High"]).gather(rng.integers(0, 3, size)).alias("Priority"),
        where(closed, "1", pl.repeat("0", size, eager=True)).alias("IsClosed"),
        pl.when(pl.lit(pl.Series(closed))).then(_salesforce_time("modified")).alias("ClosedDate"),
        owner.fill_null(NO_ID).alias("OwnerId"),
        *_salesforce_stamps()[:3],
    )  # fmt: skip


def opportunities(ids: pl.Series, account: pl.Series, country: pl.Series, owner: pl.Series, rng: Rng) -> pl.DataFrame:
    size = len(ids)
    stage = rng.random(size)
    won, lost = stage < 0.4, stage > 0.75
    name = where(won, "Closed Won", where(lost, "Closed Lost", pl.repeat("Prospecting", size, eager=True)))
    return times(rng, size).select(
        ids.alias("Id"),
        pl.lit("0").alias("IsDeleted"),
        account.alias("AccountId"),
        ("Order " + pl.arange(1, size + 1, eager=True).cast(pl.String)).alias("Name"),
        name.alias("StageName"),
        pl.Series(np.round(np.exp(rng.normal(8.5, 1.2, size)), 2)).alias("Amount"),
        _CURRENCIES.gather(country).alias("CurrencyIsoCode"),
        _salesforce_day("modified").alias("CloseDate"),
        where(won | lost, "1", pl.repeat("0", size, eager=True)).alias("IsClosed"),
        where(won, "1", pl.repeat("0", size, eager=True)).alias("IsWon"),
        owner.fill_null(NO_ID).alias("OwnerId"),
        *_salesforce_stamps()[:3],
    )  # fmt: skip


def currencies(ids: pl.Series) -> pl.DataFrame:
    stamp = pl.lit("2026-01-01 00:00:00")
    rates = pl.DataFrame({"Id": ids, "IsoCode": ["EUR", "USD", "GBP"], "ConversionRate": ["1", "1.08", "0.86"]})
    return rates.with_columns(
        DecimalPlaces=pl.lit("2"), IsActive=pl.lit("1"), CreatedDate=stamp, LastModifiedDate=stamp
    )


def users(ids: pl.Series, workers: pl.DataFrame, manager: pl.Series, rng: Rng) -> pl.DataFrame:
    size = len(ids)
    forgotten = chance(rng, size, 0.3)
    active = (workers["status"] != "Terminated").to_numpy() | forgotten
    return workers.select(
        ids.alias("Id"),
        pl.col("email").alias("Username"),
        pl.col("given").alias("FirstName"),
        pl.col("family").alias("LastName"),
        pl.col("email").alias("Email"),
        where(active, "1", pl.repeat("0", size, eager=True)).alias("IsActive"),
        TIMEZONES.gather(workers["country"]).alias("TimeZoneSidKey"),
        pl.lit("Standard").alias("UserType"),
        pl.lit("en_US").alias("LanguageLocaleKey"),
        where(chance(rng, size, 0.5), None, workers["employee_id"]).alias("EmployeeNumber"),
        manager.fill_null(NO_ID).alias("ManagerId"),
        pl.lit("2020-01-01 08:00:00").alias("CreatedDate"),
        pl.lit("2026-06-01 08:00:00").alias("LastModifiedDate"),
    )
