"""Pictures of what identity did: how sure it is, how large customers are, where sources meet, what the model believes.

Reads what identity came to, counted in DuckDB; draws with Altair and vl-convert, here and without a network.
Where a picture is shown does not belong here.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from transforms.identity.kept import attach_results
from transforms.sql import quoted
from transforms.wording import label

if TYPE_CHECKING:
    from transforms.identity.model import Model

SAMPLE = 100_000
"""Edges whose weights are added up; of more, every second, third, … one."""
WIDEST = 40
"""Match weights beyond are drawn at the edge."""
SOURCES = 12
"""Sources that the matrix shows, those with most customers."""
LARGEST = 12
"""Records of a customer from which on sizes share a bar."""

Rows = list[dict[str, Any]]
COLOURS = {"used": "#2a7f62", "refused": "#b8b8b8", "cut": "#d1495b"}
CLASSES = {"personal": "#2a7f62", "household": "#8cc5a2", "shared": "#edae49", "placeholder": "#b8b8b8"}
PARTIES = {"person": "#33658a", "organisation": "#edae49"}


def draw(data: Path, memory: str = "500MB", threads: int = 2) -> dict[str, bytes]:
    """Title -> PNG, of what `data/identity` has to show; a picture of nothing is left out.

    Drawing text is what takes time (8 ms a label), so a picture whose figures are the last run's is taken from
    `data/cache/pictures`: a frozen model is drawn once.
    """
    folder, cache = data / "identity", data / "cache" / "pictures"
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    code = Path(__file__).read_bytes()
    pictures, kept = {}, set()
    with duckdb.connect(config={"memory_limit": memory, "threads": threads}) as con:
        con.execute("set enable_progress_bar = false")
        con.execute("set preserve_insertion_order = false")
        if not attach_results(con, data):
            return {}
        _lay_out_customers(con)
        for title, (count, chart) in _PICTURES.items():
            if not (rows := count(con, folder)):
                continue
            digest = hashlib.sha256(code + json.dumps(rows).encode()).hexdigest()[:16]
            file = cache / f"{title}-{digest}.png"
            if not file.exists():
                beside = file.with_name(f".{file.name}")
                beside.write_bytes(_png(chart(rows)))
                beside.replace(file)
            pictures[title] = file.read_bytes()
            kept.add(file)
    for old in set(cache.iterdir()) - kept:
        old.unlink()
    return pictures


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> Rows:
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def weight_rows(con: duckdb.DuckDBPyConnection, folder: Path) -> Rows:
    """party, used, weight (whole bits), pairs: what the pairs that were told weigh, prior included."""
    total = con.execute("select count(*) from identity.edge").fetchall()[0][0]
    step = total // SAMPLE + 1
    priors = {party: _prior(_measures(folder, party)) for party in PARTIES}
    prior = " ".join(f"when {quoted(party)} then {value}" for party, value in priors.items())
    said = " + ".join(
        f"coalesce(list_sum(map_values(from_json({side}, '\"MAP(VARCHAR, DOUBLE)\"'))), 0)"
        for side in ("agreed", "disagreed")
    )
    return _rows(
        con,
        f"""
        with told as (
            select split_part(model_version, '-', 1) as party, used, {said} as said
            from identity.edge
            where hash(record_a, record_b) % {step} = 0 and not starts_with(coalesce(reason, ''), 'decided ')
        ),
        weighed as (
            select party, used,
                greatest(-{WIDEST}, least({WIDEST}, floor(said + case party {prior} end)))::integer as weight
            from told
        )
        select party, used, weight, count(*) * {step} as pairs from weighed group by all order by all
        """,
    )


def _lay_out_customers(con: duckdb.DuckDBPyConnection) -> None:
    """`customer(party, place, known, customers)`: how many have so many records (`LARGEST` and more are one), and are
    known to which of `source(source, bit)`, one bit for each."""
    con.execute(
        f"""
        create temp table source as
        with largest as (
            select source from identity.link group by source order by count(*) desc, source limit {SOURCES}
        )
        select source, (1 << (row_number() over (order by source) - 1)::integer) as bit from largest
        """
    )
    con.execute(
        f"""
        create temp table customer as
        with each as (
            select customer_type as party, least(count(*), {LARGEST}) as place, bit_or(coalesce(bit, 0)) as known
            from identity.link left join source using (source) group by customer_type, customer_id
        )
        select party, place, known, count(*) as customers from each group by all
        """
    )


def size_rows(con: duckdb.DuckDBPyConnection, folder: Path) -> Rows:
    """party, size (`12+` for all larger ones), place, customers."""
    del folder
    return _rows(
        con,
        f"""
        select party, place || case when place = {LARGEST} then '+' else '' end as size, place,
            sum(customers)::bigint as customers
        from customer group by all order by party, place
        """,
    )


def overlap_rows(con: duckdb.DuckDBPyConnection, folder: Path) -> Rows:
    """one, other, customers that have records in both; on the diagonal those that the source knows. Of one source
    alone there is nothing to show."""
    del folder
    found = _rows(
        con,
        """
        select one.source as one, other.source as other, sum(customers)::bigint as customers
        from customer join source as one on known & one.bit > 0 join source as other on known & other.bit > 0
        group by all order by all
        """,
    )
    return found if len(found) > 1 else []


def point_rows(con: duckdb.DuckDBPyConnection, folder: Path) -> Rows:
    """kind (with how many there are), class, place (of the class), points."""
    del folder
    classes = ", ".join(quoted(name) for name in CLASSES)
    return _rows(
        con,
        f"""
        with counted as (
            select kind, class, list_position([{classes}], class) as place, count(*) as points
            from identity.contact_point group by all
        )
        select format('{{}} ({{:,}})', kind, (sum(points) over (partition by kind))::bigint) as kind, class, place,
            points,
        from counted order by all
        """,
    )


def person_rows(con: duckdb.DuckDBPyConnection, folder: Path) -> Rows:
    """level (of which comparison, with `m` and `u`), weight; comparisons that the data allow."""
    del con
    return _model_rows(folder, "person")


def organisation_rows(con: duckdb.DuckDBPyConnection, folder: Path) -> Rows:
    del con
    return _model_rows(folder, "organisation")


def _model_rows(folder: Path, party: str) -> Rows:
    from transforms.identity.model import shipped_model  # noqa: PLC0415 - brings Splink with it

    measures, shipped = _measures(folder, party), shipped_model(party)
    levels = {name: len(comparison.telling) for name, comparison in shipped.comparisons.items()}
    if {name: len(u) for name, u in measures.get("u", {}).items()} != levels:
        return []
    model: Model = shipped.with_measures(measures.get("m", {}), measures["u"])
    return [
        {
            "level": f"{label(name)}: {level.name} ({_percent(level.m)} : {_percent(level.u)})",
            "weight": round(log2(level.m / level.u), 2),
        }
        for name, comparison in model.comparisons.items()
        if any(
            level.u != was.u for level, was in zip(comparison.telling, shipped.comparisons[name].telling, strict=True)
        )
        for level in comparison.telling
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%" if share >= 0.1 else f"{100 * share:.2g}%"


def _measures(folder: Path, party: str) -> dict[str, Any]:
    file = folder / f"{party}_model.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


def _prior(measures: Mapping[str, Any]) -> float:
    """Match weight of two records of which nothing is known."""
    share = min(0.5, measures.get("partners", 1.0) / max(measures.get("records", 0), 2))
    return log2(share / (1 - share))


def _weights(rows: Rows) -> Any:
    import altair as alt  # noqa: PLC0415 - takes 0.3 s to load

    scale = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(width=4)
    drawn = bars.encode(
        x=alt.X("weight:Q", title="match weight in bits", scale=alt.Scale(domain=[-10, WIDEST])),
        y=alt.Y("pairs:Q", title=None, axis=alt.Axis(tickCount=2, format="~s")),
        color=alt.Color("used:N", scale=scale, legend=None),
    ).properties(width=260, height=60)
    # Each on a scale of its own: what was cut is a hundredth of what is used.
    return drawn.facet(
        row=alt.Row("used:N", title=None, sort=list(COLOURS)), column=alt.Column("party:N", title=None), spacing=8
    ).resolve_scale(y="independent")


def _sizes(rows: Rows) -> Any:
    import altair as alt  # noqa: PLC0415

    order = [row["size"] for row in sorted(rows, key=lambda row: int(row["place"]))]
    colour = alt.Color("party:N", scale=alt.Scale(domain=list(PARTIES), range=list(PARTIES.values())), title=None)
    ticks = alt.Axis(values=[0, *(10**power for power in range(8))], format=",d")
    bars = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("size:N", title="records of a customer", sort=order, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("party:N"),
        y=alt.Y("customers:Q", title="customers", scale=alt.Scale(type="symlog"), axis=ticks),
    )
    numbers = bars.mark_text(dy=-5, fontSize=8).encode(text=alt.Text("customers:Q", format=".2~s"))
    return (bars.mark_bar().encode(color=colour) + numbers).properties(width=440, height=200)


def _overlap(rows: Rows) -> Any:
    import altair as alt  # noqa: PLC0415

    side = 62 * len({row["one"] for row in rows})
    cells = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("other:N", title=None, axis=alt.Axis(labelAngle=-30)), y=alt.Y("one:N", title=None)
    )
    colour = alt.Color("customers:Q", scale=alt.Scale(type="log", scheme="tealblues"), legend=None)
    most = max(row["customers"] for row in rows)
    light = alt.condition(f"datum.customers > {most**0.75}", alt.value("white"), alt.value("black"))
    numbers = cells.mark_text(fontSize=11).encode(text=alt.Text("customers:Q", format=","), color=light)
    return (cells.mark_rect().encode(color=colour) + numbers).properties(width=side, height=side * 0.6)


def _points(rows: Rows) -> Any:
    import altair as alt  # noqa: PLC0415

    bars = alt.Chart(alt.Data(values=rows)).mark_bar()
    scale = alt.Scale(domain=list(CLASSES), range=list(CLASSES.values()))
    return bars.encode(
        y=alt.Y("kind:N", title=None),
        x=alt.X("points:Q", title="contact points", stack="normalize", axis=alt.Axis(format="%")),
        color=alt.Color("class:N", scale=scale, title=None),
        order=alt.Order("place:Q"),
    ).properties(width=420, height=110)


def _model(rows: Rows) -> Any:
    import altair as alt  # noqa: PLC0415

    colour = alt.condition("datum.weight > 0", alt.value(COLOURS["used"]), alt.value(COLOURS["cut"]))
    axis = alt.Axis(labelFontSize=9, labelLimit=320, labelOverlap=False, ticks=False)
    bars = alt.Chart(alt.Data(values=rows)).mark_bar()
    return bars.encode(
        y=alt.Y("level:N", title="level (share of matches : share of strangers)", sort=None, axis=axis),
        x=alt.X("weight:Q", title="match weight in bits"),
        color=colour,
    ).properties(width=300, height=alt.Step(11))


_Picture = tuple[Callable[[duckdb.DuckDBPyConnection, Path], Rows], Callable[[Rows], Any]]
_PICTURES: Mapping[str, _Picture] = {
    "what_pairs_weigh": (weight_rows, _weights),
    "sizes_of_customers": (size_rows, _sizes),
    "where_sources_meet": (overlap_rows, _overlap),
    "classes_of_contact_points": (point_rows, _points),
    "model_of_people": (person_rows, _model),
    "model_of_organisations": (organisation_rows, _model),
}


def _png(chart: Any) -> bytes:
    from vl_convert import vegalite_to_png  # noqa: PLC0415

    plain = chart.configure(background="white").configure_view(stroke=None).configure_axis(gridColor="#eeeeee")
    return _packed(vegalite_to_png(plain.to_dict()))


def _packed(png: bytes) -> bytes:
    """The same picture, a quarter of the size: the renderer packs for speed. (PNG, RFC 2083: chunks of length, type,
    data, CRC.)"""
    chunks, place = [], 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4])
        chunks.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += 12 + length
    pixels = zlib.compress(zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT")), 9)
    kept = [(kind, data) for kind, data in chunks if kind in (b"IHDR", b"pHYs")]
    return png[:8] + b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        for kind, data in (*kept, (b"IDAT", pixels), (b"IEND", b""))
    )
