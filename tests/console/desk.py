"""The console on a real port with its own database, people who complain, and an officer's browser without a screen."""

import asyncio
import contextlib
import io
import math
import re
import secrets
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Connection
from sqlmodel import SQLModel

from bot import console, pages
from bot.app.engine import Engine
from bot.app.service import Service, build
from bot.app.staffing import add_staff, set_second_factor
from bot.channels.base import file_id
from bot.domain.clocks import ADDRESS_WITHIN
from bot.domain.complaints import AddToComplaint, FileComplaint
from bot.domain.reach import SECOND_FACTOR
from bot.settings import Settings
from bot.text import reference
from handlers import ROUTER
from storage import attachments, caseload, centres, complaints, inbox, leases, outbox, people, staff
from tests.support.processes import free_port
from tests.support.service import SECRET_KEYS

TABLES = (attachments, centres, complaints, inbox, leases, outbox, people, staff)
LOGIN, PASSWORD = "sokha", "correct horse battery"
STORY = "ធ្វើការ ៣ ខែហើយ អត់បានលុយមួយរៀល ថៅកែហៅមិនលើកទូរស័ព្ទ"


def picture(width: int = 320, height: int = 240) -> bytes:
    """A PNG of its own for each size."""
    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (x * 255 // width, y * 255 // height, 140))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def voice(seconds: float = 3.0, rate: int = 8000) -> bytes:
    """A WAV recording of a tone."""
    count = int(seconds * rate)
    sound = b"".join(struct.pack("<h", int(9000 * math.sin(i / 9))) for i in range(count))
    shape = struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
    body = b"WAVEfmt " + shape + b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", len(body)) + body


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait for what nobody announces."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - nothing here sets an event
            await asyncio.sleep(0.02)


class Server(uvicorn.Server):
    """Runs in the test's own event loop, leaves its signals alone, and hushes the live pages when it stops."""

    hush: Any = staticmethod(lambda: None)

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield

    async def shutdown(self, sockets: Any = None) -> None:
        self.hush()
        await super().shutdown(sockets)


@dataclass
class Desk:
    """The running console and its world. `now` is what its clock says: `later` moves it, `hold` makes it stand."""

    service: Service
    engine: Engine
    url: str
    server: Server
    offset: timedelta = timedelta(0)
    held: datetime | None = None
    people: int = 0
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return (self.held or datetime.now(UTC)) + self.offset

    def hold(self) -> None:
        """From now on only `later` moves the clock, however slow this machine is."""
        self.held = datetime.now(UTC)

    def later(self, **length: float) -> None:
        self.offset += timedelta(**length)

    def officer(self, login: str = LOGIN, *, factor: bool | None = None, **changed: Any) -> int:
        """`factor`: with a second factor; by itself for the roles that cannot work without one."""
        secret = pyotp.random_base32() if factor or (factor is None and changed.get("role") in SECOND_FACTOR) else ""

        def work(connection: Connection) -> int:
            added = add_staff(connection, login, "សុខា", "Sokha", PASSWORD, "desk", self.now)
            if changed:
                staff.change(connection, added, **changed)
            if secret:
                set_second_factor(connection, added, secret, self.now)
            return added

        if secret:
            self.secrets[login] = secret
        return self.service.db.write_now(work)

    def code(self, login: str = LOGIN, *, ahead: int = 0) -> str:
        """What the officer's phone shows, or will in so many steps; it opens the door even if it has done so before."""
        row = self.service.db.read_now(lambda c: staff.by_login(c, login))
        assert row is not None
        self.service.db.write_now(lambda c: staff.change(c, row.id, totp_step=0))
        return pyotp.TOTP(self.secrets[login]).at(self.now, counter_offset=ahead)

    def complain(self, *, ago: timedelta = timedelta(0), is_demo: bool = False, **changed: Any) -> str:
        """A complaint that was filed; returns its reference."""
        self.people += 1
        name, at = f"person-{self.people}", self.now - ago
        channel = changed.pop("channel", "telegram")
        command = FileComplaint(
            **{
                "reference": reference.make(secrets.randbits(35)),
                "category": "WAGE_UNPAID",
                "country": "TH",
                "about": "employer",
                "behalf": "self",
                "identity": "hidden",
                "contact": "chat",
                "parts": ({"text": STORY},),
                **changed,
            }
        )

        def work(connection: Connection) -> None:
            here = people.enter(connection, channel, name, at)
            category = self.service.book.categories[command.category]
            complaints.file(
                connection,
                command,
                person_id=here.person_id,
                address_id=here.address_id,
                channel=channel,
                language="km",
                urgency=category.urgency,
                now=at,
                due_at=at + ADDRESS_WITHIN,
                is_demo=is_demo,
            )

        self.service.db.write_now(work)
        return command.reference

    def add(self, code: str, *parts: dict[str, Any]) -> None:
        """More from the worker, as `bot.app.execute` writes it."""
        command = AddToComplaint(code, parts)

        def work(connection: Connection) -> None:
            found = complaints.find(connection, command.reference)
            assert found is not None
            complaints.add_parts(connection, found.id, command.parts, author="worker", now=self.now)
            complaints.change(connection, found.id, self.now)

        self.service.db.write_now(work)

    def attach(self, content: bytes | None, kind: str = "photo", *, refused: str = "") -> dict[str, str]:
        """A file as a part of a complaint: kept, waiting (no content) or refused."""
        id = file_id("test", secrets.token_hex(8))
        stored = self.service.files.store(id, content) if content is not None else None

        def work(connection: Connection) -> None:
            attachments.add(connection, id=id, address_id=None, channel="telegram", kind=kind, source={}, now=self.now)
            if stored:
                attachments.settle(connection, id, mime=stored.mime, size=stored.size, digest=stored.digest)
            elif refused:
                attachments.refuse(connection, id, refused)

        self.service.db.write_now(work)
        return {"file": id, "kind": stored.kind if stored else kind}

    def row(self, code: str) -> Any:
        return self.service.db.read_now(lambda c: caseload.one(c, caseload.EVERYTHING, code))

    def thread(self, code: str) -> list[Any]:
        return self.service.db.read_now(lambda c: caseload.thread(c, self.row(code).id))

    def session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.url, cookie_jar=aiohttp.CookieJar(unsafe=True))

    def browser(self) -> "Browser":
        return Browser(self)


