"""Receipts made from the database: one key, one page, one code; and what becomes of them when tampered with."""

import asyncio
import base64
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from typer.testing import CliRunner

from bot import log
from bot.app import receipts, typeset
from bot.app.books import shipped_book
from bot.app.context import Context
from bot.app.execute import execute
from bot.app.post import PLAIN, Post
from bot.app.receipts import Receipt, by_code, pdf_of, pictures_of, public_keys, statement_of, text_of
from bot.cli import app
from bot.dialog.says import Say, Words
from bot.domain.complaints import FileComplaint
from bot.domain.errors import NotFound
from bot.domain.receipts import NotGenuine, SendReceipt, check, make_key, read_keys
from bot.i18n import Catalogues, Renderer
from bot.text import pdf, reference
from bot.text.fit import fit
from storage import people
from storage.audit import AUDIT
from storage.columns import KEYRING
from storage.db import Database
from storage.outbox import OUTBOX
from storage.receipts import Filed
from tests.app.commands import chumnuoy
from tests.support import png
from tests.support.service import SECRET_KEYS

NOW = datetime(2026, 11, 22, 8, 4, 5, 678901, tzinfo=UTC)
STORY, NAME, PHONE = "ថៅកែមិនបើកលុយ SECRETSTORY", "Sokha Chan", "+85512345678"
BOOK, CATALOGUES = shipped_book(), Catalogues()
LONG_URL = "https://complaints.sub-committee.example.gov.kh"
LINE = re.compile(rb"CHUMNUOY1\.[\w.-]+")


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    KEYRING.use([SECRET_KEYS])
    opened = Database(database_url)
    yield opened
    opened.close()


def context(connection: Connection, who: str = "1") -> Context:
    here = people.enter(connection, "telegram", who, NOW)
    return Context(connection, NOW, BOOK, Post(CATALOGUES, {}), here=here, channel="telegram")


def filed(db: Database, number: int = 1, *, category: str = "WAGE_UNPAID") -> str:
    """A complaint by person `1`; its reference."""
    code = reference.make(number)
    command = FileComplaint(
        reference=code,
        category=category,
        country="TH",
        about="employer",
        behalf="self",
        identity="named",
        contact="call",
        parts=({"text": STORY},),
        name=NAME,
        phone=PHONE,
    )
    db.write_now(lambda c: execute(command, context(c)))
    return code


def receipt_of(db: Database, code: str, at: datetime = NOW) -> Receipt:
    return db.write_now(lambda c: statement_of(c, code, at))


def keys(db: Database) -> dict[str, bytes]:
    return db.read_now(public_keys)


def acts(db: Database, action: str) -> list[Any]:
    return db.read_now(lambda c: list(c.execute(select(AUDIT).where(AUDIT.c.action == action))))


def test_it_says_what_was_filed_and_always_the_same(db: Database) -> None:
    code = filed(db)
    made = receipt_of(db, code)
    said = check(made.line, keys(db))
    second = NOW.replace(microsecond=0)
    assert (said.reference, said.category, said.filed_at) == (code, "WAGE_UNPAID", second)
    assert said.due_at == second + timedelta(hours=48)
    assert receipt_of(db, code, NOW + timedelta(days=9)).line == made.line
    with pytest.raises(NotFound):
        receipt_of(db, reference.make(99))
    assert len(acts(db, "make_receipt_key")) == 1
    private = db.read_now(lambda c: c.exec_driver_sql("select private from signing_key").scalar_one())
    assert b"gAAAA" in bytes(private)[:5], "sealed"


def test_two_at_once_make_one_key(db: Database) -> None:
    codes = [filed(db, number) for number in range(6)]
    others = [Database(db.url) for _ in codes]
    with ThreadPoolExecutor(len(codes)) as threads:
        made = list(threads.map(receipt_of, others, codes))
    for other in others:
        other.close()
    assert len(keys(db)) == 1
    assert [check(one.line, keys(db)).reference for one in made] == codes


