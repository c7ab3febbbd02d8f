"""Fourteen simulated days of restarts, downtimes and killed processes: each notice once, in time, no clock lost."""

import contextlib
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import and_, bindparam, exists, func, select

from bot.app import clocks as ladder
from bot.app.jobs import Schedule
from bot.domain import figures as shown
from bot.domain.complaints import OPEN
from storage import figures
from storage.audit import AUDIT
from storage.clocks import CLOCK
from storage.columns import Moment
from storage.complaints import COMPLAINT
from storage.incidents import INCIDENT
from storage.notices import NOTICE
from tests.app.bureau import Bureau, open_service
from tests.app.fortnight import DAYS, TICK, Dying, Killed, Staffing, Weather, act_until, agenda, settle
from tests.app.recount import Hand, Story, expected, outcome, stories

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=DAYS)

DUE = select(func.count()).where(CLOCK.c.next_at <= bindparam("now", type_=Moment))
STRANDED = select(func.count()).where(
    CLOCK.c.stopped_at.is_(None), CLOCK.c.next_at.is_(None), CLOCK.c.breached_at.is_(None)
)
OF_IT = CLOCK.c.complaint_id == COMPLAINT.c.id
WITHOUT = select(func.count()).where(
    COMPLAINT.c.status.in_(OPEN),
    ~exists().where(OF_IT, CLOCK.c.stopped_at.is_(None)),
    ~exists().where(OF_IT, CLOCK.c.kind == "addressed", CLOCK.c.stopped_at.is_not(None)),
)
"""Open, with neither a running clock nor a promise that was kept before."""


@dataclass
class Fortnight:
    """The run, and what it went through."""

    bureau: Bureau
    folder: Path
    url: str
    seed: int
    wanted: int
    staffing: Staffing = field(init=False)
    ticks: list[datetime] = field(default_factory=list)
    killed: dict[datetime, tuple[int, int]] = field(default_factory=dict)
    """At each killed tick: how many due clocks had gone on, and how many had not."""
    restarts: int = 0
    acts: int = 0

    async def run(self) -> None:
        chance, bureau = random.Random(self.seed), self.bureau
        bureau.now = BEGIN
        self.staffing = settle(bureau)
        acts, weather = agenda(chance, BEGIN, self.wanted), Weather(chance, BEGIN)
        self.urgent = {act.reference for act in acts if act.command and act.command.category == "CONFINEMENT"}
        moment, was_down = BEGIN, False
        while moment < END:
            moment += TICK
            if weather.is_down(moment):
                was_down = True
                continue
            again = was_down or moment.time() == BEGIN.time()
            if again:
                await self.restart()
            self.acts += await act_until(bureau, self.staffing, acts, moment, moment if was_down else BEGIN)
            bureau.now, was_down = moment, False
            if weather.deadly and moment >= weather.deadly[0] and (due := self.due()) > 1:
                del weather.deadly[0]
                await self.die(due, after=chance.randrange(due))
                continue
            if again:
                await Schedule(bureau.service).climb()
            else:
                await ladder.tick(bureau.service)
            self.ticks.append(moment)
            self.check(thorough=len(self.ticks) % 24 == 0)

    async def restart(self) -> None:
        """A new process, as far as the database can tell."""
        self.bureau.service.close()
        self.bureau.service = await open_service(self.url, self.folder)
        self.bureau.__post_init__()
        self.restarts += 1

    def due(self) -> int:
        return int(self.bureau.rows(DUE.params(now=self.bureau.now))[0][0])

    async def die(self, due: int, *, after: int) -> None:
        """In the middle of a tick: so many transactions are committed, and no more."""
        dying = Dying(self.url, after)
        whole, self.bureau.service.db = self.bureau.service.db, dying
        with contextlib.suppress(Killed):
            await ladder.tick(self.bureau.service)
        self.bureau.service.db = whole
        dying.close()
        left = self.due()
        self.killed[self.bureau.now] = (due - left, left)
        await self.restart()

    def check(self, *, thorough: bool) -> None:
        """No clock is lost: whatever was due has gone on, and every open complaint has a promise."""
        with self.bureau.service.db.engine.connect() as connection:
            assert connection.scalar(DUE, {"now": self.bureau.now}) == 0
            if thorough:
                assert connection.scalar(STRANDED) == 0
                assert connection.scalar(WITHOUT) == 0


