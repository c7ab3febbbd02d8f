"""A file's bytes: only from Telegram's own host, in small pieces, and every way it may fail."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.channels.base import FetchLater, FetchRefused
from bot.channels.telegram import PIECE, Telegram
from tests.channels.telegram_bot import Chat, channel_of, chat
from tests.emulators.telegram import DEFAULT_TOKEN


async def taken(bot: Chat, source: Any) -> bytes:
    pieces = [piece async for piece in bot.channel.fetch(source)]
    assert all(0 < len(piece) <= PIECE for piece in pieces)
    return b"".join(pieces)


async def source_of_a_file(bot: Chat, content: bytes = b"%PDF-1.7", size: int | None = None) -> Any:
    await bot.person.sends_document(content, "កុងត្រា.pdf", "application/pdf", size=size)
    return (await bot.arrival()).files[0].source


@pytest.mark.parametrize("size", [1, PIECE, 5 * PIECE + 7])
async def test_a_file_is_taken_whole(size: int) -> None:
    async with chat() as bot:
        content = bytes(number % 251 for number in range(size))
        source = json.loads(json.dumps(dict(await source_of_a_file(bot, content))))
        assert await taken(bot, source) == content
        assert await taken(bot, source) == content, "the id lasts"


async def test_what_can_never_be_taken() -> None:
    async with chat() as bot:
        big = await source_of_a_file(bot, size=(20 << 20) + 1)
        with pytest.raises(FetchRefused, match="too_big"):
            await taken(bot, big)
        with pytest.raises(FetchRefused, match="gone"):
            await taken(bot, {"file_id": "no such file"})
        expired = await source_of_a_file(bot)
        bot.tg.limits.file_link_seconds = -1
        with pytest.raises(FetchRefused, match="gone"):
            await taken(bot, expired)


@pytest.mark.parametrize(
    ("status", "description"),
    [
        (429, "Too Many Requests: retry after 2"),
        (502, "Bad Gateway"),
        (401, "Unauthorized"),
        (404, "Not Found"),
        (400, "Bad Request: wrong file_id or the file is temporarily unavailable"),
    ],
)
async def test_what_may_be_taken_later(status: int, description: str) -> None:
    async with chat() as bot:
        source = await source_of_a_file(bot)
        bot.tg.fail_next("getFile", status, description)
        with pytest.raises(FetchLater):
            await taken(bot, source)
        assert await taken(bot, source) == b"%PDF-1.7"


async def test_no_telegram_at_all() -> None:
    async with chat() as bot:
        source = await source_of_a_file(bot)
        bot.tg.down = True
        with pytest.raises(FetchLater):
            await taken(bot, source)
        bot.tg.down = False
        bot.tg.drop_answer_next("getFile")
        with pytest.raises(FetchLater):
            await taken(bot, source)


Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def server(file: Answer) -> AsyncIterator[tuple[Telegram, list[str]]]:
    """A channel whose server says a file is at the path that is its id, and answers for it with `file`.

    The list is what the server was asked for, in order.
    """
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        if not request.path.endswith("/getFile"):
            return await file(request)
        named = (await request.json())["file_id"]
        return web.json_response({"ok": True, "result": {"file_id": "f", "file_path": named}})

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    channel = channel_of(f"http://127.0.0.1:{runner.addresses[0][1]}", DEFAULT_TOKEN)
    try:
        yield channel, asked
    finally:
        await channel.close()
        await runner.cleanup()


async def fetched(channel: Telegram, path: str) -> bytes:
    return b"".join([piece async for piece in channel.fetch({"file_id": path})])


async def a_page(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=b"foreign")


PATHS = [
    "http://127.0.0.1/x", "//127.0.0.1/x", "../../x", "a/../../x", "a/./x", "/etc/passwd", "@127.0.0.1/x", "a?b", "a#b",
    "a%2f..", "a b", "ឯកសារ", "{token}", "a\\b", "a\n",
]  # fmt: skip


async def test_no_path_leads_to_another_place() -> None:
    async with server(a_page) as (channel, asked):
        for path in PATHS:
            with pytest.raises(FetchRefused, match="host"):
                await fetched(channel, path)
        with pytest.raises(FetchRefused, match="gone"):
            await fetched(channel, "")
        assert set(asked) == {f"/bot{DEFAULT_TOKEN}/getFile"}
        assert await fetched(channel, "photos/file_0.jpg") == b"foreign"


async def test_a_redirect_is_not_followed() -> None:
    async def elsewhere(request: web.BaseRequest) -> web.StreamResponse:
        raise web.HTTPFound("/stolen")  # seen here if it were followed, whatever the host

    async with server(elsewhere) as (channel, asked):
        with pytest.raises(FetchRefused, match="host"):
            await fetched(channel, "documents/file_1.pdf")
        assert asked[1:] == [f"/file/bot{DEFAULT_TOKEN}/documents/file_1.pdf"]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_file_server_is_asked_later(status: int) -> None:
    async def busy(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status)

    async with server(busy) as (channel, _):
        with pytest.raises(FetchLater, match=f"http {status}"):
            await fetched(channel, "a.jpg")


async def test_half_a_file_is_no_file() -> None:
    async def breaks_off(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "100000"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return answer

    async with server(breaks_off) as (channel, _):
        with pytest.raises(FetchLater) as caught:
            await fetched(channel, "a.jpg")
        assert DEFAULT_TOKEN not in str(caught.value)
        assert caught.value.__suppress_context__, "what it followed from may hold the token"
