"""The `concord` command: the same job and the same answers as in the UI, without a browser.

What is said on the screen, and how, is `orchestration.console`; what is done, the floors below.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from connectors.spec import ConnectorError, load_connectors
from connectors.yaml_file import nearest
from orchestration import console
from orchestration.remedies import with_remedy
from orchestration.services import Part, command
from orchestration.settings import Settings

PUBLISHED, HELD, FAILED = 0, 1, 2
"""Exit codes of every command; 1 is only ever "held back" or "not found"."""

app = typer.Typer(
    help="One consistent customer table out of the exports of many CRM and HR systems.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
connectors_app = typer.Typer(help="The systems we can read.", no_args_is_help=True)
sources_app = typer.Typer(help="What came in, per source.", no_args_is_help=True)
deliveries_app = typer.Typer(help="The ledger of deliveries.", no_args_is_help=True)
identity_app = typer.Typer(help="How records become customers.", no_args_is_help=True)
policy_app = typer.Typer(help="The rules that business people own.", no_args_is_help=True)
publications_app = typer.Typer(help="Versions of the published tables.", no_args_is_help=True)
app.add_typer(connectors_app, name="connectors")
app.add_typer(sources_app, name="sources")
app.add_typer(deliveries_app, name="deliveries")
app.add_typer(identity_app, name="identity")
app.add_typer(policy_app, name="policy")
app.add_typer(publications_app, name="publications")

Data = Annotated[Path | None, typer.Option("--data", help="The data folder. [CONCORD_DATA, ./data]")]
Exports = Annotated[str | None, typer.Option("--exports", help="Where the exports lie. [CONCORD_EXPORTS, ./exports]")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of text for a person.")]


def settings_of(data: Path | None = None, exports: str | None = None) -> Settings:
    given = {name: value for name, value in (("data", data), ("exports", exports)) if value is not None}
    return Settings(**given)  # type: ignore[arg-type]  # pydantic validates


def data_folder(settings: Settings) -> Path:
    """The data folder of a command that only reads; a misspelt one is no empty one."""
    if not settings.data.is_dir():
        beside = settings.data.resolve().parent
        there = [path.name for path in beside.iterdir() if path.is_dir()] if beside.is_dir() else []
        near = difflib.get_close_matches(settings.data.name, there, n=1)
        hint = f"did you mean {beside / near[0]}?" if near else "`concord run` makes one, --data names another"
        raise FileNotFoundError(f"there is no data folder at {settings.data}; {hint}")
    return settings.data


def known_source(data: Path, source: str | None) -> None:
    """Raises where nothing ever came in from a source of this name; names the near one."""
    from connectors.listings import sources_seen  # noqa: PLC0415

    known = sources_seen(data)
    if source is not None and source not in known:
        raise ConnectorError(f"nothing came in from a source {source!r}{nearest(source, known) if known else ''}")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors that are part of our interface end as one sentence and exit code 2, never as a traceback."""
    from connectors.publication import PublicationError  # noqa: PLC0415 - duckdb and polars load slowly; --help need not
    from connectors.sample import SampleError  # noqa: PLC0415
    from connectors.seals import DamagedContent  # noqa: PLC0415
    from connectors.stewardship import StewardshipError  # noqa: PLC0415
    from connectors.storage import StorageError  # noqa: PLC0415
    from orchestration.instance import InstanceError  # noqa: PLC0415
    from orchestration.workspace import DataFolderBusy  # noqa: PLC0415
    from transforms.explain import UnknownRecord  # noqa: PLC0415
    from transforms.policy import PolicyError  # noqa: PLC0415

    try:
        yield
    except ValidationError as error:
        console.fail("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
    except (
        ConnectorError,
        PolicyError,
        PublicationError,
        SampleError,
        StewardshipError,
        StorageError,
        UnknownRecord,
        DataFolderBusy,
        InstanceError,
        DamagedContent,
        OSError,
    ) as error:
        console.fail(with_remedy(str(error)))
    else:
        return
    raise typer.Exit(FAILED)


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


@app.command()
def explain(
    customer_id: Annotated[str | None, typer.Argument()] = None,
    email: Annotated[str | None, typer.Option(help="The customer, or customers, reached by this e-mail.")] = None,
    record: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE:OBJECT:ID",
            help="The customer this record is. Given twice: why the two are one, or are not.",
        ),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Who a customer is: its records, on what evidence they are one, and where each value comes from."""
    from connectors.publication import open_publication  # noqa: PLC0415
    from transforms import explain as explaining  # noqa: PLC0415
    from transforms.explain_pair import explain_pair  # noqa: PLC0415

    with plain_errors():
        records = record or []
        if sum((customer_id is not None, email is not None, bool(records))) != 1 or len(records) > 2:
            raise ConnectorError("name one of: CUSTOMER_ID, --email E, --record SOURCE:OBJECT:ID (once, or twice)")
        with open_publication(settings_of(data).data).connect() as con:
            if len(records) == 2:
                console.show(explaining.to_dict(explain_pair(con, *records)), as_json, console.print_pair)
                raise typer.Exit(PUBLISHED)
            one = records[0] if records else None
            found = explaining.explain(con, customer_id=customer_id, email=email, record=one)
        console.show([explaining.to_dict(one) for one in found], as_json, console.print_explanations)
    raise typer.Exit(PUBLISHED if found else HELD)


@app.command()
def resolve(
    customer_id: Annotated[str, typer.Argument(metavar="ID")], data: Data = None, as_json: Json = False
) -> None:
    """What became of a customer id: live, merged, split, gone or erased."""
    from connectors.publication import open_publication, publications  # noqa: PLC0415
    from transforms import explain as explaining  # noqa: PLC0415

    with plain_errors():
        folder = settings_of(data).data
        # Ids are never rolled back: the newest publication knows every id ever published, also after a rollback.
        newest = max((one.number for one in publications(folder)), default=None)
        with open_publication(folder, newest).connect() as con:
            alias = explaining.resolve(con, customer_id)
        console.show(explaining.to_dict(alias) if alias else {}, as_json, console.print_mapping)
    raise typer.Exit(PUBLISHED if alias else HELD)


@app.command()
def review(
    limit: Annotated[int, typer.Option(min=1, help="How many questions.")] = 20,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Which records a person should look at, the most valuable first, each with a line for decisions.csv."""
    from connectors.publication import open_publication  # noqa: PLC0415
    from transforms.explain import to_dict  # noqa: PLC0415
    from transforms.review import review as questions  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data)
        with open_publication(settings.data).connect(memory=settings.memory, threads=settings.threads) as con:
            found = [to_dict(question) for question in questions(con, limit)]
        console.show(found, as_json, console.print_questions)


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