@dataclass
class Browser:
    """An officer's browser: keeps cookies, follows nothing by itself, and fills forms with the page's own tokens."""

    desk: Desk
    http: aiohttp.ClientSession = field(init=False)

    async def __aenter__(self) -> "Browser":
        self.http = self.desk.session()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def get(self, path: str, **options: Any) -> "Got":
        async with self.http.get(path, allow_redirects=False, **options) as answer:
            return Got(answer.status, await answer.read(), answer.headers)

    async def post(self, path: str, data: Any, **options: Any) -> "Got":
        async with self.http.post(path, data=data, allow_redirects=False, **options) as answer:
            return Got(answer.status, await answer.read(), answer.headers)

    async def sign_in(
        self, login: str = LOGIN, password: str = PASSWORD, onward: str = "", *, code: str | None = None
    ) -> "Got":
        """Through the second step too, with the code the officer's phone shows, or this one; "" stops before it."""
        page = await self.get("/console/sign-in", params={"next": onward} if onward else {})
        got = await self.post("/console/sign-in", {**page.hidden(), "login": login, "password": password})
        if code == "" or not got.to.startswith("/console/sign-in/code"):
            return got
        return await self.second_step(self.desk.code(login) if code is None else code)

    async def second_step(self, code: str) -> "Got":
        page = await self.get("/console/sign-in/code")
        return await self.post("/console/sign-in/code", {**page.hidden(), "code": code})

    async def reply(self, code: str, text: str, *, file: bytes | None = None, **changed: str) -> "Got":
        page = await self.get(f"/console/complaints/{code}")
        return await self.post(f"/console/complaints/{code}/reply", reply_form(page, text, file, **changed))

    async def move(self, code: str, status: str, reason: str = "") -> "Got":
        page = await self.get(f"/console/complaints/{code}")
        data = {"csrf": page.hidden()["csrf"], "status": status, "reason": reason}
        return await self.post(f"/console/complaints/{code}/status", data)


def reply_form(page: "Got", text: str, file: bytes | None = None, **changed: str) -> aiohttp.FormData:
    """The reply form of a page, filled in."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in {**page.hidden(), "text": text, **changed}.items():
        form.add_field(name, value)
    if file is not None:
        form.add_field("file", io.BytesIO(file), filename="paper.bin", content_type="application/octet-stream")
    return form


@dataclass
class Got:
    """An answer."""

    status: int
    body: bytes
    headers: Any

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def to(self) -> str:
        return str(self.headers.get("location", ""))

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's forms."""
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.text))

    def references(self) -> list[str]:
        """Complaints of a list, in its order."""
        return re.findall(r'<li id="case-(\w+)"', self.text)


@contextlib.asynccontextmanager
async def open_desk(folder: Path, **settings: Any) -> AsyncIterator[Desk]:
    """The console, running; one officer is there."""
    service = build(
        Settings(
            **{
                "database_url": f"sqlite:///{folder / 'console.sqlite'}",
                "secret_keys": SECRET_KEYS,
                "files_url": str(folder / "files"),
                **settings,
            }
        ),
        channels={},
        clock=lambda: desk.now,
    )
    SQLModel.metadata.create_all(service.db.engine)
    await service.refresh_book()
    engine = Engine(service, ROUTER)
    made = console.router(service, engine)
    app = FastAPI()
    app.include_router(pages.router)
    app.include_router(made, prefix="/console")
    port = free_port()
    server = Server(uvicorn.Config(app, port=port, log_config=None, access_log=False))
    server.hush = made.stop
    desk = Desk(service, engine, f"http://127.0.0.1:{port}", server)
    desk.officer()
    running = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        yield desk
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 10)
        service.close()
