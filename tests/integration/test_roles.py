"""What a role's database holds of a whole run on a sample: its own columns, no raw contact point, ids that resolve."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from connectors.files import remove
from connectors.publication import Publication, PublicationError, open_publication
from connectors.sample import write_sample
from connectors.verification import verify
from tests.integration.conftest import Place
from transforms.policy import SHIPPED, load_policy

ROLES = load_policy().roles.root


@pytest.fixture(scope="module")
def ran(new_place: Callable[[Path | None], Place], tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A sample with contact points also where none are expected: in names, streets and subjects."""
    sample = tmp_path_factory.mktemp("sample")
    write_sample(sample, 600, 7)
    place = new_place(sample / "exports")
    place.put(
        "zendesk@extra/users.json",
        '{"users": [{"id": 10000000000001, "name": "Call +49 (171) 555-0199", "email": "lone.wolf@den.example", '
        '"role": "end-user", "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z"}], "count": 1}',
    )
    place.put(
        "zendesk@extra/tickets.json",
        '{"tickets": [{"id": 1, "subject": "Ring 0171 / 555 0199 or write lone.wolf@den.example", "status": "open", '
        '"requester_id": 10000000000001, "created_at": "2026-06-01T00:00:00Z", "updated_at": "2026-06-01T00:00:00Z"}], '
        '"count": 1}',
    )
    assert place.run()["publication"]["outcome"] == "published"
    return place


def cells(publication: Publication) -> Iterator[str]:
    """Every value of every table of a database, as text: of JSON, lists and numbers, too."""
    with publication.connect() as con:
        for table in publication.tables:
            for row in con.execute(f"select columns(*)::varchar from {table}").fetchall():
                yield from (cell for cell in row if cell is not None)


def raw_contact_points(place: Place) -> set[str]:
    """Every e-mail and phone number in any writing: as landed, as cleaned, of customers and of workers. What has fewer
    than six digits (an extension, a stand-in) is found in anything."""
    found: set[str] = set()
    for file in [*(place.data / "landed").rglob("*.parquet"), *(place.data / "records").rglob("*.parquet")]:
        frame = pl.read_parquet(file)
        for name in frame.columns:
            if frame[name].dtype == pl.String:
                texts = frame[name].drop_nulls().unique().to_list()
                found.update(m for text in texts for m in re.findall(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", text))
                if re.search(r"phone|mobile|fax|landline", name, re.IGNORECASE):
                    found.update(text for text in texts if re.search(r"(?:\d\D*){6}", text))
    return {text.strip() for text in found}


def test_no_raw_contact_point_is_found_in_the_ai_models_database(ran: Place) -> None:
    raw = raw_contact_points(ran)
    assert len([text for text in raw if "@" in text]) > 100
    assert len([text for text in raw if "@" not in text]) > 100
    masked = open_publication(ran.data, role="ai_support")
    everything = "\n".join(cells(masked)).lower()
    assert {text for text in raw if text.lower() in everything} == set()
    digits = re.sub(r"[^\d\n]", "", everything)
    numbers = {re.sub(r"\D", "", text) for text in raw if "@" not in text}
    assert {number for number in numbers if len(number) >= 9 and number in digits} == set()
    on_disk = masked.database.read_bytes().lower()
    assert {text for text in raw if text.lower().encode() in on_disk} == set()
    assert "[e-mail]" in everything
    assert "[number]" in everything
    # the same search finds them where they may be seen
    shown = "\n".join(cells(open_publication(ran.data, role="human_agent"))).lower()
    assert sum(text.lower() in shown for text in raw) > 100


@pytest.mark.parametrize("role", ROLES)
def test_a_role_holds_what_its_list_names_and_nothing_else(ran: Place, role: str) -> None:
    publication = open_publication(ran.data, role=role)
    with duckdb.connect(publication.database, read_only=True) as con:
        found = con.execute(
            "select table_name, list(column_name) from duckdb_columns() where not internal group by 1"
        ).fetchall()
        assert con.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)
    named = {table: set(columns) for table, columns in ROLES[role].tables.items()}
    named["customer_context"] = {"customer_id", "role", "context"}
    assert {table: set(columns) for table, columns in found} == named
    documents = publication.table("customer_context")
    assert documents["role"].unique().to_list() == [role]
    keys = {key for text in documents["context"] for key in pl.Series([text]).str.json_decode(infer_schema_length=1)[0]}
    assert keys <= {*ROLES[role].context, "customer_id", "publication", "oldest_source_at", "shortened"}
    assert documents["customer_id"].to_list() == ran.table("customer")["customer_id"].to_list()
    assert documents.select(pl.col("context").str.len_bytes().max()).item() <= 2000


@pytest.mark.parametrize("role", ROLES)
def test_the_ids_of_a_role_resolve_within_its_database(ran: Place, role: str) -> None:
    with open_publication(ran.data, role=role).connect() as con:
        for column in ("customer_id", "organisation_id"):
            told = f"select {column} as id from customer where {column} is not null"
            assert con.execute(f"select count(*) from ({told}) anti join customer_alias using (id)").fetchone() == (0,)


def test_role_databases_are_in_the_manifest_and_verified(ran: Place, tmp_path: Path) -> None:
    publication = open_publication(ran.data)
    assert set(publication.manifest.roles) == set(ROLES)
    assert {f"roles/{role}/concord.duckdb" for role in ROLES} <= set(publication.manifest.files)
    assert verify(ran.data) == []
    file = open_publication(ran.data, role="analytics").database
    whole = file.read_bytes()
    file.parent.chmod(0o700)
    remove(file)
    assert verify(ran.data) == ["roles/analytics/concord.duckdb is missing"]
    file.write_bytes(whole)
    assert verify(ran.data) == []


def test_a_role_that_is_not_there_is_said_with_those_that_are(ran: Place) -> None:
    with pytest.raises(
        PublicationError, match=r"no role 'ai'; roles\.yaml gave it: ai_support, analytics, human_agent"
    ):
        open_publication(ran.data, role="ai")
    with pytest.raises(PublicationError, match="no table 'identity_edge' for the role ai_support; it has "):
        open_publication(ran.data, role="ai_support").scan("identity_edge")


def test_a_changed_list_is_published_though_no_row_changed(ran: Place) -> None:
    policy = ran.exports.parent / "policy" / "roles.yaml"
    policy.parent.mkdir(exist_ok=True)
    shipped = (SHIPPED / "roles.yaml").read_text(encoding="utf-8")
    policy.write_text(
        shipped.replace("support_agent: [employee_id, name, active,", "support_agent: [employee_id, active,")
    )
    assert ran.run()["publication"]["outcome"] == "published"
    publication = open_publication(ran.data, role="ai_support")
    assert publication.number == 2
    assert "name" not in publication.table("support_agent").columns
    assert open_publication(ran.data).table("customer_change").height == 0
    assert ran.run()["publication"]["outcome"] == "unchanged"
