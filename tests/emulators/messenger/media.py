"""Attachments: uploads from the Page, pictures and voice from people, and the addresses they are fetched from."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from .calls import Call, Upload
from .chat import SeenAttachment
from .content import MEDIA
from .errors import GraphError, invalid, required

if TYPE_CHECKING:
    from .server import MessengerEmulator

MIB = 1024 * 1024
LARGEST, LARGEST_IMAGE_BY_URL = 25 * MIB, 8 * MIB
VIDEO_SECONDS = 75.0
ATTACHMENT_DAYS = 90


@dataclass(slots=True)
class Stored:
    """One file the platform keeps."""

    id: str
    type: str
    data: bytes
    mime: str
    name: str
    created: float
    usable_as_id: bool


class Media:
    """All files of the Page, by id."""

    def __init__(self, fb: MessengerEmulator) -> None:
        self._fb = fb
        self._files: dict[str, Stored] = {}

    def store(self, kind: str, data: bytes, mime: str, name: str, usable_as_id: bool = True) -> Stored:
        """Keep these bytes."""
        number = str(1_854_000_000_000_000 + len(self._files) + 1)
        kept = Stored(number, kind, data, mime, name, self._fb.clock.now(), usable_as_id)
        self._files[number] = kept
        return kept

    def address(self, stored: Stored) -> str:
        """Where anybody holding the link may fetch it; without its signature the link is refused."""
        return f"{self._fb.url}/cdn/{stored.id}?oh={self._signature(stored.id)}"

    def fetch(self, number: str, signature: str | None) -> Stored | None:
        """The file behind a link."""
        return self._files.get(number) if signature == self._signature(number) else None

    def by_id(self, attachment_id: str, kind: str) -> Stored:
        """A saved attachment; it expires after 90 days."""
        found = self._files.get(attachment_id)
        if found is None or not found.usable_as_id or self._fb.clock.now() - found.created > ATTACHMENT_DAYS * 86400:
            raise GraphError(100, subcode=2018074)
        if found.type != kind:
            raise GraphError(100, subcode=2018047)
        return found

    async def take(self, spec: dict[str, Any], upload: Upload | None) -> Stored:
        """The file of a send or an upload: by id, by address, or in the request."""
        kind = str(spec["type"])
        if spec.get("attachment_id"):
            return self.by_id(str(spec["attachment_id"]), kind)
        if upload is None and not spec.get("url"):
            raise required("message[attachment][payload][url]")
        limit = LARGEST
        if upload is None:
            upload = await self._download(str(spec["url"]), kind)
            limit = LARGEST_IMAGE_BY_URL if kind == "image" else LARGEST
        if len(upload.data) > limit:
            raise GraphError(100, subcode=2018109)
        if not upload.data or (kind != "file" and not upload.mime.startswith(kind + "/")):
            raise GraphError(100, subcode=2018047)
        return self.store(kind, upload.data, upload.mime, upload.name, _truth(spec.get("is_reusable")))

    async def _download(self, url: str, kind: str) -> Upload:
        if not url.startswith(("http://", "https://")):
            raise GraphError(100, subcode=2018008)
        try:
            return await self._fb.clock.within(VIDEO_SECONDS, self._get(url))
        except TimeoutError:
            raise GraphError(100, subcode=2018294 if kind == "video" else 2018008) from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError):
            raise GraphError(100, subcode=2018008) from None

    async def _get(self, url: str) -> Upload:
        async with self._fb.http.get(url) as answer:
            if answer.status != 200:
                raise GraphError(100, subcode=2018008)
            data = await answer.content.read(LARGEST + 1) if answer.content_length is None else await answer.read()
            return Upload(url.split("?", maxsplit=1)[0].rsplit("/", 1)[-1], answer.content_type, data)

    def _signature(self, number: str) -> str:
        return hashlib.sha256(f"{self._fb.app_secret}:{number}".encode()).hexdigest()[:32]


async def upload(fb: MessengerEmulator, call: Call) -> dict[str, Any]:
    """POST /me/message_attachments."""
    message = call.object("message")
    attachment = message.get("attachment")
    if not isinstance(attachment, dict):
        raise required("message[attachment]")
    kind = attachment.get("type")
    if kind not in MEDIA:
        raise invalid("Param message[attachment][type] must be one of {IMAGE, AUDIO, VIDEO, FILE}")
    payload = attachment.get("payload") or {}
    stored = await fb.media.take({"type": kind, "is_reusable": True, **payload}, call.files.get("filedata"))
    stored.usable_as_id = True
    return {"attachment_id": stored.id}


def seen(stored: Stored) -> SeenAttachment:
    """How it looks to the person."""
    return SeenAttachment(stored.type, stored.data, stored.mime, stored.name, stored.id)


def _truth(value: object) -> bool:
    return value in (True, "true", "1", 1)
