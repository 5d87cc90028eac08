"""A day's work: what changed is stated, proposed, scored, put together and named anew, and nothing else.

Every step is the step of a whole run (`resolve`), on the part of the records that a change bears on; the rest stands in
`kept` as the last run left it. The result is that of a whole run. Of each party, organisations first:

    step                            reads                                leaves (beside what it mends in `kept`)
    changes.find_changes            records_<party>                      <party>_left, <party>_came
    changes.lay_changes             both of them, staff_email, former    <party>_was, <party>_is, moved_point,
                                                                         moved_people, moved_past
    _restate (changes.find_again)   these, moved_cluster                 again, was_stated, was_key
    again.propose_again             again, was_stated, was_key           new_pair, lost_pair
    _score                          again, new_pair, lost_pair           changed
    _cluster                        changed, decisions                   touched_cluster, touched_record, moved_cluster
    name_changes                    touched_record, the last state       -
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from transforms.identity.again import propose_again
from transforms.identity.calibration import Calibration
from transforms.identity.candidates import BLOCKS
from transforms.identity.changes import find_again, find_changes, lay_changes, part
from transforms.identity.comparison import compare, lay_out_words, weigh
from transforms.identity.contact_points import COLUMNS
from transforms.identity.decisions import Decision
from transforms.identity.evidence import lay_out_past, state_organisations, state_people
from transforms.identity.kept import PARTIES, Facts, replace_rows, signed
from transforms.identity.linking import cluster, explain_links, lay_out_decisions
from transforms.identity.merges import find_swallowed
from transforms.identity.parties import lay_out_belonging, lay_out_stated
from transforms.identity.registry import RegistryChange, lay_out_state, name_customers, state_hash
from transforms.identity.workbench import count

LARGE = 0.2
"""Share of the records from which on a whole run is the shorter way."""

Models = dict[str, Calibration]


def little_changed(connection: duckdb.DuckDBPyConnection) -> bool:
    """Look for changes; whether they are few enough for a day's work."""
    changed = sum(find_changes(connection, party) for party in PARTIES)
    records = sum(count(connection, f"select count(*) from kept.{party}") for party in PARTIES)
    return changed <= LARGE * records


def link_changes(
    connection: duckdb.DuckDBPyConnection, data: Path, frozen: Models, decided: tuple[Decision, ...]
) -> None:
    """Bring everything in `kept` up to date but what customers are called; after `little_changed`.

    Leaves `touched_cluster(cluster)`: clusters, of both parties by `signed` numbers, that are not what they were, and
    `touched_record(record_key)`: the records that stood or stand in them.
    """
    lay_changes(connection)
    lay_out_words(connection, data, frozen["organisation"])
    connection.execute("create temp table touched_cluster (cluster bigint)")
    connection.execute("create temp table touched_record (record_key varchar)")
    for party in PARTIES:
        _restate(connection, party, data, frozen[party])
        propose_again(connection, party, BLOCKS[party])
        _score(connection, party, data, frozen[party])
        _cluster(connection, party, decided)


def _restate(connection: duckdb.DuckDBPyConnection, party: str, data: Path, frozen: Calibration) -> None:
    find_again(connection, party)
    with part(connection):
        columns = ", ".join(row[0] for row in connection.execute(f"describe {party}_is").fetchall())
        connection.execute(f"create table {party} as select {columns} from {party}_again")
        _lay_out_points(connection, party)
        if party == "person":
            connection.execute("create view organisation as from kept.organisation")
            connection.execute("create view organisation_cluster as from kept.organisation_cluster")
            lay_out_past(connection)
            lay_out_belonging(connection)
            state_people(connection, frozen.doubtful_birth_dates)
        else:
            connection.execute("create table person as from kept.person limit 0")
            connection.execute("create view organisation_people as from kept.organisation_people")
            lay_out_past(connection)
            state_organisations(connection)
        weigh(connection, party, data, frozen)
        gone = f"select id from again union select id from {party}_left"
        for rows in (party, f"{party}_key"):
            replace_rows(connection, rows, "id", gone, f"from {rows}")


def _score(connection: duckdb.DuckDBPyConnection, party: str, data: Path, frozen: Calibration) -> None:
    """`<party>_edge` in `kept`: pairs that are new, and those of records that state something new, are scored.

    Leaves `changed(id)`: records that are new, and those of pairs that weigh something else now, where it tells: where
    they link, or did, or where links join the two, so that what does not link speaks against it.
    """
    connection.execute(
        f"""
        create or replace temp table scored as
        select a, b from kept.{party}_pair
        where a in (select id from again) or b in (select id from again)
        union select a, b from new_pair
        """
    )
    with part(connection):
        ends = "select a from scored union select b from scored"
        connection.execute(f"create table {party} as from kept.{party} where id in ({ends})")
        lay_out_stated(connection, party)
        connection.execute(f"create table {party}_pair as from scored")
        compare(connection, party, data, frozen)
        _mend_edges(connection, party)


