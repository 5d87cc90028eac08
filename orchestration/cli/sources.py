"""Commands about what comes in: connectors, sources, deliveries, and what was refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from connectors.spec import ConnectorError, load_connectors
from orchestration import console
from orchestration.cli.shared import (
    HELD,
    PUBLISHED,
    Data,
    Exports,
    Json,
    data_folder,
    known_source,
    plain_errors,
    settings_of,
)

app = typer.Typer()
connectors_app = typer.Typer(help="The systems we can read.", no_args_is_help=True)
sources_app = typer.Typer(help="What came in, per source.", no_args_is_help=True)
deliveries_app = typer.Typer(help="The ledger of deliveries.", no_args_is_help=True)
app.add_typer(connectors_app, name="connectors")
app.add_typer(sources_app, name="sources")
app.add_typer(deliveries_app, name="deliveries")


@app.command()
def rejected(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    values: Annotated[bool, typer.Option("--values", help="Instead: values that did not clean.")] = False,
    excluded: Annotated[bool, typer.Option("--excluded", help="Instead: rows left out by a rule.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows of --values and --excluded.")] = 1000,
    replay: Annotated[
        bool, typer.Option("--replay", help="Try them again with the connectors as they are now; see the docs.")
    ] = False,
    exports: Exports = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """What was refused, why, and what to do: whole files, and rows at the door or as records."""
    from connectors.listings import excluded_rows, rejected_rows, value_issue_rows  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data, exports)
        folder = data_folder(settings)
        known_source(folder, source)
        if replay:
            from orchestration.replay import replay as replayed  # noqa: PLC0415

            found = replayed(settings, source)
            console.show(found, as_json, console.print_mapping)
            raise typer.Exit(HELD if found["held"] else PUBLISHED)
        if values:
            console.show(value_issue_rows(folder, source, limit).to_dicts(), as_json, console.print_table)
        elif excluded:
            console.show(excluded_rows(folder, source, limit).to_dicts(), as_json, console.print_table)
        else:
            console.show(rejected_rows(folder, source).to_dicts(), as_json, console.print_rejected)


@connectors_app.command("list")
def list_connectors(data: Data = None, as_json: Json = False) -> None:
    """The systems we can read, and their objects."""
    with plain_errors():
        found = load_connectors(settings_of(data).connector_folders).values()
        rows = [
            {"name": c.name, "kind": c.kind, "owner": c.owner, "rank": c.rank, "objects": ", ".join(c.objects)}
            for c in found
        ]
        console.show(rows, as_json, console.print_table)


@connectors_app.command("check")
def check_connectors(
    file: Annotated[Path | None, typer.Argument()] = None,
    export: Annotated[
        Path | None, typer.Argument(metavar="EXPORT", help="A file, or a folder of files, to try.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Is a connector file right, and what does it make of EXPORT? Without FILE: all of them. Stores nothing.

    Exit 0: good; 1: EXPORT has rows or files that it does not take; 2: the file is wrong.
    """
    from connectors.spec import SYSTEMS, SourceSettings, load_sources  # noqa: PLC0415
    from orchestration.trial import checked, source_of, trial  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data)
        load_connectors(settings.connector_folders)  # says what is wrong with the folders
        shipped = [path for folder in (SYSTEMS, *settings.connector_folders) for path in sorted(folder.glob("*.yaml"))]
        loaded = [checked(one) for one in ([file] if file else shipped) if one.name != "sources.yaml"]
        if not export:
            rows = [{"name": c.name, "objects": len(c.objects), "verdict": "good"} for c in loaded]
            console.show(rows, as_json, console.print_table)
            raise typer.Exit(PUBLISHED)
        said = load_sources(*settings.connector_folders, settings.policy)
        source = source_of(export, loaded[0])
        found = trial(loaded[0], export, settings.data, said.get(source, SourceSettings()))
        console.show(found, as_json, console.print_trial)
    taken = found["objects"] and not found["refused"] and not any(one["rejected"] for one in found["objects"])
    raise typer.Exit(PUBLISHED if taken else HELD)


@connectors_app.command("draft")
def draft_connector(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="A file, or a folder of one source's files.")],
    name: Annotated[str | None, typer.Option(help="What the system is called. [its folder's or file's name]")] = None,
    data: Data = None,
) -> None:
    """Draft a connector for exports of an unknown system, with how sure each guess is. Prints it."""
    from orchestration.draft import draft, system_name  # noqa: PLC0415

    with plain_errors():
        settings_of(data)
        typer.echo(draft(export, name or system_name(export)), nl=False)


@sources_app.command("list")
def list_sources(data: Data = None, as_json: Json = False) -> None:
    """Each source, its deliveries and how fresh it is."""
    from connectors.listings import source_rows  # noqa: PLC0415

    with plain_errors():
        console.show(source_rows(data_folder(settings_of(data))), as_json, console.print_table)


@sources_app.command("remove")
def remove_source(source: str, exports: Exports = None, data: Data = None, as_json: Json = False) -> None:
    """Forget a source whose folder was taken away: with the next run its records are gone."""
    from connectors.stewardship import remove_source as remove  # noqa: PLC0415
    from orchestration.workspace import data_folder_lock  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data, exports)
        if source in settings.storage.sources():
            raise ConnectorError(
                f"{settings.storage}/{source} is still there and would come in again; take it away first"
            )
        with data_folder_lock(settings.data):
            removed = remove(settings.data, source)
        console.show({"source": source, "deliveries_removed": removed}, as_json, console.print_mapping)


@deliveries_app.command("list")
def list_deliveries(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """The ledger: what was delivered when, whether it added up, and whether its deletions are held."""
    from connectors.listings import delivery_rows  # noqa: PLC0415

    with plain_errors():
        folder = data_folder(settings_of(data))
        known_source(folder, source)
        console.show(delivery_rows(folder, source), as_json, console.print_table)


@deliveries_app.command("release")
def release_delivery(
    delivery: str,
    who: Annotated[str, typer.Option(help="Who says so.")],
    why: Annotated[str, typer.Option(help="Why the deletions are real.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Let the deletions of a held delivery through with the next run."""
    from connectors.stewardship import release  # noqa: PLC0415
    from orchestration.workspace import data_folder_lock  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data)
        with data_folder_lock(settings.data):
            released = release(settings.data, delivery, who=who, why=why, when=date.today())
        console.show(released, as_json, console.print_mapping)
