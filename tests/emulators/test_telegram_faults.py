"""The journal, the scripted faults, the ways parameters arrive, and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import aiohttp
import pytest

from tests.emulators.clock import Clock, TestClock
from tests.emulators.telegram import DEFAULT_TOKEN
from tests.emulators.telegram.harness import emulated, until

pytestmark = pytest.mark.asyncio


async def test_the_journal_keeps_what_was_sent_byte_for_byte() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        await tg.person(7).presses_start()
        await bot("sendMessage", chat_id=7, text="ក & <ខ>", reply_markup={"remove_keyboard": True})
        await bot("sendDocument", chat_id=7, document=("ឯកសារ.pdf", b"%PDF\r\n--x\r\n\x00\xff"))
        (said,) = tg.sent("sendmessage")
        assert said.params == {"chat_id": "7", "text": "ក & <ខ>", "reply_markup": '{"remove_keyboard": true}'}
        assert said.json("reply_markup") == {"remove_keyboard": True}
        assert said.body.startswith(b"chat_id=7&text=%E1%9E%80+%26+%3C")
        assert (said.status, said.at, said.via) == (200, clock.now(), "http")
        (sent,) = tg.sent("sendDocument")
        assert sent.files == {"document": ("ឯកសារ.pdf", b"%PDF\r\n--x\r\n\x00\xff")}
        assert [request.method for request in tg.requests] == ["sendMessage", "sendDocument"]
        assert tg.journal.counts[("sendMessage", 200)] == 1


async def test_a_short_memory() -> None:
    async with emulated(record=False, limits_on=False) as (tg, bot):
        await tg.person(7).presses_start()
        for _ in range(60):
            await bot("sendMessage", chat_id=7, text="x")
        assert len(tg.requests) == 0
        assert tg.journal.counts[("sendMessage", 200)] == 60
        assert len(tg.person(7).chat) == 50
    async with emulated(record=3) as (tg, bot):
        for _ in range(5):
            await bot("getMe")
        assert len(tg.requests) == 3


@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_parameters_from_the_query(verb: str) -> None:
    async with emulated() as (tg, bot):
        await tg.person(7).presses_start()
        answer = await bot.request(verb, f"/bot{tg.token}/SENDmessage", params={"chat_id": "7", "text": "ក ខ+"})
        assert answer.result["text"] == "ក ខ+"


async def test_parameters_from_json_and_multipart() -> None:
    async with emulated() as (tg, bot):
        await tg.person(7).presses_start()
        path = f"/bot{tg.token}/sendMessage"
        markup = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
        answer = await bot.request("POST", path, json={"chat_id": 7, "text": "ក", "reply_markup": markup, "x": None})
        assert answer.result["reply_markup"] == markup
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("chat_id", "7")
        form.add_field("text", "ក\r\nខ")
        assert (await bot.request("POST", path, data=form)).result["text"] == "ក\nខ"
        for body, kind in ((b"{", "application/json"), (b"[1]", "application/json")):
            bad = await bot.request("POST", path, data=body, headers={"Content-Type": kind})
            assert bad.error == (400, "Bad Request: can't parse JSON object")
        kind = "application/x-www-form-urlencoded"
        torn = await bot.request("POST", path, data=b"chat_id=7&text=%E1%9E", headers={"Content-Type": kind})
        assert torn.error == (400, "Bad Request: strings must be encoded in UTF-8")
        assert (await bot.request("PUT", path)).error == (404, "Not Found")


async def test_a_file_named_by_attach() -> None:
    async with emulated() as (tg, bot):
        await tg.person(7).presses_start()
        sent = await bot("sendDocument", chat_id=7, document="attach://it", it=("a.txt", b"hello"))
        assert sent.result["document"]["file_name"] == "a.txt"
        other = await bot("sendPhoto", chat_id=7, photo=sent.result["document"]["file_id"])
        assert other.error == (400, "Bad Request: can't use file of type Document as Photo")


async def test_scripted_refusals() -> None:
    async with emulated() as (tg, bot):
        await tg.person(7).presses_start()
        tg.fail_next("sendMessage", 502, "Bad Gateway", times=2)
        tg.fail_next("*", 429, "Too Many Requests: retry after 3", {"retry_after": 3})
        answers = [await bot("sendMessage", chat_id=7, text=str(n)) for n in range(4)]
        assert [answer.status for answer in answers] == [502, 502, 429, 200]
        assert answers[2].headers["Retry-After"] == "3"
        assert [message.text for message in tg.person(7).heard] == ["3"]


async def test_a_lost_answer_leaves_its_effect() -> None:
    async with emulated() as (tg, bot):
        await tg.person(7).presses_start()
        tg.drop_answer_next("sendMessage")
        with pytest.raises(aiohttp.ClientError):
            await bot("sendMessage", chat_id=7, text="x")
        assert tg.person(7).last.text == "x"
        assert (await bot("sendMessage", chat_id=7, text="y")).status == 200


async def test_slow_and_down() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        tg.delay(5)
        slow = asyncio.create_task(bot("getMe"))
        await until(lambda: clock.sleepers == 1)
        assert not slow.done()
        clock.advance(5)
        assert (await slow).status == 200
        tg.delay(0)
        tg.down = True
        with pytest.raises(aiohttp.ClientError):
            await bot("getMe")
        tg.down = False
        assert (await bot("getMe")).status == 200


async def test_clocks() -> None:
    real = Clock()
    before = real.now()
    await real.sleep(0.01)
    assert 0.005 < real.now() - before < 1
    with pytest.raises(TimeoutError):
        await real.within(0.01, real.sleep(1))
    clock = TestClock(start=100)
    woken: list[float] = []

    async def nap(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(clock.now())
        await clock.sleep(seconds)
        woken.append(clock.now())

    naps = [asyncio.create_task(nap(3)), asyncio.create_task(nap(5))]
    await asyncio.sleep(0)
    await clock.passes(20, settle=0.001)
    assert woken == [103, 105, 106, 110]
    assert clock.now() == 120
    race = asyncio.create_task(clock.within(4, clock.sleep(9)))
    await until(lambda: clock.sleepers == 2)
    assert clock.skip() == 4
    with pytest.raises(TimeoutError):
        await race
    await asyncio.gather(*naps)


async def test_the_command_line() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.telegram", "--port", "0", "--person", "5", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        url = line.split(" at ")[1].split(",")[0]
        async with aiohttp.ClientSession() as session:
            data = {"chat_id": "5", "text": "x"}
            async with session.post(f"{url}/bot{DEFAULT_TOKEN}/sendMessage", data=data) as answer:
                assert answer.status == 200
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