def _mend_edges(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`<party>_edge` into `kept`, as far as it says another thing; `changed(id)`."""
    connection.execute(
        f"""
        create or replace temp table was_edge as
        from kept.{party}_edge where (a, b) in (from scored union all from lost_pair)
        """
    )
    said = "select * exclude (cut) from"
    connection.execute(f"create or replace temp table is_edge as {said} {party}_edge except {said} was_edge")
    connection.execute(
        f"""
        create or replace temp table was_edge as
        select was_edge.* from was_edge semi join ({said} was_edge except {said} {party}_edge) using (a, b)
        """
    )
    connection.execute(f"delete from kept.{party}_edge where (a, b) in (select a, b from was_edge)")
    connection.execute(f"insert into kept.{party}_edge by name select *, false as cut from is_edge")
    connection.execute(
        f"""
        create or replace temp table changed as
        with pair as (
            select a, b, used = 'used' as links from was_edge
            union all select a, b, used = 'used' from is_edge
            union all select a, b, false from new_pair
            union all select a, b, false from lost_pair
        ),
        telling as (
            select a, b from pair
            left join kept.{party}_cluster as one on one.id = a
            left join kept.{party}_cluster as other on other.id = b
            where links or one.component = other.component
        )
        select a as id from telling union select b from telling union select id from {party}_came
        """
    )


def _lay_out_points(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`point`, as far as the records of `party` have it now, or had it formerly."""
    connection.execute(
        f"""
        create table point as from kept.point where value in (
            select unnest([{", ".join(COLUMNS[party])}]) from {party}
            union all select value from former semi join {party} using (record_key)
        )
        """
    )


def _cluster(connection: duckdb.DuckDBPyConnection, party: str, decided: tuple[Decision, ...]) -> None:
    """All that a changed pair is connected with, before or after, is put together anew."""
    with part(connection):
        connection.execute(f"create view {party} as from kept.{party}")
        lay_out_decisions(connection, party, decided)
        connection.execute(
            f"""
            insert into changed
            select unnest([a, b]) from (
                (from {party}_decision except from kept.{party}_decision)
                union all (from kept.{party}_decision except from {party}_decision)
            )
            """
        )
        connection.execute(
            f"delete from kept.{party}_decision; insert into kept.{party}_decision from {party}_decision"
        )
    connection.execute(
        f"""
        create or replace temp table stood as
        from kept.{party}_cluster where component in (
            select component from kept.{party}_cluster
            where id in (select id from changed union select id from {party}_left)
        )
        """
    )
    connection.execute(
        f"""
        create or replace temp table local as
        select (row_number() over (order by record_key) - 1)::integer as local, id, record_key, alone_in
        from kept.{party} where id in (select id from stood union select id from changed)
        """
    )
    with part(connection):
        connection.execute(f"create table {party} as select local as id, record_key, alone_in from local")
        for table, columns in (("edge", "edge.* replace (one.local as a, other.local as b)"),
                               ("pair", "one.local as a, other.local as b"),
                               ("decision", "decision.* replace (one.local as a, other.local as b)")):  # fmt: skip
            connection.execute(
                f"""
                create table {party}_{table} as
                select {columns} from kept.{party}_{table} as {table}
                join local as one on one.id = a join local as other on other.id = b
                """
            )
        cluster(connection, party)
        explain_links(connection, party)
        _put_together(connection, party)


def _put_together(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """What was worked out of some records, by their own numbers, into `kept`."""
    connection.execute(
        f"""
        create temp table stands as
        select local.id, head.id as component, first.id as cluster
        from {party}_cluster as laid
        join local on local.local = laid.id
        join local as head on head.local = component
        join local as first on first.local = cluster
        """
    )
    if party == "organisation":
        # People are compared by the organisation that they belong to.
        connection.execute(
            """
            create temp table moved_cluster as
            select record_key from stands join local using (id) left join stood using (id)
            where stands.cluster is distinct from stood.cluster
            union select record_key from organisation_left
            """
        )
    connection.execute(f"insert into touched_cluster select distinct {signed(party)} from stood")
    connection.execute(f"insert into touched_cluster select distinct {signed(party)} from stands")
    connection.execute(
        f"insert into touched_record select record_key from local union select record_key from {party}_left"
    )
    gone = f"select id from stood union select id from local union select id from {party}_left"
    replace_rows(connection, f"{party}_cluster", "id", gone, "from stands")
    replace_rows(
        connection, f"{party}_link", "id", gone,
        f"select link.* replace (local.id as id) from {party}_link as link join local on local.local = link.id",
    )  # fmt: skip
    replace_rows(
        connection, f"{party}_confidence", "cluster", "select cluster from stood union select cluster from stands",
        f"select local.id as cluster, match_confidence from {party}_confidence join local on local.local = cluster",
    )  # fmt: skip
    connection.execute(
        f"""
        update kept.{party}_edge as edge set cut = laid.cut
        from {party}_edge as laid
        join local as one on one.local = laid.a
        join local as other on other.local = laid.b
        where edge.a = one.id and edge.b = other.id and edge.cut <> laid.cut
        """
    )
    connection.execute("drop table stands")


def name_changes(
    connection: duckdb.DuckDBPyConnection, state: Path, facts: Facts, publication_number: int
) -> RegistryChange:
    """Name the customers that `link_changes` touched; all of them, where the state is not what the last run left."""
    lay_out_state(connection, state)
    _lay_swallowed(connection)
    if facts.get("state") != state_hash(connection, "old_registry", "old_member"):
        connection.execute(f"create view membership as {membership('kept.')}")
        change = name_customers(connection, publication_number)
        for table in ("customer", "registry", "member"):
            connection.execute(f"create or replace table kept.{table} as from {table}")
        return change
    _find_touched_ids(connection)
    with part(connection):
        connection.execute("create table old_member as from kept.member semi join touched_id using (customer_id)")
        connection.execute("create table old_registry as from kept.registry semi join touched_id using (customer_id)")
        connection.execute(
            "create temp table named as select record_key from touched_record union select record_key from old_member"
        )
        for party in PARTIES:
            connection.execute(
                f"""
                create table {party}_cluster as from kept.{party}_cluster where cluster in (
                    select cluster from kept.{party}_cluster
                    where id in (select id from kept.{party} semi join named using (record_key))
                )
                """
            )
            connection.execute(
                f"create table {party} as select id, record_key from kept.{party} semi join {party}_cluster using (id)"
            )
        connection.execute(f"create table membership as {membership('')}")
        change = name_customers(connection, publication_number)
        gone = "select cluster from touched_cluster union select cluster from membership"
        replace_rows(connection, "customer", "cluster", gone, "from customer")
        replace_rows(connection, "registry", "customer_id", "select customer_id from touched_id", "from registry")
        gone = "select record_key from old_member union select record_key from membership"
        replace_rows(connection, "member", "record_key", gone, "from member")
    return change


def _lay_swallowed(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring `swallowed` up to date; who was or is swallowed by another record than before is touched, and so is that
    record; and who was swallowed by a touched one."""
    find_swallowed(connection, "kept.")
    connection.execute(
        """
        insert into touched_record
        select unnest([record_key, survivor_key]) from (
            (from swallowed except from kept.swallowed) union all (from kept.swallowed except from swallowed)
        )
        """
    )
    connection.execute(
        """
        insert into touched_record
        select record_key from swallowed where survivor_key in (select record_key from touched_record)
        """
    )
    connection.execute("delete from kept.swallowed; insert into kept.swallowed from swallowed")


def _find_touched_ids(connection: duckdb.DuckDBPyConnection) -> None:
    """`touched_id(customer_id)`: the ids of the touched records and those that they founded, what points to one of
    them, and where they point."""
    connection.execute(
        """
        create temp table touched_id as
        with recursive successor as (
            select customer_id as one, unnest(new_ids) as other from kept.registry where len(new_ids) > 0
        ),
        pointing as (from successor union select other, one from successor),
        touched as (
            (
                select customer_id from kept.member semi join touched_record using (record_key)
                union select customer_id from kept.registry where founder in (select record_key from touched_record)
            )
            union
            select other from touched join pointing on one = customer_id
        )
        from touched
        """
    )


def membership(prefix: str) -> str:
    """SQL: record_key, customer_type and cluster (`signed`) of every record."""
    return " union all ".join(
        f"""
        select record_key, '{party}' as customer_type, {signed(party)} as cluster
        from {prefix}{party} join {prefix}{party}_cluster using (id)
        """
        for party in PARTIES
    )
