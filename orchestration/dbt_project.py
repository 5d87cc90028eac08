"""Where the dbt project is, its parsed manifest, and how its models are called as Dagster assets."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from connectors.files import locked
from transforms.warehouse import DBT, settings_for_dbt

TARGET = DBT / "target"
MANIFEST = TARGET / "manifest.json"
FINGERPRINT = TARGET / "fingerprint"
OWNER = "team:data-engineering"
DBT_COMMAND = Path(sys.executable).parent / "dbt"
FLOORS = frozenset({"records", "identity"})
"""Schemas of dbt sources that other assets make; `state`, `previous` and `policy` are inputs of the run, not assets."""


class Translator(DagsterDbtTranslator):
    """Models are `warehouse/<model>`; their sources are the assets of the floors below."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        name = dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] != "source":
            return dg.AssetKey(["warehouse", name])
        schema = dbt_resource_props["source_name"]
        if schema == "identity":
            return dg.AssetKey(["identity"])
        return dg.AssetKey([schema, name])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        deps = [dep for dep in spec.deps if dep.asset_key.path[0] in {"warehouse", *FLOORS}]
        return spec.replace_attributes(deps=deps, group_name="warehouse", owners=[OWNER], kinds={"dbt", "duckdb"})


def project_fingerprint() -> str:
    """Hash over every file that a parse depends on."""
    digest = hashlib.sha256()
    for path in sorted(DBT.rglob("*")):
        inside = path.relative_to(DBT).parts
        if path.is_file() and inside[0] not in {"target", "logs"}:
            digest.update(str(path.relative_to(DBT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def parsed_manifest() -> Path:
    """The manifest of the project as it stands; parsed anew only after a file of the project has changed.

    Raises:
        RuntimeError: dbt cannot parse the project; the message is dbt's own.
    """
    wanted = project_fingerprint()
    TARGET.mkdir(exist_ok=True)
    with locked(TARGET / ".lock"):  # a webserver and a run may start together
        # Runs copy it, with its rights, beside their data.
        for partial in TARGET.glob("partial_parse.msgpack"):
            partial.chmod(0o600)
        if MANIFEST.exists() and FINGERPRINT.exists() and FINGERPRINT.read_text() == wanted:
            return MANIFEST
        parsed = subprocess.run(  # noqa: S603
            [DBT_COMMAND, "--quiet", "parse", "--project-dir", DBT, "--profiles-dir", DBT, "--target-path", TARGET],
            cwd=DBT,
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
        )
        if parsed.returncode:
            raise RuntimeError(f"the dbt project in {DBT} does not parse:\n{parsed.stdout}{parsed.stderr}")
        FINGERPRINT.write_text(wanted)
    return MANIFEST


def meanings(model: str) -> dict[str, str]:
    """What the columns of a model mean, as it stands written beside it."""
    manifest = json.loads(MANIFEST.read_text())
    columns = manifest["nodes"][f"model.{manifest['metadata']['project_name']}.{model}"]["columns"]
    return {name: column["description"] for name, column in columns.items()}


def run_models(warehouse: Path, models: Iterable[str], threads: int, memory: str) -> None:
    """Make some models in a warehouse file that has what they read; dbt's own files go beside it.

    Raises:
        RuntimeError: a model failed; the message is dbt's own.
    """
    beside = warehouse.parent
    where = ("--project-dir", DBT, "--profiles-dir", DBT, "--target-path", beside / "target", "--log-path", beside)
    made = subprocess.run(  # noqa: S603
        [DBT_COMMAND, "--quiet", "--no-use-colors", "run", *where, "--select", *models],
        env=os.environ | settings_for_dbt(warehouse, threads, memory),
        cwd=beside,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"dbt could not make {', '.join(models)}:\n{made.stdout}{made.stderr}")
