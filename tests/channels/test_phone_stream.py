"""The stream of a phone page: nothing lost, nothing late, nothing that holds up a stop."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import Connection, insert

from bot.domain.delivery import Sent, decide
from bot.web import phone_stream
from storage import outbox
from storage.outbox import OUTBOX
from tests.support.phone_app import TOKEN, PhoneApp, browser, heard, phone_app, post, the_address


@pytest.fixture
async def app(sqlite_url: str, tmp_path: Path) -> AsyncIterator[PhoneApp]:
    async with phone_app(sqlite_url, tmp_path) as running:
        yield running


async def test_a_stream_gives_what_was_said_and_goes_on_where_it_stopped(app: PhoneApp) -> None:
    async with browser(app) as session:
        assert await post(session) == 204
        ((greeting, data),) = await heard(session, 1)
        assert [choice["code"] for row in data["rows"] for choice in row] == ["language:set=km", "language:set=en"]
        assert data["language"] == "km"
        assert await post(session, "tap", code="language:set=en") == 204
        rows = await heard(session, 2, **{"last-event-id": str(greeting)})
        assert greeting not in [row for row, _data in rows]
        assert {data["language"] for _row, data in rows} == {"en"}
        assert [row for row, _data in await heard(session, 3)] == [greeting, *(row for row, _data in rows)]
        unknown = await heard(session, 3, **{"last-event-id": "999999"})
        assert [row for row, _data in unknown] == [greeting, *(row for row, _data in rows)]


async def test_an_older_row_that_is_delivered_later_is_not_lost(sqlite_url: str, tmp_path: Path) -> None:
    """A notice waits in its lane while a live reply overtakes it: its id is smaller than the stream's last."""
    async with phone_app(sqlite_url, tmp_path, sends=False) as app, browser(app) as session:
        assert await post(session) == 204
        address, now = await the_address(app), datetime.now(UTC)

        def deliver(connection: Connection, row: int, text: str) -> None:
            body = {"text": text, "rows": []}
            times = {"not_before": now, "created_at": now, "sent_at": datetime.now(UTC)}
            values = {"id": row, "address_id": address, "channel": "phone", "lane": 0, "body": body, "state": "sent"}
            rest = {"what": "message", "human": False, "why": "", "tries": 1, "holder": "", "platform_id": ""}
            connection.execute(insert(OUTBOX).values(**values, **times, **rest))

        await app.service.db.write(lambda c: deliver(c, 200, "later"))
        assert [row for row, _data in await heard(session, 1)] == [200]
        listening = asyncio.create_task(heard(session, 1, **{"last-event-id": "200"}))
        await asyncio.sleep(0.3)
        await app.service.db.write(lambda c: deliver(c, 150, "earlier"))
        assert [row for row, _data in await listening] == [150]


async def test_what_another_process_sent_is_found_without_a_ring(sqlite_url: str, tmp_path: Path) -> None:
    async with phone_app(sqlite_url, tmp_path, sends=False) as app, browser(app) as session:
        assert await post(session) == 204
        listening = asyncio.create_task(heard(session, 1))
        await asyncio.sleep(0.3)
        started = time.monotonic()

        def send(connection: Connection) -> None:
            now = datetime.now(UTC)
            (row,) = outbox.claim(connection, "phone", "elsewhere", now, 1)
            outbox.record(connection, "elsewhere", [(row.id, decide(Sent(), lane=0, tries=1, now=now), "")], now)

        await app.service.db.write(send)
        assert len(await listening) == 1
        assert time.monotonic() - started < 2.5


async def test_a_silent_stream_shows_that_it_lives_and_a_closed_one_is_forgotten(
    app: PhoneApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_stream, "HEARTBEAT", 0.5)
    async with browser(app) as session:
        async with session.get("/phone/stream") as answer:
            while b": here" not in await asyncio.wait_for(answer.content.readline(), 5):
                pass
            assert app.phone.hub.listeners == 1
        async with asyncio.timeout(5):
            while app.phone.hub.listeners:  # noqa: ASYNC110 - nobody announces a page that went away
                await asyncio.sleep(0.05)


async def test_a_stream_without_a_cookie_is_refused(app: PhoneApp) -> None:
    async with browser(app, known=False) as session, session.get("/phone/stream") as answer:
        assert answer.status == 401


async def test_open_streams_do_not_hold_up_a_stop(sqlite_url: str, tmp_path: Path) -> None:
    async with phone_app(sqlite_url, tmp_path) as app:
        session = aiohttp.ClientSession(app.url, cookies={"phone": TOKEN})
        answer = await session.get("/phone/stream")
        assert answer.status == 200
        started = time.monotonic()
    assert time.monotonic() - started < 3
    assert await answer.read(), "the stream came to its end; nobody had to break it off"
    await session.close()
