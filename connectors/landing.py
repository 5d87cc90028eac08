"""Exports -> deliveries, landed rows, rejected rows, for all sources of one system.

Everything can be repeated: content that landed is not read again, a state of files that is in the ledger is no new
delivery, and the delivery is written last. Reading bytes does not belong here (`connectors.readers`), nor does what
deliveries mean for records (`transforms.versions`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from connectors.content import Content, Moving, facts_of, forget_columns, known, land_content
from connectors.drift import Drift, drift_of
from connectors.files import written
from connectors.landing_report import LandingReport, ObjectReport, Refusal, Skipped, Waiting
from connectors.ledger import Delivery, deliveries, delivery_frame, landed_path, record
from connectors.naming import date_of, matches, stem_of, system_of
from connectors.readers.gate import Refused, ShapeMismatch
from connectors.readers.reading import Stated
from connectors.readers.rows import HEADER, REASONS
from connectors.readers.sink import REJECTED
from connectors.seals import is_broken
from connectors.spec import Connector, ExportShape, ObjectSpec
from connectors.storage import Export, Problem, Storage

__all__ = ["LandingReport", "deliveries", "delivery_frame", "land", "unknown_sources"]

TOP_REASONS = 5


@dataclass
class _Arrived:
    """What lies there of one object under one date."""

    contents: dict[tuple[str, str], Content] = field(default_factory=dict)
    """By export name and hash."""
    read: int = 0
    missing: list[str] = field(default_factory=list)
    """Parts that are there but did not land, and why."""
    mended: list[str] = field(default_factory=list)
    """Parts whose landed rows were found damaged, and landed anew."""


@dataclass
class _Scan:
    """One source's folder, looked through once."""

    source: str
    arrived: dict[tuple[str, str], _Arrived] = field(default_factory=lambda: defaultdict(_Arrived))
    """By object and group."""
    unread: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By group: ZIPs that any object may have parts in."""
    refused: list[Refusal] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def unknown_sources(exports: Storage, connectors: Collection[str]) -> list[str]:
    """Source folders for whose system there is no connector."""
    return [source for source in exports.sources() if system_of(source) not in connectors]


def land(connector: Connector, exports: Storage, data: Path, first_seen: dt.date) -> LandingReport:
    """Bring everything that lies in the folders of one system's sources into `data`.

    `first_seen` is the run's logical date: the effective time of what bears no date.
    """
    ledger = deliveries(data)
    reports = [
        _land_source(source, connector, exports, data, first_seen, [one for one in ledger if one.source == source])
        for source in exports.sources()
        if system_of(source) == connector.name
    ]
    return LandingReport(
        tuple(line for report in reports for line in report.objects),
        tuple(refusal for report in reports for refusal in report.refused),
        tuple(waiting for report in reports for waiting in report.waiting),
        tuple(skipped for report in reports for skipped in report.skipped),
    )


def _land_source(
    source: str, connector: Connector, exports: Storage, data: Path, first_seen: dt.date, ledger: list[Delivery]
) -> LandingReport:
    _remove_leftovers(data, source)
    scan = _scan(source, connector, exports, data)
    lines = [
        _deliver_object(scan, name, spec, [one for one in ledger if one.object == name], data, first_seen)
        for name, spec in connector.objects.items()
        if any(object_ == name for object_, _ in scan.arrived)
    ]
    _forget_columns(scan, connector, ledger, data)
    _write_refused(data, source, scan.refused)
    return LandingReport(
        tuple(lines),
        tuple(scan.refused),
        tuple(scan.waiting),
        tuple(Skipped(source, name, files) for name, files in sorted(scan.skipped.items())),
    )


def _remove_leftovers(data: Path, source: str) -> None:
    """Remove what a killed run left half-written; finished files have no leading dot."""
    for floor in ("landed", "rejected"):
        for path in (data / floor / source).glob("**/.*"):
            path.unlink(missing_ok=True)


def _scan(source: str, connector: Connector, exports: Storage, data: Path) -> _Scan:
    """Look at every file of the source; content that is new lands here."""
    scan, listing = _Scan(source), exports.listing(source)
    for export in listing.exports:
        candidates = _candidates(connector, export.name)
        if candidates:
            _land_export(scan, export, connector, candidates, exports, data)
        else:
            scan.skipped[_short(export.name)] += 1
    for problem in listing.refused:
        _refuse(scan, problem.name, dict.fromkeys(_candidates(connector, problem.name), problem), None)
        if not _candidates(connector, problem.name):
            scan.refused.append(Refusal(source, None, problem.name, None, problem.reason, problem.remedy))
        if problem.name.lower().endswith(".zip"):
            scan.unread[_group(problem.name)].append(f"{problem.name} was refused: {problem.reason}")
    for problem in listing.waiting:
        scan.waiting.append(Waiting(source, problem.name, problem.reason))
        scan.unread[_group(problem.name)].append(f"{problem.name} is not complete yet")
    return scan


def _candidates(connector: Connector, export: str) -> dict[str, list[ExportShape]]:
    """Objects whose exports may be called so, with the shapes they may have."""
    stem = stem_of(export)
    found = {
        name: [shape for shape in spec.exports if matches(stem, shape.file)] for name, spec in connector.objects.items()
    }
    return {name: shapes for name, shapes in found.items() if shapes}


def _land_export(
    scan: _Scan,
    export: Export,
    connector: Connector,
    candidates: dict[str, list[ExportShape]],
    exports: Storage,
    data: Path,
) -> None:
    """Land a file for every object whose shape it has; it is refused when it has none."""
    group, digest = _group(export.name), None
    taken, misfits, broken = False, {}, {}
    try:
        facts = facts_of(exports, export)
        digest = facts.sha256
        for object_, shapes in candidates.items():
            damaged = is_broken(landed_path(data, scan.source, object_, digest))
            try:
                spec = connector.objects[object_]
                content, read = land_content(exports, export, facts, object_, spec, shapes, data, anew=damaged)
            except ShapeMismatch as error:
                misfits[object_] = error
            except Refused as error:
                broken[object_] = error
            else:
                taken = True
                arrived = scan.arrived[object_, group]
                arrived.contents[export.name, digest] = content
                arrived.read += read
                if damaged:
                    arrived.mended.append(f"what had landed of {export.name} was damaged, and was landed anew")
    except Moving:
        scan.waiting.append(Waiting(scan.source, export.name, "the file is still being written"))
        for object_ in candidates:
            scan.arrived[object_, group].missing.append(f"{export.name} is still being written")
        return
    except Refused as error:
        broken = dict.fromkeys(candidates, error)
    _refuse(scan, export.name, broken if taken else {**misfits, **broken}, digest)


def _refuse(scan: _Scan, export: str, errors: Mapping[str, Refused | Problem], digest: str | None) -> None:
    for object_, error in errors.items():
        scan.refused.append(Refusal(scan.source, object_, export, digest, error.reason, error.remedy))
        scan.arrived[object_, _group(export)].missing.append(f"{export} was refused: {error.reason}")


def _deliver_object(
    scan: _Scan, object_: str, spec: ObjectSpec, past: list[Delivery], data: Path, first_seen: dt.date
) -> ObjectReport:
    """Record the new deliveries of an object, oldest date first, and report on it."""
    groups = sorted((group, found) for (name, group), found in scan.arrived.items() if name == object_)
    groups = [*(pair for pair in groups if pair[0]), *(pair for pair in groups if not pair[0])]
    new: list[tuple[Delivery, _Arrived]] = []
    warnings: list[str] = []
    drifts: list[Drift] = []
    past = list(past)
    for group, found in groups:
        gaps = [*found.missing, *scan.unread.get(group, ()), *_gaps(list(found.contents.values()))]
        warnings += (*gaps, *found.mended)
        newest = next((one for one in reversed(past) if one.group == group), None)
        if not _is_new(found, newest, adds_up=not gaps):
            continue
        drift = _drift(scan.source, object_, spec, past, found, data)
        drifts += [drift] if drift else []
        if drift and past and spec.drift == "freeze":
            _refuse_drifted(scan, object_, past[-1], found, drift)
            continue
        delivery = _delivery(scan.source, object_, spec, group, found, gaps, first_seen, newest)
        past.append(record(data, delivery))
        new.append((past[-1], found))
    contents = [content for _, found in new for content in found.contents.values()]
    reasons: Counter[str] = sum((Counter(content.reasons) for content in contents), Counter())
    return ObjectReport(
        source=scan.source,
        object=object_,
        exports=sum(len(found.contents) for _, found in groups),
        read=sum(found.read for _, found in groups),
        deliveries=tuple(delivery.delivery for delivery, _ in new),
        rows=sum(content.rows for content in contents),
        landed=sum(content.rows - content.rejected for content in contents),
        rejected=sum(content.rejected for content in contents),
        reasons=tuple(reasons.most_common(TOP_REASONS)),
        unnamed=_all(content.unnamed for _, found in groups for content in found.contents.values()),
        drift=tuple(dict.fromkeys(drifts)),
        warnings=tuple(dict.fromkeys([*warnings, *(w for delivery, _ in new for w in delivery.warnings)])),
    )


def _is_new(found: _Arrived, newest: Delivery | None, *, adds_up: bool) -> bool:
    """Whether this state of files is a delivery.

    Files that vanish are none: what is there then is a part of what the newest delivery had. The same state is one only
    where it adds up now and did not before: a missing part turned out not to be one, or the connector was mended.
    """
    state = frozenset(found.contents)
    if not state:
        return False
    if newest is None or not state <= newest.state:
        return True
    return state == newest.state and adds_up and not newest.adds_up


def _delivery(
    source: str,
    object_: str,
    spec: ObjectSpec,
    group: str,
    found: _Arrived,
    gaps: list[str],
    first_seen: dt.date,
    newest: Delivery | None,
) -> Delivery:
    if newest is not None and newest.state == frozenset(found.contents):
        # Read again by a mended connector, not delivered again: what was accepted of it keeps its date.
        first_seen = newest.first_seen
    day = dt.date.fromisoformat(group) if group else first_seen
    contents = sorted(found.contents.items())
    notes = [f"{name}: {warning}" for (name, _), content in contents for warning in content.warnings]
    return Delivery(
        delivery="",
        source=source,
        object=object_,
        effective=dt.datetime.combine(day, dt.time(), dt.UTC),
        dated=bool(group),
        first_seen=first_seen,
        order=0,
        delivered="changes" if any(content.delivered for _, content in contents) else spec.delivered,
        adds_up=not gaps,
        warnings=(*gaps, *notes),
        group=group,
        parts=tuple(content.part(name, digest) for (name, digest), content in contents),
    )


def _gaps(contents: list[Content]) -> list[str]:
    """Why rows of these parts are, or may be, missing. A repeated header line is no row that is missed."""
    lost = sum(content.rejected - content.reasons.get(REASONS[HEADER].text, 0) for content in contents)
    found = [f"{lost} rows were rejected at the door"] if lost else []
    found += ["the last line of a part has no line end: rows may be missing"] * any(not one.whole for one in contents)
    return found + _stated_gaps([content.stated for content in contents], sum(content.rows for content in contents))


def _stated_gaps(stated: list[Stated], rows: int) -> list[str]:
    """Where the parts' own statements about totals, pages and the end are not met."""
    found = []
    totals = {one.total for one in stated if one.total is not None}
    if totals and totals != {rows}:
        found.append(f"the parts state {', '.join(map(str, sorted(totals)))} rows in all, they hold {rows}")
    pages = {one.pages for one in stated if one.pages is not None}
    if pages:
        numbers = sorted(one.page for one in stated if one.page is not None)
        expected = max(pages)
        begin = numbers[0] if numbers else 0
        # Systems count pages from 0 or from 1; so a delivery of the second page alone must not pass for the first.
        complete = len(stated) == expected and (
            not numbers or (begin in (0, 1) and numbers == list(_pages(begin, expected)))
        )
        if len(pages) > 1 or not complete:
            found.append(f"{len(stated)} of {expected} pages are there")
    ends = [one.end for one in stated if one.end is not None]
    if ends and sum(ends) != 1:
        found.append("no part says that it is the last" if not any(ends) else "more than one part says it is the last")
    return found


