"""Whether customer ids last, and what a day costs: experiments on one sample, record files changed as sources would.

Records are changed where identity reads them (`records/`), not in the exports: landing and normalise take no part.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.publication import MODEL_FILES
from tests.bench.identity import runs
from transforms.identity.kept import attach_results
from transforms.sql import quoted

PARTIES = ("person", "organisation")
STATE = ("registry", "member")
"""Tables that a publication keeps of identity, beside its models."""
POINTS = ("email", "phone", "mobile")
"""What records lose; what they lost stands in `past_values/` then, as normalise writes it from `landed/`."""
OLD_SHARE, LOSING_SHARE, CHANGED_SHARE = 90, 5, 1
"""Percent: of the records that are there at first; of those, that lose their contact points; that a day changes."""


@dataclass(frozen=True)
class Moved:
    """Records that were there before and after, and how many of them got another customer id."""

    before: str
    records: int
    changed: int

    @property
    def share(self) -> float:
        return self.changed / self.records if self.records else 0.0


@dataclass(frozen=True)
class Day:
    full: float
    """Seconds of the run over everything."""
    second: float
    """Seconds of the run after 1 % of the records changed."""

    @property
    def share(self) -> float:
        return self.second / self.full


def stability(data: Path, work: Path) -> Iterator[Moved]:
    """Ids through shuffled input, a rebuild, and a growth by a tenth with contact points lost; `data` stays as is."""
    first = _folder(data, work / "first", _old_ones)
    before = runs.ours(first).links

    shuffled = _folder(first, work / "shuffled", _in_another_order)
    yield _moved("shuffled input", before, runs.ours(shuffled).links)

    rebuilt = _folder(first, work / "rebuilt", _as_they_are)
    keep_state(first, rebuilt)
    yield _moved("rebuild from state", before, runs.ours(rebuilt, 2).links)

    grown = _folder(data, work / "grown", _losing)
    _rewrite(data, grown, _lost, "past_values")
    keep_state(first, grown)
    yield _moved(f"a tenth more, {LOSING_SHARE} % of the old without contact points", before, runs.ours(grown, 2).links)


def day(data: Path, work: Path) -> Day:
    """Seconds of a full run over `data`, and of the next one after 1 % of its records changed."""
    folder = _folder(data, work / "day", _as_they_are)
    full = runs.ours(folder).seconds
    keep_state(folder, folder)
    _rewrite(folder, folder, _changing)
    return Day(full, runs.ours(folder, 2).seconds)


def keep_state(done: Path, to: Path) -> None:
    """Move what a publication keeps of the identity in `done` into the state of `to`."""
    (to / "state").mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        attach_results(connection, done)
        for name in STATE:
            connection.execute(f"copy identity.{name} to {quoted(to / 'state' / f'{name}.parquet')} (format parquet)")
    for name in MODEL_FILES:
        shutil.copy(done / "identity" / name, to / "state" / name)


Query = Callable[[str, list[str]], str]
"""From a record kind (also the name of the view of its file) and its columns to the query of its new rows."""


def _folder(data: Path, target: Path, query: Query) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(data / "records", target / "records")
    _rewrite(data, target, query)
    return target


def _rewrite(data: Path, target: Path, query: Query, folder: str = "records") -> None:
    for party in PARTIES:
        for file in sorted((data / "records" / party).glob("*.parquet")):
            to = target / folder / party / file.name
            to.parent.mkdir(parents=True, exist_ok=True)
            with duckdb.connect() as connection:
                connection.execute("set preserve_insertion_order = true")
                connection.execute(f"create view {party} as select * from read_parquet({quoted(str(file))})")
                columns = [name for name, *_ in connection.execute(f"describe {party}").fetchall()]
                aside = to.with_suffix(".new")
                connection.execute(f"copy ({query(party, columns)}) to {quoted(str(aside))} (format parquet)")
            aside.replace(to)


def _draw(of: str) -> str:
    """A number from 0 to 2**32 that stays with the record; another one for every `of`."""
    return f"('0x' || left(md5('{of}' || source || object || record_id), 8))::bigint"


def _in_share(of: str, percent: int) -> str:
    return f"{_draw(of)} % 100 < {percent}"


def _old() -> str:
    return _in_share("old", OLD_SHARE)


def _as_they_are(party: str, columns: list[str]) -> str:
    return f"select * from {party}"


def _old_ones(party: str, columns: list[str]) -> str:
    return f"select * from {party} where {_old()}"


def _in_another_order(party: str, columns: list[str]) -> str:
    return f"select * from {party} order by {_draw('order')}"


def _losing(party: str, columns: list[str]) -> str:
    lost = f"{_old()} and {_in_share('losing', LOSING_SHARE)}"
    cleared = [
        f"case when {lost} then null else {name} end as {name}"
        for point in POINTS
        for name in (point, f"{point}_written")
        if name in columns
    ]
    return f"select * replace ({', '.join(cleared)}) from {party}"


def _lost(party: str, columns: list[str]) -> str:
    lost = f"{_old()} and {_in_share('losing', LOSING_SHARE)}"
    return " union all ".join(
        f"""
        select source, object, record_id, '{point}' as field, {point} as value, observed_at as last_seen
        from {party} where {lost} and {point} is not null
        """
        for point in POINTS
        if point in columns
    )


def _changing(party: str, columns: list[str]) -> str:
    """A day's work: one record in a hundred has moved house and lost its phone."""
    changed = _in_share("day", CHANGED_SHARE)
    return f"""
        select * replace (
            case when {changed} then 'New Street ' || left(md5(record_id), 3) else street end as street,
            case when {changed} then null else phone end as phone,
            case when {changed} then modified_at + interval 1 day else modified_at end as modified_at,
            case when {changed} then observed_at + interval 1 day else observed_at end as observed_at
        ) from {party}
    """


def _moved(what: str, before: Path, after: Path) -> Moved:
    with duckdb.connect() as connection:
        row = connection.execute(
            f"""
            select count(*), count(*) filter (old.customer_id <> new.customer_id)
            from read_parquet({quoted(str(before))}) as old
            join read_parquet({quoted(str(after))}) as new using (source, object, record_id)
            """
        ).fetchall()[0]
    return Moved(what, *row)
