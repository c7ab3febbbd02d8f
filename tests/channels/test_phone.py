"""The phone channel and what its page calls: who is who, what is taken once, what is refused, what is streamed."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bot.app.engine import Engine
from bot.channels.base import Arrival, FetchRefused, Forbidden, Malformed, Parcel
from bot.channels.phone import Hub, Phone
from bot.dialog.events import Contact, Event, Located, Started, Tapped, Typed, Unreadable
from bot.domain.delivery import Sent
from storage.inbox import INBOX
from storage.people import ADDRESS
from tests.support.phone_app import TOKEN, PhoneApp, browser, count, heard, phone_app, post, upload

PERSON = hashlib.sha256(TOKEN.encode()).hexdigest()
HEADERS = {"cookie": f"phone={TOKEN}"}
ID = "0b3f8f0e-6a54-4f0e-8f0e-1f6f9f3c2b11"


def parse(**said: Any) -> Arrival:
    (arrival,) = Phone().parse(json.dumps({"id": ID, **said}).encode(), HEADERS)
    return arrival


@pytest.fixture
async def app(sqlite_url: str, tmp_path: Path) -> AsyncIterator[PhoneApp]:
    async with phone_app(sqlite_url, tmp_path) as running:
        yield running


# --- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ({"kind": "text", "text": " ខ្ញុំ\u200bត្រូវការ "}, Typed("ខ្ញុំត្រូវការ")),
        ({"kind": "text", "text": "\u200b"}, Unreadable("empty")),
        ({"kind": "tap", "code": "complaint:country=TH"}, Tapped("complaint:country=TH")),
        ({"kind": "place", "latitude": 13.75, "longitude": -100}, Located(13.75, -100.0)),
        ({"kind": "contact", "phone": "+855 12 345 678"}, Contact("+855 12 345 678")),
        ({"kind": "start"}, Started()),
    ],
)
def test_what_a_page_says_is_read(said: dict[str, Any], event: Event) -> None:
    arrival = parse(**said)
    assert arrival.events == (event,)
    assert (arrival.event_id, arrival.external_id) == (f"{PERSON}:{ID}", PERSON)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 60_000,
        json.dumps({"id": ID}).encode(),
        json.dumps({"id": ID, "kind": "text"}).encode(),
        json.dumps({"id": ID, "kind": "text", "text": ["x"]}).encode(),
        json.dumps({"id": "1", "kind": "start"}).encode(),
        json.dumps({"id": ID, "kind": "tap", "code": "ខ្មែរ"}).encode(),
        json.dumps({"id": ID, "kind": "tap", "code": "x" * 65}).encode(),
        json.dumps({"id": ID, "kind": "place", "latitude": 91, "longitude": 0}).encode(),
        json.dumps({"id": ID, "kind": "place", "latitude": float("nan"), "longitude": 0}).encode(),
        json.dumps({"id": ID, "kind": "place", "latitude": 10**400, "longitude": 0}).encode(),
        json.dumps({"id": ID, "kind": "place", "latitude": True, "longitude": 0}).encode(),
        json.dumps({"id": ID, "kind": "contact", "phone": " "}).encode(),
    ],
)
def test_what_cannot_be_read_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        Phone().parse(body, HEADERS)


@pytest.mark.parametrize("cookie", ["", "phone=", "phone=short", f"other={TOKEN}", "phone=" + "é" * 43])
def test_a_stranger_is_forbidden(cookie: str) -> None:
    with pytest.raises(Forbidden):
        Phone().parse(b"{}", {"cookie": cookie})


async def test_a_send_rings_only_that_persons_pages() -> None:
    phone, now = Phone(), datetime.now(UTC)
    parcel = Parcel(row=7, to="a", what="message", body={}, human=False, created_at=now, seen_at=now)
    with phone.hub.listen("a") as one, phone.hub.listen("a") as two, phone.hub.listen("b") as other:
        assert await phone.send(parcel) == Sent("7")
        assert (one.is_set(), two.is_set(), other.is_set()) == (True, True, False)
    assert phone.hub.listeners == 0


async def test_nothing_is_left_to_fetch() -> None:
    with pytest.raises(FetchRefused, match="gone"):
        _ = [piece async for piece in Phone().fetch({})]


async def test_a_hub_that_closes_wakes_everybody() -> None:
    hub = Hub()
    with hub.listen("a") as bell:
        hub.close()
        assert bell.is_set()
        assert hub.closing


# --- the page's calls ------------------------------------------------------------------------------------------------


async def test_a_first_visit_gives_a_cookie_that_the_database_never_holds(app: PhoneApp) -> None:
    async with browser(app, known=False) as session:
        async with session.get("/phone") as answer:
            given = answer.headers["set-cookie"]
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert "microphone=(self)" in answer.headers["permissions-policy"]
        assert {"HttpOnly", "SameSite=strict", "Path=/phone", "Max-Age=31536000"} <= set(given.split("; "))
        assert "Secure" not in given
        token = given.partition("=")[2].partition(";")[0]
        async with session.get("/phone") as answer:
            assert "set-cookie" not in answer.headers
        assert await post(session) == 204
    stored = await app.service.db.read(lambda c: c.scalar(select(ADDRESS.c.external_id)))
    assert stored == hashlib.sha256(token.encode()).hexdigest()


async def test_the_cookie_is_for_https_alone_where_the_service_has_it(sqlite_url: str, tmp_path: Path) -> None:
    async with (
        phone_app(sqlite_url, tmp_path, public_url="https://help.example") as app,
        aiohttp.ClientSession(app.url) as session,
        session.get("/phone") as answer,
    ):
        assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"referer": "https://social.example/"}])
async def test_a_link_on_another_site_makes_no_stranger_of_a_known_person(
    app: PhoneApp, headers: dict[str, str]
) -> None:
    async with browser(app, known=False) as session:
        async with session.get("/phone", headers=headers) as answer:
            assert "set-cookie" not in answer.headers
            assert '"known": false' in await answer.text()
        assert await post(session) == 401
        async with session.post("/phone/hello") as answer:
            assert (answer.status, "set-cookie" in answer.headers) == (204, True)
        async with session.post("/phone/hello") as answer:
            assert "set-cookie" not in answer.headers
        assert await post(session) == 204


async def test_the_same_event_five_times_at_once_has_one_effect(app: PhoneApp) -> None:
    async with browser(app) as session:
        assert await post(session) == 204
        await heard(session, 1)
        before = await app.said()
        id = str(uuid.uuid4())
        assert await asyncio.gather(*(post(session, "tap", id, code="language:set=km") for _ in range(5))) == [204] * 5
        assert await count(app, INBOX) == 2
        assert len(await app.said()) == len(before) + 2


async def test_two_people_may_use_the_same_id(app: PhoneApp) -> None:
    async with browser(app) as one, browser(app) as other:
        assert [await post(one, id=ID), await post(other, id=ID)] == [204, 204]
    assert await count(app, ADDRESS) == 2


@pytest.mark.parametrize(("lang", "words"), [("en", "That message could not be read."), ("km", "")])
async def test_a_broken_event_is_refused_in_words(app: PhoneApp, lang: str, words: str) -> None:
    async with browser(app) as session:
        for body in (b"{", b'{"kind": "dance"}', b"\x00" * 10):
            async with session.post("/phone/events", params={"lang": lang}, data=body) as answer:
                said = await answer.json()
                assert (answer.status, said["error"]) == (400, "malformed")
                assert said["words"].startswith(words)
    assert await count(app, INBOX) == 0


async def test_an_event_over_64_kib_is_refused(app: PhoneApp) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b"x" * 1024

    async with browser(app) as session:
        assert await post(session, "text", text="x" * 70_000) == 413
        async with session.post("/phone/events", data=pieces()) as answer:
            assert (answer.status, (await answer.json())["error"]) == (413, "too_long")


class Away(Engine):
    """The database has gone."""

    async def receive(self, arrival: Arrival) -> bool:
        raise ConnectionError("the database is away")


async def test_a_page_is_told_to_keep_what_could_not_be_stored(sqlite_url: str, tmp_path: Path) -> None:
    async with phone_app(sqlite_url, tmp_path, engine_of=Away) as app, browser(app) as session:
        assert await post(session) == 503
        status, said = await upload(session, b"%PDF-1.7\n", lang="en")
        assert (status, said["error"]) == (503, "away")
        assert said["words"].startswith("The service does not answer just now.")
