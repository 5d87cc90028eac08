"""The fourth floor: every dbt model as an asset, with its tests as checks and its columns' lineage."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliResource, dbt_assets
from packaging.version import Version

from connectors.publication import base_number, next_number, open_publication, publications
from orchestration import checks, dbt_process
from orchestration.dbt_project import FINGERPRINT, MANIFEST, TARGET, Translator, parsed_manifest
from orchestration.lineage import Columns, Origins, as_metadata, project_lineage
from orchestration.metadata import PREVIEW_ROWS, counts_table, masked, masked_preview
from orchestration.workspace import Workspace
from transforms.masking import PLAIN
from transforms.warehouse import DBT, models_at_once, prepare_warehouse, settings_for_dbt, tell_run

PROBLEM = "problem"
"""The one column of a test that puts what it finds in sentences."""
TOLD = PLAIN | {PROBLEM, "unique_field", "value_field", "user_id"}
"""What a failed test may show whole: no value of a person. dbt's own tests stand on keys and closed vocabularies."""


def warehouse_assets() -> dg.AssetsDefinition:
    """The dbt project as one multi-asset, run by one `dbt build` into the run's own warehouse file."""

    @dbt_assets(
        manifest=parsed_manifest(),
        name="warehouse",
        exclude="resource_type:unit_test",
        dagster_dbt_translator=Translator(),
        required_resource_keys={"workspace", "dbt"},
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        workspace: Workspace = context.resources.workspace
        dbt: DbtCliResource = context.resources.dbt
        settings, data = workspace.settings, workspace.data
        os.environ.update(settings_for_dbt(settings.warehouse, settings.threads, settings.engine_memory))
        at_once = models_at_once(settings.engine_memory)
        command = ["build", "--exclude-resource-type", "unit_test", "--threads", str(at_once)]
        with dbt_process.held_back(settings.warehouse):
            # Its error is raised below, when what it found has been told.
            invocation = dbt.cli(command, context=context, target_path=data / "dbt", raise_on_error=False)
            try:
                _lay_out(workspace, anew=not context.is_subset or not settings.warehouse.exists())
            except BaseException:
                invocation.process.kill()
                invocation.process.wait()
                raise
        # What the tables hold can be looked up only when dbt has let go of the file, so events wait until then.
        events = list(invocation.stream())
        error = invocation.get_error()
        if error and not events:
            raise error
        with duckdb.connect(settings.warehouse, read_only=True) as con:
            describe = Describer.of(con, data)
            for event in events:
                if isinstance(event, dg.Output):
                    yield describe.event(event, context)
                elif isinstance(event, dg.AssetCheckResult):
                    yield describe.check(event)
                else:
                    yield event
        if error:
            raise error

    return models


def _lay_out(workspace: Workspace, *, anew: bool) -> None:
    """The warehouse as dbt expects it; what an earlier run left of it stays unless it is to be made `anew`."""
    settings, data = workspace.settings, workspace.data
    base = base_number(data)
    if anew:
        base_path = open_publication(data, base).path if base is not None else None
        newest = [publication.path for publication in publications(data)[-1:]]
        prepare_warehouse(settings.warehouse, data, workspace.policy, base_path, *newest)
    tell_run(settings.warehouse, workspace.as_of, next_number(data), base)


@dataclass(frozen=True)
class Describer:
    """Adds to each model's event what the UI shows of it (rows, columns with meaning, lineage, masked preview), and
    to that of a failed check what it found."""

    con: duckdb.DuckDBPyConnection
    models: Mapping[str, Mapping[str, Any]]
    columns: Columns
    origins: Origins
    tests: Mapping[str, str]
    """Name of a test that has run -> its query for the rows that break it."""

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, data: Path) -> "Describer":
        manifest = json.loads(MANIFEST.read_text())
        columns: dict[str, dict[str, str]] = {}
        for schema, table, column, kind in con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal "
            "order by schema_name, table_name, column_index"
        ).fetchall():
            columns.setdefault(f"{schema}.{table}", {})[column] = kind
        compiled = data / "dbt" / "compiled" / manifest["metadata"]["project_name"]
        origins = project_lineage(manifest, compiled, columns, TARGET / "lineage.json", FINGERPRINT.read_text())
        made = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
        models = {f"{node['schema']}.{node['name']}": node for node in made}
        results = json.loads((data / "dbt" / "run_results.json").read_text())["results"]
        tests = {
            manifest["nodes"][run["unique_id"]]["name"]: run["compiled_code"]
            for run in results
            if run["unique_id"].startswith("test.") and run.get("compiled_code")
        }
        return cls(con, models, columns, origins, tests)

    def event(self, event: dg.Output, context: dg.AssetExecutionContext) -> dg.Output:
        name = context.asset_key_for_output(event.output_name).path[-1]
        relation = next(relation for relation, node in self.models.items() if node["name"] == name)
        return event.with_metadata({**event.metadata, **self.metadata(relation)})

    def check(self, result: dg.AssetCheckResult) -> dg.AssetCheckResult:
        """A check that failed shows the first rows that its test finds, and says them where they are sentences."""
        query = self.tests.get(result.check_name or "")
        if result.passed or query is None:
            return result
        found = self.con.sql(query)
        rows = found.order(", ".join(f'"{column}"' for column in found.columns))
        shown = masked(rows.limit(checks.WORST).pl().lazy(), TOLD).collect().to_dicts()
        result = result._replace(metadata={**result.metadata, **counts_table(checks.WORST_ROWS, shown)})
        if found.columns == [PROBLEM]:
            said = checks.in_words([problem for (problem,) in rows.fetchall()])
        else:
            said = f"{found.count('*').fetchall()[0][0]:,} rows break the rule; the first of them are shown"
        return result._replace(description=said)

    def metadata(self, relation: str) -> dict[str, Any]:
        described = self.models[relation]["columns"]
        rows = self.con.table(relation)
        shown = [
            dg.TableColumn(column, type=kind, description=described.get(column, {}).get("description"))
            for column, kind in self.columns[relation].items()
        ]
        return {
            "dagster/row_count": self.con.execute(f"select count(*) from {relation}").fetchall()[0][0],
            "dagster/column_schema": dg.TableSchema(columns=shown),
            "dagster/column_lineage": as_metadata(self.origins.get(relation, {}), self._asset),
            "preview": dg.MetadataValue.md(masked_preview(rows.limit(PREVIEW_ROWS).pl().lazy())),
        }

    def _asset(self, relation: str) -> dg.AssetKey | None:
        schema, table = relation.split(".")
        if relation in self.models:
            return dg.AssetKey(["warehouse", table])
        return {"records": dg.AssetKey(["records", table]), "identity": dg.AssetKey(["identity"])}.get(schema)


class Dbt(DbtCliResource):
    """dbt's command, without what dagster-dbt would start beside it on every run, at 2 s each: a process that asks for
    the version, which is known, and an adapter to look columns up with, which `Describer` does."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ARG002 - the library's signature
        return None


def dbt_resource() -> DbtCliResource:
    return Dbt(
        project_dir=str(DBT),
        # What comes first after the executable is its own: Python takes the program that turns itself into dbt, and
        # looks for modules where they are installed, not beside that program.
        dbt_executable=sys.executable,
        profiles_dir=str(DBT),
        global_config_flags=["-P", dbt_process.__file__, "--no-use-colors"],
    )
