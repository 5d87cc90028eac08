"""Commands that run something: the job, a sample to try it on, Dagster."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from connectors.spec import ConnectorError
from orchestration import console
from orchestration.cli.shared import FAILED, HELD, PUBLISHED, Data, Exports, Json, plain_errors, settings_of
from orchestration.services import Part, command
from orchestration.settings import Settings

app = typer.Typer()


@app.command()
def run(
    exports: Exports = None,
    data: Data = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Logical date. [today, UTC]")] = None,
    or_sample: Annotated[
        bool, typer.Option("--or-sample", help="Without exports, work on a made-up sample in ./sample.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Land what has arrived, decide who is who, publish. Exit 0: published or nothing new, 1: held back, 2: error."""
    with plain_errors():
        settings = settings_of(data, exports)
        if or_sample and not has_exports(settings):
            settings = on_sample(settings)
        elif not settings.storage.there():
            raise FileNotFoundError(
                f"there is no folder of exports at {settings.storage}; make one with a sub-folder per source, name "
                "another with --exports or CONCORD_EXPORTS, or make one up: concord sample DIR --records 10000 --seed 1"
            )
        from orchestration.runner import run_job  # noqa: PLC0415
        from orchestration.summary import summarise  # noqa: PLC0415

        with console.progress(quiet=as_json) as tell:
            outcome = run_job(settings, as_of.date() if as_of else None, tell)
        summary = summarise(outcome, settings)
        console.show(summary, as_json, console.print_run)
    raise typer.Exit(PUBLISHED if outcome.success else HELD if summary["held"] else FAILED)


def has_exports(settings: Settings) -> bool:
    """Whether there are exports to work on; a place on another machine is meant, whatever lies there now."""
    root = Path(settings.exports).expanduser()
    return "://" in settings.exports or (root.is_dir() and any(entry.is_dir() for entry in root.iterdir()))


def on_sample(settings: Settings) -> Settings:
    """Settings for a made-up sample in ./sample, which is written where it is not there yet."""
    from connectors.sample import write_sample  # noqa: PLC0415

    sample_folder = Path("sample")
    exports = sample_folder / "exports"
    if not (sample_folder / "truth.csv").exists():
        console.say(f"No exports in {settings.storage}: making up a sample in ./{sample_folder}")
        write_sample(sample_folder, 20_000, 1)
    return Settings(exports=str(exports), data=sample_folder / "data", policy=sample_folder / "policy")


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(metavar="DIR")],
    records: Annotated[int, typer.Option(min=100, help="Records of people and organisations in all.")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same files.")],
    as_json: Json = False,
) -> None:
    """Write believable exports of several systems into DIR/exports, and the truth about them into DIR/truth.csv."""
    from connectors.sample import write_sample  # noqa: PLC0415

    with plain_errors():
        console.show(console.plain(write_sample(directory, records, seed)), as_json, console.print_sample)


@app.command()
def ui(
    data: Data = None,
    port: Annotated[int, typer.Option(help="Port on the loopback interface.")] = 3000,
) -> None:
    """Open Dagster on http://127.0.0.1: webserver and daemon, until interrupted."""
    from orchestration.instance import prepare_instance  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data)
        for sentence in prepare_instance(settings):
            console.say(sentence)
        os.environ["CONCORD_DATA"] = str(settings.data)
        served = [sys.executable, "-m", "orchestration.webserver"]
        os.execv(sys.executable, [*served, "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", str(port)])  # noqa: S606


@app.command()
def serve(
    part: Annotated[Part, typer.Argument()],
    host: Annotated[str, typer.Option(help="Address to listen on; nobody is asked for a password.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="[webserver: 3000, code: 4000]")] = None,
    code: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Where `serve code` runs; else: here.")] = None,
    data: Data = None,
) -> None:
    """One part of Dagster as a service: its webserver, its daemon (schedules and sensors), or the code of the two."""
    from orchestration.instance import prepare_instance  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data)
        try:
            words = command(part, host, port, code)
        except ValueError as error:
            raise ConnectorError(str(error)) from None
        for sentence in prepare_instance(settings):
            console.say(sentence)
        os.environ["CONCORD_DATA"] = str(settings.data)
        os.execv(words[0], words)  # noqa: S606
