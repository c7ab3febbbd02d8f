"""`chumnuoy receipt` and `verify`: one made for whoever asks at the counter, one looked at as another office would."""

import contextlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from bot.app.audit import note_system
from bot.app.books import shipped_book
from bot.app.receipts import Receipt, category_words, pdf_of, statement_of, text_of
from bot.clock import now
from bot.domain import receipts
from bot.domain.audit import RECEIPT
from bot.domain.errors import NotFound
from bot.domain.receipts import Huge, Statement, read_keys
from bot.i18n import HOME, Catalogues, Renderer
from bot.text import pdf, reference
from storage.db import Database

NO_SIGNED_LINE = 100
"""A signed line is longer, so that anything shorter was meant as the name of a file."""
STANDARD = "-"
Keys = Mapping[str, bytes]


class NoFile(Exception):
    """There is no such file, or it cannot be read or written."""


def issued(db: Database, written: str) -> Receipt:
    """The receipt of the complaint with that reference, in whatever spelling. Raises NotFound."""
    code, moment = reference.read(written) or "", now()
    made = db.write_now(lambda connection: statement_of(connection, code, moment)) if code else None
    if made is None:
        raise NotFound
    note_system(db, moment, RECEIPT, "complaint", {"reference": code})
    return made


def as_text(receipt: Receipt, public_url: str) -> str:
    return text_of(receipt, shipped_book(), Catalogues(), public_url)


def as_pdf(receipt: Receipt, public_url: str, file: str) -> None:
    """Raises NoFile."""
    page = pdf_of(receipt, shipped_book(), Catalogues(), public_url)
    if file == STANDARD:
        sys.stdout.buffer.write(page)
        return
    try:
        Path(file).write_bytes(page)
    except OSError as error:
        raise NoFile(f"{file} cannot be written: {error.strerror}") from None


def statement(source: str, standard: BinaryIO, keys: Callable[[], Keys]) -> Statement:
    """What the receipt says, in a file (a text, or our PDF) or written out. Raises NotGenuine or NoFile."""
    content = standard.read(pdf.LARGEST + 1) if source == STANDARD else content_of(source)
    text, longest = written(source, content)
    receipts.find(text, longest)  # before the keys are asked for: what is no receipt needs none
    return receipts.check(text, keys(), longest)


def written(source: str, content: bytes | None) -> tuple[str, int]:
    """The text to look through, and how long it may be. Raises Huge."""
    if content is None:
        return source, receipts.LONGEST
    if len(content) > pdf.LARGEST:
        raise Huge
    if not pdf.is_pdf(content):
        return content.decode("utf-8-sig", "replace"), receipts.LONGEST
    return pdf.strings(content), 4 * pdf.UNPACKED


def content_of(source: str) -> bytes | None:
    """The file of that name; None when it is no name but a text. Raises NoFile."""
    path = Path(source)
    there = False
    with contextlib.suppress(OSError, ValueError):  # longer than a name may be, or with a zero in it
        there = path.is_file()
    if not there:
        if len(source) < NO_SIGNED_LINE and not source.upper().startswith(receipts.NAME):
            raise NoFile(f"there is no file {source}")
        return None
    try:
        with path.open("rb") as file:
            return file.read(pdf.LARGEST + 1)
    except OSError as error:
        raise NoFile(f"{source} cannot be read: {error.strerror}") from None


def keys_of(key: str, file: str) -> Keys | None:
    """The keys that were handed over; None when none were. Raises NoKey or NoFile."""
    given: dict[str, bytes] = {}
    if key:
        given |= read_keys(key)
    if file:
        try:
            given |= read_keys(Path(file).read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise NoFile(f"{file} cannot be read: {error}") from None
    return given or None


def words(said: Statement) -> str:
    """What was signed, for whoever compares it with the paper."""
    renderer = Renderer(Catalogues(), "en", HOME)
    lines = (
        ("reference", reference.show(said.reference)),
        ("kind", f"{category_words(shipped_book(), said.category).en} ({said.category})"),
        ("filed", f"{renderer.param(said.filed_at)}, Phnom Penh time"),
        ("answer due by", f"{renderer.param(said.due_at)}, Phnom Penh time"),
        ("signed with key", said.key),
    )
    told = "\n".join(f"  {name + ':':<16} {value}" for name, value in lines)
    return f"valid: this receipt is genuine\n{told}\nOnly these lines are signed: compare them with the paper.\n"
