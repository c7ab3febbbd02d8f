"""The live stream: who gets it, that it tells of a change, and that it ends when the server does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from sqlalchemy import Connection

from bot.console import live
from tests.console.desk import Browser, Desk, open_desk, until


@asynccontextmanager
async def listening(browser: Browser) -> AsyncIterator[aiohttp.ClientResponse]:
    async with browser.http.get("/console/live", timeout=aiohttp.ClientTimeout(total=30)) as answer:
        assert answer.content_type == "text/event-stream"
        yield answer


async def next_change(answer: aiohttp.ClientResponse) -> str:
    """The version of the next event."""
    async with asyncio.timeout(8):
        async for line in answer.content:
            if line.startswith(b"data: "):
                return line.decode().removeprefix("data: ").strip()
    raise AssertionError("the stream ended")


async def test_only_officers_listen(desk: Desk) -> None:
    async with desk.browser() as stranger:
        assert (await stranger.get("/console/live")).status == 303


async def test_a_change_is_told_to_every_open_page_and_the_page_carries_it(desk: Desk, browser: Browser) -> None:
    async with listening(browser) as one, listening(browser) as other:
        before = {await next_change(one), await next_change(other)}
        assert len(before) == 1
        assert f'data-version="{before.pop()}"' in (await browser.get("/console/complaints")).text
        code = desk.complain()
        told = {await next_change(one), await next_change(other)}
        assert len(told) == 1
        assert f'data-version="{told.copy().pop()}"' in (await browser.get("/console/complaints")).text
        await asyncio.sleep(0.01)
        desk.add(code, {"text": "មានអ្វីថ្មី"})
        assert await next_change(one) not in told


async def test_one_look_a_second_for_all(desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def counted(connection: Connection, real: Callable[[Connection], str] = live.version) -> str:
        nonlocal looks
        looks += 1
        return real(connection)

    monkeypatch.setattr(live, "version", counted)
    async with listening(browser) as one, listening(browser) as two, listening(browser) as three:
        for answer in (one, two, three):
            await next_change(answer)
        began, looks = time.monotonic(), 0
        await until(lambda: looks == 3)
        assert time.monotonic() - began > 1.8, "three that looked by themselves would have done it in one second"
    await asyncio.sleep(1.2)
    looks = 0
    await asyncio.sleep(1.5)
    assert looks == 0, "nobody listens, nobody looks"


async def test_silence_is_broken_and_a_session_that_ended_ends_the_stream(
    desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.2)
    async with listening(browser) as answer:
        async with asyncio.timeout(5):
            async for line in answer.content:
                if line.startswith(b": "):
                    break
        desk.later(minutes=61)
        async with asyncio.timeout(5):
            await answer.content.read()


async def test_open_streams_do_not_hold_up_the_end(tmp_path) -> None:  # type: ignore[no-untyped-def]  # a fixture
    async with open_desk(tmp_path) as desk, desk.browser() as browser:
        await browser.sign_in()
        async with listening(browser) as answer:
            await next_change(answer)
            desk.server.should_exit = True
            async with asyncio.timeout(4):
                await answer.content.read()
            await until(lambda: not desk.server.server_state.connections, 4)
