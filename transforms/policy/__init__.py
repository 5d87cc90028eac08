"""Policy: the business rules that people may change without touching code, read from YAML and checked.

How a rule is applied does not belong here (`transforms/dbt`, `connectors.publication`), nor do sources.yaml
(`connectors.spec`) and decisions.csv (`transforms.identity`), which lie in the same folder.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from connectors.spec import FreshWithin
from transforms.policy.mistakes import at_line, read_yaml, told
from transforms.policy.pins import Pin, PinError, read_pins
from transforms.policy.roles import Roles, mistakes
from transforms.policy.survivorship import Survivorship

SHIPPED = Path(__file__).parent

Tier = Literal["standard", "premium"]
Answerer = Literal["ai", "human"]
Share = Annotated[float, Field(ge=0, le=1)]
Value = TypeVar("Value", bound=BaseModel)

_BESIDE = {"sources.yaml"}
"""YAML files of the policy folder that others read."""


class PolicyError(ValueError):
    """A policy file that cannot be used; the message names the file, the key or row, and what was expected."""


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TierRule(Strict):
    """A customer for whom this holds gets `tier`."""

    tier: Tier
    kind: Literal["person", "organisation", "any"] = "any"
    field: Literal["sla", "plan", "lifetime_value"]
    values: tuple[str, ...] = ()
    at_least: Decimal | None = Field(default=None, ge=0, max_digits=18, decimal_places=2)
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_condition(self) -> TierRule:
        amount = self.field == "lifetime_value"
        if (self.at_least is not None) != amount or bool(self.values) == amount:
            raise ValueError("lifetime_value needs `at_least`; sla and plan need `values`")
        return self


class SupportPolicy(Strict):
    """Tiers, service levels and who answers."""

    tiers: tuple[TierRule, ...]
    people_share_tier_of_organisation: bool
    service_levels: dict[Tier, Annotated[int, Field(gt=0)]]
    ai_may_serve: tuple[Tier, ...] = ("standard",)
    """Tiers; customers of the others are answered by people."""
    consent_ai_unknown: Answerer
    agent_capacity_default: int = Field(ge=0)

    @model_validator(mode="after")
    def _a_service_level_per_tier(self) -> SupportPolicy:
        if set(self.service_levels) != {"standard", "premium"}:
            raise ValueError("service_levels needs minutes for standard and for premium")
        return self


class Gate(Strict):
    """What a publication may lose against its base; shares from 0 to 1. And how old a source may be."""

    row_count_drop: Share
    fill_rate_drop: Share
    id_churn: Share
    deleted: Share = 0.2
    fresh_within: FreshWithin = timedelta(days=7)
    """For sources of which neither `sources.yaml` nor their connector says how fresh they must be."""
    judged_from_rows: int = Field(ge=0)


def _words(cell: Any) -> Any:
    return tuple(word.strip() for word in cell.split(";") if word.strip()) if isinstance(cell, str) else cell


def _number_or_nothing(cell: Any) -> Any:
    return None if cell == "" else cell


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]


class Agent(Strict):
    """One row of agents.csv: what HR does not know of a support agent. Empty cells leave HR's word standing."""

    employee_id: str = Field(pattern=r"^[^:]+:.+$")
    """`<source>:<employee id>`."""
    languages: Words = ()
    skills: Words = ()
    capacity: Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_number_or_nothing)] = None


class Policy(Strict):
    """Everything that the business decides about a run."""

    survivorship: Survivorship
    support: SupportPolicy
    gate: Gate
    agents: tuple[Agent, ...]
    pins: tuple[Pin, ...]
    roles: Roles
    reporting_currency: str = Field(pattern=r"^[A-Z]{3}$")


def load_policy(folder: Path | None = None, reporting_currency: str = "EUR") -> Policy:
    """The shipped policy, with each file that `folder` holds in place of the shipped one; CSV files only from there.

    Raises:
        PolicyError: a file that cannot be read, a key or value that is not expected, a file of an unknown name.
    """
    _no_unknown_file(folder)
    try:
        return Policy(
            survivorship=_load(Survivorship, folder, "survivorship.yaml"),
            support=_load(SupportPolicy, folder, "support_policy.yaml"),
            gate=_load(Gate, folder, "gate.yaml"),
            roles=_load_roles(folder),
            agents=_load_agents(folder / "agents.csv") if folder and (folder / "agents.csv").exists() else (),
            pins=read_pins(folder / "pins.csv") if folder and (folder / "pins.csv").exists() else (),
            reporting_currency=reporting_currency,
        )
    except PinError as error:
        raise PolicyError(str(error)) from error
    except ValidationError as error:
        raise PolicyError(
            f"reporting currency {reporting_currency!r}: expected an ISO 4217 code such as EUR"
        ) from error


def _no_unknown_file(folder: Path | None) -> None:
    """A misspelt name would leave the shipped rules standing without a word."""
    known = {path.name for path in SHIPPED.glob("*.yaml")} | _BESIDE
    for path in sorted(folder.glob("*.y*ml")) if folder else ():
        if path.name not in known:
            raise PolicyError(f"{path}: unknown policy file; expected one of {', '.join(sorted(known))}")


def _file_of(folder: Path | None, name: str) -> Path:
    return folder / name if folder and (folder / name).exists() else SHIPPED / name


def _load(model: type[Value], folder: Path | None, name: str) -> Value:
    path = _file_of(folder, name)
    try:
        content, line_of = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PolicyError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise PolicyError(f"{path}: expected a mapping with the keys {', '.join(model.model_fields)}")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise PolicyError(told(path, error, model, line_of)) from error


def _load_roles(folder: Path | None) -> Roles:
    path, roles = _file_of(folder, "roles.yaml"), _load(Roles, folder, "roles.yaml")
    _, line_of = read_yaml(path.read_text(encoding="utf-8"))
    for place, words in mistakes(roles):
        raise PolicyError(f"{path}: line {line_of(place)}: {'.'.join(map(str, place))}: {words}")
    return roles


def _load_agents(path: Path) -> tuple[Agent, ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines, restkey="beyond the header", restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PolicyError(f"{path}: cannot be read as CSV: {error}") from error
    agents = []
    for number, row in enumerate(rows, start=2):
        try:
            agents.append(Agent.model_validate(row))
        except ValidationError as error:
            raise PolicyError(told(path, error, Agent, at_line(number))) from error
    for employee_id, count in Counter(agent.employee_id for agent in agents).items():
        if count > 1:
            raise PolicyError(f"{path}: {employee_id} stands there {count} times; keep one line per worker")
    return tuple(agents)
