"""getUpdates: offsets, limits, long polls, allowed kinds and the conflicts."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.telegram import Limits
from tests.emulators.telegram.harness import emulated, until

pytestmark = pytest.mark.asyncio

TAKEN = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"

ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


async def test_offsets_confirm_and_negative_ones_forget() -> None:
    async with emulated() as (tg, bot):
        for text in "abcde":
            await tg.person(7).sends(text)
        first = (await bot("getUpdates", limit=2)).result
        assert [update["message"]["text"] for update in first] == ["a", "b"]
        rest = (await bot("getUpdates", offset=first[-1]["update_id"] + 1)).result
        assert [update["message"]["text"] for update in rest] == ["c", "d", "e"]
        assert tg.pending == 3
        last = (await bot("getUpdates", offset=-1)).result
        assert [update["message"]["text"] for update in last] == ["e"]
        assert tg.pending == 1


async def test_a_batch_is_a_hundred_at_most_and_four_megabytes() -> None:
    async with emulated(limits=Limits(updates_bytes=2000)) as (tg, bot):
        for _ in range(120):
            await tg.person(7).sends("x" * 500)
        assert len((await bot("getUpdates", limit=1000)).result) == 2
        tg.limits.updates_bytes = 4 << 20
        assert len((await bot("getUpdates", limit=1000)).result) == 100
        assert len((await bot("getUpdates", limit=0)).result) == 100


async def test_a_long_poll_ends_with_the_first_update_or_its_timeout_of_at_most_fifty_seconds() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        poll = asyncio.create_task(bot("getUpdates", timeout=600))
        await until(lambda: clock.sleepers == 1)
        clock.advance(49)
        await asyncio.sleep(0.02)
        assert not poll.done()
        await tg.person(7).sends("x")
        assert len((await poll).result) == 1
        await bot("getUpdates", offset=tg.updates.next_id, timeout=0)
        poll = asyncio.create_task(bot("getUpdates", offset=tg.updates.next_id, timeout=600))
        await until(lambda: clock.sleepers == 1)
        clock.advance(50)
        assert (await poll).result == []


async def test_the_same_offset_again_within_three_seconds_waits_three() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (_, bot):
        assert (await bot("getUpdates", offset=5)).result == []
        poll = asyncio.create_task(bot("getUpdates", offset=5))
        await until(lambda: clock.sleepers == 1)
        clock.advance(3)
        assert (await poll).result == []


async def test_the_first_of_two_pollers_is_told_of_the_conflict() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        polls = []
        for _ in range(3):
            polls.append(asyncio.create_task(bot("getUpdates", timeout=50)))
            await until(lambda: clock.sleepers >= 1 and tg.updates._poll is not None)
            await asyncio.sleep(0.02)
        assert (await polls[0]).error == (409, TAKEN)
        assert not polls[1].done()  # a further conflict within 3 s is told only after 3 s
        clock.advance(3)
        assert (await polls[1]).error == (409, TAKEN)
        await tg.person(7).sends("x")
        assert len((await polls[2]).result) == 1


async def test_polling_and_a_webhook_exclude_each_other() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (_, bot):
        poll = asyncio.create_task(bot("getUpdates", timeout=50))
        await until(lambda: clock.sleepers == 1)
        await bot("setWebhook", url="http://127.0.0.1:9/x")
        assert (await poll).error == (409, "Conflict: terminated by setWebhook request")
        clock.advance(5)
        assert (await bot("getUpdates")).error == (409, ACTIVE)


async def test_updates_expire_after_a_day_and_callbacks_after_150_seconds() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        await tg.person(7).presses_start()
        keyboard = {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}
        await bot("sendMessage", chat_id=7, text="x", reply_markup=keyboard)
        await tg.person(7).taps("x")
        assert len((await bot("getUpdates")).result) == 2
        clock.advance(151)
        assert [*(await bot("getUpdates")).result[0]] == ["update_id", "message"]
        assert len(tg.dropped) == 1
        clock.advance(86400)
        assert tg.dropped[0] != tg.updates.next_id
        assert (await bot("getWebhookInfo")).result["pending_update_count"] == 0


async def test_allowed_kinds() -> None:
    async with emulated() as (tg, bot):
        person = tg.person(7)
        await person.presses_start()
        await bot("getUpdates", allowed_updates=["message"])
        await person.blocks()
        await person.unblocks()
        assert tg.pending == 1
        await bot("getUpdates", offset=1)  # absent keeps what was
        await person.blocks()
        await person.unblocks()
        assert tg.pending == 1
        await bot("getUpdates", offset=2, allowed_updates=[])  # empty is the default
        await person.blocks()
        assert tg.pending == 2
        assert (await bot("getUpdates")).result[1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
        assert "chat_member" not in tg.updates.allowed