SIZES = [("sqlite", 5000), ("postgresql", 400)]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("kind", "wanted"),
    [pytest.param(*one, id=one[0], marks=[pytest.mark.postgresql] if one[0] == "postgresql" else []) for one in SIZES],
)
async def test_a_fortnight(request: pytest.FixtureRequest, tmp_path: Path, kind: str, wanted: int) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    run = Fortnight(Bureau(await open_service(url, tmp_path)), tmp_path, url, seed=48, wanted=wanted)
    await run.run()
    bureau = run.bureau
    assert run.restarts >= DAYS
    assert len(run.killed) >= DAYS / 2
    assert all(left for _gone_on, left in run.killed.values())
    assert sum(gone_on > 0 for gone_on, _left in run.killed.values()) >= DAYS / 4, "ticks of which a part was committed"
    told = stories(bureau.rows(select(AUDIT).order_by(AUDIT.c.id)), run.urgent)
    assert len(told) == bureau.rows(select(func.count()).select_from(COMPLAINT))[0][0] >= wanted * 0.99
    the_clocks_are_what_the_trail_says(bureau, told)
    each_step_was_told_once_and_in_time(run, told)
    the_figures_are_what_the_trail_says(bureau, told)
    bureau.service.close()


def the_clocks_are_what_the_trail_says(bureau: Bureau, told: dict[str, Story]) -> None:
    kept = bureau.rows(
        select(COMPLAINT.c.reference, CLOCK.c.kind, CLOCK.c.started_at, CLOCK.c.due_at, CLOCK.c.stopped_at).join(
            COMPLAINT, COMPLAINT.c.id == CLOCK.c.complaint_id
        )
    )
    by_trail = [(code, hand.kind, hand.start, hand.due, hand.stop) for code, one in told.items() for hand in one.clocks]
    assert Counter(map(tuple, kept)) == Counter(by_trail)


def each_step_was_told_once_and_in_time(run: Fortnight, told: dict[str, Story]) -> None:
    """Every clock's steps at the first tick after their moment, to whom they are for, and every breach recorded."""
    heard: dict[tuple[str, str, datetime], dict[tuple[int, datetime], list[int]]] = defaultdict(
        lambda: defaultdict(list)
    )
    notices = (
        select(
            *(COMPLAINT.c.reference, CLOCK.c.kind, CLOCK.c.started_at),
            *(NOTICE.c.percent, NOTICE.c.at, NOTICE.c.staff_id),
        )
        .join(CLOCK, CLOCK.c.id == NOTICE.c.clock_id)
        .join(COMPLAINT, and_(COMPLAINT.c.id == CLOCK.c.complaint_id, COMPLAINT.c.id == NOTICE.c.complaint_id))
        .where(NOTICE.c.what == "step")
    )
    for code, kind, start, percent, at, who in run.bureau.rows(notices):
        heard[code, kind, start][percent, at].append(who)
    broken = {
        (row.reference, row.kind, row.started_at): row.opened_at
        for row in run.bureau.rows(
            select(COMPLAINT.c.reference, CLOCK.c.kind, CLOCK.c.started_at, INCIDENT.c.opened_at)
            .join(CLOCK, CLOCK.c.id == INCIDENT.c.clock_id)
            .join(COMPLAINT, COMPLAINT.c.id == INCIDENT.c.complaint_id)
        )
    }
    steps = breaches = 0
    for code, story in told.items():
        for hand in story.clocks:
            if hand.stop == hand.start:
                continue  # whoever waited out a downtime acted at one moment with others: it never ran
            key = (code, hand.kind, hand.start)
            mine, since = heard.pop(key, {}), broken.pop(key, None)
            # a killed tick may have committed this clock's step, or not: whichever, nothing is told twice or lost
            done = ({at for _percent, at in mine} | {since}) & set(run.killed)
            wanted, breach = expected(hand, sorted({*run.ticks, *done}) if done else run.ticks)
            assert sorted(mine) == sorted(wanted), (key, hand)
            assert since == breach, (key, hand)
            assert [one[1:3] for one in story.breaches].count((hand.kind, hand.start)) == (breach is not None), key
            for (percent, at), who in mine.items():
                assert sorted(who) in recipients(run.staffing, story, percent, at), (key, percent, at)
            steps, breaches = steps + len(wanted), breaches + (breach is not None)
    assert not heard
    assert not broken
    assert steps > len(told) / 2, "the fortnight was too quiet to show anything"
    assert breaches > len(told) / 25


