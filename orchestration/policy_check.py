"""`concord policy check`: the policy at hand over the customers of the current publication, without a run.

What is compared, and how, is `transforms.policy_effect`; the rules are the run's own dbt models.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from connectors.publication import PublicationError, base_number, open_publication
from orchestration.dbt_project import run_models
from orchestration.settings import Settings
from transforms.policy import PolicyError, load_policy
from transforms.policy_effect import MODELS, PolicyEffect, effect, lay_publication


def check_policy(settings: Settings) -> PolicyEffect | None:
    """What the policy in `settings.policy` would move; None where there is no publication yet to compare it with.

    Nothing that a run reads or writes is touched, so it may be asked while one is at work.

    Raises:
        PolicyError: a file of the policy is wrong, or speaks of another currency than the publication.
        PublicationError: the current publication is damaged, or too old to say all that a policy looks at.
    """
    policy = load_policy(settings.policy, settings.currency)
    if base_number(settings.data) is None:
        return None
    publication = open_publication(settings.data)
    if "customer_sla" not in publication.tables:
        raise PublicationError(
            f"publication {publication.number} was made by an older Concord and has no table customer_sla, which a "
            "policy looks at; let `concord run` make another one first"
        )
    currencies = publication.scan("customer").select("currency").unique().collect()["currency"].to_list()
    if other := [currency for currency in currencies if currency != policy.reporting_currency]:
        said, counts = policy.reporting_currency, f"publication {publication.number} counts in {other[0]}"
        raise PolicyError(
            f"CONCORD_CURRENCY is {said}, but {counts}, where at_least means another amount; set {other[0]}, or let "
            "`concord run` make another publication first"
        )
    with tempfile.TemporaryDirectory(prefix=".policy-check-", dir=settings.data) as folder:
        warehouse = Path(folder) / "warehouse.duckdb"
        lay_publication(warehouse, publication.path, policy)
        run_models(warehouse, MODELS, settings.threads, settings.engine_memory)
        with duckdb.connect(warehouse, read_only=True) as con:
            return effect(con, publication.number)
