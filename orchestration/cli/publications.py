"""Commands about versions of the published tables."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from orchestration import console
from orchestration.cli.shared import FAILED, PUBLISHED, Data, Json, plain_errors, settings_of

app = typer.Typer(help="Versions of the published tables.", no_args_is_help=True)


@app.command("list")
def list_publications(data: Data = None, as_json: Json = False) -> None:
    """All publications, the current one marked."""
    from connectors.publication import base_number, publications  # noqa: PLC0415

    with plain_errors():
        folder = settings_of(data).data
        current = base_number(folder)
        rows = [
            {
                "number": p.number,
                "current": p.number == current,
                "base": p.manifest.base,
                "logical_date": p.manifest.logical_date.isoformat(),
                "created_at": p.manifest.created_at.isoformat(timespec="seconds"),
                "customers": p.manifest.tables["customer"].rows,
                "path": str(p.path),
            }
            for p in publications(folder)
        ]
        console.show(rows, as_json, console.print_table)


@app.command("rollback")
def roll_back(number: int, data: Data = None, as_json: Json = False) -> None:
    """Make publication N current again; the next one then rests on it."""
    from connectors.copies import follow  # noqa: PLC0415
    from connectors.switching import rollback  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data)
        publication = rollback(settings.data, number)
        follow(settings.data, settings.copies)
        console.show({"current": publication.number, "path": str(publication.path)}, as_json, console.print_mapping)


@app.command("verify")
def verify_publications(
    number: Annotated[int | None, typer.Argument(metavar="N")] = None, data: Data = None, as_json: Json = False
) -> None:
    """Is every file as its manifest says, byte by byte? Without N: of all publications. Exit 2: damage."""
    from connectors.verification import verify_all  # noqa: PLC0415

    with plain_errors():
        found = verify_all(settings_of(data).data, number)
        rows = [{"number": n, "verdict": "; ".join(problems) or "whole"} for n, problems in found.items()]
        console.show(rows, as_json, console.print_table)
    raise typer.Exit(FAILED if any(found.values()) else PUBLISHED)


@app.command("release")
def let_out(
    number: Annotated[int, typer.Argument(metavar="N")],
    who: Annotated[str, typer.Option(help="Who says so.")],
    why: Annotated[str, typer.Option(help="Why it is right although the gate held it back.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a publication current that the gate held back; who and why stand on record in it."""
    from connectors.copies import follow  # noqa: PLC0415
    from connectors.releasing import release_publication  # noqa: PLC0415
    from orchestration.workspace import data_folder_lock  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data)
        os.umask(0o077)
        with data_folder_lock(settings.data):
            publication = release_publication(settings.data, number, who=who, why=why, when=datetime.now(UTC))
            follow(settings.data, settings.copies)
        console.show({"current": publication.number, "path": str(publication.path)}, as_json, console.print_mapping)


@app.command("diff")
def diff_publications(n: int, m: int, data: Data = None, as_json: Json = False) -> None:
    """What changed from publication N to publication M."""
    from connectors.difference import diff  # noqa: PLC0415

    with plain_errors():
        console.show(console.plain(diff(settings_of(data).data, n, m)), as_json, console.print_difference)
