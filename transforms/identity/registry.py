"""The customer-id registry: clusters of this run get the ids of the last publication, and every id ever given resolves.

What each status means, for an id X that was given before:
  live    X is a customer. `new_ids` lists the customers in which other records of X stand since a split, oldest
          first; X itself still stands, so a reader that ignores the list is not wrong.
  merged  all of X is part of one other customer, `new_ids[1]`; chains are resolved, it is never itself merged or split.
  split   X is no customer any more and its records stand in several, `new_ids`, the one that would have inherited X
          first: its larger part went to an older customer in the same run in which the rest became one of its own.
  gone    the last record of X was deleted; it becomes live again when one of its records returns.
  erased  X was erased on request; it is never given again. No command erases yet; a state that says so is obeyed.

Knows records by key and clusters by number; evidence does not belong here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.identity.customer_ids import customer_id_sql
from transforms.identity.workbench import count
from transforms.sql import quoted

REGISTRY_COLUMNS = """
    customer_id varchar, customer_type varchar, founder varchar, generation bigint, status varchar, new_ids varchar[],
    publication bigint, born bigint
"""
MEMBER_COLUMNS = "record_key varchar, customer_id varchar, present boolean default true"
"""present: whether the record was there, or is remembered only; a state that does not say knew those that were."""
HERITABLE = """
    with resolved as (
        select customer_id as old_id,
            case when status in ('merged', 'split') then new_ids[1] else customer_id end as customer_id
        from old_registry
    )
    select old_id, customer_id, customer_type, founder
    from resolved join old_registry using (customer_id)
    where status in ('live', 'gone')
