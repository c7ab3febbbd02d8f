"""The service is killed five times while 2,000 complaints come in: nothing is lost, filed twice or stuck."""

import asyncio
import logging
from pathlib import Path

import pytest

from tests.app.crowd import Crowd, check, flying, nothing_stuck, taken_by, unsent
from tests.app.trip import trip, until

log = logging.getLogger(__name__)

COMPLAINTS, KILLS, AT_ONCE = 2000, 5, 60


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_five_kills_while_2000_complaints_come_in(tmp_path: Path, database_url: str) -> None:
    fast = {"limits_on": False, "retry_scale": 0.05}
    async with trip(tmp_path, database_url, telegram=fast, TELEGRAM_RATE="1000", MESSENGER_RATE="40") as there:
        there.fb.webhook.retry_scale = 0.02
        crowd, in_flight = Crowd(there, COMPLAINTS), 0
        filing = asyncio.create_task(crowd.file_all(AT_ONCE))
        for kill in range(1, KILLS + 1):
            waiting = asyncio.create_task(crowd.filed_by(COMPLAINTS * (2 * kill - 1) // (2 * KILLS)))
            await asyncio.wait({waiting, filing}, return_when=asyncio.FIRST_COMPLETED)
            if filing.done():
                filing.result()
            await asyncio.to_thread(there.service.kill9)
            lost = await asyncio.to_thread(flying, database_url)
            log.info("kill %s after %s complaints with %s rows in flight", kill, crowd.filed, lost)
            in_flight += lost
            await there.start()
        await filing
        await there.tg.settled()
        await there.fb.settled()
        await until(lambda: unsent(database_url) == 0, "everything is sent and recorded")
        twice = await asyncio.to_thread(check, crowd, taken_by(there), in_flight)
        log.info("%s messages came twice, at most %s might have", twice, in_flight)
        nothing_stuck(database_url)
        assert not there.tg.dropped
        assert not there.fb.dropped
