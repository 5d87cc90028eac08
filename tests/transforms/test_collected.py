"""A list that stands over several rows of a record is whole in the row that counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transforms.landed import Source, connector

Row = dict[str, str | None]
FIELDS = {
    "family_name": "last",
    "languages": {"from": "lang", "clean": "languages"},
    "skills": {"from": "skill", "clean": "list"},
}
SEVERAL = {"prefer": {"primary": ["1"]}, "collect": ["lang", "skill"]}


def row(worker: int, lang: str | None = None, skill: str | None = None, **said: str | None) -> Row:
    return {"id": str(worker), "last": f"Family{worker}", "lang": lang, "skill": skill, **said}


def workers(data: Path, **said: object) -> Source:
    return Source(data, connector(records=[{"kind": "employee", "fields": FIELDS}], **({"several": SEVERAL} | said)))


def lists(source: Source) -> dict[str, tuple[list[str] | None, list[str] | None]]:
    """Worker -> languages and skills, after a run that accounts for every row."""
    source.contacts()
    rows = source.records("employee").select("record_id", "languages", "skills").rows()
    return {worker: (languages, skills) for worker, languages, skills in rows}


def test_the_row_that_counts_has_the_lists_of_all_rows_in_their_order(tmp_path: Path) -> None:
    source = workers(tmp_path)
    source.deliver(1, [
        row(1, "German", "billing"), row(2, "Danish"), row(1, "French", last="Primary", primary="1"),
        row(1, "null", "refunds"), row(1, "German", '["billing", "returns"]'),
    ])  # fmt: skip
    assert lists(source) == {"1": (["de", "fr"], ["billing", "refunds", "returns"]), "2": (["da"], None)}
    assert source.records("employee").sort("record_id")["family_name"].to_list() == ["Primary", "Family2"]
    report = source.contacts()
    assert (report.landed, report.accepted, report.superseded) == (5, 2, 3)


def test_without_the_word_the_row_that_counts_stands_alone(tmp_path: Path) -> None:
    source = workers(tmp_path, several={"prefer": {"primary": ["1"]}})
    source.deliver(1, [row(1, "German"), row(1, "French", primary="1")])
    assert lists(source) == {"1": (["fr"], None)}


def test_rows_of_another_delivery_and_those_that_are_gone_add_nothing(tmp_path: Path) -> None:
    source = workers(tmp_path, deleted={"gone": ["1"]})
    source.deliver(1, [row(1, "German"), row(1, "Polish"), row(2, "German"), row(2, "Danish")])
    now = {"changed": "2026-01-02"}
    gone = row(1, "Greek", gone="1", changed="2026-01-01")
    source.deliver(2, [row(1, "French", **now), gone, row(1, "Dutch", **now)], complete=False)
    assert lists(source) == {"1": (["fr", "nl"], None), "2": (["de", "da"], None)}


def test_rows_in_several_files_of_a_delivery_belong_together_whatever_columns_they_have(tmp_path: Path) -> None:
    source = workers(tmp_path)
    source.deliver(1, [row(1, "German")], [{"id": "1", "last": "Family1", "skill": "billing", "primary": "1"}])
    assert lists(source) == {"1": (["de"], ["billing"])}


def test_pieces_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def result(data: Path) -> dict[str, tuple[list[str] | None, list[str] | None]]:
        source = workers(data)
        source.deliver(1, [row(n % 9, ("German", "French", "Danish")[n % 3], f"s{n}") for n in range(40)])
        return lists(source)

    whole = result(tmp_path / "whole")
    assert len(whole["0"][1] or []) == 5
    monkeypatch.setattr("transforms.versions.PIECE", 7)
    assert result(tmp_path / "pieces") == whole