def _pages(begin: int, count: int) -> range:
    return range(begin, begin + count)


def _drift(source: str, object_: str, spec: ObjectSpec, past: list[Delivery], found: _Arrived, data: Path) -> Drift:
    """How the columns changed since the delivery before."""
    parts = past[-1].parts if past else ()
    paths = [landed_path(data, source, object_, part.hash) for part in parts]
    before = [(path, content) for path in paths if (content := known(path))]
    now = [(landed_path(data, source, object_, digest), content) for (_, digest), content in found.contents.items()]
    return drift_of(spec, before, {name for part in parts for name in part.unnamed}, now)


def _refuse_drifted(scan: _Scan, object_: str, last: Delivery, found: _Arrived, drift: Drift) -> None:
    """Of a frozen object: the delivery before stands; the same files are looked at again by the next scan."""
    said = "; ".join(drift.sentences())
    reason = (
        f"its columns are not those that {object_} is frozen to: {said}. "
        f"The delivery of {last.effective:%Y-%m-%d} stands, and grows stale"
    )
    remedy = "mend the export, or the connector; if the change is meant, set `drift: evolve` for one run"
    scan.refused += [Refusal(scan.source, object_, name, digest, reason, remedy) for name, digest in found.contents]


def _forget_columns(scan: _Scan, connector: Connector, ledger: list[Delivery], data: Path) -> None:
    """Only named columns are ever stored: also of exports that are gone, when a connector stops naming one."""
    here = {(name, digest) for (name, _), found in scan.arrived.items() for _, digest in found.contents}
    past = {(one.object, part.hash) for one in ledger for part in one.parts} - here
    for object_, digest in sorted(past):
        # The rows of an object that is named no more stay as they landed: excluded, and accounted for.
        if spec := connector.objects.get(object_):
            forget_columns(landed_path(data, scan.source, object_, digest), spec.allowed)


def _write_refused(data: Path, source: str, refused: list[Refusal]) -> None:
    path = data / "rejected" / source / "refused.parquet"
    if not refused:
        path.unlink(missing_ok=True)
        return
    frame = pl.DataFrame([asdict(refusal) for refusal in refused], schema_overrides={"object": pl.String})
    missing = [pl.lit(None, kind).alias(name) for name, kind in REJECTED.items() if name not in frame.columns]
    with written(path) as beside:
        frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in REJECTED.items()).write_parquet(
            beside
        )


def _group(export: str) -> str:
    found = date_of(export)
    return found.isoformat() if found else ""


def _short(export: str) -> str:
    """The name under which a skipped file is counted: attachments in a folder of their own count as the folder."""
    folder, _, file = export.rpartition("/")
    return file if not folder or folder.lower().endswith(".zip") else f"{folder}/"


def _all(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))
