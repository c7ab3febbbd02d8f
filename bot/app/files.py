"""Attachments outside the database: sniffed, size-limited, sealed, kept through fsspec; never trusted by name."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import filetype
import fsspec

from bot.channels.base import FetchRefused
from storage.columns import KEYRING

LIMIT = 20 * 1024 * 1024
KINDS = {
    "image/jpeg": "photo",
    "image/png": "photo",
    "image/webp": "photo",
    "image/gif": "photo",
    "image/heic": "photo",
    "image/avif": "photo",
    "audio/ogg": "voice",
    "audio/mpeg": "voice",
    "audio/mp4": "voice",
    "audio/m4a": "voice",
    "audio/aac": "voice",
    "audio/amr": "voice",
    "audio/x-wav": "voice",
    "audio/x-flac": "voice",
    "video/mp4": "video",
    "video/webm": "video",
    "video/x-m4v": "video",
    "video/quicktime": "video",
    "video/3gpp": "video",
    "video/x-matroska": "video",
    "application/pdf": "file",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "file",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "file",
    "application/msword": "file",
}
"""What may be kept, by what its first bytes say it is, and the kind it is shown as."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file once it is kept: `kind` follows from what it is, not from what it was called."""

    mime: str
    kind: str
    size: int
    digest: str


async def gather(pieces: AsyncIterator[bytes], limit: int = LIMIT) -> bytes:
    """All of it; raises FetchRefused("too_big") as soon as it is."""
    whole = bytearray()
    async for piece in pieces:
        whole += piece
        if len(whole) > limit:
            raise FetchRefused("too_big")
    return bytes(whole)


def sniff(content: bytes) -> tuple[str, str]:
    """(MIME type, kind) by the content; raises FetchRefused("kind") for anything not on the list."""
    if not content:
        raise FetchRefused("gone")
    guess = filetype.guess(content[:8192])
    mime = guess.mime if guess else ""
    if mime in ("video/webm", "video/x-matroska") and b"A_OPUS" in content[:4096] and b"V_" not in content[:4096]:
        return "audio/webm", "voice"
    if mime not in KINDS:
        raise FetchRefused("kind")
    return mime, KINDS[mime]


class Files:
    """Sealed bytes by id, on any fsspec address (a folder, `s3://…`)."""

    def __init__(self, url: str) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(url)
        self._fs.makedirs(self._root, exist_ok=True)

    def store(self, id: str, content: bytes) -> Stored:
        """Sniff, seal, keep. Storing the same id again replaces the same bytes. Raises FetchRefused."""
        if len(content) > LIMIT:
            raise FetchRefused("too_big")
        mime, kind = sniff(content)
        path = self._path(id)
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._fs.pipe_file(path, KEYRING.seal(content))
        return Stored(mime, kind, len(content), hashlib.sha256(content).hexdigest())

    def load(self, id: str) -> bytes:
        """Raises FileNotFoundError."""
        return KEYRING.unseal(self._fs.cat_file(self._path(id)))

    def drop(self, id: str) -> None:
        """Gone already is gone."""
        try:
            self._fs.rm_file(self._path(id))
        except FileNotFoundError:
            return

    def _path(self, id: str) -> str:
        if not id.isalnum():
            raise FileNotFoundError(id)
        return f"{self._root}/{id[:2]}/{id}"
