"""Which pairs are worth comparing: records that share a key, while few do.

A block is what shares one key. What many share cannot link on its own, so a block that is too large is split by what
else its records share, until its parts are small; what is then still too large is reported. Its records meet in other
blocks; where one customer may have so many, all of them meet the first ones. Which blocks a record belongs to depends
on nothing but the records themselves, so a day's changes propose just the pairs that a full run would. What a pair is
worth does not belong here (`scoring`).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

BLOCK = 50
"""Records up to which all pairs of a block are compared."""
SOME = 20
"""The same where what they share is a name, or a given name and a place: many people do."""
FEW = 5
"""The same where what they share is common by nature: a family name and a city."""
FIRST = 3
"""Records of a block that is too large with which all the others are compared, where one customer may have so many."""
LISTED = 20
"""Oversized blocks that are named; the others are counted."""


@dataclass(frozen=True)
class OversizedBlock:
    """Records that share a key and were not all compared with each other by it: what they share, and how many."""

    shares: str
    records: int
    example: str
    """Record key of one of them."""


@dataclass(frozen=True)
class Oversized:
    """Blocks that stayed too large."""

    largest: tuple[OversizedBlock, ...]
    """At most `LISTED`, the largest first."""
    blocks: int
    """All of them."""


@dataclass(frozen=True)
class Block:
    """One kind of key: records in which all `keys` (SQL) are the same and known."""

    shares: str
    keys: tuple[str, ...]
    split: tuple[str, ...] = ()
    """What too large blocks are split by, one after the other; unknown counts as a value."""
    where: str = "true"
    largest: int = BLOCK
    """Records up to which all pairs are compared: fewer where what they share says little by itself."""
    own: bool = False
    """Whether it may be one customer's own, however many its records are: then all are compared with the first ones."""

    @property
    def known(self) -> str:
        """SQL: the record belongs to a block of this kind."""
        return " and ".join([*(f"{key} is not null" for key in self.keys), self.where])

    def key(self, number: int) -> str:
        """SQL: a hash of what the records share; `number` tells kinds of blocks apart."""
        return f"hash({number}, {', '.join(self.keys)})"

    def rows(self, stated: str, key: str) -> str:
        """SQL after `from`: the records of these tables that belong to a block of this kind; ends in a condition."""
        points = f" join {key} using (id)" if "point" in self.keys else ""
        return f"{stated}{points} where {self.known}"


def _of(
    shares: str,
    *keys: str,
    split: tuple[str, ...] = (),
    where: str = "true",
    largest: int = BLOCK,
    own: bool = False,
) -> Block:
    return Block(shares, keys, split, where, largest, own)


_NAMES = ("least(given_key, family)", "greatest(given_key, family)")

PERSON_BLOCKS: tuple[Block, ...] = (
    _of("contact point", "point", split=("family[1:3]", "given[1:2]"), own=True),
    _of("national id", "national_id", own=True),
    _of("loyalty id", "loyalty_id", own=True),
    _of("customer number", "customer_number", split=("family[1:3]",), own=True),
    _of(
        "name",
        *_NAMES,
        split=("coalesce(birth[1:4], postal_code)", "coalesce(postal_code, city)", "street"),
        largest=SOME,
    ),
    _of("name and city", *_NAMES, "city", split=("street", "birth"), own=True),
    _of(
        "birth date",
        "birth",
        split=("least(family[1], given[1])", "greatest(family[1:2], given[1:2])", "postal_code"),
        largest=FEW,
    ),
    _of("birth date and postal code", "birth", "postal_code"),
    _of("family name and birth month", "family", "birth[1:6]", split=("given[1]",), own=True),
    _of("given name and birth month", "given", "birth[1:6]", split=("family[1]",), largest=SOME),
    _of("family name, birth year and day", "family", "birth[1:4]", "birth[7:8]", split=("given[1]",)),
    _of("given name, birth year and day", "given", "birth[1:4]", "birth[7:8]", split=("family[1]",), largest=SOME),
    _of(
        "beginnings of the name and birthday",
        "given[1]",
        "family[1]",
        "birth[5:8]",
        split=("given[2]", "family[2]"),
        largest=FEW,
    ),
    _of("beginnings of the name and birth year", "given[1:3]", "family[1:3]", "birth[1:4]"),
    _of("family name and postal code", "family", "postal_code", split=("given[1]",)),
    _of("given name and postal code", "given_key", "postal_code", split=("family[1]",), largest=SOME),
    _of("street", "street", "coalesce(postal_code[1:2], city, '')", split=("given[1]", "family[1]"), largest=FEW),
    _of("street and beginning of the name", "street", "coalesce(given[1:3], family[1:3])", split=("city",)),
    _of("street and beginning of the family name", "street", "family[1:3]", split=("city", "given[1]"), largest=SOME),
    _of(
        "house and postal code",
        "house",
        "postal_code",
        split=("least(given[1], family[1])", "greatest(given[1], family[1])"),
        largest=FEW,
    ),
    _of("family name and city", "family", "city", split=("given[1]", "street"), largest=FEW),
    _of("family name and organisation", "family", "organisation", split=("given[1]",)),
    _of("given name and organisation", "given_key", "organisation", split=("family[1]",)),
    _of("family name and place of birth", "family", "birth_place", split=("given[1]",)),
    _of("given name, place of birth and decade", "given_key", "birth_place", "birth[1:3]", split=("family[1]",)),
    _of(
        "beginnings of the name and postal code",
        "given[1:2]",
        "family[1:2]",
        "postal_area",
        split=("postal_code", "street"),
        largest=FEW,
    ),
    _of("given name and city", "given_key", "city", split=("family[1]", "birth[1:4]"), largest=FEW),
    _of(
        "mailbox",
        "mailbox",
        split=("coalesce(family[1:2], given[1:2])", "city"),
        where="length(mailbox) > 2",
        largest=FEW,
    ),
)

