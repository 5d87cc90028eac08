"""Commands that ask who somebody is and why, and how records become customers."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from connectors.spec import ConnectorError
from orchestration import console
from orchestration.cli.shared import HELD, PUBLISHED, Data, Json, plain_errors, settings_of

app = typer.Typer()
identity_app = typer.Typer(help="How records become customers.", no_args_is_help=True)
policy_app = typer.Typer(help="The rules that business people own.", no_args_is_help=True)
app.add_typer(identity_app, name="identity")
app.add_typer(policy_app, name="policy")


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
        with open_publication(settings.data).connect(memory=settings.engine_memory, threads=settings.threads) as con:
            found = [to_dict(question) for question in questions(con, limit)]
        console.show(found, as_json, console.print_questions)


@identity_app.command("train")
def train_identity(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would move, write nothing.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Learn from the records of the last run what matches look like; the next run scores with it."""
    from connectors.switching import recover  # noqa: PLC0415
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
            learned = retrain(settings.data, settings.engine_memory, settings.threads, dry_run=dry_run)
        console.show({"dry_run": dry_run, "models": console.plain(learned)}, as_json, console.print_training)


@policy_app.command("check")
def policy_check(data: Data = None, as_json: Json = False) -> None:
    """Is the policy right, and which customers of the current publication would it move? Needs no run."""
    from orchestration.policy_check import check_policy  # noqa: PLC0415

    with plain_errors():
        effect = check_policy(settings_of(data))
        console.show(effect.to_dict() if effect else {}, as_json, console.print_policy_effect)