def test_the_new_key_signs_and_the_old_one_still_checks(db: Database) -> None:
    code = filed(db)
    before = receipt_of(db, code)
    db.write_now(lambda c: receipts.new_key(c, NOW - timedelta(days=3)))  # the clock went back meanwhile
    after = receipt_of(db, code)
    assert before.statement.key != after.statement.key
    for one in (before, after):
        assert check(one.line, keys(db)) == one.statement
        assert db.read_now(partial(by_code, reference=code, code=one.code)) == one
    text = db.read_now(receipts.keys_text)
    assert read_keys(text) == keys(db)
    assert text.startswith(after.statement.key)
    only = {after.statement.key: keys(db)[after.statement.key]}
    with pytest.raises(NotGenuine):
        check(before.line, only)


def test_a_check_code_belongs_to_one_complaint(db: Database) -> None:
    one, other = (receipt_of(db, filed(db, number)) for number in (1, 2))
    for code in (other.code, "0" * 16):
        assert db.read_now(partial(by_code, reference=one.statement.reference, code=code)) is None
    assert db.read_now(lambda c: by_code(c, reference.make(77), one.code)) is None


def test_the_worker_gets_it_and_nobody_else(db: Database) -> None:
    code = filed(db)
    db.write_now(lambda c: execute(SendReceipt(code), context(c)))
    bodies = db.read_now(lambda c: list(c.scalars(select(OUTBOX.c.body).where(OUTBOX.c.body.is_not(None)))))
    sent = [body["text"] for body in bodies if "CHUMNUOY1." in body["text"]]
    assert len(sent) == 1
    assert check(sent[0], keys(db)).reference == code
    assert len(acts(db, "send_receipt")) == 1
    with pytest.raises(NotFound):
        db.write_now(lambda c: execute(SendReceipt(code), context(c, "2")))
    with pytest.raises(NotFound):
        db.write_now(lambda c: execute(SendReceipt(reference.make(5)), context(c)))


KEY = make_key(b"k" * 32)
KEYS = {KEY.id: base64.b64decode(KEY.public)}


def any_receipt(category: str = "WAGE_UNPAID", *, is_demo: bool = False) -> Receipt:
    return receipts.signed(Filed(reference.make(7**12), category, NOW, is_demo), KEY)


@pytest.mark.parametrize("category", [*BOOK.categories, "A_CODE_OF_LATER"])
def test_its_message_is_one_bubble_everywhere(category: str) -> None:
    made = any_receipt(category, is_demo=True)
    text = text_of(made, BOOK, CATALOGUES, LONG_URL)
    said = Say(Words(text, text))
    assert made.line in text.splitlines(), "on a line of its own"
    assert check(text, KEYS) == made.statement
    assert len(fit(Renderer(CATALOGUES, "km").say(said), [], PLAIN, "km")) == 1
    assert reference.show(made.statement.reference) in text
    assert "(demo)" in text


@pytest.mark.parametrize("category", [*BOOK.categories, "A_CODE_OF_LATER"])
def test_it_is_one_page(category: str) -> None:
    for url in ("", LONG_URL):
        assert len(pictures_of(any_receipt(category, is_demo=True), BOOK, CATALOGUES, url, ppi=30)) == 1


@pytest.mark.parametrize("url", ["", LONG_URL])
def test_the_code_on_the_page_is_the_statement(url: str) -> None:
    """Module by module, as a camera would see the middle of each; and white around it."""
    made = any_receipt()
    ppi = 120
    (content,) = pictures_of(made, BOOK, CATALOGUES, url, ppi=ppi)
    page = png.read(content, int((receipts.QR_TOP + receipts.QR_SIZE + 5) * ppi / 25.4))
    matrix = [list(map(bool, row)) for row in receipts.qr(made, url).matrix]
    size, pixels = len(matrix), ppi / 25.4
    module = receipts.QR_SIZE * pixels / size

    def dark(row: float, column: float) -> bool:
        x, y = receipts.QR_LEFT * pixels + (column + 0.5) * module, receipts.QR_TOP * pixels + (row + 0.5) * module
        return page.at(int(x), int(y)) < 128

    assert [[dark(row, column) for column in range(size)] for row in range(size)] == matrix
    for at in range(-3, size + 3):
        assert not any(dark(*place) for edge in (-3, size + 2) for place in ((edge, at), (at, edge)))
    assert made.address(url).endswith(made.line)
    assert check(made.address(url), KEYS) == made.statement


