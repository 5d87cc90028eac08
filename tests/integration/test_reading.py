"""The examples of docs/read-the-tables.md run, from the first to the last, on what a run has published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.publication import open_publication
from connectors.sample import write_sample
from tests.connectors.elsewhere import a_bucket
from tests.integration.conftest import Place

PAGE = (Path(__file__).parents[2] / "docs" / "read-the-tables.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(python|sql)\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def bucket(s3_server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the bucket that the page names."""
    with a_bucket(s3_server, tmp_path, monkeypatch, "bucket") as (_, client, _):
        yield client


def test_every_example_of_the_page_for_readers_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    write_sample(tmp_path / "sample", 300, 3)
    monkeypatch.setenv("CONCORD_PUBLISH_TO", "s3://bucket/prefix")
    monkeypatch.setenv("CONCORD_DELTA", str(tmp_path / "delta"))
    there = Place(tmp_path / "sample" / "exports", tmp_path / "data")
    assert there.run()["publication"]["outcome"] == "published"
    monkeypatch.chdir(tmp_path)
    # A run whose copy is behind is not done, although nothing is new.
    bucket.delete_object(Bucket="bucket", Key="prefix/current.json")
    assert there.run()["publication"]["outcome"] == "unchanged"
    names: dict[str, Any] = {}
    found = []
    for language, example in EXAMPLES:
        if language == "python":
            exec(example, names)  # noqa: S102 - our own page
        else:
            with open_publication(there.data).connect() as con:
                found.append(con.execute(example).fetchall())
    customers = there.publication.table("customer")
    assert names["elsewhere"].table("customer").equals(customers)
    assert names["as_of_one"].equals(customers)
    assert names["mine"].collect().equals(customers)
    assert names["newest_version_is_of"] == "1"
    assert names["told"]["customer_id"] == customers["customer_id"][0]
    assert names["then"].rows() == customers.rows() == found[0]
    assert names["known"]["known_status"].to_list() == ["live"] * 3
    assert [row[:2] for row in found[1]] == [(1, 1)] * 3
    assert len(found[2]) == customers.height
