"""Files on the phone: stored sealed and once, refused in words, shown to nobody else."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import Connection

from bot.web.phone import ranged
from storage import attachments
from storage.attachments import ATTACHMENT
from storage.inbox import INBOX
from tests.support.phone_app import TOKEN, PhoneApp, browser, count, heard, phone_app, post, the_address, upload

ID = "0b3f8f0e-6a54-4f0e-8f0e-1f6f9f3c2b11"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(3000)
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + b"A_OPUS" + bytes(500)
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(500)


@pytest.fixture
async def app(sqlite_url: str, tmp_path: Path) -> AsyncIterator[PhoneApp]:
    async with phone_app(sqlite_url, tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("", 200, b"0123456789"),
        ("bytes=0-", 206, b"0123456789"),
        ("bytes=2-4", 206, b"234"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=-3", 206, b"789"),
        ("bytes=-99", 206, b"0123456789"),
        ("bytes=10-", 416, b""),
        ("bytes=5-2", 416, b""),
        ("bytes=-", 200, b"0123456789"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("furlongs=0-1", 200, b"0123456789"),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(asked: str, status: int, part: bytes) -> None:
    answer = ranged(b"0123456789", "audio/ogg", asked)
    assert (answer.status_code, answer.body) == (status, part)


async def test_a_photo_is_stored_sealed_once_and_shown_to_nobody_else(app: PhoneApp, tmp_path: Path) -> None:
    async with browser(app) as session, browser(app) as stranger:
        assert [await post(session), await post(stranger)] == [204, 204]
        id = str(uuid.uuid4())
        answers = await asyncio.gather(*(upload(session, JPEG, id=id) for _ in range(5)))
        assert {status for status, _said in answers} == {201}
        (file,) = {said["file"] for _status, said in answers}
        kept = await app.service.db.read(lambda c: attachments.get(c, file))
        assert kept is not None
        digest = hashlib.sha256(JPEG).hexdigest()
        assert kept.source == {"stored": True, "mime": "image/jpeg", "size": len(JPEG), "digest": digest}
        assert await count(app, ATTACHMENT) == 1
        (path,) = (one for one in (tmp_path / "files").rglob("*") if one.is_file())
        assert JPEG[:12] not in path.read_bytes()

        async with session.get(f"/phone/files/{file}", headers={"range": "bytes=0-3"}) as answer:
            assert (answer.status, await answer.read()) == (206, JPEG[:4])
        async with session.get(f"/phone/files/{file}") as answer:
            assert (answer.status, await answer.read()) == (200, JPEG)
            assert answer.headers["content-type"] == "image/jpeg"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-disposition"] == "inline"
            assert answer.headers["cache-control"] == "private, no-store"
        for address in (f"/phone/files/{file}", "/phone/files/nothing", "/phone/files/..%2F..%2Fetc"):
            async with stranger.get(address) as answer:
                assert answer.status == 404
        async with aiohttp.ClientSession(app.url) as nobody, nobody.get(f"/phone/files/{file}") as answer:
            assert answer.status == 404


async def test_evidence_cannot_be_changed_by_sending_its_id_again(app: PhoneApp) -> None:
    async with browser(app) as session:
        _status, said = await upload(session, JPEG, id=ID)
        assert (await upload(session, JPEG + b"other", id=ID)) == (201, said)
        async with session.get(f"/phone/files/{said['file']}") as answer:
            assert await answer.read() == JPEG


@pytest.mark.parametrize(
    ("content", "claimed", "kind"),
    [(WEBM, "voice", "voice"), (MP4, "voice", "voice"), (MP4, "video", "video"), (b"%PDF-1.7\n", "photo", "file")],
)
async def test_a_file_is_what_it_is(app: PhoneApp, content: bytes, claimed: str, kind: str) -> None:
    async with browser(app) as session:
        status, said = await upload(session, content, claimed)
        assert status == 201
        kept = await app.service.db.read(lambda c: attachments.get(c, said["file"]))
        assert kept is not None
        assert kept.kind == kind


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"MZ\x90\x00" + bytes(2000), 415, "This kind of file cannot be taken."),
        (b"\x7fELF" + bytes(2000), 415, "This kind of file cannot be taken."),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 415, "This kind of file cannot be taken."),
        (b"", 400, "That file is empty."),
    ],
)
async def test_what_only_pretends_to_be_a_photo_is_refused_in_words(
    app: PhoneApp, tmp_path: Path, content: bytes, status: int, words: str
) -> None:
    async with browser(app) as session:
        answered, said = await upload(session, content, lang="en")
        assert (answered, said["words"].startswith(words)) == (status, True)
    assert not [one for one in (tmp_path / "files").rglob("*") if one.is_file()]
    assert await count(app, INBOX) == 0


@pytest.mark.parametrize("announced", [True, False])
async def test_fifty_megabytes_are_refused_without_being_read(app: PhoneApp, announced: bool) -> None:
    """Announced, nothing is read; otherwise no more than the limit and what was under way."""
    size = 50 * 1024 * 1024
    host, port = app.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    length = f"content-length: {size}" if announced else "transfer-encoding: chunked"
    head = f"POST /phone/files?id={ID}&lang=en HTTP/1.1\r\nhost: x\r\ncookie: phone={TOKEN}\r\n{length}\r\n\r\n"
    writer.write(head.encode())
    answer = asyncio.create_task(reader.readuntil(b"\r\n"))
    piece, sent = bytes(256 * 1024), 0
    while sent < size and not answer.done():
        writer.write(piece if announced else b"%x\r\n%b\r\n" % (len(piece), piece))
        await asyncio.wait_for(writer.drain(), 10)
        sent += len(piece)
        await asyncio.sleep(0)
    assert b" 413 " in await asyncio.wait_for(answer, 10)
    assert sent < (8 if announced else 30) * 1024 * 1024
    writer.close()


async def test_an_officers_file_is_shown_to_whom_it_was_sent(app: PhoneApp) -> None:
    async with browser(app) as session, browser(app) as stranger:
        assert await post(session) == 204
        address, now = await the_address(app), datetime.now(UTC)
        assert await post(stranger) == 204
        stored = app.service.files.store("officersfile", JPEG)

        def send(connection: Connection) -> None:
            attachments.add_kept(
                connection,
                id="officersfile",
                address_id=None,
                channel="console",
                kind="photo",
                mime=stored.mime,
                size=stored.size,
                digest=stored.digest,
                now=now,
            )
            app.engine.post.file(connection, address, "officersfile", "photo", now=now)

        await app.service.db.write(send)
        app.service.nudge("phone")
        _greeting, (_row, data) = await heard(session, 2)
        assert (data["file"], data["kind"], data["human"]) == ("officersfile", "photo", True)
        async with session.get("/phone/files/officersfile") as answer:
            assert (answer.status, await answer.read()) == (200, JPEG)
        async with stranger.get("/phone/files/officersfile") as answer:
            assert answer.status == 404