ORGANISATION_BLOCKS: tuple[Block, ...] = (
    _of("name", "name", split=("coalesce(postal_code, city)", "street"), largest=SOME),
    _of("words of the name", "sorted_words", split=("coalesce(postal_code, city)", "street"), largest=SOME),
    _of("name and postal code", "name", "postal_code", own=True),
    _of("name and city", "name", "city", split=("street",), own=True),
    _of("web domain", "domain", split=("name[1:4]", "city"), own=True),
    _of("address of their people", "people_point", split=("name[1:4]", "city"), own=True),
    _of("contact point", "point", split=("name[1:3]", "street"), own=True),
    _of("VAT number", "vat_id", own=True),
    _of("customer number", "customer_number", own=True),
    _of("street", "street", split=("coalesce(postal_code, city)", "name[1:3]"), largest=FEW),
    _of(
        "house and street name", "house", "street_core", split=("coalesce(postal_code, city)", "name[1:3]"), largest=FEW
    ),
    _of("house and postal code", "house", "postal_code", split=("street[1:5]", "name[1:3]"), largest=FEW),
    _of("beginning of the name and postal code", "name[1:5]", "postal_code", split=("street[1:4]",), largest=FEW),
    _of("beginning of the name and city", "name[1:6]", "city", split=("street[1:4]", "name[1:9]"), largest=FEW),
    _of(
        "house and beginning of the name",
        "house",
        "name[1:3]",
        split=("coalesce(postal_code, city)", "street[1:4]"),
        largest=FEW,
    ),
    _of("rare word and place", "rare_word", "coalesce(postal_code, city)"),
    _of("rare word", "rare_word", split=("name[1:3]",), largest=FEW),
    _of("web domain's label", "domain_label", split=("name[1:4]",), where="length(domain_label) > 4"),
)


BLOCKS = {"organisation": ORGANISATION_BLOCKS, "person": PERSON_BLOCKS}


def propose_pairs(connection: duckdb.DuckDBPyConnection, party: str, blocks: tuple[Block, ...]) -> None:
    """`<party>_pair(a, b, blocks)`, a < b, each once, with the number of blocks that propose it, and
    `<party>_oversized(block, key, records, example)`: blocks that stayed larger than `BLOCK`, by their number in
    `blocks`, with the first record key.

    Reads `<party>_stated`, and `<party>_key(id, point)` for `point`, of which a record has several. A key is a
    64-bit hash: two keys that fall together only propose pairs which the comparison then drops.
    """
    connection.execute(f"create or replace temp table {party}_proposed (a integer, b integer)")
    connection.execute(f"create table {party}_oversized (block integer, key ubigint, records bigint, example varchar)")
    for number, block in enumerate(blocks):
        _propose(connection, party, number, block)
    connection.execute(
        f"create table {party}_pair as select a, b, count(*)::integer as blocks from {party}_proposed group by a, b"
    )
    connection.execute(f"drop table {party}_proposed")


def _propose(connection: duckdb.DuckDBPyConnection, party: str, number: int, block: Block) -> None:
    connection.execute(
        f"""
        create or replace temp table member as
        with keyed as (select id, {block.key(number)} as key from {block.rows(f"{party}_stated", f"{party}_key")})
        select id, key from keyed where key in (select key from keyed group by key having count(*) > 1)
        """
    )
    for part in block.split:
        connection.execute(
            f"""
            update member set key = hash(member.key, ({part})) from {party}_stated as record
            where record.id = member.id
                and member.key in (select key from member group by key having count(*) > {block.largest})
            """
        )
    connection.execute("create or replace temp table size as select key, count(*) as records from member group by key")
    connection.execute(
        f"""
        insert into {party}_proposed
        select one.id, other.id
        from member as one join member as other using (key)
        where one.id < other.id and key in (select key from size where records between 2 and {block.largest})
        """
    )
    if block.own:
        # Ids are in the order of the record keys.
        connection.execute(
            f"""
            insert into {party}_proposed
            {with_first(f"from member where key in (select key from size where records > {block.largest})", "id")}
            """
        )
    connection.execute(
        f"""
        insert into {party}_oversized
        select {number}, key, any_value(records), min(record_key)
        from size join member using (key) join {party}_stated using (id)
        where records > {max(block.largest, BLOCK)} group by key
        """
    )
    connection.execute("drop table member; drop table size")


def with_first(members: str, order: str) -> str:
    """SQL: pairs of ids, of each key's `members` (key, id) all with the first ones in that order; each pair once."""
    return f"""
        with placed as (select *, row_number() over (partition by key order by {order}) as place {members})
        select first.id, other.id
        from placed as first join placed as other on first.key = other.key and first.place < other.place
        where first.place <= {FIRST}
    """


def oversized_blocks(connection: duckdb.DuckDBPyConnection, party: str, blocks: tuple[Block, ...]) -> Oversized:
    """The blocks of `<party>_oversized`, the largest first."""
    rows = connection.execute(
        f"select block, records, example from {party}_oversized order by records desc, block, example limit {LISTED}"
    ).fetchall()
    listed = tuple(OversizedBlock(blocks[number].shares, records, example) for number, records, example in rows)
    total = connection.execute(f"select count(*) from {party}_oversized").fetchall()[0][0]
    return Oversized(listed, int(total))
