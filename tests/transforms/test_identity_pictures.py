"""Pictures of identity: what is counted for them, and that they are small and whole."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import transforms.identity_pictures
from tests.identity_file import write_results
from transforms.identity.kept import attach_results
from transforms.identity.model import shipped_model
from transforms.identity_pictures import _lay_out_customers, draw, overlap_rows, point_rows, size_rows, weight_rows

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ann in two sources, Bob twice in one, a firm alone; two pairs scored, and one decided."""
    links = [("crm", "ann"), ("shop", "ann"), ("crm", "bob"), ("crm", "bob"), ("crm", "firm")]
    link = pl.DataFrame(
        {
            "source": [source for source, _ in links],
            "customer_id": [customer for _, customer in links],
            "customer_type": ["organisation" if customer == "firm" else "person" for _, customer in links],
        }
    )
    edges = [
        ("used", {"email": 20.0}, {"city": -2.5}, ""),
        ("refused", {"city": 5.0}, {}, "what agrees weighs too little"),
        ("refused", {}, {}, "decided different by Ada"),
    ]
    edge = pl.DataFrame(
        {
            "record_a": [str(number) for number in range(len(edges))],
            "record_b": [str(number) for number in range(len(edges))],
            "used": [used for used, *_ in edges],
            "agreed": [json.dumps(agreed) for _, agreed, _, _ in edges],
            "disagreed": [json.dumps(disagreed) for _, _, disagreed, _ in edges],
            "reason": [reason for *_, reason in edges],
            "model_version": ["person-2+00000000"] * len(edges),
        }
    )
    points = pl.DataFrame({"kind": ["email", "email", "phone"], "class": ["personal", "shared", "household"]})
    write_results(tmp_path, link=link, edge=edge, contact_point=points)
    return tmp_path


def counted(data: Path, count: Any) -> list[dict[str, Any]]:
    with duckdb.connect() as con:
        attach_results(con, data)
        _lay_out_customers(con)
        rows: list[dict[str, Any]] = count(con, data / "identity")
        return rows


def measure(data: Path, **said: Any) -> None:
    model = shipped_model("person")
    u = {name: [level.u / 2 for level in each.telling] for name, each in model.comparisons.items()}
    measures = {"model": model.version, "records": 4, "partners": 1.0, "u": u} | said
    (data / "identity" / "person_model.json").write_text(json.dumps(measures))


def test_weights_are_those_of_the_evidence_and_the_prior_without_what_was_decided(data: Path) -> None:
    measure(data, records=1024, partners=1.0)
    assert counted(data, weight_rows) == [
        {"party": "person", "used": "refused", "weight": -5, "pairs": 1},
        {"party": "person", "used": "used", "weight": 7, "pairs": 1},
    ]


def test_sizes_overlap_and_classes_are_counted_per_customer_and_contact_point(data: Path) -> None:
    assert [tuple(row.values()) for row in counted(data, size_rows)] == [
        ("organisation", "1", 1, 1),
        ("person", "2", 2, 2),
    ]
    assert [tuple(row.values()) for row in counted(data, overlap_rows)] == [
        ("crm", "crm", 3), ("crm", "shop", 1), ("shop", "crm", 1), ("shop", "shop", 1),
    ]  # fmt: skip
    assert [(row["kind"], row["class"], row["points"]) for row in counted(data, point_rows)] == [
        ("email (2)", "personal", 1), ("email (2)", "shared", 1), ("phone (1)", "household", 1),
    ]  # fmt: skip


def test_every_picture_is_a_small_whole_png(data: Path) -> None:
    measure(data)
    drawn = draw(data)
    assert list(drawn) == [
        "what_pairs_weigh", "sizes_of_customers", "where_sources_meet", "classes_of_contact_points", "model_of_people",
    ]  # fmt: skip
    for name, png in drawn.items():
        assert png.startswith(PNG), name
        assert len(png) < 60_000, name
        at = png.index(b"IDAT")
        length = int.from_bytes(png[at - 4 : at])
        body = png[at : at + 4 + length]
        assert zlib.crc32(body) == int.from_bytes(png[at + 4 + length :][:4]), name
        width, height = (int.from_bytes(png[16 + 4 * n :][:4]) for n in range(2))
        assert len(zlib.decompress(body[4:])) == (4 * width + 1) * height, name


def test_a_picture_is_drawn_again_only_when_its_figures_change(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measure(data)
    before = draw(data)
    again: list[Any] = []
    monkeypatch.setattr(transforms.identity_pictures, "_png", lambda chart: again.append(chart) or b"new")
    assert draw(data) == before
    assert again == []
    measure(
        data, m={"given_name": [level.m / 2 for level in shipped_model("person").comparisons["given_name"].telling]}
    )
    assert [title for title, png in draw(data).items() if png == b"new"] == ["model_of_people"]
    assert len(list((data / "cache" / "pictures").iterdir())) == len(before)


def test_measures_of_another_model_are_not_drawn(data: Path) -> None:
    measure(data, u={"given_name": [0.1]})
    assert "model_of_people" not in draw(data)
