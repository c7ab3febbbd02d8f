"""Files the emulated Telegram holds: ids of a bot, what getFile allows, and what a picture must look like."""

from __future__ import annotations

import base64
import hashlib
import itertools
import struct
from dataclasses import dataclass

from tests.emulators.clock import Clock

from .errors import bad
from .switches import Limits, Switches

_PREFIX = {"photo": "AgACAgUAAx", "voice": "AwACAgUAAx", "document": "BQACAgUAAx", "audio": "CQACAgUAAx",
           "video": "BAACAgUAAx"}  # fmt: skip
_FOLDER = {"photo": "photos", "voice": "voice", "document": "documents", "audio": "music", "video": "videos"}


@dataclass(slots=True)
class StoredFile:
    """One file; `size` may be claimed larger than `content` so that a test need not hold 20 MB."""

    kind: str
    content: bytes
    size: int
    filename: str
    mime: str
    unique_id: str
    path: str
    extra: dict[str, int]
    link_until: float = 0.0


class FileStore:
    """Every sending of a file gives a new, lasting file_id; file_unique_id stays the same for the same bytes."""

    def __init__(self, clock: Clock, limits: Limits, switches: Switches, token: str) -> None:
        self._clock, self._limits, self._switches, self._salt = clock, limits, switches, token
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._numbers = itertools.count()
        self._ids = itertools.count(1)

    def add(self, kind: str, content: bytes, filename: str, mime: str, size: int | None = None) -> StoredFile:
        digest = hashlib.sha256(kind.encode() + content).digest()
        unique = base64.urlsafe_b64encode(b"AgAD" + digest[:8]).decode().rstrip("=")
        suffix = filename.rpartition(".")[2] if "." in filename else {"photo": "jpg", "voice": "oga"}.get(kind, "")
        path = f"{_FOLDER[kind]}/file_{next(self._numbers)}" + (f".{suffix}" if suffix else "")
        stored = StoredFile(
            kind, content, len(content) if size is None else size, filename, mime, unique, path, _measure(kind, content)
        )
        self._by_path[path] = stored
        return stored

    def new_id(self, stored: StoredFile) -> str:
        seed = f"{self._salt}:{next(self._ids)}".encode()
        tail = base64.urlsafe_b64encode(hashlib.sha256(seed).digest() + seed[-4:]).decode().rstrip("=")
        file_id = _PREFIX[stored.kind] + tail
        self._by_id[file_id] = stored
        return file_id

    def find(self, file_id: str) -> StoredFile | None:
        return self._by_id.get(file_id)

    def get_file(self, file_id: str) -> dict[str, object]:
        stored = self._by_id.get(file_id)
        if not file_id or stored is None:
            raise bad(self._switches.bad_file_id_text if file_id else "invalid file_id")
        if stored.size > self._limits.download_bytes:
            raise bad("file is too big")
        stored.link_until = self._clock.now() + self._limits.file_link_seconds
        return {
            "file_id": file_id, "file_unique_id": stored.unique_id, "file_size": stored.size, "file_path": stored.path,
        }  # fmt: skip

    def open(self, path: str) -> bytes | None:
        """The bytes behind a link from getFile, or None when there was none or it is over an hour old."""
        stored = self._by_path.get(path)
        if stored is None or self._clock.now() > stored.link_until:
            return None
        return stored.content


def check_photo(content: bytes, limits: Limits) -> None:
    if len(content) > limits.photo_bytes:
        raise bad(
            f"file of size {len(content)} bytes is too big for a photo; the maximum size is {limits.photo_bytes} bytes"
        )
    if picture_kind(content) is None:
        raise bad("IMAGE_PROCESS_FAILED")
    size = picture_size(content)
    if size is not None:
        short, long = sorted(size)
        if short + long > 10000 or long > 20 * max(1, short):
            raise bad("PHOTO_INVALID_DIMENSIONS")


def picture_kind(content: bytes) -> str | None:
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    return "image/bmp" if content.startswith(b"BM") else None


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height from a PNG or JPEG header, None when they are not there to read."""
    if content.startswith(b"\x89PNG") and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return int(width), int(height)
    at = 2
    while content.startswith(b"\xff\xd8") and at + 9 < len(content) and content[at] == 0xFF:
        marker, size = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in (0xC0, 0xC1, 0xC2):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return int(width), int(height)
        at += 2 + size
    return None


def _measure(kind: str, content: bytes) -> dict[str, int]:
    if kind == "photo":
        width, height = picture_size(content) or (1280, 960)
        return {"width": width, "height": height}
    if kind == "video":
        return {"width": 640, "height": 480, "duration": 1}
    return {"duration": 1} if kind in ("voice", "audio") else {}
