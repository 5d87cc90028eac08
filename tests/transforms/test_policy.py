"""Policy files: the shipped ones are valid, a company's own replace them, and mistakes are named."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from transforms.policy import SHIPPED, PolicyError, load_policy
from transforms.policy.pins import SHAPES
from transforms.policy.roles import role_tables
from transforms.policy.survivorship import GROUPS, Survivorship


def write(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_the_shipped_policy_makes_gold_and_platinum_premium() -> None:
    premium = [value for rule in load_policy().support.tiers if rule.tier == "premium" for value in rule.values]
    assert {"gold", "platinum"} <= set(premium)


def test_without_a_folder_of_its_own_a_company_has_the_shipped_policy(tmp_path: Path) -> None:
    assert load_policy(tmp_path / "not there") == load_policy()


def test_an_own_file_replaces_the_shipped_one_whole(tmp_path: Path) -> None:
    own = "row_count_drop: 0.5\nfill_rate_drop: 0.5\nid_churn: 0.5\njudged_from_rows: 10\n"
    policy = load_policy(write(tmp_path, "gate.yaml", own))
    assert policy.gate.id_churn == 0.5
    assert policy.support == load_policy().support


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "gate.yaml",
            "row_count_drop: 2\nfill_rate_drop: 0\nid_churn: 0\njudged_from_rows: 0\n",
            "line 1: row_count_drop: found 2, expected less than or equal to 1; change the value",
        ),
        ("gate.yaml", "row_count_drop: 0\n", "line 1: fill_rate_drop: nothing found, expected a value; add the key"),
        ("gate.yaml", "- a list\n", "expected a mapping with the keys row_count_drop, "),
        ("gate.yaml", "row_count_drop: 0\nfill_rate_drop: [\n", "line 3: cannot be read as YAML"),
        ("survivorship.yaml", "name: [source_rank]\n", "email: nothing found, expected a value"),
        ("survivorship.yaml", "name: [newest]\n", "name, entry 1: found 'newest', expected "),
        ("survivorship.yaml", "name: []\n", "line 1: name: "),
        ("survivorship.yaml", "name: [pinned, pinned]\n", "pinned stands there twice"),
        ("survivorship.yaml", "name: [verified]\n", "take verified out"),
        ("survivorship.yaml", "email: [verified, most_complete]\n", "take most_complete out"),
        ("survivorship.yaml", "phone: [most_recent, verified]\n", "expected verified before every rule but"),
        ("suport_policy.yaml", "tiers: []\n", "unknown policy file"),
        (
            "agents.csv",
            "employee_id,languages,skills,capacity\nhr:1,de,,many\n",
            "line 2: capacity: found 'many', expected a valid integer",
        ),
        ("agents.csv", "employee_id,languages,skills,capacity\nhr:1,,,\nhr:1,,,\n", "hr:1 stands there 2 times"),
        (
            "agents.csv",
            "employee_id,language\nhr:1,de\n",
            "line 2: language: unknown key, expected one of employee_id, languages, skills, capacity; "
            "rename it to 'languages'",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_to_do(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    with pytest.raises(PolicyError) as error:
        load_policy(write(tmp_path, name, content))
    assert str(error.value).startswith(str(tmp_path))
    assert name in str(error.value)
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("written", "instead", "expected"),
    [
        (
            "  - tier: premium",
            "  - tier: premum",
            "line 7: tiers, entry 1, tier: found 'premum', expected 'standard' or 'premium'; change the value",
        ),
        ("values: [", "value: [", "line 9: tiers, entry 1, value: unknown key, expected one of tier, kind, field, "),
        ("values: [", "value: [", "rename it to 'values'"),
        ("values: [platinum, gold]", "values: gold", "line 9: tiers, entry 1, values: found 'gold', expected a list"),
        ("    values: [platinum, gold]\n", "", "line 7: tiers, entry 1: found {"),
        (
            "at_least: 100000",
            "at_least: much",
            "line 14: tiers, entry 2, at_least: found 'much', expected a ",
        ),
        ("premium: 60", "premium: 0", "line 23: service_levels, premium: found 0, expected greater than 0"),
        ("premium: 60", "gold: 60", "line 23: service_levels, gold: found 'gold', expected 'standard' or 'premium'"),
        ("ai_may_serve: [standard]", "ai_may_serve: [all]", "line 27: ai_may_serve, entry 1: found 'all', expected"),
        ("tiers:", "tires:", "line 6: tires: unknown key"),
        (
            "consent_ai_unknown: ai",
            "consent_ai_unknown: ai\nconsent_ai_unknown: human",
            "line 31: consent_ai_unknown: found in line 30 already, expected once; keep one of them",
        ),
    ],
)
def test_a_mistake_in_the_support_policy_is_named_with_its_line(
    tmp_path: Path, written: str, instead: str, expected: str
) -> None:
    shipped = (SHIPPED / "support_policy.yaml").read_text(encoding="utf-8")
    assert written in shipped
    with pytest.raises(PolicyError) as error:
        load_policy(write(tmp_path, "support_policy.yaml", shipped.replace(written, instead, 1)))
    assert expected in str(error.value)


def test_of_many_mistakes_the_first_five_are_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="and 2 more"):
        load_policy(write(tmp_path, "support_policy.yaml", "a: 1\nb: 2\n"))


def test_a_policy_that_does_not_name_who_ai_may_serve_leaves_premium_to_people(tmp_path: Path) -> None:
    shipped = (SHIPPED / "support_policy.yaml").read_text(encoding="utf-8")
    policy = load_policy(write(tmp_path, "support_policy.yaml", shipped.replace("ai_may_serve: [standard]\n", "")))
    assert policy.support.ai_may_serve == ("standard",)


PIN = "customer_id,source,object,record,field,value,who,why,when\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("c_1,,,,e-mail,ann@example.org,ada,asked,2026-07-01", "column field: 'e-mail'. Expected a field or a group"),
        (",,,,email,ann@example.org,ada,asked,2026-07-01", "column customer_id: ''. Expected a customer's id"),
        (",crm,Contact,,email,,ada,asked,2026-07-01", "column record: ''. Expected source, object and record"),
        ("c_1,,,,email,Ann@Example.org,ada,asked,2026-07-01", "column value: 'Ann@Example.org'. Expected an e-mail"),
        ("c_1,,,,country,Germany,ada,asked,2026-07-01", "column value: 'Germany'. Expected an ISO 3166-1"),
        ("c_1,,,,phone_e164,0170 123,ada,asked,2026-07-01", "column value: '0170 123'. Expected a number in E.164"),
        ("c_1,,,,email,,ada,asked,2026-07-01", "column value: ''. Expected the value to hold fast, or"),
        ("c_1,,,,owner,Bob,ada,asked,2026-07-01", "column value: 'Bob'. Expected none, for owner is pinned by naming"),
        ("c_1,,,,city,Bonn,,asked,2026-07-01", "column who: ''. Expected who decided it"),
        ("c_1,,,,city,Bonn,ada,,2026-07-01", "column why: ''. Expected the reason"),
        ("c_1,,,,city,Bonn,ada,asked,1.7.2026", "column when: '1.7.2026'. Expected the day"),
        ("c_1,,,,city,Bonn,ada,asked, and wrote,2026-07-01", "more cells than columns"),
    ],
)
def test_a_pin_that_cannot_be_obeyed_is_named_with_its_line_column_and_value(
    tmp_path: Path, line: str, expected: str
) -> None:
    good = "c_1,,,,city,Bonn,ada,asked,2026-07-01\n"
    with pytest.raises(PolicyError) as error:
        load_policy(write(tmp_path, "pins.csv", f"{PIN}{good}{line}\n"))
    assert str(error.value).startswith(f"{tmp_path / 'pins.csv'}, line 3")
    assert expected in str(error.value)


def test_a_pin_names_a_value_or_the_record_to_believe(tmp_path: Path) -> None:
    lines = "c_1,,,,city,Bonn,ada,a letter,2026-07-01\n,crm,Contact,003A,street,,bob,asked,2026-07-02\n"
    value, record = load_policy(write(tmp_path, "pins.csv", PIN + lines)).pins
    assert (value.customer_id, value.field, value.value, value.record_id) == ("c_1", "city", "Bonn", None)
    assert (record.customer_id, record.field_group, record.value, record.record_id) == (None, "address", None, "003A")


def test_pins_and_dbt_agree_on_the_field_groups() -> None:
    macros = (SHIPPED.parent / "dbt" / "macros" / "survivorship.sql").read_text(encoding="utf-8")
    pinnable = macros.split("macro pinnable_fields()")[1].split("endmacro")[0]
    assert re.findall(r"'(\w+)'", pinnable) == list(SHAPES)
    groups = macros.split("macro field_groups()")[1].split("endmacro")[0]
    named = re.findall(r"'name': '(\w+)',\s+'fields': \[([^]]*)\]", groups)
    told = {name: tuple(re.findall(r"'(\w+)'", fields)) for name, fields in named}
    assert {name: fields for name, fields in told.items() if name in GROUPS} == dict(GROUPS)
    assert set(told) - set(GROUPS) == {"first", "customer_since"}
    assert set(GROUPS) == set(Survivorship.model_fields)


def test_agents_leave_open_what_hr_knows(tmp_path: Path) -> None:
    content = "employee_id,languages,skills,capacity\nhr:1,de;fr,billing,\nhr:2,,,30\n"
    first, second = load_policy(write(tmp_path, "agents.csv", content)).agents
    assert (first.languages, first.skills, first.capacity) == (("de", "fr"), ("billing",), None)
    assert (second.languages, second.capacity) == ((), 30)


def test_files_of_the_policy_folder_that_others_read_are_let_be(tmp_path: Path) -> None:
    write(tmp_path, "sources.yaml", "salesforce: {country: DE}\n")
    assert load_policy(write(tmp_path, "decisions.csv", "decision\n")) == load_policy()


def test_a_reporting_currency_is_an_iso_code() -> None:
    with pytest.raises(PolicyError, match="Euro"):
        load_policy(None, "Euro")


def test_the_support_policy_in_the_documents_is_the_shipped_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert load_policy(write(tmp_path, "support_policy.yaml", shown)).support == load_policy().support


def test_every_shipped_rule_is_explained_where_it_stands() -> None:
    for path in SHIPPED.glob("*.yaml"):
        assert path.read_text(encoding="utf-8").startswith("# "), path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "desk:\n  contact_points: masked\n  context:\n    - route\n    - rute\n  tables: {}\n",
            "line 5: desk.context.1",
        ),
        ("desk:\n  contact_points: masked\n  tables:\n    customers: [customer_id]\n", "line 4: .*is customer meant"),
        ("desk:\n  contact_points: masked\n  tables:\n    customer: [customer_id, mail]\n", "line 4: .*is email meant"),
        ("desk:\n  contact_points: masked\n  tables:\n    customer: [email]\n", "key is missing; name customer_id too"),
        ("desk:\n  contact_points: hidden\n  tables: {}\n", "line 2: desk, contact_points: found 'hidden'"),
        ("desk:\n  tables: {}\n", "line 1: desk, contact_points: nothing found"),
        (
            "desk:\n  contact_points: masked\n  tables:\n    field_provenance: [customer_id, field, runners_up]\n",
            "line 4: desk.tables.field_provenance: runners_up holds values as records wrote them",
        ),
    ],
)
def test_a_mistake_in_the_roles_is_named_with_its_line_and_what_is_meant(
    tmp_path: Path, content: str, expected: str
) -> None:
    with pytest.raises(PolicyError, match=expected) as error:
        load_policy(write(tmp_path, "roles.yaml", content))
    assert str(tmp_path / "roles.yaml") in str(error.value)


def test_a_role_that_is_shown_contact_points_may_have_what_cannot_be_masked(tmp_path: Path) -> None:
    content = "desk:\n  contact_points: shown\n  tables:\n    field_provenance: [customer_id, field, runners_up]\n"
    assert set(load_policy(write(tmp_path, "roles.yaml", content)).roles.root) == {"desk"}


def test_a_masked_role_gets_no_text_as_somebody_typed_it_and_ids_as_they_are(tmp_path: Path) -> None:
    tables = "  tables:\n    customer: [customer_id, display_name, email, route]\n"
    content = f"model:\n  contact_points: masked\n{tables}desk:\n  contact_points: shown\n{tables}"
    roles = role_tables(load_policy(write(tmp_path, "roles.yaml", content)).roles)
    values = "select 'c_1' as customer_id, 'a@x.example' as display_name, 'a@x.example' as email, 'ai' as route"
    with duckdb.connect() as con:
        seen = {
            role: con.execute(f"select {', '.join(made['customer'].values())} from ({values})").fetchall()
            for role, made in roles.items()
        }
    assert seen == {
        "model": [("c_1", "[e-mail]", "a***@x.example", "ai")],
        "desk": [("c_1", "a@x.example", "a@x.example", "ai")],
    }