def test_the_page_is_drawn_with_our_letters_only() -> None:
    families = {font.family for font in typeset.fonts().fonts()}
    assert "Noto Sans Khmer" in families
    assert not families & {"Noto Sans", "Liberation Sans", "DejaVu Sans"}, "the machine's own are not used"
    drawn = pdf.strings(pdf_of(any_receipt(), BOOK, CATALOGUES))
    used = set(re.findall(r"/BaseFont/[A-Z]{6}\+([\w-]+)", drawn))
    assert used
    assert all(name.startswith(("NotoSansKhmer", "DejaVuSansMono")) for name in used), used


def test_the_page_can_be_checked_as_a_file() -> None:
    made = any_receipt()
    paper = pdf_of(made, BOOK, CATALOGUES, LONG_URL)
    assert paper == pdf_of(made, BOOK, CATALOGUES, LONG_URL), "the same receipt is the same file"
    assert pdf.is_pdf(paper)
    assert check(pdf.strings(paper), KEYS) == made.statement
    copies = [found.start() for found in LINE.finditer(paper)]
    assert len(copies) == 2
    head = len("CHUMNUOY1.")
    for at in range(len(made.line)):
        for first in copies if at >= head else copies[:1]:
            broken = bytearray(paper)
            broken[first + at] ^= 1
            if at < head:  # a copy that is no receipt any more leaves the other one standing
                broken[copies[1] + at] ^= 1
            with pytest.raises(NotGenuine):
                check(pdf.strings(bytes(broken)), KEYS)


def test_the_line_is_found_however_a_program_stored_it() -> None:
    line = any_receipt().line.encode()
    wide = b"\xfe\xff" + line.decode().encode("utf-16-be")
    packed = zlib.compress(b"<pdf:Keywords>" + line + b"</pdf:Keywords>")
    for stored in (
        b"/Keywords(" + line + b")",
        b"/Keywords(" + line[:50] + b"\\\n" + line[50:] + b")",
        b"/Keywords<" + line.hex().encode() + b">",
        b"/Keywords<" + wide.hex().upper().encode() + b">",
        b"/Keywords(" + wide + b")",
        b"<</Filter/FlateDecode>>\nstream\r\n" + packed + b"\r\nendstream",
    ):
        assert check(pdf.strings(b"%PDF-1.7\n1 0 obj<<" + stored + b">>\n%%EOF"), KEYS) == any_receipt().statement


def test_a_file_that_unpacks_to_very_much_is_left() -> None:
    bomb = zlib.compress(bytes(3 * pdf.UNPACKED), 9)
    text = pdf.strings(b"%PDF-1.7\n" + 3 * (b"stream\n" + bomb + b"\nendstream\n"))
    assert len(text) < 2 * pdf.UNPACKED


def test_nothing_of_the_worker_is_on_it(db: Database) -> None:
    made = receipt_of(db, filed(db))
    values = receipts.on_paper(made, BOOK, CATALOGUES, LONG_URL)
    text = text_of(made, BOOK, CATALOGUES, LONG_URL)
    written = "".join(values.values()) + text + made.statement.payload
    for secret in (STORY, "SECRETSTORY", NAME, "Sokha", PHONE, PHONE[4:], "TH|"):
        assert secret not in written
    assert not re.search(r"\+\d{6,}", written), "no phone number that nobody has verified"


NOTHING_SET = {"DATABASE_URL": "", "SECRET_KEYS": "", "FILES_URL": ""}


