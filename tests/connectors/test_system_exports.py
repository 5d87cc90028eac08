"""What is special about one system's exports and comes out right: its ids, flags, names, languages and versions."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest

from connectors.landing import deliveries, delivery_frame, land
from connectors.spec import SourceSettings, load_connectors
from connectors.storage import Storage
from tests.connectors.systems import Run
from transforms.record_files import normalise_source


def test_a_system_that_nobody_has_met_is_one_file_of_forty_lines(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "add-a-system.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"```yaml\n(name: berthbook\n.*?)```", page, re.DOTALL)
    (export,) = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
    assert len(said.splitlines()) <= 40
    (tmp_path / "berthbook.yaml").write_text(said, encoding="utf-8")
    folder = tmp_path / "exports" / "berthbook"
    folder.mkdir(parents=True)
    (folder / "Mitglieder 2026-06-01.csv").write_text(export, encoding="utf-8")

    connector = load_connectors([tmp_path])["berthbook"]
    landed = land(connector, Storage(folder.parent), tmp_path / "data", dt.date(2026, 7, 1))
    made = normalise_source(
        connector, "berthbook", SourceSettings(), delivery_frame(tmp_path / "data"), tmp_path / "data"
    )

    assert [(line.rows, line.landed, line.unnamed) for line in landed.objects] == [(4, 4, ("Geburtsname",))]
    (report,) = made.objects
    assert (report.accepted, report.superseded, dict(report.excluded)) == (2, 1, {"test member": 1})
    assert report.value_issues == ()
    run = Run(tmp_path / "data", {}, ())
    moor, ried = (run.one("person", "berthbook", key) for key in ("7", "8"))
    assert (moor["given_name"], moor["family_name"], moor["phone"]) == ("Antje", "Moor", "+4930901821")
    assert (ried["family_name"], ried["phone"], ried["created_on"]) == ("van Ried", None, dt.date(2019, 9, 15))
    assert run.records("organisation", "berthbook")["name"].to_list() == ["Werft Moor GmbH"]


def test_rows_that_say_they_are_gone_are_deleted(run: Run) -> None:
    assert {s: sum(r.deleted for r in rs.values()) for s, rs in run.reports.items() if s in ("hubspot", "zendesk")} == {
        "hubspot": 1,
        "zendesk": 3,
    }


@pytest.mark.parametrize(
    ("source", "swallowed", "survivor"),
    [
        ("salesforce@rest", ["0038d000000000CAAQ"], "0038d000000000aAAA"),
        ("dynamics365", ["b1b4a450-cb0c-ea11-a813-000d3a1b1223"], "cdcfa450-cb0c-ea11-a813-000d3a1b1223"),
        ("hubspot", ["98", "99"], "101"),
        ("hubspot@screen", ["98", "99"], "101"),
    ],
)
def test_what_a_system_merged_is_gone_and_leads_to_what_it_left_standing(
    run: Run, source: str, swallowed: list[str], survivor: str
) -> None:
    merged = pl.read_parquet(run.data / "merged" / "person" / f"{source}.parquet")
    assert merged.select("record_id", "into_record_id").rows() == [(one, survivor) for one in swallowed]
    people = run.records("person", source)["record_id"]
    assert survivor in people
    assert not set(swallowed) & set(people)


def test_a_person_account_is_a_person_and_no_organisation(run: Run) -> None:
    assert "0018d000000000CAAQ" not in run.records("organisation", "salesforce")["record_id"]
    person = run.one("person", "salesforce", "0018d000000000CAAQ")
    assert (person["object"], person["email"]) == ("Account", "mara.quill@example.org")
    assert (person["consent_email"], person["organisation_record_id"]) == ("denied", None)


def test_a_short_salesforce_id_refers_to_the_same_record_as_its_long_form(run: Run) -> None:
    contact = run.one("person", "salesforce", "0038d000000000aAAA")
    assert (contact["organisation_object"], contact["organisation_record_id"]) == ("Account", "0018d000000000aAAA")
    assert (contact["consent_ai"], contact["consent_phone"]) == ("granted", "denied")


def test_a_salesforce_null_lookup_refers_to_nothing(run: Run) -> None:
    assert run.one("person", "salesforce", "0038d000000000CAAQ")["organisation_record_id"] is None
    assert run.one("support_case", "salesforce", "5008d0000000002AAA")["person_record_id"] is None


def test_a_lead_implies_the_organisation_it_names(run: Run) -> None:
    leads = run.records("person", "salesforce").filter(pl.col("object") == "Lead")
    assert leads.sort("record_id")["organisation_object"].to_list() == [None, "Lead.company"]
    implied = run.records("organisation", "salesforce").filter(pl.col("object") == "Lead.company")
    assert implied["name"].to_list() == ["Halden Freight Inc"]


def test_a_deal_is_won_lost_or_open_as_its_system_says(run: Run) -> None:
    for source in ("hubspot", "salesforce"):
        deals = run.records("deal", source)
        assert (
            dict(zip(deals["name"], deals["status"], strict=True))
            == {
                "hubspot": {"Spring order": "won", "Renewal": "lost", "Autumn order": "open"},
                "salesforce": {"Pumps 2026": "won", "Spares": "lost", "Garden pump": "open"},
            }[source]
        )


def test_a_hubspot_ticket_is_closed_by_its_stage_or_its_closing_date(run: Run) -> None:
    statuses = run.records("support_case", "hubspot").sort("record_id")["status"].to_list()
    assert statuses == ["closed", "closed", "open"]


def test_the_first_of_several_companies_is_the_one_of_a_contact(run: Run) -> None:
    for source in ("hubspot", "hubspot@screen"):
        assert run.one("person", source, "101")["organisation_record_id"] == "201"


def test_zendesk_users_are_customers_or_agents_by_role(run: Run) -> None:
    for source in ("zendesk", "zendesk@lines"):
        assert run.records("person", source)["family_name"].to_list() == ["Möller"]
        agents = run.records("crm_user", source).sort("record_id")
        assert agents["active"].to_list() == [True, False]
        assert agents["support_agent"].all()


def test_json_and_csv_of_one_workday_report_say_the_same(run: Run) -> None:
    provenance = ["source", "export", "row"]
    pages = run.records("employee", "workday").filter(pl.col("record_id") != "C-3007").drop(provenance)
    screen = run.records("employee", "workday@screen").drop(provenance)
    assert pages.sort("record_id").equals(screen.sort("record_id"))
    assert sorted(run.records("employee", "workday")["status"]) == ["active", "active", "leave", "terminated"]


def test_a_worker_of_several_jobs_is_one_employee_with_the_primary_one(run: Run) -> None:
    assert run.one("employee", "adp", "G3TEST0001")["title"] == "Support agent"
    assert run.one("employee", "workday@simple", "31002")["title"] == "Agent"
    assert [run.reports[s][o].superseded for s, o in (("adp", "workers"), ("workday@simple", "Worker"))] == [1, 1]


def test_adp_writes_the_month_first_and_a_rehire_begins_anew(run: Run) -> None:
    rowe = run.one("employee", "adp", "G3TEST0003")
    assert (rowe["hired_on"], rowe["terminated_on"]) == (dt.date(2019, 8, 9), dt.date(2026, 4, 5))
    assert rowe["status"] == "terminated"
    assert run.one("employee", "adp", "G3TEST0002")["status"] == "leave"


@pytest.mark.parametrize("system", ["bamboohr", "personio", "successfactors"])
def test_the_api_and_the_list_of_an_hr_system_say_the_same(run: Run, system: str) -> None:
    provenance = ["source", "export", "row", "modified_at"]
    api, screen = (run.records("employee", s).drop(provenance).sort("record_id") for s in (system, f"{system}@screen"))
    assert api.height == 3
    assert api.equals(screen)


def test_the_same_workers_come_out_of_every_hr_system_with_status_and_manager(run: Run) -> None:
    expected = {
        "bamboohr": [("4", "active", "7"), ("7", "active", None), ("9", "terminated", "7")],
        "personio": [("501", "active", None), ("502", "leave", "501"), ("503", "terminated", "501")],
        "successfactors": [
            ("gfrost", "active", None),
            ("kblake", "active", "gfrost"),
            ("lsand", "terminated", "gfrost"),
        ],
        "workday@simple": [("31001", "active", None), ("31002", "leave", "31001")],
        "workday@full": [("31001", "active", None), ("31002", "leave", "31001")],
        "workday@service": [("31001", "active", None), ("31002", "leave", "31001"), ("C-41", "terminated", None)],
        "workday@sync": [("31001", "active", None), ("31002", "terminated", "31001")],
    }
    for source, workers in expected.items():
        found = run.records("employee", source).sort("record_id")
        assert list(found.select("record_id", "status", "manager_employee_id").iter_rows()) == workers, source


def test_dates_of_hr_are_the_day_as_stated(run: Run) -> None:
    assert run.one("employee", "personio", "501")["hired_on"] == dt.date(1999, 9, 1)
    assert run.one("employee", "workday@service", "31001")["hired_on"] == dt.date(2019, 3, 1)
    assert run.one("employee", "bamboohr", "4")["terminated_on"] is None
    assert run.one("employee", "successfactors@screen", "kblake")["hired_on"] == dt.date(2021, 1, 2)


def test_a_descriptor_names_a_worker_whose_names_are_not_given(run: Run) -> None:
    lund = run.one("employee", "workday@service", "C-41")
    assert (lund["given_name"], lund["family_name"]) == ("Vera", "Lund")


def test_what_the_worker_connector_says_is_a_change_and_deletes_nobody(run: Run) -> None:
    delivered = {one.source: one.delivered for one in deliveries(run.data)}
    assert (delivered["workday@sync"], delivered["workday@service"]) == ("changes", "complete")
    assert (delivered["salesforce@report"], delivered["salesforce@rest"]) == ("changes", "complete")


def test_every_form_of_a_salesforce_contact_is_the_same_contact(run: Run) -> None:
    for form in ("loader", "bulk", "rest", "report"):
        lund = run.one("person", f"salesforce@{form}", "0038d000000000aAAA")
        assert (lund["given_name"], lund["family_name"], lund["email"]) == ("Per", "Lund", "per@halden.example"), form
        assert lund["organisation_record_id"] == "0018d000000000aAAA", form
    assert run.records("person", "salesforce@report").height == 2
    assert run.one("person", "salesforce@bulk", "0038d000000000BAAQ")["email"] is None
    assert run.one("person", "salesforce@loader", "0038d000000000aAAA")["modified_at"].hour == 14


@pytest.mark.parametrize("form", ["german", "zipped", "excel"])
def test_a_hubspot_portal_is_read_in_its_language_in_parts_and_from_excel(run: Run, form: str) -> None:
    people = run.records("person", f"hubspot@{form}").sort("record_id")
    assert people["family_name"].to_list() == ["Weißhaupt", "Roß"]
    assert people["organisation_record_id"].to_list() == ["201", None]


def test_a_german_opt_out_is_one(run: Run) -> None:
    assert run.records("person", "hubspot@german").sort("record_id")["consent_email"].to_list() == ["denied", "unknown"]


def test_dynamics_contacts_have_the_same_key_in_the_api_and_in_excel(run: Run) -> None:
    for source in ("dynamics365", "dynamics365@excel"):
        contacts = run.records("person", source).filter(pl.col("object") == "contact").sort("record_id")
        assert contacts["family_name"].to_list() == ["van Dalen", "Tarn"]
    tarn = run.one("person", "dynamics365", "cdcfa450-cb0c-ea11-a813-000d3a1b1223")
    assert tarn["organisation_record_id"] == "a1d0f450-cb0c-ea11-a813-000d3a1b1223"
    assert (tarn["consent_email"], tarn["consent_phone"]) == ("denied", "unknown")


def test_a_dynamics_view_without_ids_refers_by_names(run: Run) -> None:
    accounts = run.records("organisation", "dynamics365").filter(pl.col("object") == "account_view")
    contacts = run.records("person", "dynamics365").filter(pl.col("object") == "contact_view")
    users = run.records("crm_user", "dynamics365").filter(pl.col("object") == "user_view")
    roth, pike = (users.row(by_predicate=pl.col("family_name") == name, named=True) for name in ("Roth", "Pike"))
    assert contacts["organisation_record_id"].unique().to_list() == accounts["record_id"].to_list()
    assert accounts["owner_user_id"].to_list() == [roth["record_id"]] == [pike["manager_user_id"]]
    assert contacts.height == 3  # two of them share an address


def test_zoho_lookups_are_ids_and_a_contact_may_have_a_full_name_alone(run: Run) -> None:
    moss, ash = run.records("person", "zoho").filter(pl.col("object") == "Contacts").sort("record_id").to_dicts()
    assert (moss["organisation_record_id"], moss["owner_user_id"]) == ("6493490000001299001", "6493490000000486001")
    assert (ash["given_name"], ash["family_name"], ash["created_on"]) == ("Jon", "Ash", dt.date(2024, 12, 20))
    deals = run.records("deal", "zoho").sort("record_id")
    assert deals["status"].to_list() == ["won", "lost", "open"]


def test_both_versions_of_the_pipedrive_api_refer_to_the_same_organisation(run: Run) -> None:
    people = run.records("person", "pipedrive").sort("record_id")
    assert people["organisation_record_id"].to_list() == ["2", "2"]
    assert people["email"].to_list() == ["gus@thorne.example", "wyn@pace.example"]
    assert people["consent_email"].to_list() == ["denied", "unknown"]
    assert dict(run.records("deal", "pipedrive").select("name", "status").iter_rows()) == {
        "Rope for spring": "won", "Nets": "open", "Thorne nets": "open", "Old lead": "lost",
    }  # fmt: skip


def test_a_pipedrive_list_implies_the_organisation_that_it_names(run: Run) -> None:
    person = run.one("person", "pipedrive@screen", "1")
    assert (person["organisation_object"], person["organisation_record_id"]) == ("persons.company", "1")
    implied = run.records("organisation", "pipedrive@screen").filter(pl.col("object") == "persons.company")
    assert implied["name"].to_list() == ["Thorne Rope"]
