"""Policy files: the shipped ones are valid, a company's own replace them, and mistakes are named."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from transforms.policy import SHIPPED, PolicyError, load_policy
from transforms.policy.roles import role_tables


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
        ("gate.yaml", "row_count_drop: 2\nfill_rate_drop: 0\nid_churn: 0\njudged_from_rows: 0\n", "row_count_drop"),
        ("gate.yaml", "row_count_drop: 0\n", "fill_rate_drop"),
        ("gate.yaml", "- a list\n", "expected a mapping"),
        ("gate.yaml", "row_count_drop: [\n", "cannot be read as YAML"),
        ("survivorship.yaml", "name: [source_rank]\n", "each once"),
        ("support_policy.yaml", "tiers: [{tier: premium, field: sla, reason: r}]\n", "tiers.0"),
        ("suport_policy.yaml", "tiers: []\n", "unknown policy file"),
        ("agents.csv", "employee_id,languages,skills,capacity\nhr:1,de,,many\n", "line 2: capacity"),
        ("agents.csv", "employee_id,languages,skills,capacity\nhr:1,,,\nhr:1,,,\n", "hr:1 stands there 2 times"),
        ("agents.csv", "employee_id,language\nhr:1,de\n", "language"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(tmp_path: Path, name: str, content: str, expected: str) -> None:
    with pytest.raises(PolicyError, match=expected) as error:
        load_policy(write(tmp_path, name, content))
    assert name in str(error.value)


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
        ("desk:\n  contact_points: hidden\n  tables: {}\n", "line 2: desk.contact_points: .*'hidden'"),
        ("desk:\n  tables: {}\n", "line 1: desk.contact_points: Field required"),
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
    seen = {
        role: duckdb.sql(f"select {', '.join(made['customer'].values())} from ({values})").fetchall()
        for role, made in roles.items()
    }
    assert seen == {
        "model": [("c_1", "[e-mail]", "a***@x.example", "ai")],
        "desk": [("c_1", "a@x.example", "a@x.example", "ai")],
    }
