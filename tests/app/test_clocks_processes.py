"""The ladder in several processes, and in some that die: nothing told twice, nothing lost, none held up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from bot.app import clocks as ladder
from bot.app.engine import Engine
from bot.app.jobs import Schedule
from bot.domain.clocks import RECEIVED
from bot.main import alive
from handlers import ROUTER
from storage.audit import AUDIT
from storage.clocks import CLOCK
from storage.notices import NOTICE
from tests.app.bureau import NOW, Bureau, Town, open_service
from tests.app.fortnight import Dying, Killed
from tests.app.trip import until


@pytest.fixture
async def bureau(tmp_path: Path, database_url: str) -> AsyncIterator[Bureau]:
    service = await open_service(database_url, tmp_path)
    made = Bureau(service)
    yield made
    service.close()


@pytest.fixture
def town(bureau: Bureau) -> Town:
    return Town(bureau)


async def tick(bureau: Bureau) -> int:
    return await ladder.tick(bureau.service)


async def test_two_processes_at_once_tell_nothing_twice(
    bureau: Bureau, town: Town, tmp_path: Path, database_url: str
) -> None:
    others = [await open_service(database_url, tmp_path) for _ in range(2)]
    for other in others:
        other.clock = bureau.service.clock
    codes = [bureau.file() for _ in range(80)]
    for hours in (2, 4, 24, 48):
        bureau.now = NOW + timedelta(hours=hours)
        moved = await asyncio.gather(*(ladder.tick(one) for one in (bureau.service, *others, bureau.service)))
        left = await tick(bureau)  # what one had while the others looked
        assert sum(moved) + left == len(codes)
    for other in others:
        other.close()
    once = select(NOTICE.c.clock_id, NOTICE.c.percent, NOTICE.c.staff_id).where(NOTICE.c.what == "step")
    rows = bureau.rows(once)
    assert len(rows) == len(set(rows)) == len(codes) * (3 + 5 + 1 + 3)
    for code in codes:
        assert len(bureau.incidents(code)) == 2
        assert len(bureau.heard(code)) == 2
    breaches = bureau.rows(select(func.count()).where(AUDIT.c.action == "breach_clock"))[0][0]
    assert breaches == 2 * len(codes)


@pytest.mark.parametrize("after", [0, 1, 30, 45])
async def test_killed_between_claim_and_commit_loses_none(
    bureau: Bureau, town: Town, database_url: str, after: int
) -> None:
    codes = [bureau.file() for _ in range(70)]
    dying, whole = Dying(database_url, after), bureau.service.db
    bureau.later(hours=4)
    bureau.service.db = dying
    with contextlib.suppress(Killed):
        await tick(bureau)
    bureau.service.db = whole
    dying.close()
    before = sum(len(bureau.incidents(code)) for code in codes)
    assert before == after
    assert await tick(bureau) == len(codes) - before
    for code in codes:
        assert len(bureau.steps(code)) == 5
        assert len(bureau.incidents(code)) == len(bureau.heard(code)) == 1
        assert bureau.row(code).officer_id == town.head


async def test_one_that_fails_holds_up_no_other(bureau: Bureau, town: Town) -> None:
    """A clock whose row makes no sense waits alone."""
    codes = [bureau.file() for _ in range(5)]
    bad = bureau.row(codes[0]).id
    bureau.later(hours=2)
    far_off = NOW.replace(year=1900)
    bureau.service.db.write_now(
        lambda c: c.execute(
            update(CLOCK).where(CLOCK.c.complaint_id == bad, CLOCK.c.kind == RECEIVED).values(step=-9, next_at=far_off)
        )
    )
    assert await tick(bureau) == 4
    assert [len(bureau.steps(code)) for code in codes] == [0, 3, 3, 3, 3]


async def test_a_clock_that_another_holds_is_left_for_the_next_look(tmp_path: Path, postgresql_url: str) -> None:
    """Where the database has rows locked one by one; SQLite has one writer."""
    bureau = Bureau(await open_service(postgresql_url, tmp_path))
    Town(bureau)
    held, free = bureau.file(), bureau.file()
    bureau.later(hours=2)
    with bureau.service.db.engine.begin() as connection:
        connection.execute(select(CLOCK.c.id).where(CLOCK.c.complaint_id == bureau.row(held).id).with_for_update())
        assert await tick(bureau) == 1
    assert (bureau.steps(held), len(bureau.steps(free))) == ([], 3)
    assert await tick(bureau) == 1
    assert len(bureau.steps(held)) == 3
    bureau.service.close()


async def test_the_schedule_ticks_where_it_has_the_lease(
    bureau: Bureau, town: Town, tmp_path: Path, database_url: str
) -> None:
    code = bureau.file()
    other = await open_service(database_url, tmp_path)
    other.clock = bureau.service.clock
    await Schedule(other).climb()
    bureau.later(hours=2)
    await Schedule(other).climb()
    assert len(bureau.steps(code)) == 3
    bureau.file()
    await Schedule(bureau.service).climb()
    other.close()
    bureau.later(hours=2)
    await Schedule(bureau.service).climb()
    assert len(bureau.incidents(code)) == 1, "another takes over once the lease is over"


async def test_in_a_running_service_clocks_climb_by_themselves(
    bureau: Bureau, town: Town, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `chumnuoy serve` and `chumnuoy worker` run it; only sooner than after fifteen seconds."""
    monkeypatch.setattr(ladder, "EVERY", 0.1)
    code = bureau.file()
    other = await open_service(database_url, tmp_path)
    other.clock = bureau.service.clock
    async with alive(other, Engine(other, ROUTER), work=True):
        for hours, percents in ((2, {50}), (3, {50, 75})):
            bureau.now = NOW + timedelta(hours=hours)
            await until(lambda: bureau.clocks(code)[0].next_at > bureau.now, "the clock goes on")
            assert {percent for _kind, percent, _who in bureau.steps(code)} == percents
