"""A complaint's whole trip on both platforms: filed in Khmer, with a voice message and a photo, answered, read."""

import asyncio
from pathlib import Path

from tests.app.trip import trip

PHOTO = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\0" * 400
VOICE = b"OggS\0\2" + b"\0" * 22 + b"\x01\x13OpusHead\1\1" + b"\0" * 400


async def test_on_telegram(tmp_path: Path, sqlite_url: str) -> None:
    async with trip(tmp_path, sqlite_url) as there:
        sokha = there.tg.person(7001, "សុខា")
        await sokha.presses_start()
        await sokha.sees("ភាសា")
        await sokha.taps("language:set=km")
        await sokha.sees("តើខ្ញុំអាចជួយអ្វីបាន?")
        for code in (
            "complaint:start",
            "complaint:group=work",
            "complaint:category=WAGE_UNPAID",
            "complaint:country=TH",
        ):
            await sokha.taps(code)
            await there.tg.settled()
            await asyncio.sleep(0.6)
        print([m.text for m in sokha.heard])
        print(there.service.log[-3000:])
