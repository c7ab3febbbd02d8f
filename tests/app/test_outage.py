"""The database goes away while messages come in: 503, the platforms try again, and nothing is lost."""

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.app.crowd import Crowd, check, nothing_stuck, taken_by, unsent
from tests.app.trip import Trip, trip, until
from tests.support.postgresql import PostgresServer

PEOPLE, AT_ONCE = 60, 5
GONE_SECONDS, LOCKED_SECONDS = 60.0, 20.0
FAST = {"limits_on": False, "retry_scale": 0.05}


async def all_is_well(there: Trip, crowd: Crowd, *filing: "asyncio.Task[None]") -> None:
    await asyncio.gather(*filing)
    await there.tg.settled()
    await there.fb.settled()
    await until(lambda: unsent(there.database_url) == 0, "everything is sent and recorded")
    await asyncio.to_thread(check, crowd, taken_by(there), 2 * (50 + 40))
    nothing_stuck(there.database_url)
    assert not there.tg.dropped
    assert not there.fb.dropped
    assert await asyncio.to_thread(there.service.status, "/readyz") == 200


async def readiness(there: Trip, until_then: float) -> Counter[int | None]:
    """What /readyz says once a second; None is no answer within 5 s."""
    seen = Counter[int | None]()
    while time.time() < until_then:
        seen[await asyncio.to_thread(there.service.status, "/readyz")] += 1
        await asyncio.sleep(1)
    return seen


def answers(there: Trip, since: float) -> Counter[int | None]:
    """How both platforms were answered since then (unix seconds)."""
    told = [(one.at, one.status) for one in there.tg.attempts] + [
        (one.at, one.status) for one in there.fb.webhook.attempts
    ]
    return Counter(status for at, status in told if at >= since)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_the_database_is_gone_for_a_minute(
    tmp_path: Path, postgresql_server: PostgresServer, postgresql_url: str
) -> None:
    async with trip(tmp_path, postgresql_url, telegram=FAST, TELEGRAM_RATE="1000", MESSENGER_RATE="40") as there:
        there.fb.webhook.retry_scale = 0.02
        crowd = Crowd(there, PEOPLE)
        filing = asyncio.create_task(crowd.file_all(AT_ONCE))
        await crowd.filed_by(2)
        await asyncio.to_thread(postgresql_server.stop, "immediate")
        since = time.time()
        newcomers = asyncio.create_task(crowd.file_all(4 * AT_ONCE))
        try:
            seen = await readiness(there, since + GONE_SECONDS)
            told = answers(there, since + 1)
            alive = await asyncio.to_thread(there.service.status, "/healthz")
        finally:
            await asyncio.to_thread(postgresql_server.start)
        assert seen[503] > 0
        assert seen[200] == 0
        assert told[503] > 8 * AT_ONCE  # each of those who began then was tried more than once
        assert told[200] == 0
        assert alive == 200
        await until(there.service.ready, "it is ready again")
        await all_is_well(there, crowd, filing, newcomers)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_somebody_else_locks_the_sqlite_file(tmp_path: Path, sqlite_url: str) -> None:
    """Longer than we are ready to wait for a lock: slow or 503, and afterwards as if nothing had been."""
    async with trip(tmp_path, sqlite_url, telegram=FAST, TELEGRAM_RATE="1000", MESSENGER_RATE="40") as there:
        there.fb.webhook.retry_scale = 0.02
        crowd = Crowd(there, PEOPLE)
        filing = asyncio.create_task(crowd.file_all(AT_ONCE))
        await crowd.filed_by(2)
        with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), timeout=60)) as other:
            other.isolation_level = None
            other.execute("BEGIN EXCLUSIVE")
            since, before = time.time(), len(there.tg.delivered) + len(there.fb.delivered)
            newcomers = asyncio.create_task(crowd.file_all(4 * AT_ONCE))
            await asyncio.sleep(LOCKED_SECONDS)
            assert set(answers(there, since + 1)) <= {503, None}
            assert len(there.tg.delivered) + len(there.fb.delivered) <= before + 2 * AT_ONCE
            other.execute("ROLLBACK")
        await all_is_well(there, crowd, filing, newcomers)
