"""Which pairs a day's changes propose, and which they propose no more: those that a full run would, at the cost of what
changed.

A pair is proposed by every block in which its records share a key while few do (`candidates`), and by how many is kept
beside it. So a record that moves from one block to another takes its pairs there along; and where it came to a block
that was just small enough, or left one that was just too large, all pairs of that block go or come.
"""

from __future__ import annotations

import duckdb

from transforms.identity.candidates import BLOCK, Block, with_first

LEVELS = 4
"""A block's key, and at most three parts that it is split by."""
_KEYS = tuple(f"k{level}" for level in range(LEVELS))
_ENTRY = ", ".join(("block", "depth", "largest", "id", *_KEYS))


def propose_again(connection: duckdb.DuckDBPyConnection, party: str, blocks: tuple[Block, ...]) -> None:
    """Mend `kept.<party>_pair` and `kept.<party>_oversized`; leaves `new_pair(a, b)` and `lost_pair(a, b)`.

    Reads `kept.<party>_stated`, `kept.<party>_key` as they are now and, of the records that state something new or
    are gone, `was_stated`, `was_key` as they were; `again(id)` are those that are there.
    """
    for state in ("stated", "key"):
        connection.execute(
            f"create or replace temp table is_{state} as from kept.{party}_{state} semi join again using (id)"
        )
    _lay_out_entries(connection, party, blocks)
    _propose(connection, party, blocks)
    _mend_pairs(connection, party)
    for table in ("is_stated", "is_key", "entry", "node", "open", "proposed"):
        connection.execute(f"drop table {table}")


def _lay_out_entries(connection: duckdb.DuckDBPyConnection, party: str, blocks: tuple[Block, ...]) -> None:
    """`entry(block, depth, largest, id, k0…k3, moved, was, now)`: records in their blocks before and after, as far as
    one came or left; k0 is the block's key, k1… those of its parts."""
    for rows in ("was", "is"):
        parts = " union all ".join(
            f"select {_entry(number, block)} from {block.rows(f'{rows}_stated', f'{rows}_key')}"
            for number, block in enumerate(blocks)
        )
        connection.execute(f"create or replace temp table {rows}_entry as {parts}")
    connection.execute(
        """
        create or replace temp table entry as
        select *, true as moved, true as was, false as now from (from was_entry except from is_entry)
        union all
        select *, true, false, true from (from is_entry except from was_entry)
        """
    )
    moved = connection.execute("select distinct block from entry order by 1").fetchall()
    if moved:
        parts = " union all ".join(
            f"""
            select {_entry(number, blocks[number])}
            from {blocks[number].rows(f"kept.{party}_stated", f"kept.{party}_key")}
                and {blocks[number].key(number)} in (select k0 from entry where block = {number})
            """
            for (number,) in moved
        )
        connection.execute(
            f"""
            create or replace temp table other_entry as
            select *, false, true, true from ({parts})
            anti join (select block, id, k0 from entry where now) using (block, id, k0)
            """
        )
        connection.execute("insert into entry from other_entry; drop table other_entry")
    connection.execute("drop table was_entry; drop table is_entry")


def _entry(number: int, block: Block) -> str:
    """SQL of `_ENTRY`: number, depth and limit of the block, the record's id, and its keys."""
    keys = [block.key(number)]
    for part in block.split:
        keys.append(f"hash({keys[-1]}, ({part}))")
    stated = (number, len(keys), block.largest, "id", *keys, *["null::ubigint"] * (LEVELS - len(keys)))
    names = ("block", "depth", "largest", "id", *_KEYS)
    return ", ".join(f"{value} as {name}" for value, name in zip(stated, names, strict=True))


