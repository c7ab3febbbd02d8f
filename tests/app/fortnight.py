"""A fortnight of the desk on a moved clock: who is there, what everybody does, and when the service is down."""

import asyncio
import heapq
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy import Connection

from bot.app.execute import execute
from bot.domain.complaints import (
    DISAGREEABLE,
    OPEN,
    REFERABLE,
    TAKEABLE,
    TRANSITIONS,
    AcknowledgeComplaint,
    AddToComplaint,
    AnswerComplaint,
    ChangeStatus,
    FileComplaint,
    ReferComplaint,
    ReopenComplaint,
)
from bot.text import reference
from storage import complaints
from storage.db import Database, Work
from tests.app.bureau import EMERGENCY, WAGES, Bureau, complaint

DAYS = 14
TICK = timedelta(minutes=5)
COUNTRIES = ("TH", "MY", "KR", "JP", "SG", "HK", "TW", "QA")
HEADLESS, EMPTY = ("JP", "QA"), ("TW",)
HOUR = 3600.0

Plan = Sequence[tuple[str, float, float]]
PLANS: Sequence[tuple[int, Plan]] = (
    (58, (("answer", 0.1, 2.5),)),
    (12, (("acknowledge", 0.1, 4.5), ("answer", 1, 48))),
    (4, ()),
    (8, (("close", 0.2, 70),)),
    (3, (("acknowledge", 0.1, 6), ("address", 1, 50), ("in_hand", 1, 30), ("answer", 1, 60))),
    (5, (("acknowledge", 0.1, 5), ("wait", 0.5, 10), ("add", 1, 50), ("answer", 0.5, 20))),
    (5, (("refer", 0.5, 20), ("acknowledge", 0.2, 7), ("answer", 2, 60))),
    (5, (("answer", 0.1, 40), ("reopen", 1, 80), ("acknowledge", 0.2, 6), ("answer", 5, 60))),
)
"""What becomes of a complaint, by its share: each act comes so many hours after the one before it (from, to)."""


class Killed(Exception):
    """The process ends here."""


class Dying(Database):
    """Its process ends before the commit after the `after`th: one write at a time, so each has a commit of its own."""

    def __init__(self, url: str, after: int) -> None:
        super().__init__(url)
        self._after, self._turn = after, asyncio.Lock()

    async def write(self, work: Work[Any]) -> Any:
        def dies(connection: Connection) -> Any:
            result = work(connection)
            if not self._after:
                raise Killed
            return result

        async with self._turn:
            result = await super().write(dies)
            self._after -= 1
            return result


@dataclass(frozen=True)
class Staffing:
    """Who serves where: `members` and `heads` by office; the national desk, and one of its role who sits elsewhere."""

    offices: Mapping[str, int]
    national: int
    members: Mapping[int, tuple[int, ...]]
    heads: Mapping[int, tuple[int, ...]]
    desk_role: tuple[int, ...]

    @property
    def everybody(self) -> set[int]:
        return {one for group in self.members.values() for one in group} | set(self.desk_role)


def settle(bureau: Bureau) -> Staffing:
    """Nine offices with forty officers; some offices have no head, one has nobody."""
    national = bureau.office("NATIONAL", "KH", kind="national")
    chief = bureau.officer("chief", "desk", [national], head=True)
    desk = [bureau.officer(f"desk-{number}", "desk", [national]) for number in range(3)]
    members: dict[int, tuple[int, ...]] = {national: (chief, *desk)}
    heads: dict[int, tuple[int, ...]] = {national: (chief,)}
    far = bureau.officer("far", "desk")
    made: dict[str, int] = {}
    for country in COUNTRIES:
        office = made[country] = bureau.office(country, country)
        crew = (
            [] if country in EMPTY else [bureau.officer(f"{country}-{number}", serves=[office]) for number in range(4)]
        )
        head = (
            [] if country in (*EMPTY, *HEADLESS) else [bureau.officer(f"{country}-head", "head", [office], head=True)]
        )
        members[office], heads[office] = (*crew, *head), tuple(head)
    extra = [bureau.officer(f"TH-more-{number}", serves=[made["TH"]]) for number in range(2)]
    members[made["TH"]] += tuple(extra)
    return Staffing(made, national, members, heads, (chief, *desk, far))


@dataclass(order=True)
class Act:
    """Somebody does something at that moment."""

    at: datetime
    number: int
    what: str = field(compare=False)
    reference: str = field(compare=False)
    command: FileComplaint | None = field(compare=False, default=None)


