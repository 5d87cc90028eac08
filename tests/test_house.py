"""The house stands as drawn: which floor may know which, and that we name only ourselves."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from transforms.stamps import MODULES

ROOT = Path(__file__).parent.parent
FLOORS = ("connectors", "transforms", "orchestration")
MAY_IMPORT = {
    "connectors": {"connectors"},
    "transforms": {"transforms", "connectors.spec"},
    "orchestration": {"orchestration", "transforms", "connectors"},
}


def modules(floor: str) -> list[Path]:
    return sorted((ROOT / floor).rglob("*.py"))


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize(
    "module", [m for floor in FLOORS for m in modules(floor)], ids=lambda m: str(m.relative_to(ROOT))
)
def test_imports_point_one_way(module: Path) -> None:
    floor = module.relative_to(ROOT).parts[0]
    for name in imported(module):
        if name.split(".")[0] not in FLOORS:
            continue
        assert any(name == allowed or name.startswith(f"{allowed}.") for allowed in MAY_IMPORT[floor]), (
            f"{module.relative_to(ROOT)} imports {name}"
        )


@pytest.mark.parametrize("floor", ["connectors", "transforms"])
def test_only_orchestration_knows_dagster(floor: str) -> None:
    for module in modules(floor):
        assert not any(name.split(".")[0].startswith("dagster") for name in imported(module)), module


def test_every_module_says_what_it_is_for() -> None:
    for floor in FLOORS:
        for module in modules(floor):
            assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))), module


def test_the_top_level_is_the_house() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    beside = {"tests", "docs", "deploy", ".ci", "sample"}
    assert {path.split("/")[0] for path in listed if "/" in path} <= {*FLOORS, *beside}


def test_the_lock_has_hashes_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9][^ =]*==", lock, flags=re.MULTILINE)
    assert len(pins) > 50
    assert len(re.findall(r"--hash=sha256:", lock)) >= len(pins)
    assert "://" not in lock


def test_rows_rejected_at_the_door_and_as_records_have_one_shape() -> None:
    from connectors.readers.sink import REJECTED  # noqa: PLC0415
    from transforms.outcomes import REJECTED_ROWS  # noqa: PLC0415

    assert dict(REJECTED) == dict(REJECTED_ROWS)


def test_whatever_shapes_records_is_among_what_their_files_rest_on() -> None:
    reached, unread = set[str](), ["transforms.record_files"]
    while unread:
        name = unread.pop()
        file = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if name.startswith("transforms.") and file.exists() and name not in reached:
            reached.add(name)
            unread += imported(file)
    modules = {name.split(".")[1] for name in reached} - {"cleaners"}
    assert modules - set(MODULES) == {"sql"}
    assert set(MODULES) <= modules