def _propose(connection: duckdb.DuckDBPyConnection, party: str, blocks: tuple[Block, ...]) -> None:
    """`proposed(a, b, times)`: how many blocks propose a pair more or less than before."""
    own = ", ".join(str(number) for number, block in enumerate(blocks) if block.own)
    connection.execute("create or replace temp table proposed (a integer, b integer, times integer)")
    connection.execute(
        "create or replace temp table open as select distinct k0 as key, true as was_open, true as is_open from entry"
    )
    for level, key in enumerate(_KEYS):
        connection.execute(
            f"""
            create or replace temp table node as
            with sized as (
                select key, any_value(block) as block, any_value(depth) as depth, any_value(largest) as largest,
                    any_value(was_open) as was_open, any_value(is_open) as is_open,
                    count(*) filter (entry.was) as was, count(*) filter (entry.now) as now,
                from entry join open on open.key = entry.{key} group by key
            )
            select *, was_open and was <= largest as was_whole, is_open and now <= largest as is_whole from sized
            """
        )
        for state, opened, whole, times in (("was", "was_open", "was_whole", -1), ("now", "is_open", "is_whole", 1)):
            connection.execute(
                f"""
                insert into proposed
                select one.id, other.id, {times}
                from node
                join entry as one on one.{key} = node.key and one.{state}
                join entry as other on other.{key} = node.key and other.{state}
                where {whole} and one.id < other.id and (one.moved or other.moved or was_whole <> is_whole)
                """
            )
            # Where one of the first comes or goes, the pairs of the others change, too: all are counted off and on.
            connection.execute(
                f"""
                insert into proposed
                with large as (
                    select node.key, id, record_key
                    from node
                    join entry on entry.{key} = node.key and entry.{state}
                    join (select id, record_key from kept.{party} union select id, record_key from {party}_left)
                    using (id)
                    where node.depth = {level + 1} and {opened} and not {whole} and node.block in ({own})
                )
                select *, {times} from ({with_first("from large", "record_key")})
                """
            )
        _mend_oversized(connection, party, level, key)
        if level + 1 < LEVELS:
            connection.execute(
                f"""
                create or replace temp table open as
                select distinct {_KEYS[level + 1]} as key, was_open and not was_whole as was_open,
                    is_open and not is_whole as is_open,
                from entry join node on node.key = entry.{key}
                where node.depth > {level + 1} and (was_open and not was_whole or is_open and not is_whole)
                """
            )


def _mend_oversized(connection: duckdb.DuckDBPyConnection, party: str, level: int, key: str) -> None:
    """Blocks that are compared throughout now, or split, are too large no more; others have become so."""
    connection.execute(f"delete from kept.{party}_oversized where key in (select key from node)")
    connection.execute(
        f"""
        insert into kept.{party}_oversized
        select node.block, key, any_value(node.now), min(record_key)
        from node join entry on entry.{key} = node.key and entry.now join kept.{party}_stated using (id)
        where node.depth = {level + 1} and is_open and node.now > greatest(node.largest, {BLOCK})
        group by node.block, key
        """
    )


def _mend_pairs(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    connection.execute(
        f"""
        create or replace temp table mended as
        with moved as (
            select a, b, sum(times) as times from (
                select least(a, b) as a, greatest(a, b) as b, times from proposed
            ) group by a, b having sum(times) <> 0
        ),
        kept_pair as (
            select least(a, b) as low, greatest(a, b) as high, a, b, blocks from kept.{party}_pair
            where a in (select a from moved union select b from moved)
        )
        select moved.a as low, moved.b as high, kept_pair.a, kept_pair.b, coalesce(blocks, 0) + times as blocks,
            blocks is null as new,
        from moved left join kept_pair on low = moved.a and high = moved.b
        """
    )
    connection.execute(
        f"""
        create or replace temp table new_pair as
        select if(one.record_key < other.record_key, low, high) as a,
            if(one.record_key < other.record_key, high, low) as b, mended.blocks,
        from mended
        join kept.{party} as one on one.id = low
        join kept.{party} as other on other.id = high
        where new
        """
    )
    connection.execute("create or replace temp table lost_pair as select a, b from mended where not new and blocks = 0")
    connection.execute(f"delete from kept.{party}_pair where (a, b) in (select a, b from mended where not new)")
    connection.execute(f"insert into kept.{party}_pair select a, b, blocks from mended where not new and blocks > 0")
    connection.execute(f"insert into kept.{party}_pair from new_pair")
    connection.execute("drop table mended")
