"""The plain strings of a PDF, without a PDF library: enough to find one ASCII line again, however it was stored."""

import re
import zlib

LARGEST = 20 * 1024 * 1024
"""Bytes of a file that is looked into."""
UNPACKED = 20_000_000
"""Bytes that its streams together may unpack to."""

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_FOLDED = re.compile(rb"\\\r?\n")
_HEX = re.compile(rb"<([0-9A-Fa-f\s]{40,})>")
_APART = "\n\n"


def is_pdf(content: bytes) -> bool:
    """The mark may come after some other bytes (ISO 32000-1, annex H, note 13)."""
    return b"%PDF-" in content[:1024]


def strings(content: bytes) -> str:
    """The file itself, its unpacked streams and its hexadecimal strings, as text; what is no text is noise there."""
    found = []
    for piece in (_FOLDED.sub(b"", one) for one in (content, *_streams(content))):
        found.append(piece.decode("latin-1"))
        if b"\0C\0H" in piece:  # UTF-16 in a string of brackets
            found.append(piece.replace(b"\0", b"").decode("latin-1"))
        found += [_text(bytes.fromhex("".join(one.decode().split()))) for one in _HEX.findall(piece) if _even(one)]
    return _APART.join(found)


def _even(digits: bytes) -> bool:
    return len(b"".join(digits.split())) % 2 == 0


def _text(content: bytes) -> str:
    return content.decode("utf-16-be", "replace") if content[:2] == b"\xfe\xff" else content.decode("latin-1")


def _streams(content: bytes) -> list[bytes]:
    unpacked, left = [], UNPACKED
    for begin in _STREAM.finditer(content):
        end = content.find(b"endstream", begin.end())
        if left <= 0 or content[begin.end() : begin.end() + 1] not in (b"x", b"h", b"X", b"8"):
            continue  # not deflated (ISO 32000-1, 7.4.4)
        try:
            piece = zlib.decompressobj().decompress(content[begin.end() : None if end < 0 else end], left)
        except zlib.error:
            continue
        unpacked.append(piece)
        left -= len(piece)
    return unpacked
