"""Every unverified fact in both positions, so that the product is seen to live with either."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any

import pytest
from aiohttp import web

from tests.emulators.clock import TestClock
from tests.emulators.telegram import CallbackQuery, Limits, Switches, TelegramEmulator
from tests.emulators.telegram.harness import Answer, Bot, Hook, emulated, until

pytestmark = pytest.mark.asyncio
Scene = Callable[[TelegramEmulator, Bot, TestClock], Awaitable[Any]]


def outcome(answer: Answer) -> Any:
    return 200 if answer.body["ok"] else answer.error


async def malformed_token(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    return outcome(await bot.request("GET", "/botnonsense/getMe"))


async def astral_text(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    return outcome(await bot("sendMessage", chat_id=1, text="😀" * 2049))


async def many_buttons(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    row = [{"text": "x", "callback_data": "x"}] * 9
    return outcome(await bot("sendMessage", chat_id=1, text="x", reply_markup={"inline_keyboard": [row]}))


async def empty_data(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    row = [{"text": "x", "callback_data": ""}]
    return outcome(await bot("sendMessage", chat_id=1, text="x", reply_markup={"inline_keyboard": [row]}))


async def plain_button(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    return outcome(await bot("sendMessage", chat_id=1, text="x", reply_markup={"inline_keyboard": [[{"text": "x"}]]}))


async def late_answer(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    await bot(
        "sendMessage", chat_id=1, text="x", reply_markup={"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}
    )
    query = await tg.person(1).taps("x")
    assert isinstance(query, CallbackQuery)
    clock.advance(16)
    return outcome(await bot("answerCallbackQuery", callback_query_id=query.id))


async def file_by_url(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    async with Hook() as hook:
        runner = web.ServerRunner(web.Server(_eleven_bytes))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/a.pdf"
        answer = await bot("sendDocument", chat_id=1, document=url)
        await runner.cleanup()
        assert hook.updates == []
        return outcome(answer)


async def _eleven_bytes(request: web.BaseRequest) -> web.Response:
    return web.Response(body=b"x" * 11)


async def bad_file_id(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    return outcome(await bot("getFile", file_id="nonsense"))


async def many_edits(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    tg.limits.hold_seconds = 0
    tg.group(-100)
    sent = (await bot("sendMessage", chat_id=-100, text="0")).result
    answers = [
        await bot("editMessageText", chat_id=-100, message_id=sent["message_id"], text=str(n)) for n in range(1, 7)
    ]
    return outcome(answers[-1])


async def burst(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    tg.limits.hold_seconds = 0
    answers = [await bot("sendMessage", chat_id=1, text="x") for _ in range(6)]
    return outcome(answers[-1])


async def redirected_webhook(tg: TelegramEmulator, bot: Bot, clock: TestClock) -> Any:
    async with Hook() as end:

        def send_on(request: web.BaseRequest, update: Any) -> web.Response:
            return web.Response(status=307, headers={"Location": end.url})

        async with Hook(send_on) as start:
            await bot("setWebhook", url=start.url, drop_pending_updates=True)
            await tg.person(1).sends("x")
            await until(lambda: len(tg.attempts) >= 1)
            return len(end.updates)


BAD = "Bad Request: "
UNALLOWED = BAD + "can't parse inline keyboard button: Text buttons are {} in the inline keyboard"
LATE = BAD + "query is too old and response timeout expired or query ID is invalid"
OTHER_ID_TEXT = "wrong file_id or the file is temporarily unavailable"
POSITIONS: list[tuple[str, Any, Scene, Any]] = [
    ("malformed_token_is_404", True, malformed_token, (404, "Not Found")),
    ("malformed_token_is_404", False, malformed_token, (401, "Unauthorized: invalid token specified")),
    ("webhook_follows_redirects", False, redirected_webhook, 0),
    ("webhook_follows_redirects", True, redirected_webhook, 1),
    ("count_utf16", False, astral_text, 200),
    ("count_utf16", True, astral_text, (400, BAD + "message is too long")),
    ("limit_inline_buttons", True, many_buttons, (400, BAD + "reply markup is too long")),
    ("limit_inline_buttons", False, many_buttons, 200),
    ("callback_answer_seconds", 15.0, late_answer, (400, LATE)),
    ("callback_answer_seconds", None, late_answer, 200),
    ("limit_upload_by_url", True, file_by_url, (400, BAD + "failed to get HTTP URL content")),
    ("limit_upload_by_url", False, file_by_url, 200),
    ("bad_file_id_text", "invalid file_id", bad_file_id, (400, BAD + "invalid file_id")),
    ("bad_file_id_text", OTHER_ID_TEXT, bad_file_id, (400, BAD + OTHER_ID_TEXT)),
    ("empty_callback_data_is_no_action", False, empty_data, (400, BAD + "BUTTON_DATA_INVALID")),
    ("empty_callback_data_is_no_action", True, empty_data, (400, UNALLOWED.format("unallowed"))),
    ("newer_text_button_error", False, plain_button, (400, UNALLOWED.format("unallowed"))),
    ("newer_text_button_error", True, plain_button, (400, UNALLOWED.format("not allowed"))),
    ("edits_are_charged", False, many_edits, 200),
    ("edits_are_charged", True, many_edits, (429, "Too Many Requests: retry after 5")),
    ("chat_burst", 5, burst, (429, "Too Many Requests: retry after 5")),
    ("chat_burst", 6, burst, 200),
]


@pytest.mark.parametrize(("name", "position", "scene", "expected"), POSITIONS)
async def test_position(name: str, position: Any, scene: Scene, expected: Any) -> None:
    clock = TestClock()
    switches = Switches(**{name: position})
    limits = Limits(url_file_bytes=10)
    async with emulated(clock=clock, switches=switches, limits=limits) as (tg, bot):
        await tg.person(1).presses_start()
        assert await scene(tg, bot, clock) == expected


async def test_every_switch_is_tested_in_two_positions_one_of_them_its_default() -> None:
    for switch in fields(Switches):
        positions = [position for name, position, _, _ in POSITIONS if name == switch.name]
        assert len(positions) == 2
        assert switch.default in positions
