"""The company's own people, one by one: who is there, whose login is whose, who stands in for whom, who can take what.

Plain Python over plain lists: chains are climbed step by step. Whose customer is whose does not belong here (`owner`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from tests.rederive.given import Given

NEWEST = "order by source, record_id, modified_at desc nulls last, observed_at desc, object"


@dataclass(frozen=True)
class Worker:
    """A worker of one HR source; `absent` says why they are not there on the logical date."""

    employee_id: str
    source: str
    number: str
    given_name: str | None
    family_name: str | None
    email: str | None
    manager: str | None
    absent: str | None
    hired_on: date | None
    rank: int
    country: str | None
    timezone: str | None
    languages: tuple[str, ...]
    skills: tuple[str, ...]

    @property
    def name(self) -> str:
        return full_name(self) or self.email or self.number


@dataclass(frozen=True)
class Login:
    """A login of one CRM or support system."""

    source: str
    user_id: str
    given_name: str | None
    family_name: str | None
    email: str | None
    number: str | None
    manager: str | None
    language: str | None
    answers_cases: bool


@dataclass(frozen=True)
class Agent:
    """A worker whom support knows, and what they can do."""

    worker: Worker
    is_support_agent: bool
    languages: tuple[str, ...]
    languages_from: str
    skills: tuple[str, ...]
    skills_from: str
    capacity: int
    capacity_from: str


def full_name(one: Worker | Login) -> str | None:
    return " ".join(part for part in (one.given_name, one.family_name) if part is not None).strip(" ") or None


def _bears(one: Worker | Login) -> str | None:
    return (full_name(one) or "").lower() or None


def _mailbox(one: Worker | Login) -> str | None:
    return one.email.lower() if one.email else None


@dataclass(frozen=True)
class Staff:
    """All workers by id, all logins by source and id, and the lines of agents.csv."""

    given: Given
    workers: dict[str, Worker]
    logins: dict[tuple[str, str], Login]

    @cached_property
    def sure(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Login -> worker and how we know, by number, else by e-mail."""
        by_number, by_mail, names = defaultdict[str, list[Worker]](list), self._mailboxes(), defaultdict(set)
        for worker in self.workers.values():
            by_number[worker.number].append(worker)
        for login in self.logins.values():
            names[login.source, _mailbox(login)].add(_bears(login))
        found = {}
        for key, login in self.logins.items():
            bearers = by_number[login.number] if login.number else []
            mailbox = _mailbox(login)
            if len(bearers) == 1:
                found[key] = (bearers[0].employee_id, "employee number")
            elif mailbox in by_mail:
                employee_id, name = by_mail[mailbox]
                shared = len(names[login.source, mailbox] - {None}) > 1
                if not shared or (name is not None and _bears(login) == name):
                    found[key] = (employee_id, "work e-mail")
        return found

    def _mailboxes(self) -> dict[str | None, tuple[str, str | None]]:
        """Work e-mail -> the one worker it is of, and the name they bear; of sources the one believed most speaks."""
        users = defaultdict[tuple[str, int, str], list[Worker]](list)
        for worker in self.workers.values():
            if mailbox := _mailbox(worker):
                users[mailbox, worker.rank, worker.source].append(worker)
        found: dict[str | None, tuple[str, str | None]] = {}
        for (mailbox, _, _), mates in sorted(users.items(), key=lambda item: item[0]):
            standing = [mate for mate in mates if mate.absent != "terminated"]
            again = len({_bears(mate) or mate.number for mate in mates}) == 1 and len(standing) <= 1
            if mailbox in found or not (len(mates) == 1 or again):
                continue
            latest = sorted(
                standing or mates, key=lambda mate: (-(mate.hired_on or date.min).toordinal(), mate.employee_id)
            )[0]
            found[mailbox] = (latest.employee_id, _bears(latest))
        return found

    @cached_property
    def known(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Login -> worker and how we know, at last by name."""
        namesakes = defaultdict[str, list[Worker]](list)
        for worker in self.workers.values():
            if name := _bears(worker):
                namesakes[name].append(worker)
        found = dict(self.sure)
        for key, login in self.logins.items():
            if key in found:
                continue
            leader = self.sure.get((login.source, login.manager)) if login.manager else None
            mates = namesakes.get(_bears(login) or "", [])
            if leader:
                mates = [mate for mate in mates if leader[0] in self.above(mate)]
            if len(mates) == 1:
                found[key] = (mates[0].employee_id, "name within the team" if leader else "full name")
        return found

    def above(self, worker: Worker) -> list[str]:
        """Everybody above, nearest first, until HR names nobody, somebody it does not list, or the same again."""
        chain, next_up = list[str](), worker.manager
        while next_up and next_up not in chain:
            chain.append(next_up)
            next_up = self.workers[next_up].manager if next_up in self.workers else None
        return chain

    def there(self, employee_id: str | None) -> bool:
        return employee_id in self.workers and self.workers[employee_id].absent is None

    def stand_in(self, employee_id: str | None) -> str | None:
        """The nearest manager who is there."""
        worker = self.workers.get(employee_id or "")
        return next((one for one in self.above(worker) if self.there(one)), None) if worker else None

    def stand_in_by_crm(self, login: Login | None) -> str | None:
        """Whoever is there for the nearest of the managers' logins that leads to anybody."""
        seen = set[str]()
        while login and login.manager and login.manager not in seen:
            seen.add(login.manager)
            login = self.logins.get((login.source, login.manager))
            if login:
                worker, _ = self.known.get((login.source, login.user_id), (None, ""))
                reached = worker if self.there(worker) else self.stand_in(worker)
                if reached:
                    return reached
        return None

    @cached_property
    def agents(self) -> dict[str, Agent]:
        """Workers whom support knows, by id: who has a login or a line in agents.csv, and everybody above."""
        listed = {agent.employee_id: agent for agent in self.given.policy.agents}
        logins = defaultdict[str, list[Login]](list)
        for key, (employee_id, _) in self.known.items():
            logins[employee_id].append(self.logins[key])
        known = [self.workers[one] for one in {*logins, *listed} if one in self.workers]
        everybody = {one.employee_id for one in known} | {
            above for one in known for above in self.above(one) if above in self.workers
        }
        found = {}
        for employee_id in sorted(everybody):
            worker, line = self.workers[employee_id], listed.get(employee_id)
            spoken = tuple(sorted({login.language for login in logins[employee_id] if login.language}))
            languages = _first(agents_csv=line.languages if line else (), hr=worker.languages, crm=spoken)
            skills = _first(agents_csv=line.skills if line else (), hr=worker.skills)
            answers = line is not None or any(login.answers_cases for login in logins[employee_id])
            told = line.capacity if line else None
            if not answers:
                capacity, capacity_from = 0, "not a support agent"
            elif told is not None:
                capacity, capacity_from = told, "agents.csv"
            else:
                capacity, capacity_from = self.given.policy.support.agent_capacity_default, "policy"
            found[employee_id] = Agent(worker, answers, *languages, *skills, capacity, capacity_from)
        return found


def _first(**said: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """The first that says anything, with where it is from."""
    for origin, words in said.items():
        if words:
            return tuple(words), origin.replace("_", ".")
    return (), "nowhere"


def read(given: Given) -> Staff:
    """Workers and logins, each as its newest record has it."""
    workers = given.con.sql(
        f"""
        select one.*, coalesce(sources.rank, 1_000_000) as rank from (
            select distinct on (source, record_id) * from employee {NEWEST}
        ) as one left join sources using (source)
        """
    ).pl()
    logins = given.con.sql(f"select distinct on (source, record_id) * from crm_user {NEWEST}").pl()
    return Staff(
        given,
        {one.employee_id: one for one in (_worker(row, given.as_of) for row in workers.iter_rows(named=True))},
        {(one.source, one.user_id): one for one in (_login(row) for row in logins.iter_rows(named=True))},
    )


def _worker(said: dict[str, Any], today: date) -> Worker:
    hired, ended = said["hired_on"], said["terminated_on"]
    if ended and hired and ended < hired:  # the end of an earlier employment
        ended = None
    absent = None
    if hired and hired > today:
        absent = "not hired yet"
    elif (ended and ended <= today) or (said["status"] == "terminated" and not ended):
        absent = "terminated"
    elif said["status"] == "leave":
        absent = "on leave"
    elif said["status"] == "unknown":
        absent = "of unknown status"
    manager = said["manager_employee_id"]
    return Worker(
        employee_id=f"{said['source']}:{said['record_id']}",
        source=said["source"],
        number=said["record_id"],
        given_name=said["given_name"],
        family_name=said["family_name"],
        email=said["email"],
        manager=manager and f"{said['source']}:{manager}",
        absent=absent,
        hired_on=hired,
        rank=said["rank"],
        country=said["country"],
        timezone=said["timezone"],
        languages=tuple(one for one in said["languages"] or () if one),
        skills=tuple(one for one in said["skills"] or () if one),
    )


def _login(said: dict[str, Any]) -> Login:
    return Login(
        source=said["source"],
        user_id=said["record_id"],
        given_name=said["given_name"],
        family_name=said["family_name"],
        email=said["email"],
        number=said["employee_number"],
        manager=said["manager_user_id"],
        language=said["language"],
        answers_cases=bool(said["active"] and said["support_agent"]),
    )
