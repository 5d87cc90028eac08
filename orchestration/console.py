"""What a person sees on the terminal: progress per floor, the summary of a run, tables, explanations, errors.

Nothing is computed here that is not said by the floors' own reports.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from transforms.wording import label

if TYPE_CHECKING:
    # With it comes Dagster, for which `concord --help` need not wait.
    from orchestration.runner import StepEvent

# Without a terminal there is nothing to fit into: a program or a file gets whole lines.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 400)
err = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    err.print(escape(text))


def fail(text: str) -> None:
    err.print(f"[bold red]Error:[/] {escape(text)}")


def plain(value: Any) -> Any:
    """A report as JSON would have it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def show(value: Any, as_json: bool, printer: Callable[[Any], None]) -> None:
    """JSON for a program, or the printer's text for a person."""
    if as_json:
        print(json.dumps(plain(value), indent=2, ensure_ascii=False))  # noqa: T201 - rich would wrap it
    else:
        printer(value)


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        out.print("Nothing to list.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, cell in rows[0].items():
        table.add_column(name.replace("_", " "), justify="right" if _is_number(cell) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(cell) for cell in row.values()))
    out.print(table)


def print_mapping(values: Mapping[str, Any]) -> None:
    if not values:
        out.print("Not found.")
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, cell in values.items():
        table.add_row(f"[bold]{name.replace('_', ' ')}[/]", _cell(cell))
    out.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return escape(", ".join(map(str, value)))
    if isinstance(value, Mapping):
        return escape(", ".join(f"{name} {_cell(inner)}" for name, inner in value.items()))
    return escape(str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[StepEvent], None]]:
    """A line per step that has ended, and a spinner for the one at work."""
    if quiet:
        with redirect_stdout(StringIO()):
            yield lambda _: None
        return
    # dbt's own lines stay in its log, <data>/dbt/dbt.log
    with err.status("starting …") as status, redirect_stdout(StringIO()):

        def tell(event: StepEvent) -> None:
            name = event.step.replace("__", "/")
            if event.state == "started":
                status.update(f"{name} …")
            elif event.state == "ended":
                err.print(f"  [green]✓[/] {name:32} {event.seconds:6.1f} s")
            else:
                err.print(f"  [red]✗[/] {name}")

        yield tell


def print_run(summary: Mapping[str, Any]) -> None:
    """The end of a run: what came in, what was refused, who the customers are, what was published."""
    out.print()
    if summary["sources"]:
        print_table(_per_source(summary["sources"]))
    if summary["skipped_sources"]:
        out.print(f"\nSkipped, no connector: {escape(', '.join(summary['skipped_sources']))}")
    if summary["skipped_files"]:
        skipped = sum(summary["skipped_files"].values())
        shown = ", ".join(list(summary["skipped_files"])[:SHOWN]) + (
            ", …" if len(summary["skipped_files"]) > SHOWN else ""
        )
        out.print(f"Skipped, named by no connector: {skipped:,} files ({escape(shown)})")
    _print_counts("Waiting for the next run", dict.fromkeys(summary["waiting_files"], None))
    _print_counts("Refused files", dict.fromkeys(summary["refused_files"], None))
    _print_counts("Rejected rows, commonest reasons", summary["rejected"])
    _print_counts("Values that did not clean, commonest reasons", summary["value_issues"])
    _print_counts("Warnings", dict.fromkeys(summary["warnings"], None))
    if summary["customers"]:
        kinds = ", ".join(f"{count:,} {kind}s" for kind, count in summary["customers"].items())
        met = ", ".join(f"{count:,} in {n}" for n, count in summary["sources_met"].items())
        out.print(f"\nCustomers: {kinds}\nSources that met in one customer: {met}")
    for problem in (*summary["failed_checks"], *summary["errors"]):
        fail(problem)
    _print_publication(summary["publication"])


SHOWN = 5
COUNTS = ("new_rows", "landed", "accepted", "rejected", "superseded", "deleted", "excluded")


