"""What Telegram answers, or does not → what a send ended in, all through the emulator over HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bot.domain.delivery import Outcome, PauseChannel, Refused, RetryAt, Sent, Unknown, Unreachable
from tests.channels.telegram_bot import Chat, channel_of, chat, parcel, says
from tests.emulators.telegram import DEFAULT_TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot() -> AsyncIterator[Chat]:
    async with chat(timeout=20) as one:
        yield one


@dataclass
class Answer:
    """A scripted refusal → the outcome of sending, and of a tap's echo where that differs."""

    status: int
    description: str
    outcome: Outcome
    parameters: dict[str, Any] | None = None
    what: str = "message"

    def __str__(self) -> str:
        return f"{self.what} {self.status} {self.description[:40]}"


OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
SAME = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
ANSWERS = [
    Answer(429, "Too Many Requests: retry after 17", PauseChannel("rate", 17), {"retry_after": 17}),
    Answer(429, "Too Many Requests", PauseChannel("rate", 5)),
    Answer(403, "Forbidden: bot was blocked by the user", Unreachable("blocked")),
    Answer(403, "Forbidden: user is deactivated", Unreachable("gone")),
    Answer(403, "Forbidden: bot can't initiate conversation with a user", Unreachable("unavailable")),
    Answer(403, "Forbidden: something new", Unreachable("unavailable")),
    Answer(400, "Bad Request: chat not found", Unreachable("gone")),
    Answer(400, "Bad Request: PEER_ID_INVALID", Unreachable("gone")),
    Answer(400, "Bad Request: message is too long", Refused("Bad Request: message is too long")),
    Answer(400, "Bad Request: group chat was upgraded to a supergroup chat",
        Refused("Bad Request: group chat was upgraded to a supergroup chat"), {"migrate_to_chat_id": -1001}),
    Answer(400, OLD, Refused(OLD)),
    Answer(413, "Request Entity Too Large", Refused("Request Entity Too Large")),
    Answer(401, "Unauthorized", PauseChannel("token", 60, alarm=True)),
    Answer(404, "Not Found", PauseChannel("token", 60, alarm=True)),
    Answer(409, "Conflict: terminated by other getUpdates request", PauseChannel("conflict", 60, alarm=True)),
    Answer(500, "Internal Server Error: restart", RetryAt("http 500")),
    Answer(502, "Bad Gateway", RetryAt("http 502")),
    Answer(400, OLD, Sent(), what="ack"),
    Answer(429, "Too Many Requests: retry after 3", PauseChannel("rate", 3), {"retry_after": 3}, what="ack"),
    Answer(400, "Bad Request: chat_id is empty", Refused("Bad Request: chat_id is empty"), what="ack"),
    Answer(400, SAME, Sent(), what="edit"),
    Answer(400, "Bad Request: message to edit not found", Sent(), what="edit"),
    Answer(400, "Bad Request: message can't be edited", Sent(), what="edit"),
    Answer(400, "Bad Request: MESSAGE_ID_INVALID", Sent(), what="edit"),
    Answer(502, "Bad Gateway", RetryAt("http 502"), what="edit"),
]  # fmt: skip
BODIES = {
    "message": ("sendMessage", says("សួស្តី")),
    "ack": ("answerCallbackQuery", {"callback": "cb"}),
    "edit": ("editMessageReplyMarkup", {"message": "1", "label": "ក", "code": "a:b=c"}),
}


@pytest.mark.parametrize("row", ANSWERS, ids=str)
async def test_every_refusal_has_its_outcome(bot: Chat, row: Answer) -> None:
    method, body = BODIES[row.what]
    bot.tg.fail_next(method, row.status, row.description, row.parameters)
    assert await bot.channel.send(parcel(body, row.what)) == row.outcome


async def test_people_who_cannot_be_reached_are_told_apart(bot: Chat) -> None:
    """The emulator's own refusals, in the server's words."""
    blocker, gone, stranger = bot.tg.person(101), bot.tg.person(102), bot.tg.person(103)
    for person in (blocker, gone):
        await person.presses_start()
    await bot.arrivals(2)
    await blocker.blocks()
    await gone.deletes_account()
    await bot.arrivals()
    outcomes = [await bot.channel.send(parcel(says("ក"), to=id)) for id in (blocker.id, gone.id, stranger.id, 999)]
    assert outcomes == [Unreachable(why) for why in ("blocked", "gone", "unavailable", "gone")]


@pytest.mark.parametrize(
    ("what", "outcome"), [("message", Unknown("ServerDisconnectedError")), ("ack", Sent()), ("edit", Sent())]
)
async def test_an_answer_lost_after_the_request(bot: Chat, what: str, outcome: Outcome) -> None:
    method, body = BODIES[what]
    said = len(bot.person.heard)
    bot.tg.drop_answer_next(method)
    assert await bot.channel.send(parcel(body, what)) == outcome
    assert len(bot.person.heard) == said + (what == "message"), "it had been done all the same"


async def test_no_answer_in_time_is_unknown() -> None:
    async with chat(timeout=0.2) as bot:
        bot.tg.delay(1.0)
        assert await bot.channel.send(parcel(says("សួស្តី"))) == Unknown("TimeoutError")
        bot.tg.delay(0)


@pytest.mark.parametrize("what", ["message", "ack"])
async def test_no_connection_is_tried_again(what: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refused
        channel = channel_of(f"http://127.0.0.1:{taken.getsockname()[1]}", DEFAULT_TOKEN)
        assert await channel.send(parcel(BODIES[what][1], what)) == RetryAt("ClientConnectorError")
        await channel.close()


PROXIES = [
    (502, b"<html>nginx</html>", {}, RetryAt("http 502")),
    (429, b"slow down", {"Retry-After": "9"}, PauseChannel("rate", 9)),
    (200, b"<html>Wi-Fi login</html>", {}, Unknown("unreadable answer")),
    (200, b"[]", {}, Unknown("unreadable answer")),
    (307, b"", {"Location": "http://127.0.0.1:1/bot/steal"}, PauseChannel("redirect", 60, alarm=True)),
    (200, b'{"ok":true,"result":{"message_id":5,"of_the_future":{"x":[1]}}}', {}, Sent("5")),
]


@pytest.mark.parametrize(("status", "body", "headers", "outcome"), PROXIES)
async def test_answers_that_telegram_did_not_write(
    status: int, body: bytes, headers: dict[str, str], outcome: Outcome
) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response(status=status, body=body, headers=headers)

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    channel = channel_of(f"http://127.0.0.1:{runner.addresses[0][1]}/", DEFAULT_TOKEN)
    try:
        assert await channel.send(parcel(says("សួស្តី"))) == outcome
    finally:
        await channel.close()
        await runner.cleanup()


async def test_many_at_once_keep_apart(bot: Chat) -> None:
    people = [bot.tg.person(7000 + number) for number in range(50)]
    for person in people:
        person.started = True
    outcomes = await asyncio.gather(*(bot.channel.send(parcel(says(f"ទៅ {p.id}"), to=p.id)) for p in people))
    assert outcomes == [Sent(str(person.last.message_id)) for person in people]
    assert [person.last.text for person in people] == [f"ទៅ {person.id}" for person in people]