def recipients(staffing: Staffing, story: Story, percent: int, at: datetime) -> list[list[int]]:
    """Who is to be told then, for each who had it then: two clocks of one complaint may break at one tick."""
    before = [one for one in story.holders if one[0] < at][-1:]
    found = []
    for _at, office, officer in before + [one for one in story.holders if one[0] == at]:
        assert office is not None
        desk = set(staffing.members[staffing.national])
        chosen = ({officer} if officer is not None else set(staffing.members[office])) or desk
        if percent >= 75:
            chosen = chosen | (set(staffing.heads[office]) or desk)
        if percent >= 90:
            chosen = chosen | desk
        found.append(sorted(chosen))
    return found


def the_figures_are_what_the_trail_says(bureau: Bureau, told: dict[str, Story]) -> None:
    """In time, late and running, by office: from the tables, from the page of figures, and from the trail alone."""
    by_trail = outcome(
        ((one.office, hand.kind, hand.due, hand.stop) for one in told.values() for hand in one.clocks), bureau.now
    )
    tables = select(COMPLAINT.c.office_id, CLOCK.c.kind, CLOCK.c.due_at, CLOCK.c.stopped_at).join(
        COMPLAINT, COMPLAINT.c.id == CLOCK.c.complaint_id
    )
    assert outcome((tuple(row) for row in bureau.rows(tables)), bureau.now) == by_trail
    assert min(by_trail.values()) > 0
    assert {how for _office, _kind, how in by_trail} == {"kept", "late", "running"}

    promises = bureau.service.db.read_now(lambda c: figures.promises(c, None, BEGIN, END + timedelta(days=1)))
    page: Counter[Any] = Counter()
    for line in shown.figures(promises, int(bureau.now.timestamp())).offices:
        for kind, measure in (("received", line.received), ("addressed", line.addressed)):
            page[int(line.key), kind, "kept"] += measure.kept
            page[int(line.key), kind, "late"] += measure.broken
            page[int(line.key), kind, "running"] += measure.running
    assert +page == by_trail

    incidents = bureau.rows(select(INCIDENT.c.office_id, INCIDENT.c.kind, func.count()).group_by("office_id", "kind"))
    breaches = Counter((office, kind) for one in told.values() for _at, kind, _start, office in one.breaches)
    assert {(office, kind): number for office, kind, number in incidents} == dict(breaches)


def test_the_recount_sees_what_is_wrong() -> None:
    """The yardstick itself: one clock whose notices are known by heart."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    ticks = [start + TICK * number for number in range(1, 12 * 60)]

    def at(hours: float) -> datetime:
        return start + timedelta(hours=hours)

    hand = Hand("received", start, at(4))
    assert expected(hand, ticks) == (
        [(50, at(2)), (75, at(3)), (90, at(3.6) + timedelta(minutes=4)), (100, at(4))],
        at(4),
    )
    assert expected(Hand("received", start, at(4), at(2)), ticks) == ([], None)
    assert expected(Hand("received", start, at(4), at(2.01)), ticks) == ([(50, at(2))], None)
    gap = [one for one in ticks if not at(1) < one < at(5)]
    assert expected(hand, gap) == ([(100, at(5))], at(5))
    assert expected(Hand("received", start, at(4), at(4.5)), gap) == ([], at(5))
    assert expected(Hand("received", start, at(4), at(3.9)), gap) == ([], None)
    assert expected(hand, [one for one in ticks if one < at(3.1)]) == ([(50, at(2)), (75, at(3))], None)
