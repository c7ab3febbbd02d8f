"""A PNG's pixels, for tests that look at a picture: 8 bits a channel, not interlaced."""

import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """`at(x, y)` is how light a pixel is, 0 to 255."""

    width: int
    height: int
    channels: int
    rows: tuple[bytes, ...]

    def at(self, x: int, y: int) -> int:
        return sum(self.rows[y][x * self.channels : x * self.channels + 3]) // 3


def read(content: bytes, most: int = 10**6) -> Picture:
    """Its first rows, at most so many. Raises ValueError for a PNG of another kind. See RFC 2083."""
    data, at, head = b"", 8, b""
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        head, data = (body if kind == b"IHDR" else head), data + (body if kind == b"IDAT" else b"")
        at += length + 12
    width, height, depth, colour, _packing, _filter, interlaced = struct.unpack(">IIBBBBB", head)
    if depth != 8 or colour not in (2, 6) or interlaced:
        raise ValueError("another kind of PNG")
    channels, plain, rows = {2: 3, 6: 4}[colour], zlib.decompress(data), list[bytes]()
    stride = width * channels
    before = bytes(stride)
    for y in range(min(height, most)):
        start = y * (stride + 1)
        before = _unfiltered(plain[start], plain[start + 1 : start + 1 + stride], before, channels)
        rows.append(before)
    return Picture(width, len(rows), channels, tuple(rows))


def _unfiltered(kind: int, row: bytes, before: bytes, channels: int) -> bytes:
    if kind == 0:
        return row
    out = bytearray(row)
    for i, value in enumerate(row):
        left = out[i - channels] if i >= channels else 0
        up, corner = before[i], before[i - channels] if i >= channels else 0
        guess = (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]
        out[i] = (value + guess) & 255
    return bytes(out)


def _paeth(left: int, up: int, corner: int) -> int:
    near = left + up - corner
    return min((left, up, corner), key=lambda one: abs(near - one))
