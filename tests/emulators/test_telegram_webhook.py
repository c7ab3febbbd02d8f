"""Webhook delivery: order, parallel queues, the retry schedule, expiry, duplicates and calls in the answer."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import pytest
from aiohttp import web

from tests.emulators.clock import TestClock
from tests.emulators.telegram.harness import Hook, emulated, until

pytestmark = pytest.mark.asyncio

KEYBOARD = {"inline_keyboard": [[{"text": "យល់ព្រម", "callback_data": "yes"}]]}


def always(status: int, **headers: str) -> Any:
    def react(request: web.BaseRequest, update: Any) -> web.Response:
        return web.Response(status=status, headers=headers)

    return react


async def test_each_delivery_is_one_json_update_with_the_secret() -> None:
    async with emulated() as (tg, bot), Hook() as hook:
        await bot("setWebhook", url=hook.url, secret_token="s3cret_-")
        person = tg.person(7, first_name="ស្រីមុំ")
        await person.presses_start("job-12")
        await person.sends("សួស្តី")
        await tg.settled()
        assert [update["message"]["text"] for update in hook.updates] == ["/start job-12", "សួស្តី"]
        assert hook.updates[0]["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
        for headers in hook.headers:
            assert headers["X-Telegram-Bot-Api-Secret-Token"] == "s3cret_-"
            assert headers["Content-Type"] == "application/json"
        assert sorted(tg.delivered) == hook.ids
        assert hook.ids == sorted(hook.ids)
        assert (tg.pending, tg.dropped) == (0, [])


async def test_the_body_is_ascii_with_escapes() -> None:
    bodies: list[bytes] = []
    async with emulated() as (tg, bot):

        async def note(request: web.BaseRequest) -> web.Response:
            bodies.append(await request.content.read())
            return web.Response()

        runner = web.ServerRunner(web.Server(note))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await bot("setWebhook", url=f"http://127.0.0.1:{runner.addresses[0][1]}/")
        await tg.person(7).sends("ក😀")
        await tg.settled()
        await runner.cleanup()
    assert b"\\u1780\\ud83d\\ude00" in bodies[0]
    assert bodies[0].isascii()


async def test_order_inside_a_chat_and_none_across_chats() -> None:
    async with emulated(seed=3) as (tg, bot), Hook() as hook:
        for number in range(20):
            for user_id in range(1, 11):
                await tg.person(user_id).sends(str(number))
        await bot("setWebhook", url=hook.url, max_connections=4)
        await tg.settled()
        assert hook.ids != sorted(hook.ids)
        for user_id in range(1, 11):
            mine = [u["message"]["text"] for u in hook.updates if u["message"]["chat"]["id"] == user_id]
            assert mine == [str(number) for number in range(20)]


async def test_a_stuck_chat_holds_only_itself_and_connections_are_bounded() -> None:
    release = asyncio.Event()
    running = most = 0

    async def react(request: web.BaseRequest, update: Any) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if update["message"]["chat"]["id"] == 1:
            await release.wait()
        await asyncio.sleep(0.005)
        running -= 1
        return web.Response()

    async with emulated() as (tg, bot), Hook(react) as hook:
        await bot("setWebhook", url=hook.url, max_connections=3)
        for text in ("a", "b"):
            for user_id in range(1, 9):
                await tg.person(user_id).sends(text)
        await until(lambda: len(tg.delivered) == 14)
        assert tg.pending == 2
        assert len([u for u in hook.updates if u["message"]["chat"]["id"] == 1]) == 1
        assert most == 3
        release.set()
        await tg.settled()


async def test_the_retry_schedule_and_giving_up_after_a_day() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot), Hook(always(500)) as hook:
        await bot("setWebhook", url=hook.url)
        await tg.person(7).sends("x")
        for tries in range(2, 22):
            await until(lambda tries=tries: len(tg.attempts) == tries and clock.sleepers == 1)  # type: ignore[misc]
            clock.skip()
        await until(lambda: len(tg.attempts) == 22 and clock.sleepers == 1)
        gaps = [round(later.at - first.at) for first, later in itertools.pairwise(tg.attempts)]
        assert gaps[:6] == [0, 2, 4, 8, 16, 32]
        assert all(60 <= gap <= 120 for gap in gaps[6:])
        assert len(set(gaps[7:])) > 1
        assert tg.pending == 1
        info = (await bot("getWebhookInfo")).result
        assert info["pending_update_count"] == 1
        assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
        clock.advance(86400)
        await tg.settled()
        assert tg.dropped == [hook.ids[0]]


async def test_a_callback_is_given_up_after_150_seconds() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot), Hook(always(502)) as hook:
        await tg.person(7).presses_start()
        await bot("sendMessage", chat_id=7, text="x", reply_markup=KEYBOARD)
        await bot("deleteWebhook", drop_pending_updates=True)
        await bot("setWebhook", url=hook.url)
        await tg.person(7).taps("yes")
        for tries in range(2, 8):
            await until(lambda tries=tries: len(tg.attempts) == tries and clock.sleepers == 1)  # type: ignore[misc]
            clock.skip()
        await until(lambda: len(tg.attempts) == 8)  # at 0, 0, 2, 6, 14, 30, 62 and about 125 s: the next is too late
        await tg.settled()
        assert tg.dropped == [hook.ids[0]]


async def test_retry_after_is_honoured() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot), Hook(always(503, **{"Retry-After": "40"})) as hook:
        await bot("setWebhook", url=hook.url)
        await tg.person(7).sends("x")
        await until(lambda: len(tg.attempts) == 1 and clock.sleepers == 1)
        clock.advance(39)
        await asyncio.sleep(0.02)
        assert len(hook.updates) == 1
        hook.react = None
        clock.advance(1)
        await tg.settled()
        assert len(hook.updates) == 2


async def test_a_minute_without_an_answer_is_a_failure() -> None:
    clock = TestClock()
    forever = asyncio.Event()

    async def silence(request: web.BaseRequest, update: Any) -> web.Response:
        await forever.wait()
        return web.Response()

    async with emulated(clock=clock) as (tg, bot), Hook(silence) as hook:
        await bot("setWebhook", url=hook.url)
        await tg.person(7).sends("x")
        await until(lambda: hook.updates)
        hook.react = None
        clock.advance(60)
        await tg.settled()
        assert hook.ids == [hook.ids[0]] * 2
        forever.set()


async def test_a_dead_service_is_tried_until_it_is_back() -> None:
    """The real clock, compressed: what a test that kills the service relies on."""
    async with emulated(retry_scale=0.01) as (tg, bot):
        async with Hook() as hook:
            await bot("setWebhook", url=hook.url)
            port = int(hook.url.split(":")[2].split("/")[0])
            await tg.person(7).sends("before")
            await tg.settled()
        await tg.person(7).sends("while away")
        await tg.person(8).sends("while away too")
        await until(lambda: len(tg.attempts) >= 8)
        assert tg.pending == 2
        came_back = Hook()
        runner = web.ServerRunner(web.Server(came_back._handle), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        started = time.monotonic()
        await tg.settled()
        assert time.monotonic() - started < 3
        assert sorted(u["message"]["text"] for u in came_back.updates) == ["while away", "while away too"]
        await runner.cleanup()


async def test_duplicates_carry_the_same_update_id() -> None:
    async with emulated() as (tg, bot), Hook() as hook:
        tg.deliver_copies(3)
        await bot("setWebhook", url=hook.url)
        await tg.person(7).sends("a")
        await tg.person(7).sends("b")
        await tg.settled()
        first, second = sorted(set(hook.ids))
        assert hook.ids == [first] * 3 + [second] * 3


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_any_2xx_is_success(status: int) -> None:
    async with emulated() as (tg, bot), Hook(always(status)) as hook:
        await bot("setWebhook", url=hook.url)
        await tg.person(7).sends("x")
        await tg.settled()
        assert len(hook.updates) == 1


@pytest.mark.parametrize(("method", "runs"), [("sendMessage", True), ("getMe", False), ("deleteWebhook", False)])
async def test_a_method_in_the_answer_is_done_unless_it_reads_or_ends_the_webhook(method: str, runs: bool) -> None:
    def react(request: web.BaseRequest, update: Any) -> web.Response:
        return web.json_response({"method": method, "chat_id": 7, "text": "ចម្លើយ", "reply_markup": KEYBOARD})

    async with emulated() as (tg, bot), Hook(react) as hook:
        await bot("setWebhook", url=hook.url)
        person = tg.person(7)
        await person.sends("x")
        await tg.settled()
        if runs:
            said = await person.sees("ចម្លើយ")
            assert said.buttons == [["យល់ព្រម"]]
            assert tg.sent(method)[0].via == "webhook"
        else:
            await asyncio.sleep(0.02)
            assert tg.sent(method) == []
            assert tg.webhook.target is not None


async def test_gone_for_23_hours_closes_the_webhook() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot), Hook(always(410)) as hook:
        await bot("setWebhook", url=hook.url)
        await tg.person(7).sends("x")
        await until(lambda: len(tg.attempts) == 2 and clock.sleepers == 1)
        clock.advance(22 * 3600)
        await until(lambda: len(tg.attempts) == 3 and clock.sleepers == 1)
        assert tg.webhook.target is not None
        clock.advance(2 * 3600 - 60)
        await until(lambda: tg.webhook.target is None)
        assert (await bot("getWebhookInfo")).result["url"] == ""


async def test_user_info_in_the_url_becomes_basic_auth() -> None:
    async with emulated() as (tg, bot), Hook() as hook:
        await bot("setWebhook", url=hook.url.replace("//", "//bot:word@"))
        await tg.person(7).sends("x")
        await tg.settled()
        assert hook.headers[0]["Authorization"] == "Basic Ym90OndvcmQ="
        assert "X-Telegram-Bot-Api-Secret-Token" not in hook.headers[0]


async def test_webhook_settings() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot), Hook() as hook:
        await tg.person(7).sends("x")
        assert (await bot("deleteWebhook")).body["description"] == "Webhook is already deleted"
        url = "https://93.184.216.34:8443/x"
        options = {"url": url, "max_connections": 50, "allowed_updates": ["message", "nonsense"]}
        assert (await bot("setWebhook", **options)).body["description"] == "Webhook was set"
        again = await bot("setWebhook", **options)
        assert again.error == (429, "Too Many Requests: retry after 1")
        assert again.headers["Retry-After"] == "1"
        clock.advance(1)
        assert (await bot("setWebhook", **options)).body["description"] == "Webhook is already set"
        info = (await bot("getWebhookInfo")).result
        assert {name: info[name] for name in ("url", "max_connections", "ip_address", "allowed_updates")} == {
            "url": url, "max_connections": 50, "ip_address": "93.184.216.34", "allowed_updates": ["message"],
        }  # fmt: skip
        assert info["pending_update_count"] == 1
        clock.advance(1)
        await bot("setWebhook", url=hook.url, drop_pending_updates=True)
        assert tg.pending == 0
        assert (await bot("deleteWebhook")).body["description"] == "Webhook was deleted"
