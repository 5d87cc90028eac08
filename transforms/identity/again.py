"""Which pairs a day's changes propose: just those that a full run would, at the cost of what changed.

A pair is proposed where two records share a key and few do (`candidates`). So a record that says something new has all
its pairs proposed anew; and where it came to a block that was just small enough, or left one that was just too large,
so have the others there.
"""

from __future__ import annotations

import duckdb

from transforms.identity.candidates import BLOCK, Block

LEVELS = 4
"""A block's key, and at most three parts that it is split by."""
_KEYS = tuple(f"k{level}" for level in range(LEVELS))


def propose_again(connection: duckdb.DuckDBPyConnection, party: str, blocks: tuple[Block, ...]) -> None:
    """`again_pair(a, b)`: every pair that one of the records `again(id)` is proposed in now, in the order of their
    record keys. `again` comes to hold the records, too, whose blocks they made larger or smaller than is compared.

    Reads `kept.<party>_stated`, `kept.<party>_key` as they are now and, of the records `again` alone and of those that
    are gone, `was_stated`, `was_key` as they were; mends `kept.<party>_oversized`.
    """
    connection.execute("create or replace temp table proposed (a integer, b integer)")
    for state in ("stated", "key"):
        connection.execute(
            f"create or replace temp table is_{state} as from kept.{party}_{state} semi join again using (id)"
        )
    moved = _propose(connection, party, blocks)
    if moved:
        connection.execute("create temp table before as from again")
        connection.execute("create or replace temp table again as from moved")
        for state in ("stated", "key"):
            connection.execute(
                f"create or replace temp table is_{state} as from kept.{party}_{state} semi join again using (id)"
            )
            connection.execute(f"create or replace temp table was_{state} as from is_{state}")
        _propose(connection, party, blocks)
        connection.execute("insert into again from before; drop table before")
    connection.execute(
        f"""
        create or replace temp table again_pair as
        select distinct if(one.record_key < other.record_key, a, b) as a, if(one.record_key < other.record_key, b, a) as b
        from proposed
        join kept.{party} as one on one.id = a
        join kept.{party} as other on other.id = b
        """
    )
    connection.execute("drop table proposed; drop table moved; drop table is_stated; drop table is_key")


def _propose(connection: duckdb.DuckDBPyConnection, party: str, blocks: tuple[Block, ...]) -> int:
    """Add to `proposed` the pairs of `again`; leaves `moved(id)`, other records whose pairs change with theirs.
    Returns how many."""
    _lay_out_entries(connection, party, blocks)
    connection.execute("create or replace temp table moved (id integer)")
    connection.execute(
        "create or replace temp table open as select distinct k0 as key, true as was_open, true as is_open from entry"
    )
    for level, key in enumerate(_KEYS):
        connection.execute(
            f"""
            create or replace temp table node as
            select key, any_value(block) as block, any_value(depth) as depth, any_value(largest) as largest,
                any_value(was_open) as was_open, any_value(is_open) as is_open,
                count(*) filter (entry.was) as was, count(*) filter (entry.now) as now,
            from entry join open on open.key = entry.{key} group by key
            """
        )
        connection.execute(
            f"""
            insert into proposed
            select one.id, other.id from entry as one
            join node on node.key = one.{key} and node.is_open and node.now between 2 and node.largest
            join entry as other on other.{key} = one.{key} and other.now and other.id <> one.id
            where one.fresh
            """
        )
        connection.execute(
            f"""
            insert into moved
            select id from entry join node on node.key = entry.{key}
            where not fresh and entry.was and entry.now
                and (was_open and node.was <= node.largest) <> (is_open and node.now <= node.largest)
            """
        )
        _mend_oversized(connection, party, level, key)
        if level + 1 < LEVELS:
            connection.execute(
                f"""
                create or replace temp table open as
                select distinct {_KEYS[level + 1]} as key, was_open and node.was > node.largest as was_open,
                    is_open and node.now > node.largest as is_open,
                from entry join node on node.key = entry.{key}
                where node.depth > {level + 1} 
                    and (was_open and node.was > node.largest or is_open and node.now > node.largest)
                """
            )
    connection.execute("create or replace temp table moved as select distinct id from moved")
    connection.execute("drop table entry; drop table open; drop table node")
    return int(connection.execute("select count(*) from moved").fetchall()[0][0])


def _lay_out_entries(connection: duckdb.DuckDBPyConnection, party: str, blocks: tuple[Block, ...]) -> None:
    """`entry(block, depth, largest, id, k0…k3, fresh, was, now)`: the records `again` with all their keys, before and
    after, and the others that share the first one."""
    connection.execute(
        f"""
        create or replace temp table entry (
            block integer, depth integer, largest integer, id integer, {", ".join(f"{key} ubigint" for key in _KEYS)},
            fresh boolean, was boolean, now boolean
        )
        """
    )
    for rows, was in (("was", "true"), ("is", "false")):
        parts = " union all ".join(
            f"select {_entry(number, block)}, {str(rows == 'is').lower()}, {was}, not {was} "
            f"from {block.rows(f'{rows}_stated', f'{rows}_key')}"
            for number, block in enumerate(blocks)
        )
        connection.execute(f"insert into entry {parts}")
    parts = " union all ".join(
        f"""
        select {_entry(number, block)}, false, true, true
        from {block.rows(f"kept.{party}_stated", f"kept.{party}_key")}
            and {block.key(number)} in (select k0 from entry where block = {number})
            and id not in (select id from again)
        """
        for number, block in enumerate(blocks)
    )
    connection.execute(f"create or replace temp table other_entry as {parts}")
    connection.execute("insert into entry from other_entry; drop table other_entry")


def _entry(number: int, block: Block) -> str:
    """SQL: number, depth and limit of the block, the record's id, and its keys from the whole block down."""
    keys = [block.key(number)]
    for part in block.split:
        keys.append(f"hash({keys[-1]}, ({part}))")
    padded = [*keys, *["null"] * (LEVELS - len(keys))]
    return f"{number}, {len(keys)}, {block.largest}, id, {', '.join(padded)}"


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
