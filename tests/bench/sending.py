"""How fast one process sends: `python -m tests.bench.sending CHANNEL ROWS PLATFORMS DATABASE_URL`, answered in JSON."""

import asyncio
import json
import sys
import time
from dataclasses import replace
from typing import Any

import uvloop
from sqlalchemy import Connection, func, select

from bot.app import service as root
from bot.app.deliver import Sender
from bot.domain.delivery import NOTICE
from bot.main import keep_what_is_there, make_channels
from bot.settings import Settings
from storage import outbox, people
from storage.outbox import OUTBOX, SENT
from tests.bench.workload import FIRST_PERSON
from tests.support.service import SECRET_KEYS

WORDS = "មន្ត្រីបានបើកមើលពាក្យបណ្តឹងរបស់អ្នកហើយ។ ចម្លើយនឹងមកដល់អ្នកនៅទីនេះ ក្នុងរយៈពេល ៤៨ ម៉ោង។"


async def run(channel: str, rows: int, platforms: dict[str, str], database_url: str) -> None:
    given: dict[str, Any] = {name.lower(): value for name, value in platforms.items()}
    settings = Settings(database_url=database_url, secret_keys=SECRET_KEYS, files_url="unused", **given)
    service = root.build(settings, channels=make_channels(settings))
    chosen = service.channels[channel]
    chosen.rate = replace(chosen.rate, per_second=1_000_000, reserve=0)
    now = service.clock()

    def fill(connection: Connection) -> None:
        for number in range(rows):
            here = people.enter(connection, channel, str(FIRST_PERSON + number), now)
            bodies = [{"text": f"{WORDS} {number}", "rows": [[{"code": "go:menu", "label": "ម៉ឺនុយ", "ask": ""}]]}]
            row = outbox.rows_of(address_id=here.address_id, channel=channel, lane=NOTICE, now=now, bodies=bodies)
            outbox.add(connection, row)

    await service.db.write(fill)
    sender = Sender(service, chosen)
    keep_what_is_there()  # as the service does
    began, cpu = time.perf_counter(), time.process_time()
    task = asyncio.create_task(sender.run())
    while sender.sent < rows:  # noqa: ASYNC110 - the sender has no event for a benchmark to await
        await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    recorded = service.db.read_now(
        lambda connection: connection.scalar(select(func.count()).where(OUTBOX.c.state == SENT))
    )
    print(json.dumps({"sent": sender.sent, "recorded": recorded, "seconds": seconds, "cpu": cpu}))
    await chosen.close()
    service.close()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4]))
