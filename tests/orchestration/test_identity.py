"""The identity asset's pictures: attached where they can be drawn, and never in the way of a run."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import transforms.identity_pictures
from orchestration.assets.identity import pictures
from orchestration.inputs import _learned
from orchestration.settings import Settings
from orchestration.workspace import Workspace


def workspace(data: Path) -> Workspace:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Workspace(settings=Settings(data=data), as_of=date(2026, 1, 1), started_at=now, run_id="one")


def test_pictures_that_cannot_be_drawn_are_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "identity").mkdir()
    (tmp_path / "identity" / "identity.duckdb").write_bytes(b"no database")
    assert pictures(workspace(tmp_path), logging.getLogger("identity")) == {}
    assert "No pictures of identity" in caplog.text


def test_a_picture_stands_in_the_metadata_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transforms.identity_pictures, "draw", lambda *_: {"what_pairs_weigh": b"PNG"})
    (name, shown), *_ = pictures(workspace(tmp_path), logging.getLogger("identity")).items()
    assert name == "what_pairs_weigh"
    assert shown.value == f"![what pairs weigh](data:image/png;base64,{b64encode(b'PNG').decode()})"


def test_what_identity_was_trained_to_is_an_input_of_a_run(tmp_path: Path) -> None:
    file = tmp_path / "person_model.json"
    assert _learned(tmp_path) is None
    file.write_text(json.dumps({"records": 10, "m": {}}))
    assert _learned(tmp_path) is None
    file.write_text(json.dumps({"records": 10, "m": {"city": [0.5, 0.5]}}))
    learned = _learned(tmp_path)
    assert learned is not None
    file.write_text(json.dumps({"records": 20, "m": {"city": [0.5, 0.5]}}))
    assert _learned(tmp_path) == learned
    file.write_text(json.dumps({"records": 20, "m": {"city": [0.4, 0.6]}}))
    assert _learned(tmp_path) != learned