@identity_app.command("train")
def train_identity(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would move, write nothing.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Learn from the records of the last run what matches look like; the next run scores with it."""
    from connectors.publication import recover  # noqa: PLC0415
    from orchestration.workspace import data_folder_lock  # noqa: PLC0415
    from transforms.identity.training import retrain  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data)
        if not (settings.data / "records" / "person").is_dir():
            raise FileNotFoundError(
                f"there are no records under {settings.data} to learn from; run `concord run` first"
            )
        os.umask(0o077)
        with data_folder_lock(settings.data):
            # What a stopped run left is put right first, for that would bring back the model as it was published.
            recover(settings.data)
            learned = retrain(settings.data, settings.memory, settings.threads, dry_run=dry_run)
        console.show({"dry_run": dry_run, "models": console.plain(learned)}, as_json, console.print_training)


@policy_app.command("check")
def policy_check(data: Data = None, as_json: Json = False) -> None:
    """Is the policy right, and which customers of the current publication would it move? Needs no run."""
    from orchestration.policy_check import check_policy  # noqa: PLC0415

    with plain_errors():
        effect = check_policy(settings_of(data))
        console.show(effect.to_dict() if effect else {}, as_json, console.print_policy_effect)


@publications_app.command("list")
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


@publications_app.command("rollback")
def roll_back(number: int, data: Data = None, as_json: Json = False) -> None:
    """Make publication N current again; the next one then rests on it."""
    from connectors.publication import rollback  # noqa: PLC0415

    with plain_errors():
        settings = settings_of(data)
        publication = rollback(settings.data, number)
        console.show({"current": publication.number, "path": str(publication.path)}, as_json, console.print_mapping)


@publications_app.command("verify")
def verify_publications(
    number: Annotated[int | None, typer.Argument(metavar="N")] = None, data: Data = None, as_json: Json = False
) -> None:
    """Is every file as its manifest says, byte by byte? Without N: of all publications. Exit 2: damage."""
    from connectors.publication import verify_all  # noqa: PLC0415

    with plain_errors():
        found = verify_all(settings_of(data).data, number)
        rows = [{"number": n, "verdict": "; ".join(problems) or "whole"} for n, problems in found.items()]
        console.show(rows, as_json, console.print_table)
    raise typer.Exit(FAILED if any(found.values()) else PUBLISHED)


@publications_app.command("release")
def let_out(
    number: Annotated[int, typer.Argument(metavar="N")],
    who: Annotated[str, typer.Option(help="Who says so.")],
    why: Annotated[str, typer.Option(help="Why it is right although the gate held it back.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a publication current that the gate held back; who and why stand on record in it."""
    from connectors.releasing import release_publication  # noqa: PLC0415
    from orchestration.workspace import data_folder_lock  # noqa: PLC0415

    with plain_errors():
        folder = settings_of(data).data
        os.umask(0o077)
        with data_folder_lock(folder):
            publication = release_publication(folder, number, who=who, why=why, when=datetime.now(UTC))
        console.show({"current": publication.number, "path": str(publication.path)}, as_json, console.print_mapping)


@publications_app.command("diff")
def diff_publications(n: int, m: int, data: Data = None, as_json: Json = False) -> None:
    """What changed from publication N to publication M."""
    from connectors.difference import diff  # noqa: PLC0415

    with plain_errors():
        console.show(console.plain(diff(settings_of(data).data, n, m)), as_json, console.print_difference)


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
        dagster = str(Path(sys.executable).parent / "dagster")
        os.execv(dagster, [dagster, "dev", "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", str(port)])  # noqa: S606


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


if __name__ == "__main__":
    app()