def agenda(chance: random.Random, begin: datetime, wanted: int) -> list[Act]:
    """Everything that everybody means to do, by time."""
    acts, numbers = list[Act](), count()
    for _ in range(wanted):
        filed = begin + timedelta(seconds=int(chance.uniform(0, DAYS * 24 * HOUR)))
        urgent, official = chance.random() < 0.1, chance.random() < 0.02
        command = complaint(
            "OFFICIAL_MISCONDUCT" if official else EMERGENCY if urgent else WAGES,
            chance.choice(COUNTRIES),
            reference=reference.make(chance.getrandbits(reference.BITS)),
            about="official" if official else "employer",
        )
        acts.append(Act(filed, next(numbers), "file", command.reference, command))
        (plan,) = chance.choices([plan for _share, plan in PLANS], [share for share, _plan in PLANS])
        at = filed
        for number, (what, least, most) in enumerate(plan):
            hours = chance.uniform(least, most)
            if urgent and not number:
                hours /= 12
            at += timedelta(seconds=int(hours * HOUR) + 1)
            acts.append(Act(at, next(numbers), what, command.reference))
    heapq.heapify(acts)
    return acts


def command_for(act: Act, connection: Connection, staffing: Staffing) -> tuple[object, str] | None:
    """What to do now, and as which worker (none: an officer); None when it makes no sense any more."""
    chance = random.Random(f"{act.reference} {act.number}")
    code = act.reference
    if act.what == "file":
        return act.command, Bureau.worker(code)
    found = complaints.find(connection, code)
    assert found is not None, "it was filed before"
    if act.what == "add":
        return AddToComplaint(code, ({"text": "មានថ្មី"},)), Bureau.worker(code)
    if act.what == "reopen":
        may = found.status in DISAGREEABLE and not found.reopened
        return (ReopenComplaint(code, ({"text": "មិនយល់ព្រម"},)), Bureau.worker(code)) if may else None
    assert found.office_id is not None
    crew = staffing.members[found.office_id] or staffing.members[staffing.national]
    who = found.officer_id or chance.choice(crew)
    moves = {"wait": "waiting", "close": "closed", "address": "addressed", "in_hand": "in_hand"}
    if act.what in moves:
        may = moves[act.what] in TRANSITIONS[found.status]
        return (ChangeStatus(code, moves[act.what], "ហេតុផល", who), "") if may else None
    if act.what == "acknowledge":
        return (AcknowledgeComplaint(code, who), "") if found.status in TAKEABLE else None
    if act.what == "answer":
        return (AnswerComplaint(code, "ចម្លើយ", who), "") if found.status in OPEN else None
    if found.status not in REFERABLE or found.about == "official":
        return None
    to = chance.choice([one for one in staffing.offices.values() if one != found.office_id])
    who = next(iter(staffing.heads[found.office_id]), staffing.heads[staffing.national][0])
    return ReferComplaint(code, to, "ធ្វើការនៅទីនោះ", who), ""


def carry_out(connection: Connection, bureau: Bureau, staffing: Staffing, acts: Sequence[Act]) -> None:
    """All of them in one transaction, each at its own moment."""
    for act in acts:
        wanted = command_for(act, connection, staffing)
        if wanted is not None:
            command, who = wanted
            execute(command, bureau.context(connection, who=who, at=act.at))


async def act_until(bureau: Bureau, staffing: Staffing, acts: list[Act], moment: datetime, earliest: datetime) -> int:
    """What is due by then happens; before `earliest` the service was down, and everybody waited. How many did."""
    due = list[Act]()
    while acts and acts[0].at <= moment:
        act = heapq.heappop(acts)
        act.at = max(act.at, earliest)
        due.append(act)
    by_officers = [act for act in due if act.number % 40 == 0 and act.what != "file"]
    for few, ends_by_hand in split(due, by_officers):
        if few:
            bureau.service.db.write_now(partial(carry_out, bureau=bureau, staffing=staffing, acts=few))
        if ends_by_hand is not None:
            bureau.now = ends_by_hand.at
            wanted = bureau.service.db.read_now(partial(command_for, ends_by_hand, staffing=staffing))
            if wanted is not None and not wanted[1]:
                await bureau.engine.command(wanted[0])
            elif wanted is not None:
                bureau.do(wanted[0], who=wanted[1])
    return len(due)


def split(due: Sequence[Act], apart: Sequence[Act]) -> Iterator[tuple[list[Act], Act | None]]:
    """The acts in their order: those that share a transaction, and the one after them that has its own."""
    together = list[Act]()
    for act in due:
        if act in apart:
            yield together, act
            together = []
        else:
            together.append(act)
    yield together, None


@dataclass
class Weather:
    """When the service is not there: at each midnight a restart, at times hours late.

    `deadly`: from each of these moments on, the first tick with several due clocks is killed in the middle.
    """

    chance: random.Random
    begin: datetime
    deadly: list[datetime] = field(default_factory=list)
    down: list[tuple[datetime, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for day in range(DAYS):
            midnight = self.begin + timedelta(days=day)
            self.deadly.append(midnight + TICK * self.chance.randrange(20, 280))
            if day and self.chance.random() < 0.6:
                length = TICK * self.chance.randrange(1, 100)
                self.down.append((midnight - length / 2, midnight + length / 2))

    def is_down(self, moment: datetime) -> bool:
        return any(begin <= moment < end for begin, end in self.down)
