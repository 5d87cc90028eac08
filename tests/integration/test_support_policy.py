"""A line of the support policy is edited: the check foretells whom it moves; the run moves them and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connectors.difference import diff
from connectors.manifest import read_manifest, write_manifest
from connectors.publication import PublicationError
from orchestration.policy_check import check_policy
from orchestration.settings import Settings
from tests.integration.conftest import Place
from tests.rederive.compare import compare
from transforms.policy import SHIPPED, PolicyError, load_policy
from transforms.policy_effect import Line, Move, PolicyEffect

STAMP = "2026-01-01 00:00:00"
ACCOUNTS = "\n".join(
    [
        "Id,IsDeleted,Name,SLA__c,LastModifiedDate,SystemModstamp,CreatedDate,OwnerId,ParentId",
        *(
            f"001E0000000000{number},0,{name},{sla},{STAMP},{STAMP},{STAMP},,"
            for number, (name, sla) in enumerate(
                [("Kestrel Pumps", "Gold"), ("Harbour Bakery", "Silver"), ("Tin Roof Studio", "")]
            )
        ),
    ]
)
CONTACTS = "\n".join(
    [
        "Id,IsDeleted,AccountId,FirstName,LastName,Email,AI_Consent__c,OwnerId,LastModifiedDate,SystemModstamp,CreatedDate",
        *(
            f"003E0000000000{number},0,{account},Ada,{name},{name}@{number}.example,{consent},,{STAMP},{STAMP},{STAMP}"
            for number, (name, account, consent) in enumerate(
                [
                    ("Goldsmith", "001E00000000000", "granted"),
                    ("Baker", "001E00000000001", "granted"),
                    ("Doubt", "", ""),
                    ("Never", "", "denied"),
                ]
            )
        ),
    ]
)
TOLD = {"customer_history", "customer_change", "customer_context", "customer_feature", "publication"}
"""Tables that tell of a change of customer, or of how it is served."""


def edit(place: Place, written: str, instead: str) -> None:
    """Change one line of the policy as it stands."""
    file = place.exports.parent / "policy" / "support_policy.yaml"
    file.parent.mkdir(exist_ok=True)
    text = (file if file.exists() else SHIPPED / file.name).read_text(encoding="utf-8")
    assert text.count(written) == 1
    file.write_text(text.replace(written, instead), encoding="utf-8")


def changed(place: Place) -> dict[str, int]:
    """Columns of customer that the newest publication changed; no other table says anything else than before."""
    newest = place.publication.number
    difference = diff(place.data, newest - 1, newest)
    others = {name: table for name, table in difference.tables.items() if name not in {"customer", *TOLD}}
    assert {name for name, table in others.items() if table.added or table.removed or table.changed} == set()
    return difference.columns


def check(place: Place) -> PolicyEffect:
    effect = check_policy(place.settings)
    assert effect is not None
    return effect


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root: Path = tmp_path_factory.mktemp("policy")
    place = Place(root / "exports", root / "data")
    place.put("salesforce/Account.csv", ACCOUNTS + "\n")
    place.put("salesforce/Contact.csv", CONTACTS + "\n")
    assert place.run()["publication"]["outcome"] == "published"
    return place


def test_amounts_of_another_currency_are_not_compared(published: Place) -> None:
    with pytest.raises(PolicyError, match="CONCORD_CURRENCY is USD, but publication 1 counts in EUR"):
        check_policy(published.settings.model_copy(update={"currency": "USD"}))


def test_a_publication_of_an_older_concord_is_named(published: Place, tmp_path: Path) -> None:
    shutil.copytree(published.data / "published", tmp_path / "published", symlinks=True)
    folder = tmp_path / "published" / "v000001"
    manifest = read_manifest(folder)
    earlier = {name: entry for name, entry in manifest.tables.items() if name != "customer_sla"}
    (folder / "manifest.json").chmod(0o600)
    write_manifest(folder, manifest.model_copy(update={"tables": earlier}))
    with pytest.raises(PublicationError, match="has no table customer_sla"):
        check_policy(published.settings.model_copy(update={"data": tmp_path}))


def test_a_check_needs_a_publication_only_to_compare(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", policy=tmp_path / "policy")
    assert check_policy(settings) is None
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "support_policy.yaml").write_text("tiers: []\n")
    with pytest.raises(PolicyError, match="service_levels: nothing found"):
        check_policy(settings)


def test_one_line_moves_what_the_check_foretells_and_nothing_else(published: Place) -> None:
    place = published
    as_it_is = check(place)
    assert (as_it_is.customers, as_it_is.moved, as_it_is.moves) == (7, 0, ())
    assert all(line.now == line.would for line in as_it_is.lines)

    # Three customers of whom nobody said anything, the gold one apart.
    edit(place, "consent_ai_unknown: ai", "consent_ai_unknown: human")
    effect = check(place)
    (move,) = effect.moves
    assert (move.part, move.before, move.after, move.customers) == ("route", "ai", "human", 3)
    assert Line("route", "human", "consent to AI unknown, policy says human", 0, 3) in effect.lines
    place.run()
    assert changed(place) == {"route": 3, "route_reason": 3, "publication": 3}
    rows = place.table("customer").filter(route_reason="consent to AI unknown, policy says human")
    assert tuple(rows["customer_id"].sort()) == move.examples

    # Silver becomes premium; Baker with it, as their organisation. Harbour Bakery was answered by people already.
    edit(place, "[platinum, gold]", "[platinum, gold, silver]")
    effect = check(place)
    assert effect.moved == 2
    assert [(move.part, move.before, move.after, move.customers) for move in effect.moves] == [
        ("tier", "standard", "premium", 2),
        ("route", "ai", "human", 1),
        ("minutes", "1440", "60", 2),
    ]
    assert [line for line in effect.lines if line.part == "tier"] == [
        Line("tier", "premium", "service level agreed: gold", 1, 1),
        Line("tier", "premium", "as its organisation: service level agreed: gold", 1, 1),
        Line("tier", "premium", "service level agreed: silver", 0, 1),
        Line("tier", "premium", "as its organisation: service level agreed: silver", 0, 1),
        Line("tier", "standard", "no rule of the policy holds", 5, 3),
        *(line for line in effect.lines if line.part == "tier" and line.now == line.would == 0),
    ]
    assert [line.line for line in effect.lines if line.now == line.would == 0] == [
        "service level agreed: platinum",
        "lifetime value: at least 100000.00",
    ]
    place.run()
    assert changed(place) == {
        "tier": 2,
        "tier_reason": 2,
        "sla_minutes": 2,
        "route": 1,
        "route_reason": 2,
        "publication": 2,
    }

    # Minutes move nobody's tier or route.
    edit(place, "premium: 60", "premium: 30")
    premium = tuple(place.table("customer").filter(tier="premium")["customer_id"].sort())
    assert check(place).moves == (Move("minutes", "60", "30", 4, premium[:3]),)
    assert list(place.data.glob(".policy-check-*")) == []

    # Shared tiers are a line of their own: the two firms stay premium, their people do not.
    edit(place, "premium: 30", "premium: 60")
    edit(place, "people_share_tier_of_organisation: true", "people_share_tier_of_organisation: false")
    place.run()
    assert changed(place) == dict.fromkeys(
        ("tier", "tier_reason", "sla_minutes", "route", "route_reason", "publication"), 2
    )

    # AI may serve premium customers, too: what is unknown of the two firms' consent decides now, and says the same.
    edit(place, "ai_may_serve: [standard]", "ai_may_serve: [standard, premium]")
    place.run()
    assert changed(place) == {"route_reason": 2, "publication": 2}
    assert compare(place.data, load_policy(place.settings.policy)).mismatches == ()
