"""Attachments both ways: from people by address; from the Page in the request, by address, by id; sizes, expiry."""

from __future__ import annotations

import asyncio
import io
import json

import aiohttp
import pytest

from tests.emulators.clock import TestClock
from tests.emulators.messenger.driving import code, platform, until

pytestmark = pytest.mark.asyncio


async def test_pictures_from_people_are_fetched_by_their_address() -> None:
    async with platform() as (fb, _):
        sok = fb.person()
        await sok.sends_image(b"\xff\xd8 picture", "image/jpeg")
        url = fb.events[-1]["message"]["attachments"][0]["payload"]["url"]
        async with fb.http.get(url) as answer:
            assert (answer.content_type, await answer.read()) == ("image/jpeg", b"\xff\xd8 picture")
        async with fb.http.get(url.partition("?")[0]) as answer:
            assert answer.status == 403


def form(psid: str, kind: str, data: bytes, mime: str) -> aiohttp.FormData:
    fields = aiohttp.FormData()
    fields.add_field("recipient", json.dumps({"id": psid}))
    fields.add_field("message", json.dumps({"attachment": {"type": kind, "payload": {"is_reusable": True}}}))
    fields.add_field("messaging_type", "RESPONSE")
    fields.add_field("filedata", io.BytesIO(data), filename="file.bin", content_type=mime)
    return fields


async def test_file_in_the_request_then_again_by_id_until_90_days() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph):
        sok = fb.person(wrote_ago=1)
        data = b"--\r\n\x00\xff binary \r\n--x"
        status, answer = await graph.call("POST", "me/messages", data=form(sok.psid, "image", data, "image/png"))
        assert status == 200
        seen = sok.chat[0].attachments[0]
        assert (seen.type, seen.data, seen.mime, seen.name) == ("image", data, "image/png", "file.bin")
        assert fb.requests[0].files["filedata"].data == data
        again = {"attachment": {"type": "image", "payload": {"attachment_id": answer["attachment_id"]}}}
        clock.advance(90 * 86400 - 1)
        sok.last_at = clock.now()
        assert (await graph.send(sok.psid, again))[0] == 200
        assert sok.chat[1].attachments[0].data == data
        wrong = {"attachment": {"type": "audio", "payload": {"attachment_id": answer["attachment_id"]}}}
        assert code((await graph.send(sok.psid, wrong))[1]) == (100, 2018047)
        clock.advance(2)
        assert code((await graph.send(sok.psid, again))[1]) == (100, 2018074)


@pytest.mark.parametrize(
    ("kind", "size", "mime", "wanted"),
    [
        ("image", 10, "audio/mp4", (100, 2018047)),
        ("audio", 0, "audio/mp4", (100, 2018047)),
        ("file", 25 * 1024 * 1024 + 1, "application/pdf", (100, 2018109)),
        ("file", 10, "text/plain", (0, None)),
    ],
)
async def test_files_refused(kind: str, size: int, mime: str, wanted: tuple[int, int | None]) -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)
        _, answer = await graph.call("POST", "me/messages", data=form(sok.psid, kind, b"x" * size, mime))
        assert code(answer) == wanted
        assert len(sok.chat) == (wanted == (0, None))


async def test_upload_and_send_by_address() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)
        small = fb.media.address(fb.media.store("image", b"picture", "image/png", "a.png"))
        large = fb.media.address(fb.media.store("image", b"x" * (8 * 1024 * 1024 + 1), "image/png", "b.png"))
        given = {"message": {"attachment": {"type": "image", "payload": {"url": small, "is_reusable": True}}}}
        status, answer = await graph.call("POST", "me/message_attachments", given)
        assert status == 200
        by_id = {"attachment": {"type": "image", "payload": {"attachment_id": answer["attachment_id"]}}}
        await graph.send(sok.psid, by_id)
        assert sok.chat[0].attachments[0].data == b"picture"
        for url, wanted in ((large, 2018109), (small + "x", 2018008), ("http://127.0.0.1:9/x", 2018008)):
            one = {"attachment": {"type": "image", "payload": {"url": url}}}
            assert code((await graph.send(sok.psid, one))[1]) == (100, wanted)
        as_audio = {"attachment": {"type": "audio", "payload": {"url": small}}}
        assert code((await graph.send(sok.psid, as_audio))[1]) == (100, 2018047)


async def test_a_film_that_cannot_be_fetched_in_75_seconds() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph), platform(clock=clock) as (slow, _):
        sok = fb.person(wrote_ago=1)
        slow.delay(1000)
        film = slow.media.address(slow.media.store("video", b"mp4", "video/mp4", "a.mp4"))
        message = {"attachment": {"type": "video", "payload": {"url": film}}}
        task = asyncio.create_task(graph.send(sok.psid, message))
        await until(lambda: clock.sleepers == 2)
        clock.advance(75)
        assert code((await task)[1]) == (100, 2018294)
        clock.advance(1000)