@pytest.fixture
def run(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[int, str]]]:
    """`chumnuoy …` in this process and in `tmp_path`; its exit code and all that it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(log, "set_up", lambda form: None)
    settings = {"DATABASE_URL": sqlite_url, "SECRET_KEYS": SECRET_KEYS, "FILES_URL": str(tmp_path / "files")}

    def work(*arguments: str, stdin: str = "", env: Mapping[str, str] = settings) -> tuple[int, str]:
        ended = CliRunner().invoke(app, arguments, input=stdin, env=dict(env))
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended.exit_code, ended.output

    yield work
    KEYRING.use([SECRET_KEYS])


Run = Callable[..., tuple[int, str]]


def test_from_the_command_line(tmp_path: Path, sqlite_url: str, run: Run) -> None:
    KEYRING.use([SECRET_KEYS])
    with closing(Database(sqlite_url)) as db:
        code = filed(db)
    shown = reference.show(code)
    assert run("receipt", shown.lower(), "--pdf", "r.pdf") == (0, "")
    status, text = run("receipt", code, "--text")
    assert (status, shown in text) == (0, True)
    (tmp_path / "r.txt").write_text(text, encoding="utf-8")
    status, known = run("receipt-key")
    key = known.split()[1]
    (tmp_path / "keys").write_text(known, encoding="utf-8")

    line = next(one for one in text.splitlines() if one.startswith("CHUMNUOY1."))
    for source in ("r.pdf", "r.txt", line, f"https://x.example/receipts/{code}?s={line}"):
        assert run("verify", source)[0] == 0
        for given in (("--key", key), ("--keys", "keys")):
            status, words = run("verify", source, *given, env=NOTHING_SET)
            assert (status, shown in words, "WAGE_UNPAID" in words) == (0, True, True), words
    assert run("verify", "-", "--key", key, stdin=text, env=NOTHING_SET)[0] == 0

    paper = (tmp_path / "r.pdf").read_bytes()
    (tmp_path / "bad.pdf").write_bytes(paper.replace(line[40:50].encode(), b"AAAAAAAAAA"))
    (tmp_path / "bad.txt").write_text(text.replace(line, line[:60] + "A" + line[61:]), encoding="utf-8")
    (tmp_path / "none.pdf").write_bytes(b"%PDF-1.7\n%%EOF")
    for source in ("bad.pdf", "bad.txt", "none.pdf", line[:-1]):
        status, words = run("verify", source, "--key", key, env=NOTHING_SET)
        assert (status, words.startswith("not valid: ")) == (1, True), words
    status, words = run("verify", "r.txt", "--key", make_key(b"z" * 32).public, env=NOTHING_SET)
    assert (status, "key" in words) == (1, True), words

    status, both = run("receipt-key", "--new")
    assert (status, len(read_keys(both))) == (0, 2)
    assert run("verify", "r.txt")[0] == 0
    fresh = run("receipt", code, "--text")[1]
    assert line not in fresh
    assert run("verify", fresh)[0] == 0


def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path, run: Run) -> None:
    (tmp_path / "r.txt").write_text(any_receipt().line, encoding="utf-8")
    for arguments, code in {
        ("verify", "nofile.pdf", "--key", KEY.public): 2,
        ("verify", "r.txt", "--key", "x"): 2,
        ("verify", "r.txt", "--keys", "nofile"): 2,
        ("verify", "x\0" + "y" * 300, "--key", KEY.public): 1,
        ("receipt", any_receipt().statement.reference): 2,
        ("receipt", any_receipt().statement.reference, "--pdf", "x.pdf", "--text"): 2,
        ("receipt", any_receipt().statement.reference, "--text"): 1,
        ("receipt", "what", "--text"): 1,
    }.items():
        ended = run(*arguments)
        assert ended[0] == code, (arguments, ended)
        assert len(ended[1].strip().splitlines()) == 1, ended


def test_verify_needs_nothing_of_ours(tmp_path: Path) -> None:
    """A process of its own, with no setting at all."""
    nothing: dict[str, Any] = {"SECRET_KEYS": None, "FILES_URL": None}
    ended = chumnuoy(tmp_path, "verify", any_receipt().line, "--key", KEY.public, **nothing)
    assert ended.code == 0, ended.words
    assert not list(tmp_path.iterdir())


async def test_drawing_does_not_hold_up_the_loop() -> None:
    """From a thread, several at once."""
    made = await asyncio.gather(
        *(asyncio.to_thread(pdf_of, any_receipt(), BOOK, CATALOGUES, LONG_URL) for _ in range(4))
    )
    assert len(set(made)) == 1
