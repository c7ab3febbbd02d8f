"""Both emulated platforms in one process, limits off: `python -m tests.bench.platforms PEOPLE`; it prints where."""

import asyncio
import json
import sys

import uvloop

from tests.bench.workload import APP_SECRET, FIRST_PERSON, PAGE
from tests.emulators.messenger import Limits, MessengerEmulator
from tests.emulators.telegram import TelegramEmulator


async def run(people: int) -> None:
    telegram = TelegramEmulator(limits_on=False, record=False)
    messenger = MessengerEmulator(page_id=PAGE, app_secret=APP_SECRET, limits=Limits.none(), keep_journal=False)
    async with telegram as tg, messenger as fb:
        for number in range(people):
            tg.person(FIRST_PERSON + number).started = True
            fb.person(str(FIRST_PERSON + number), wrote_ago=1)
        where = {
            "TELEGRAM_API_URL": tg.url,
            "TELEGRAM_TOKEN": tg.token,
            "MESSENGER_API_URL": fb.url,
            "MESSENGER_PAGE_ID": fb.page_id,
            "MESSENGER_PAGE_TOKEN": fb.page_token,
            "MESSENGER_APP_SECRET": fb.app_secret,
            "MESSENGER_VERIFY_TOKEN": fb.verify_token,
        }
        print(json.dumps(where), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1])))
