"""Rate windows under a clock moved by hand: silent holds, refusals beyond 8 s, groups, uploads, paid broadcast."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.telegram import Limits, TelegramEmulator
from tests.emulators.telegram.harness import Answer, Bot, emulated, until
from tests.emulators.telegram.rates import earliest

pytestmark = pytest.mark.asyncio


async def everyone(tg: TelegramEmulator, count: int) -> None:
    for user_id in range(1, count + 1):
        await tg.person(user_id).presses_start()


def ask(bot: Bot, count: int, **params: Any) -> list[asyncio.Task[Answer]]:
    return [asyncio.create_task(bot("sendMessage", text="x", **{"chat_id": n, **params})) for n in range(1, count + 1)]


def answered(tasks: list[asyncio.Task[Answer]]) -> int:
    return sum(task.done() for task in tasks)


async def test_thirty_a_second_then_held_then_refused() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        await everyone(tg, 280)
        tasks = ask(bot, 280)
        await until(lambda: answered(tasks) == 30 + 10)
        refused = [task.result() for task in tasks if task.done() and task.result().status != 200]
        assert len(refused) == 10  # 270 is thirty now and thirty in each of eight seconds
        for answer in refused:
            assert answer.error == (429, "Too Many Requests: retry after 9")
            assert answer.body["parameters"] == {"retry_after": 9}
            assert answer.headers["Retry-After"] == "9"
        for second in range(1, 9):
            clock.advance(1)
            await until(lambda second=second: answered(tasks) == 40 + 30 * second)  # type: ignore[misc]
        assert sum(task.result().status == 200 for task in tasks) == 270
        clock.advance(1)
        assert (await bot("sendMessage", chat_id=280, text="x")).status == 200


async def test_the_window_slides() -> None:
    clock = TestClock()
    async with emulated(clock=clock, limits=Limits(hold_seconds=0)) as (tg, bot):
        await everyone(tg, 40)
        await asyncio.gather(*ask(bot, 15))
        clock.advance(0.5)
        await asyncio.gather(*(bot("sendMessage", chat_id=n, text="x") for n in range(16, 31)))
        clock.advance(0.4)
        assert (await bot("sendMessage", chat_id=31, text="x")).status == 429
        clock.advance(0.1)
        late = await asyncio.gather(*(bot("sendMessage", chat_id=n, text="x") for n in range(16, 32)))
        assert sorted(answer.status for answer in late) == [200] * 15 + [429]


async def test_a_group_gets_twenty_a_minute_and_edits_are_free() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        tg.group(-100)
        for _ in range(20):
            sent = await bot("sendMessage", chat_id=-100, text="x")
            assert sent.status == 200
            clock.advance(1)
        refused = await bot("sendMessage", chat_id=-100, text="x")
        assert refused.error == (429, "Too Many Requests: retry after 40")
        clock.advance(25)
        assert (await bot("sendMessage", chat_id=-100, text="x")).error[1].endswith("retry after 15")
        edit = await bot("editMessageText", chat_id=-100, message_id=sent.result["message_id"], text="y")
        assert edit.status == 200
        clock.advance(7)
        held = asyncio.create_task(bot("sendMessage", chat_id=-100, text="x"))
        await until(lambda: clock.sleepers == 1)
        clock.advance(8)
        assert (await held).status == 200


async def test_one_person_may_get_a_burst_but_not_a_stream() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        await everyone(tg, 1)
        tasks = [asyncio.create_task(bot("sendMessage", chat_id=1, text=str(n))) for n in range(12)]
        await until(lambda: answered(tasks) == 5 + 2)
        assert sorted(task.result().status for task in tasks if task.done()) == [200] * 5 + [429] * 2
        clock.advance(5)
        await asyncio.gather(*tasks)
        clock.advance(5)
        for _ in range(20):
            clock.advance(1)
            assert (await bot("sendMessage", chat_id=1, text="x")).status == 200


async def test_paid_broadcast_goes_faster() -> None:
    clock = TestClock()
    async with emulated(clock=clock, paid_broadcast=True, limits=Limits(hold_seconds=0)) as (tg, bot):
        await everyone(tg, 100)
        answers = await asyncio.gather(*ask(bot, 100, allow_paid_broadcast=True))
        assert {answer.status for answer in answers} == {200}


async def test_a_channel_post_costs_one_send() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        channel = tg.group(-1001, kind="channel", username="chumnuoy", bot_is="administrator")
        sent = await bot("sendMessage", chat_id="@chumnuoy", text="ប្រកាស")
        assert sent.result["sender_chat"]["id"] == channel.id
        keyboard = await bot("sendMessage", chat_id=-1001, text="x", reply_markup={"keyboard": [["x"]]})
        assert keyboard.error == (400, "Bad Request: inline keyboard expected")


async def test_big_uploads_of_one_size_are_spaced_and_a_backlog_is_refused() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        await everyone(tg, 30)
        file = b"x" * 100_001
        tasks = [asyncio.create_task(bot("sendDocument", chat_id=n, document=file)) for n in range(1, 31)]
        await until(lambda: clock.sleepers == 29 and answered(tasks) == 1)
        clock.advance(3)
        await until(lambda: any(task.result().status == 429 for task in tasks if task.done()))
        clock.advance(5)
        answers = await asyncio.gather(*tasks)
        refused = [answer for answer in answers if answer.status != 200]
        assert 10 < len(refused) < 28
        assert {answer.error for answer in refused} == {(429, "Too Many Requests: retry after 60")}
        assert all(task.done() for task in tasks)


async def test_a_chat_with_too_much_unsent_is_refused_after_three_seconds() -> None:
    clock = TestClock()
    async with emulated(clock=clock, limits=Limits(unsent_per_chat=2)) as (tg, bot):
        await everyone(tg, 1)
        tasks = [asyncio.create_task(bot("sendMessage", chat_id=1, text="x")) for _ in range(8)]
        await until(lambda: clock.sleepers == 3)
        clock.advance(3)
        await until(lambda: answered(tasks) == 6)
        assert [task.result().error for task in tasks if task.done() and task.result().status != 200] == [
            (429, "Too Many Requests: retry after 60")
        ]
        clock.advance(5)
        await asyncio.gather(*tasks)


async def test_no_limits_when_told_so() -> None:
    async with emulated(limits_on=False) as (tg, bot):
        await everyone(tg, 1)
        answers = await asyncio.gather(*(bot("sendMessage", chat_id=1, text="x") for _ in range(40)))
        assert {answer.status for answer in answers} == {200}


async def test_promised_sends_never_overfill_a_window() -> None:
    chance = random.Random(5)
    for _ in range(200):
        limit, times = chance.randint(1, 5), list[float]()
        for _ in range(25):
            times.append(earliest(times, limit, 1.0, chance.uniform(0, 6)))
            times.sort()
        assert all(later - first > 1 - 1e-5 for first, later in zip(times, times[limit:], strict=False))