"""
"""SQL: old_id, customer_id, customer_type, founder: ids that a cluster may inherit, by each id that leads to them."""


@dataclass(frozen=True)
class RegistryChange:
    """What happened to ids in this run: how many are new, and how many came to another status."""

    new: int
    merged: int
    split: int
    gone: int
    returned: int


def lay_out_state(connection: duckdb.DuckDBPyConnection, state: Path) -> None:
    """`old_registry` and `old_member` from the state of the last publication, empty at first."""
    for table, file, columns in (
        ("old_registry", state / "registry.parquet", REGISTRY_COLUMNS),
        ("old_member", state / "member.parquet", MEMBER_COLUMNS),
    ):
        connection.execute(f"create table {table} ({columns})")
        if file.exists():
            connection.execute(f"insert into {table} by name select * from read_parquet({quoted(str(file))})")


def state_hash(connection: duckdb.DuckDBPyConnection, registry: str, member: str) -> str:
    """One hash over all rows of both tables, whatever their order."""
    rows = connection.execute(
        f"""
        select format('{{}} {{}}',
            (select coalesce(bit_xor(hash(customer_id, status, new_ids, publication, born)), 0) from {registry}),
            (select coalesce(bit_xor(hash(record_key, customer_id, present)), 0) from {member}))
        """
    ).fetchall()
    return str(rows[0][0])


def name_customers(connection: duckdb.DuckDBPyConnection, publication_number: int) -> RegistryChange:
    """`membership(record_key, customer_type, cluster)`, `swallowed(record_key, survivor_key)` + the last state ->
    `customer(cluster, customer_id)`, and the new state.

    Reads `old_registry`, `old_member` (columns above); leaves `registry` and `member`. A cluster inherits by
    overlap: an old id goes to the cluster that holds most of the records that were present in the last publication,
    so that no record that returns takes it from them (ties: most of its records, then the one with its founder, then
    the smallest record key); of several ids that come to one cluster the oldest survives (born in the earliest
    publication, then smallest founder). A cluster without one founds a customer: founder is its smallest record
    key, generation the first whose id was never given. Persons and organisations never share ids. `member`
    remembers the records that are gone, so that they find their customer again.

    A record that its source merged into another one stands with that one's cluster, if it had a customer of that type:
    an id that nobody who is there claims goes there, and so does the record. It takes no id from those who are there,
    nor gives its own to those who have one.
    """
    _stand_in(connection)
    _inherit(connection)
    _found(connection)
    _settle(connection, publication_number)
    _remember(connection)
    return _change(connection)


def _stand_in(connection: duckdb.DuckDBPyConnection) -> None:
    """`stand_in(record_key, customer_type, cluster)`: swallowed records, where their survivors stand."""
    connection.execute(
        f"""
        create temp table stand_in as
        with heritable as ({HERITABLE})
        select swallowed.record_key, membership.customer_type, membership.cluster
        from swallowed
        join old_member using (record_key)
        join heritable on old_id = old_member.customer_id
        join membership
            on membership.record_key = survivor_key and membership.customer_type = heritable.customer_type
        """
    )


def _inherit(connection: duckdb.DuckDBPyConnection) -> None:
    """`overlap(cluster, customer_id, own, claim, first_key)`, ids resolved, and `customer` for clusters that inherit.

    own: whether a record of the id is there in the cluster, or swallowed ones only; claim: what a cluster holds of it,
    comparable: of records that are there those that were present, all, the founder; then the same of all records.
    """
    connection.execute(
        f"""
        create temp table overlap as
        with heritable as ({HERITABLE}),
        standing as (
            select *, true as there from membership
            union all
            select *, false from stand_in
        )
        select standing.cluster, heritable.customer_id, bool_or(there) as own, min(record_key) as first_key,
            row(
                count(*) filter (there and present), count(*) filter (there),
                count(*) filter (there and record_key = founder),
                count(*) filter (present), count(*), count(*) filter (record_key = founder)
            ) as claim,
        from standing
        join old_member using (record_key)
        join heritable on old_id = old_member.customer_id and heritable.customer_type = standing.customer_type
        group by standing.cluster, heritable.customer_id
        """
    )
    connection.execute(
        """
        create table customer as
        with awarded as (
            select customer_id, cluster, own from overlap
            qualify row_number() over (partition by customer_id order by claim desc, first_key) = 1
        )
        select cluster, customer_id from awarded join old_registry using (customer_id)
        qualify row_number() over (partition by cluster order by own desc, born, founder, customer_id) = 1
        """
    )


def _found(connection: duckdb.DuckDBPyConnection) -> None:
    """`founded(cluster, customer_id, customer_type, founder, generation)`; its ids join `customer`."""
    connection.execute(
        """
        create temp table open_cluster as
        select cluster, any_value(customer_type) as customer_type, min(record_key) as founder, 0::bigint as generation
        from membership anti join customer using (cluster) group by cluster
        """
    )
    connection.execute(
        """
        create temp table founded (
            cluster bigint, customer_id varchar, customer_type varchar, founder varchar, generation bigint
        )
        """
    )
    new_id = customer_id_sql("founder", "generation")
    while count(connection, "select count(*) from open_cluster"):
        connection.execute(
            f"""
            insert into founded
            select cluster, {new_id} as new_id, customer_type, founder, generation from open_cluster
            where new_id not in (select customer_id from old_registry)
            """
        )
        connection.execute(
            """
            create or replace temp table open_cluster as
            select cluster, customer_type, founder, generation + 1 as generation
            from open_cluster anti join founded using (cluster)
            """
        )
    connection.execute("insert into customer select cluster, customer_id from founded")


def _settle(connection: duckdb.DuckDBPyConnection, publication_number: int) -> None:
    """`registry`: one row per id ever given, with the status it has after this run."""
    connection.execute(
        f"""
        create table registry as
        with successor as (
            -- Where the records of an old id stand now, the strongest claim first.
            select overlap.customer_id as old_id, customer.customer_id as new_id, claim, first_key
            from overlap join customer using (cluster)
        ),
        part as (
            select old_id, list(new_id order by claim desc, first_key) as ids from successor group by old_id
        ),
        survivor as (
            select distinct overlap.customer_id from overlap join customer using (cluster, customer_id)
        ),
        stood as (
            select old_registry.*, survivor.customer_id is not null as stands, coalesce(part.ids, []) as parts,
            from old_registry
            left join survivor using (customer_id)
            left join part on part.old_id = old_registry.customer_id
        ),
        -- An id that dies in this run hands its place in the lists of others to its successors.
        dying as (
            select customer_id, parts from stood where status in ('live', 'gone') and not stands and len(parts) > 0
        ),
        listed as (
            select customer_id, unnest(new_ids) as new_id, generate_subscripts(new_ids, 1) as position
            from old_registry where len(new_ids) > 0
        ),
        handed_on as (
            select listed.customer_id, list(coalesce(dying.parts, [listed.new_id]) order by position) as lists
            from listed left join dying on dying.customer_id = listed.new_id
            group by listed.customer_id
        ),
        resolved as (
            select stood.*,
                case
                    when status = 'erased' then []
                    when stands then list_concat(coalesce(flatten(lists), []), parts)
                    when status in ('live', 'gone') then parts
                    else coalesce(flatten(lists), [])
                end as successors,
            from stood left join handed_on using (customer_id)
        ),
        settled as (
            select * exclude (successors),
                -- Without itself, each once, in the order given.
                list_filter(
                    successors, lambda id, place: id <> customer_id and list_position(successors, id) = place
                ) as next_ids,
            from resolved
        ),
        decided as (
            select *,
                case
                    when status = 'erased' then 'erased'
                    when stands then 'live'
                    when len(next_ids) > 1 then 'split'
                    when len(next_ids) = 1 then 'merged'
                    else 'gone'
                end as next_status,
            from settled
        )
        select customer_id, customer_type, founder, generation, next_status as status, next_ids as new_ids,
            case when next_status = status and next_ids = coalesce(new_ids, [])
                 then coalesce(publication, {publication_number}) else {publication_number} end as publication,
            born,
        from decided
        union all
        select customer_id, customer_type, founder, generation, 'live', [], {publication_number}, {publication_number}
        from founded
        """
    )


def _remember(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        create table member as
        select record_key, customer_id, true as present from membership join customer using (cluster)
        union all
        select record_key, customer_id, false from stand_in join customer using (cluster)
        union all
        select record_key, customer_id, false
        from old_member anti join membership using (record_key) anti join stand_in using (record_key)
        """
    )


def _change(connection: duckdb.DuckDBPyConnection) -> RegistryChange:
    def came_to(status: str, from_status: str) -> int:
        return count(
            connection,
            f"""
            select count(*) from registry join old_registry as old using (customer_id)
            where registry.status = '{status}' and old.status in ({from_status})
            """,
        )

    split = count(
        connection,
        """
        select count(*) from registry left join old_registry as old using (customer_id)
        where registry.status in ('live', 'split') and old.status in ('live', 'gone') and len(registry.new_ids) > 0
            and registry.new_ids is distinct from coalesce(old.new_ids, [])
        """,
    )
    return RegistryChange(
        new=count(connection, "select count(*) from founded"),
        merged=came_to("merged", "'live', 'gone'"),
        split=split,
        gone=came_to("gone", "'live'"),
        returned=came_to("live", "'gone'"),
    )
