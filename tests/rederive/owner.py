"""Who looks after a customer: whom its record names, else who did until now, a manager, an agent, or nobody."""

from __future__ import annotations

from collections import Counter, defaultdict

import polars as pl

from tests.rederive.given import Given
from tests.rederive.survivorship import Group, rank
from tests.rederive.workers import Staff, read
from transforms.sql import quoted

Asked = tuple[str, str | None, str | None, str, str | None]
"""customer_id, the source and the login that its winning record names, status, language."""
Answer = tuple[str, str | None, str]
"""customer_id, owner_employee_id, owner_reason."""


def derive(given: Given) -> None:
    """`derived_owner` and `derived_support_agent`; needs what survived and `derived_whole`."""
    con, staff = given.con, read(given)
    rank(given, "owner", Group("owner_user_id", {}), given.policy.survivorship.owner)
    asked: list[Asked] = con.execute(
        """
        select customer_id, ranked.source, ranked.owner_user_id, w.status, s.language
        from derived_whole as w join derived_survivorship as s using (customer_id)
        left join (from ranked where place = 1) as ranked using (customer_id) order by customer_id
        """
    ).fetchall()
    state = given.state("owner_assignment")
    until_now = dict(con.execute(f"select * exclude (since) from {quoted(state)}").fetchall()) if state else {}
    owners = _owners(staff, asked, until_now)
    frame = pl.DataFrame(
        owners,
        schema={"customer_id": pl.String, "owner_employee_id": pl.String, "owner_reason": pl.String},
        orient="row",
    )
    given.put("derived_owner", frame)
    _agents(given, staff, Counter(owner for _, owner, _ in owners))


def _owners(staff: Staff, asked: list[Asked], until_now: dict[str, str]) -> list[Answer]:
    found, waiting, load = list[Answer](), list[tuple[str, str | None, str]](), Counter[str]()
    for customer, source, user, status, language in asked:
        if source is None or user is None:
            found.append((customer, None, "queue: no record names an owner"))
            continue
        worker, known_by = staff.known.get((source, user), (None, ""))
        if worker is not None and staff.there(worker):
            found.append((customer, worker, f"owner in {source}, known by {known_by}"))
            load[worker] += 1
            continue
        because = (
            f"{worker} is {staff.workers[worker].absent}" if worker else f"login {user} of {source} is no known worker"
        )
        manager = staff.stand_in(worker) or staff.stand_in_by_crm(staff.logins.get((source, user)))
        before = until_now.get(customer)
        owner = before if before in staff.agents and staff.there(before) else manager
        if owner is not None:
            found.append((customer, owner, _reason(staff, owner, manager, because)))
            load[owner] += 1
        elif status == "closed":
            found.append((customer, None, f"queue: closed, and {because}"))
        else:
            waiting.append((customer, language.split("-")[0].lower() if language else None, because))
    shared = _share(staff, [(customer, language) for customer, language, _ in waiting], load)
    for customer, _, because in waiting:
        owner = shared.get(customer)
        found.append((customer, owner, _reason(staff, owner, None, because)))
    return found


def _reason(staff: Staff, owner: str | None, manager: str | None, because: str) -> str:
    if owner is None:
        return f"queue: {because}, and no agent with the language has spare capacity"
    if owner == manager:
        return f"nearest active manager: {because}"
    if staff.agents[owner].is_support_agent:
        return f"support agent: {because}"
    return f"owner until now: {because}"


def _share(staff: Staff, waiting: list[tuple[str, str | None]], load: Counter[str]) -> dict[str, str]:
    """Customers, in the order of their ids, to agents with a place who speak their language, in proportion to places.

    The language with the least room goes first; customers of no known language last, to anybody.
    """
    spare = {
        one: max(agent.capacity - load[one], 0)
        for one, agent in staff.agents.items()
        if agent.is_support_agent and staff.there(one)
    }
    speakers = defaultdict[str | None, list[str]](list)
    for one in sorted(spare):
        for language in {tag.split("-")[0].lower() for tag in staff.agents[one].languages}:
            speakers[language].append(one)
        speakers[None].append(one)
    queues = defaultdict[str | None, list[str]](list)
    for customer, language in sorted(waiting, key=lambda one: one[0]):
        queues[language].append(customer)
    room = {language: sum(spare[one] for one in speakers[language]) for language in queues}
    given: dict[str, str] = {}
    for language in sorted(queues, key=lambda one: (one is None, room[one], one or "")):
        queue, places = queues[language], [spare[one] for one in speakers[language]]
        served, passed, done = min(len(queue), sum(places)), 0, 0
        for one, place in zip(speakers[language], places, strict=True):
            passed += place
            up_to = served * passed // sum(places) if sum(places) else 0
            given |= dict.fromkeys(queue[done:up_to], one)
            spare[one] -= up_to - done
            done = up_to
    return given


def _agents(given: Given, staff: Staff, assigned: Counter[str | None]) -> None:
    rows = [
        {
            "employee_id": employee_id,
            "name": agent.worker.name,
            "active": agent.worker.absent is None,
            "manager_employee_id": agent.worker.manager,
            "languages": list(agent.languages),
            "skills": list(agent.skills),
            "country": agent.worker.country,
            "timezone": agent.worker.timezone,
            "capacity": agent.capacity,
            "assigned": assigned[employee_id],
            "languages_from": agent.languages_from,
            "skills_from": agent.skills_from,
            "capacity_from": agent.capacity_from,
        }
        for employee_id, agent in staff.agents.items()
    ]
    shape = given.con.table("published_support_agent").pl().schema
    given.put("derived_support_agent", pl.DataFrame(rows, schema=shape))
