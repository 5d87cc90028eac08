"""The command line: everything documented is there, and what goes wrong is said in one sentence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import typer
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.cli.shared import FAILED, HELD

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = {
    "run",
    "sample",
    "rejected",
    "explain",
    "review",
    "resolve",
    "ui",
    "serve",
    "identity train",
    "connectors list",
    "connectors check",
    "connectors draft",
    "sources list",
    "sources remove",
    "deliveries list",
    "deliveries release",
    "policy check",
    "publications list",
    "publications rollback",
    "publications diff",
    "publications verify",
    "publications release",
}
LISTINGS = [
    ["rejected"],
    ["sources", "list"],
    ["deliveries", "list"],
    ["publications", "list"],
]


def run(*args: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    return result.exit_code, result.output


def commands() -> dict[str, click.Command]:
    root = typer.main.get_command(app)
    found = {}
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}": made for sub, made in inner.items()} if inner else {name: command}
    return found


def test_the_commands_are_spelled_out() -> None:
    assert set(commands()) == COMMANDS


def test_every_command_stands_in_the_readme() -> None:
    for name in COMMANDS:
        first, _, second = name.partition(" ")
        row = next((line for line in README.splitlines() if line.startswith(f"| `concord {first}")), "")
        assert re.search(rf"\b{second}\b" if second else first, row), name


def test_every_command_but_sample_takes_a_data_folder() -> None:
    takes = {name for name, command in commands().items() if "--data" in {o for p in command.params for o in p.opts}}
    assert takes == COMMANDS - {"sample"}


def test_every_command_says_what_it_does() -> None:
    for name, command in commands().items():
        assert command.help, name


@pytest.mark.parametrize("listing", LISTINGS, ids=" ".join)
def test_a_listing_of_an_empty_data_folder_is_empty(listing: list[str], tmp_path: Path) -> None:
    code, output = run(*listing, "--data", tmp_path, "--json")
    assert code == 0
    assert json.loads(output) == []


def test_a_missing_folder_of_exports_is_named_with_what_to_do(tmp_path: Path) -> None:
    code, output = run("run", "--exports", tmp_path / "nowhere", "--data", tmp_path / "data")
    assert code == FAILED
    assert "nowhere" in output
    assert "concord sample" in output
    assert "Traceback" not in output


def test_a_wrong_connector_is_answered_with_file_place_and_nearest_word(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(
        "name: acme\nkind: crm\nowner: sales\nrank: 40\nobjects:\n  Customer:\n"
        "    exports: [{file: customers, require: [ID]}]\n    key: ID\n"
        "    records: [{kind: person, fields: {famly_name: Name}}]\n"
    )
    code, output = run("connectors", "check", file)
    assert code == FAILED
    said = " ".join(output.split())
    assert "Customer" in said
    assert "famly_name" in said
    assert "family_name" in said


def test_explain_without_a_publication_says_how_one_is_made(tmp_path: Path) -> None:
    code, output = run("explain", "c_unknown", "--data", tmp_path)
    assert code == FAILED
    assert "concord run" in " ".join(output.split())


def test_explain_takes_one_way_to_name_a_customer_and_no_more_than_two_records(tmp_path: Path) -> None:
    for given in ([], ["c_one", "--email", "a@example.org"], ["--record", "a:b:c"] * 3):
        code, output = run("explain", *given, "--data", tmp_path)
        assert code == FAILED
        assert "name one of" in " ".join(output.split())


def test_training_without_records_says_how_they_come(tmp_path: Path) -> None:
    code, output = run("identity", "train", "--data", tmp_path)
    assert code == FAILED
    assert "concord run" in " ".join(output.split())


def test_a_misspelt_source_or_data_folder_is_answered_with_the_near_one(tmp_path: Path) -> None:
    (tmp_path / "data" / "landed" / "salesforce").mkdir(parents=True)
    for command in (["rejected"], ["deliveries", "list"]):
        code, output = run(*command, "--source", "salesfroce", "--data", tmp_path / "data")
        assert code == FAILED
        assert "did you mean 'salesforce'" in " ".join(output.split())
        code, output = run(*command, "--data", tmp_path / "dta")
        assert code == FAILED
        assert "did you mean" in " ".join(output.split())


def test_a_wrong_connector_is_answered_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(
        "name: acme\nkind: crm\nowner: sales\nrank: 40\nobjects:\n  Customer:\n"
        "    exports: [{file: customers, require: [ID]}]\n    key: ID\n"
        "    records:\n      - kind: person\n        fields:\n          email: {from: E, clean: emial}\n"
    )
    code, output = run("connectors", "check", file)
    assert code == FAILED
    assert "line 12" in " ".join(output.split())


def test_a_source_whose_folder_is_still_there_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "exports" / "hubspot").mkdir(parents=True)
    code, output = run("sources", "remove", "hubspot", "--exports", tmp_path / "exports", "--data", tmp_path / "data")
    assert code == FAILED
    assert "take it away first" in " ".join(output.split())


def test_the_exit_codes_are_three() -> None:
    assert (HELD, FAILED) == (1, 2)


def test_help_does_not_wait_for_dagster_and_dbt() -> None:
    loaded = "import sys, orchestration.cli; print(*sorted({'dagster', 'dbt', 'dagster_dbt'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
