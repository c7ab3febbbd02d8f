"""Forms as they are posted: read within limits, whatever was sent."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from starlette.formparsers import FormParser, MultiPartParser

FORM_LIMIT = 256 * 1024
FIELDS = 20
DRAINED = 100 * 1024 * 1024
"""What is too large is read to its end and thrown away, up to here: a browser shows no answer while it still sends."""
NUMBER = 18
"""Digits of a number in an address."""


class _TooBig(Exception):
    """More came than may."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was posted; `file` is the chosen one, if any; `too_big`: it, or all of it, was larger than may be."""

    fields: Mapping[str, str]
    file: bytes | None = None
    too_big: bool = False
    pairs: Sequence[tuple[str, str]] = ()

    def get(self, name: str, most: int = FORM_LIMIT) -> str:
        return self.fields.get(name, "")[:most]

    def all(self, name: str) -> list[str]:
        """Every value of a name that may come more than once."""
        return [value for one, value in self.pairs if one == name]


async def read_form(request: Request, limit: int = FORM_LIMIT, fields: int = FIELDS) -> Form:
    """At most so many fields and one file; what is larger than `limit` is never held. Raises MultiPartException."""
    stream = request.stream()

    async def pieces() -> AsyncGenerator[bytes, None]:
        taken = 0
        async for piece in stream:
            taken += len(piece)
            if taken > limit:
                raise _TooBig
            yield piece

    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        try:
            plain = await FormParser(request.headers, pieces(), max_fields=fields, max_part_size=FORM_LIMIT).parse()
        except _TooBig:
            await drain(stream)
            return Form({}, too_big=True)
        pairs = [(name, value) for name, value in plain.multi_items() if isinstance(value, str)]
        return Form(dict(pairs), pairs=pairs)
    parser = MultiPartParser(request.headers, pieces(), max_files=1, max_fields=fields, max_part_size=FORM_LIMIT)
    too_big = False
    try:
        await parser.parse()
    except _TooBig:  # what came before the file is kept, so that nobody has to type it again
        too_big = True
        await drain(stream)
    pairs, file = list[tuple[str, str]](), None
    for name, value in parser.items:
        if isinstance(value, str):
            pairs.append((name, value))
            continue
        if value.filename and not too_big:
            file = await value.read()
        await value.close()
    return Form(dict(pairs), file, too_big, pairs)


async def drain(stream: AsyncGenerator[bytes, None]) -> None:
    """Read on and keep nothing."""
    taken = 0
    async for piece in stream:
        taken += len(piece)
        if taken > DRAINED:
            return


def number(text: str) -> int | None:
    """A number in an address or a form; None when it is none, or more than a database takes."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER else None
