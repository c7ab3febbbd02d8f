"""A file in a request: uploaded, named by file_id or by URL; and how it then looks in a message."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

import aiohttp

from .errors import bad
from .files import StoredFile, check_photo, picture_kind
from .state import Json
from .wire import Files, Params, integer

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

_TYPE_NAMES = {"photo": "Photo", "voice": "VoiceNote", "document": "Document", "audio": "Audio", "video": "Video"}


async def take_file(tg: TelegramEmulator, params: Params, files: Files, kind: str) -> tuple[StoredFile, int]:
    """The file of a request and how many bytes were uploaded for it (0 for a file Telegram already has)."""
    given = params.get(kind, "")
    name = given[9:] if given.startswith("attach://") else kind
    if name in files:
        filename, content = files[name]
        return _store(tg, kind, filename, content), len(content)
    if not given or given.startswith("attach://"):
        raise bad(f"there is no {kind} in the request")
    if given.startswith(("http://", "https://")):
        return await _fetch(tg, kind, given), 0
    stored = tg.files.find(given)
    if stored is None:
        raise bad("wrong file identifier/HTTP URL specified")
    if stored.kind != kind and not (kind == "document" and stored.kind in ("audio", "video")):
        raise bad(f"can't use file of type {_TYPE_NAMES[stored.kind]} as {_TYPE_NAMES[kind]}")
    return stored, 0


def _store(tg: TelegramEmulator, kind: str, filename: str, content: bytes) -> StoredFile:
    if not content:
        raise bad("file must be non-empty")
    if kind == "photo":
        check_photo(content, tg.limits)
        return tg.files.add(kind, content, filename, "")
    mime = mimetypes.guess_type(filename)[0] or picture_kind(content) or "application/octet-stream"
    if kind == "voice":
        return _store_voice(tg, filename, content, mime)
    return tg.files.add(kind, content, filename, mime)


def _store_voice(tg: TelegramEmulator, filename: str, content: bytes, mime: str) -> StoredFile:
    """OGG with Opus, MP3 and M4A stay voice messages; anything else arrives as audio or as a document."""
    if content.startswith(b"OggS"):
        return tg.files.add("voice", content, filename, "audio/ogg")
    if content.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3")):
        return tg.files.add("voice", content, filename, "audio/mpeg")
    if content[4:8] == b"ftyp":
        return tg.files.add("voice", content, filename, "audio/mp4")
    return tg.files.add("audio" if mime.startswith("audio/") else "document", content, filename, mime)


async def _fetch(tg: TelegramEmulator, kind: str, url: str) -> StoredFile:
    limits = tg.limits
    limit = limits.photo_bytes if kind == "photo" else limits.upload_bytes
    if tg.switches.limit_upload_by_url:
        limit = limits.url_photo_bytes if kind == "photo" else limits.url_file_bytes
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            content = await answer.read() if answer.status == 200 else b""
    except (aiohttp.ClientError, OSError) as problem:
        raise bad("failed to get HTTP URL content") from problem
    if not content or len(content) > limit:
        raise bad("failed to get HTTP URL content")
    return _store(tg, kind, url.rpartition("/")[2].partition("?")[0], content)


def media_content(tg: TelegramEmulator, stored: StoredFile, params: Params) -> Json:
    """The part of a message that carries this file, under a new file_id."""
    item: Json = {"file_id": tg.files.new_id(stored), "file_unique_id": stored.unique_id, "file_size": stored.size}
    if stored.kind == "photo":
        return {"photo": _photo_sizes(tg, stored, item)}
    item.update(stored.extra)
    duration = integer(params, "duration")
    if duration and "duration" in item:
        item["duration"] = duration
    item["mime_type"] = stored.mime
    if stored.kind != "voice" and stored.filename:
        item["file_name"] = stored.filename
    if stored.kind == "audio":
        item.update({name: params[name] for name in ("performer", "title") if params.get(name)})
    return {stored.kind: item}


def _photo_sizes(tg: TelegramEmulator, stored: StoredFile, item: Json) -> list[Json]:
    """Smallest first, as Telegram lists them; a thumbnail only when there is something to shrink."""
    width, height = stored.extra["width"], stored.extra["height"]
    full: Json = {**item, "width": width, "height": height}
    if max(width, height) <= 90:
        return [full]
    scale = 90 / max(width, height)
    small: Json = {
        "file_id": tg.files.new_id(stored), "file_unique_id": stored.unique_id[:-2] + "-s", "file_size": 1200,
        "width": max(1, int(width * scale)), "height": max(1, int(height * scale)),
    }  # fmt: skip
    return [small, full]
