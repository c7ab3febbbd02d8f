"""What an officer sends on its way to a worker: words and a file, once, and never over another officer's answer."""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.app.files import sniff
from bot.channels.base import FetchRefused, file_id
from bot.console.forms import Form, number
from bot.console.pages import Desk, Officer
from bot.dialog.says import Text, _
from bot.domain import complaints as rules
from bot.domain.complaints import AnswerComplaint, WriteToWorker
from bot.domain.errors import DomainError, NotFound, Overtaken
from bot.text import reference
from storage import attachments, caseload, complaints

SENDABLE = ("photo", "voice")
TOKEN = 64
"""Signs of a form's own key, at most."""
WRONG: Mapping[str, Text] = {
    "too_big": _("The file is larger than 20 MB. Please choose a smaller one."),
    "kind": _("Only photos, voice recordings and PDF papers can be sent."),
    "gone": _("The file is empty."),
}


class Refused(Exception):
    """What was posted cannot be done; the first argument tells why, in words."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A reply as it was posted. `once`: the form's key; `kept`: the key of a form whose file is kept already.

    `answers`: it is the answer that the worker waits for, not only a word or a question on the way.
    """

    text: str
    once: str
    seen: int
    file: bytes | None = None
    kept: str = ""
    answers: bool = True
    also: tuple[tuple[str, int], ...] = ()
    """Merged complaints that get the same words, each with the newest line that its writer's page knew."""


def letter(posted: Form, text: str) -> Letter:
    """Raises Refused when the file was too big."""
    if posted.too_big:
        raise Refused(WRONG["too_big"])
    also = []
    for one in posted.get("also", 2000).split():
        code, _colon, newest = one.partition(":")
        also.append((code, number(newest) or 0))
    answers = posted.get("as", 20) != "word"
    once = posted.get("once", TOKEN) or secrets.token_urlsafe(16)
    return Letter(
        text, once, number(posted.get("seen", 20)) or 0, posted.file, posted.get("kept", TOKEN), answers, tuple(also)
    )


def written(code: str) -> str:
    """A reference in an address, in whatever spelling."""
    return reference.read(code) or code


class Papers:
    """Replies."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._service = desk, desk.service

    async def found(self, officer: Officer, code: str) -> Any | None:
        return await self._service.db.read(lambda c: caseload.one(c, officer.reach, written(code)))

    async def reply(self, request: Request, officer: Officer, row: Any, sent: Letter) -> list[str]:
        """Send once, however often the button was pressed; returns merged complaints that did not get it.

        Raises Refused or DomainError; Overtaken when another officer wrote to the worker since the page was shown.
        """
        await self._one(request, officer, row, sent, sent.seen)
        left = []
        for code, newest in sent.also:
            other = await self.found(officer, code)
            if other is None:
                await self._desk.forbidden(request, officer, reference.read(code) or "")
            if other is None or other.merged_into_id != row.id:
                left.append(code[:16])
                continue
            content = await self._content(officer, row, sent)
            copy = Letter(sent.text, f"{sent.once}:{other.id}", newest, content, answers=sent.answers)
            try:
                await self._one(request, officer, other, copy, newest)
            except (Refused, DomainError):
                left.append(other.reference)
        return left

    async def _one(self, request: Request, officer: Officer, row: Any, sent: Letter, seen: int) -> None:
        once = f"{officer.id}:{sent.once}"

        def look(connection: Connection) -> tuple[bool, bool, str]:
            done = complaints.written_once(connection, once)
            overtaken = complaints.answered_since(connection, row.id, seen, officer.id)
            return done, overtaken, self._kept(connection, officer, row, sent)

        done, overtaken, kept = await self._service.db.read(look)
        rules.check_reply(sent.text, ("file",) if sent.file is not None or kept else ())
        if row.erased_at:
            raise NotFound
        if done:
            return
        if sent.file is not None:
            kept = file_id("console", once)
            with contextlib.suppress(IntegrityError):  # the same form a second time, while the first is on its way
                await self._keep(sent.file, kept, row.address_id)
        if overtaken:
            raise Overtaken
        kind = AnswerComplaint if sent.answers else WriteToWorker
        command = kind(row.reference, sent.text, officer.id, (kept,) if kept else (), once, seen)
        with contextlib.suppress(IntegrityError):  # as above: the first one is being sent
            await self._desk.command(request, officer, command)

    def _kept(self, connection: Connection, officer: Officer, row: Any, sent: Letter) -> str:
        """The file of a form of theirs that was refused before, for this worker; else nothing."""
        if not sent.kept:
            return ""
        found = attachments.get(connection, file_id("console", f"{officer.id}:{sent.kept}"))
        return found.id if found and found.state == attachments.KEPT and found.address_id == row.address_id else ""

    async def keeps(self, officer: Officer, row: Any, sent: Letter) -> str:
        """The key under which the file of a refused form can be sent with the next; empty when there is none."""
        for once in (sent.once if sent.file is not None else "", sent.kept):
            again = Letter("", "", 0, kept=once)
            if once and await self._service.db.read(lambda c, one=again: self._kept(c, officer, row, one)):  # type: ignore[misc]  # bound at once
                return once
        return ""

    async def _content(self, officer: Officer, row: Any, sent: Letter) -> bytes | None:
        """The file's bytes for a copy: each worker's is their own, and is erased with their data."""
        if sent.file is not None:
            return sent.file
        kept = await self._service.db.read(lambda c: self._kept(c, officer, row, sent))
        return await asyncio.to_thread(self._service.files.load, kept) if kept else None

    async def _keep(self, content: bytes, id: str, address_id: int | None) -> str:
        """Sniffed and stored; returns its id. Raises Refused, or IntegrityError when the id is taken."""
        try:
            mime, kind = sniff(content)
            if kind not in SENDABLE and mime != "application/pdf":
                raise FetchRefused("kind")
            stored = await asyncio.to_thread(self._service.files.store, id, content)
        except FetchRefused as refused:
            raise Refused(WRONG[str(refused)]) from None
        await self._service.db.write(
            lambda c: attachments.add_kept(
                c,
                id=id,
                address_id=address_id,
                channel="console",
                kind=stored.kind,
                mime=stored.mime,
                size=stored.size,
                digest=stored.digest,
                now=self._service.clock(),
            )
        )
        return id
