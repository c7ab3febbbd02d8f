"""What the platform, or something on the way to it, answers to a send → the outcome, over HTTP."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientTimeout, web

from bot.domain.delivery import Outcome, PauseChannel, Refused, RetryAt, Sent, Unknown, Unreachable
from tests.channels.messenger_page import PSID, Page, channel_of, page


@pytest.fixture
async def here() -> AsyncIterator[Page]:
    async with page() as one:
        yield one


@dataclass
class Answer:
    """One refusal of the platform, and the outcome it must end in."""

    code: int
    subcode: int | None
    outcome: Outcome
    message: str | None = None
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.code}/{self.subcode}"


RATE = PauseChannel("rate", 60)
DENIED = PauseChannel("permission", 300, alarm=True)
RESTRICTED = PauseChannel("restricted", 3600, alarm=True)
WINDOW, GONE, UNAVAILABLE = Unreachable("window"), Unreachable("gone"), Unreachable("unavailable")
CLOSED = "(#10) This message is sent outside of allowed window. Learn more"

ANSWERS = [
    Answer(1, None, RetryAt("unknown")),
    Answer(1, 99, RetryAt("unknown")),
    Answer(2, None, RetryAt("temporary")),
    Answer(2, None, RetryAt("temporary"), status=500),
    Answer(1200, None, RetryAt("temporary")),
    Answer(4, None, RATE),
    Answer(17, None, RATE),
    Answer(32, None, RATE),
    Answer(613, None, RATE),
    Answer(613, 2534040, RATE),
    Answer(613, None, RATE, status=429),
    Answer(80001, None, RATE),
    Answer(80006, None, RATE),
    Answer(80099, None, RATE),
    Answer(80100, None, Refused("graph 80100")),
    Answer(613, 2018338, PauseChannel("abuse", 3600, alarm=True)),
    Answer(10, 1893063, RESTRICTED),
    Answer(368, None, RESTRICTED),
    Answer(190, None, PauseChannel("token", 60, alarm=True)),
    Answer(190, 463, PauseChannel("token", 60, alarm=True), status=401),
    Answer(10, None, DENIED),
    Answer(10, None, DENIED, status=403),
    Answer(200, None, DENIED),
    Answer(200, 2018028, DENIED),
    Answer(10, 2018278, WINDOW),
    Answer(10, 2018278, WINDOW, status=403),
    Answer(10, 2534022, WINDOW),
    Answer(10, 2018065, WINDOW),
    Answer(10, None, WINDOW, message=CLOSED),  # the subcode may be missing; the words tell
    Answer(10, 2018108, UNAVAILABLE),
    Answer(551, None, UNAVAILABLE),
    Answer(551, 1545041, UNAVAILABLE),
    Answer(200, 1545041, UNAVAILABLE),
    Answer(100, 2018001, GONE),
    Answer(100, None, GONE, message="(#100) No matching user found"),
    Answer(100, 33, GONE),
    Answer(10, 2018300, RetryAt("thread", 300)),
    Answer(2018300, None, RetryAt("thread", 300)),
    Answer(2018321, None, RetryAt("thread", 300)),
    Answer(100, 1893061, Refused("dead message tag (100/1893061)")),
    Answer(100, 2018014, Refused("message beside a sender action (100/2018014)")),
    Answer(100, None, Refused("graph 100"), message="(#100) Length of param message[text] must be less than 2000"),
    Answer(100, 2018416, Refused("graph 100/2018416")),
    Answer(10, 1234567, Refused("graph 10/1234567")),  # unknown trouble of one message must not stop the Page
    Answer(194, None, Refused("graph 194")),
    Answer(194, None, RetryAt("HTTP 503"), status=503),
    Answer(100, None, PauseChannel("appsecret_proof", 300, alarm=True), message="Invalid appsecret_proof provided"),
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
async def test_each_refusal_has_its_outcome(here: Page, answer: Answer) -> None:
    here.fb.fail_next(answer.code, answer.subcode, answer.message, answer.status)
    assert await here.channel.send(here.parcel()) == answer.outcome
    assert isinstance(await here.channel.send(here.parcel(row=2)), Sent), "the fault is over"


async def test_a_wrong_page_id_is_our_fault_and_nobody_elses(here: Page) -> None:
    channel = channel_of(here.fb, page_id="104500000000009")
    assert await channel.send(here.parcel()) == PauseChannel("page", 300, alarm=True)
    assert here.asked[0].answer["error"]["error_subcode"] == 33
    await channel.close()


SETTINGS: list[tuple[dict[str, Any], Outcome]] = [
    ({"page_token": "another"}, PauseChannel("token", 60, alarm=True)),
    ({"app_secret": "another"}, PauseChannel("appsecret_proof", 300, alarm=True)),
]


@pytest.mark.parametrize(("given", "outcome"), SETTINGS)
async def test_a_wrong_secret_stops_the_channel_and_raises_the_alarm(
    here: Page, given: dict[str, str], outcome: Outcome
) -> None:
    channel = channel_of(here.fb, **given)
    assert await channel.send(here.parcel()) == outcome
    await channel.close()


LIVES: list[tuple[str, Callable[[Page], object], Outcome]] = [
    ("blocked", lambda here: setattr(here.fb.person(PSID), "blocked", True), UNAVAILABLE),
    ("away", lambda here: setattr(here.fb.person(PSID), "unavailable", True), UNAVAILABLE),
    ("another app's", lambda here: here.fb.takes_thread(here.fb.person(PSID)), RetryAt("thread", 300)),
    ("not live", lambda here: setattr(here.fb, "app_live", False), DENIED),
    ("unknown", lambda here: here.fb.persons.pop(PSID), GONE),
    ("silent", lambda here: setattr(here.fb.person(PSID), "last_at", here.clock.now() - 90_000), WINDOW),
]


@pytest.mark.parametrize(("name", "happens", "outcome"), LIVES)
async def test_what_the_platform_knows_better(
    here: Page, name: str, happens: Callable[[Page], object], outcome: Outcome
) -> None:
    happens(here)
    assert await here.channel.send(here.parcel()) == outcome, name


async def test_pauses_for_the_rate_grow_until_something_is_taken(here: Page) -> None:
    async def refused() -> Outcome:
        here.fb.fail_next(613)
        return await here.channel.send(here.parcel())

    assert await refused() == PauseChannel("rate", 60)
    here.clock.advance(20)
    assert await refused() == PauseChannel("rate", 40), "many in flight are refused at once: one pause"
    assert isinstance(await here.channel.send(here.parcel()), Sent), "on its way before the pause"
    for seconds in (120, 240, 480, 960, 1920, 3600, 3600):
        here.clock.advance(3600)
        assert await refused() == PauseChannel("rate", seconds)
    here.clock.advance(3600)
    here.fb.person(PSID, wrote_ago=60)
    assert isinstance(await here.channel.send(here.parcel()), Sent)
    assert await refused() == PauseChannel("rate", 60)


@pytest.mark.parametrize("subcode", [2018008, 2018047, 2018294, 2018109, 2018074])
async def test_a_file_that_is_not_taken_is_tried_once_more_as_a_mere_file(here: Page, subcode: int) -> None:
    photo = here.parcel({"file": "f1", "kind": "photo"}, content=b"GIF89a", mime="image/gif")
    here.fb.fail_next(100, subcode, times=2)
    assert await here.channel.send(photo) == RetryAt("media")
    outcome = await here.channel.send(photo)
    assert isinstance(outcome, Refused)
    assert outcome.why.startswith(f"media (HTTP 400, graph 100/{subcode}, trace A")
    here.fb.fail_next(100, subcode)
    assert await here.channel.send(photo) == RetryAt("media"), "another day, another try"
    assert isinstance(await here.channel.send(photo), Sent)
    shown = [b'"type":"image"' in one.body for one in here.asked]
    assert shown == [True, False, True, False]


async def test_lost_answers_and_no_connection(here: Page) -> None:
    here.fb.drop_answer_next()
    assert isinstance(await here.channel.send(here.parcel()), Unknown)
    assert len(here.fb.sent(PSID)) == 1, "it did arrive"
    here.fb.down = True
    assert isinstance(await here.channel.send(here.parcel()), Unknown)
    here.fb.down = False
    nobody = channel_of(here.fb, api_url="http://127.0.0.1:1")
    assert await nobody.send(here.parcel()) == RetryAt("connect")
    await nobody.close()


async def test_an_answer_that_takes_too_long(here: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.messenger.WHOLE", ClientTimeout(total=0.2))
    here.fb.delay(5)
    assert await here.channel.send(here.parcel()) == Unknown("TimeoutError")


IN_THE_WAY: list[tuple[int, bytes, Outcome]] = [
    (500, b"<html>", RetryAt("HTTP 500")),
    (502, b"", RetryAt("HTTP 502")),
    (503, b'{"error":{"message":"x","code":2}}', RetryAt("temporary")),
    (408, b"", RetryAt("HTTP 408")),
    (413, b"", Refused("HTTP 413")),
    (429, b"slow down", PauseChannel("rate", 60)),
    (404, b"<html>", PauseChannel("HTTP 404", 300, alarm=True)),
    (302, b"", PauseChannel("HTTP 302", 300, alarm=True)),
    (403, b'{"error":"text"}', PauseChannel("HTTP 403", 300, alarm=True)),
    (400, b'{"error":{"code":"10","message":7}}', PauseChannel("HTTP 400", 300, alarm=True)),
    (200, b"<html>", Unknown("an answer without a message id")),
    (200, b'{"recipient_id":"6"}', Unknown("an answer without a message id")),
    (200, b'{"message_id":7}', Unknown("an answer without a message id")),
    (200, b'{"error":{"code":551}}', UNAVAILABLE),
    (200, b'{"message_id":"m_1","recipient_id":"6"}', Sent("m_1")),
]


@pytest.mark.parametrize(("status", "body", "outcome"), IN_THE_WAY)
async def test_what_something_on_the_way_may_answer(here: Page, status: int, body: bytes, outcome: Outcome) -> None:
    async def handle(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, body=body, headers={"Location": here.fb.url} if status == 302 else None)

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    channel = channel_of(here.fb, api_url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    assert await channel.send(here.parcel()) == outcome
    await channel.close()
    await runner.cleanup()


async def test_nothing_secret_is_logged(here: Page, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for code, message in ((190, "Invalid token PAGE-TOKEN"), (10, None), (100, f"(#100) សួស្តី {PSID}"), (613, None)):
        here.fb.fail_next(code, message=message)
        await here.channel.send(here.parcel())
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("bot.")]
    assert len(ours) == 4
    assert all(one.startswith("messenger: HTTP 400, graph ") for one in ours)
    for secret in (here.fb.page_token, here.fb.app_secret, PSID, "សួស្តី"):
        assert not any(secret in one for one in ours)