def _per_source(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Counts per source; per object they are in the JSON, and in the UI."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        row = found.setdefault(line["source"], {"source": line["source"], **dict.fromkeys(COUNTS, 0)})
        for name in COUNTS:
            row[name] += line[name]
    return list(found.values())


def print_sample(summary: Mapping[str, Any]) -> None:
    parties = f"{summary['people']:,} people and {summary['organisations']:,} organisations"
    where = escape(summary["directory"])
    out.print(
        f"{summary['records']:,} records of {parties} in {where}/exports; who is who in {where}/truth.csv",
        soft_wrap=True,
    )


def print_explanations(found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        out.print("No such customer. `concord resolve ID` tells what became of an id.")
    for one in found:
        out.print(f"\n[bold]{escape(str(one['customer']['display_name']))}[/]  {one['customer_id']}", soft_wrap=True)
        for sentence in one["summary"]:
            out.print(f"  {escape(sentence)}", soft_wrap=True)
        for title, part in (
            ("Records", "links"),
            ("Held apart", "edges_refused"),
            ("Values", "provenance"),
            ("Ids", "aliases"),
        ):
            if one[part]:
                out.print(f"[bold]{title}[/]")
            for line in one[part]:
                out.print(f"  {escape(line['sentence'])}", soft_wrap=True)


def print_pair(pair: Mapping[str, Any]) -> None:
    for sentence in pair["sentences"]:
        out.print(escape(sentence), soft_wrap=True)


KINDS = {"link": "weak link", "cut": "cut", "refused": "kept apart", "below": "almost linked"}


def print_questions(found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        out.print("Nothing is doubtful enough to ask.")
        return
    for number, question in enumerate(found, 1):
        figures = f"score {question['score']:.2f}, worth {question['value']:.1f}"
        out.print(f"[bold]{number}. {KINDS[question['kind']]}[/], {figures}")
        for side in (question["a"], question["b"]):
            out.print(f"   {escape(str(side['name']))}  {escape(side['record'])}", soft_wrap=True)
        out.print(f"   {escape(question['sentence'])}", soft_wrap=True)
        out.print(f"   {escape(question['decision'])}\n", soft_wrap=True)
    out.print(
        "Take a line into decisions.csv in the policy folder, keep one of same|different, and say who, why and when.",
        soft_wrap=True,
    )


MOVES = 12
"""Levels of a model that are shown."""


def print_training(trained: Mapping[str, Any]) -> None:
    for model in trained["models"]:
        out.print(f"\n[bold]{model['party'].title()}[/]: {model['records']:,} records")
        if not model["lessons"]:
            out.print("  too few of them share anything to learn from; the model stays as it is")
            continue
        for lesson in model["lessons"]:
            shared = f"{lesson['pairs']:,} pairs share {lesson['shares']}, {lesson['matches']:,} of them matches"
            out.print(f"  learned from: {shared}")
        print_table(
            [
                {
                    "field": label(move["comparison"]),
                    "level": move["level"],
                    "weight was": f"{move['weight_before']:+.1f}",
                    "is": f"{move['weight_after']:+.1f}",
                    "share of matches was": f"{move['m_before']:.2%}",
                    "is now": f"{move['m_after']:.2%}",
                }
                for move in model["moves"][:MOVES]
            ]
        )
        if len(model["moves"]) > MOVES:
            out.print(f"  and {len(model['moves']) - MOVES} levels that moved less; --json tells them all")
        out.print(f"  model {model['version_before']} → {model['version_after']}")
    if trained["dry_run"]:
        out.print("\nNothing was written.")
    elif any(model["lessons"] for model in trained["models"]):
        out.print("\nThe next run scores with it. Look at `concord publications diff` and `concord review` afterwards.")


def print_policy_effect(effect: Mapping[str, Any]) -> None:
    """Per part of the policy its lines; then who would move from what to what."""
    if not effect:
        out.print("The policy is good. There is no publication yet to compare it with; `concord run` makes one.")
        return
    for part, title in (("tier", "Tier"), ("route", "Who answers"), ("minutes", "Minutes to the first answer")):
        lines = [{name: cell for name, cell in line.items() if name != "part"} for line in effect["lines"]]
        out.print(f"\n[bold]{title}[/]")
        print_table([shown for line, shown in zip(effect["lines"], lines, strict=True) if line["part"] == part])
    if idle := [line["line"] for line in effect["lines"] if not line["now"] and not line["would"]]:
        out.print(f"\nDecides nobody, misspelt perhaps: {escape('; '.join(idle))}", soft_wrap=True)
    said = f"{effect['moved']:,} of {effect['customers']:,} customers of publication {effect['publication']} would move"
    out.print(f"\n[bold]{said}[/]")
    for move in effect["moves"]:
        examples = ", ".join(move["examples"])
        out.print(
            f"  {move['customers']:>9,}  {move['part']}: {move['before']} → {move['after']}, e.g. {escape(examples)}",
            soft_wrap=True,
        )


def print_trial(found: Mapping[str, Any]) -> None:
    """Of an export tried with a connector: its rows per object, what is odd, and the first records."""
    counts = ("object", "rows", "landed", "accepted")
    if found["objects"]:
        print_table([{name: one[name] for name in counts} for one in found["objects"]])
    else:
        out.print(
            "No object of the connector took anything. Names that it knows: " + escape(", ".join(found["patterns"]))
        )
    for one in found["objects"]:
        for title, part in (("Rejected", "rejected"), ("Excluded", "excluded"), ("Do not clean", "value_issues")):
            _print_counts(f"{one['object']}: {title.lower()}", one[part])
        _print_counts(f"{one['object']}: look at", dict.fromkeys([*one["warnings"], *one["drift"]], None))
        if one["not_stored"]:
            out.print(f"\n{escape(one['object'])}: not stored: {escape(', '.join(one['not_stored']))}", soft_wrap=True)
    _print_counts("Refused", dict.fromkeys(found["refused"], None))
    _print_counts("Skipped, named by no object", dict.fromkeys(found["skipped"], None))
    for kind, rows in found["records"].items():
        out.print(f"\n[bold]{kind}[/], the first records:")
        for row in rows:
            out.print("  " + escape(", ".join(f"{name}={value}" for name, value in row.items())), soft_wrap=True)


def _print_counts(title: str, counts: Mapping[str, int | None]) -> None:
    if counts:
        out.print(f"\n{title}:")
        for text, count in counts.items():
            out.print(f"  {escape(text)}" if count is None else f"  {count:>9,}  {escape(text)}")


def _print_publication(published: Mapping[str, Any] | None) -> None:
    if published is None:
        out.print("\n[bold red]Nothing was published.[/]")
        return
    said = {
        "published": "[bold green]Publication {number}[/] is out: {path}",
        "unchanged": "[bold]Nothing new:[/] publication {number} stands: {path}",
        "held": "[bold yellow]Publication {number} is held back[/] for you to look at: {path}",
    }[published["outcome"]]
    out.print("\n" + said.format(number=published["number"], path=escape(published["path"])), soft_wrap=True)


def print_rejected(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        out.print("Nothing was refused.")
        return
    for row in rows:
        places = [f"{name} {row[name]}" for name in ("row", "line", "column") if row[name] is not None]
        where = escape(", ".join(places) or "whole file")
        out.print(
            f"[bold]{escape(row['source'])}/{escape(row['export'])}[/], {where}: "
            f"{escape(row['reason'])} → {escape(row['remedy'])}",
            soft_wrap=True,
        )


def print_difference(difference: Mapping[str, Any]) -> None:
    out.print(f"From publication {difference['first']} to {difference['second']}\n")
    print_table([{"table": table, **counts} for table, counts in difference["tables"].items()])
    _print_counts("Customers", difference["operations"])
    _print_counts("Columns that differ", difference["columns"])
