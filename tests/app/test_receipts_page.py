"""`/receipts` for anybody: it says whether a receipt is genuine, and to who holds none it says nothing at all."""

import html
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import event

from bot.app.execute import execute
from bot.app.receipts import Receipt, statement_of
from bot.app.service import Service, build
from bot.domain.complaints import FileComplaint
from bot.domain.receipts import check_code, read_keys, show_code
from bot.settings import Settings
from bot.text import reference
from bot.web import receipts
from bot.web.app import make_app
from tests.app.test_receipts import CATALOGUES, NAME, NOW, PHONE, STORY, any_receipt, context
from tests.support.service import SECRET_KEYS

ABSENT = reference.make(404)


@dataclass
class Site:
    """The pages, asked as a server would ask them, and what they asked of the database."""

    service: Service
    app: Any
    receipt: Receipt

    async def get(self, path: str, **query: str) -> tuple[int, str]:
        """The page as a reader sees it: entities are signs."""
        status, body = await self.source(path, **query)
        return status, html.unescape(body)

    async def source(self, path: str, **query: str) -> tuple[int, str]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": urlencode(query).encode(),
            "headers": [(b"host", b"x.example")],
            "client": ("203.0.113.1", 1),
            "server": ("x.example", 80),
        }
        await self.app(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], body.decode()

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """What is asked of the database meanwhile."""
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        event.listen(self.service.db.engine, "before_cursor_execute", note)
        yield seen
        event.remove(self.service.db.engine, "before_cursor_execute", note)


@pytest.fixture
async def site(tmp_path: Path, database_url: str) -> AsyncIterator[Site]:
    settings = Settings(
        _env_file=None, database_url=database_url, secret_keys=SECRET_KEYS, files_url=str(tmp_path / "files")
    )
    service = build(settings, channels={})
    service.catalogues._texts["km"] |= CATALOGUES._texts["km"]
    await service.refresh_book()
    command = FileComplaint(
        reference=reference.make(7),
        category="WAGE_UNPAID",
        country="TH",
        about="employer",
        behalf="self",
        identity="named",
        contact="call",
        parts=({"text": STORY},),
        name=NAME,
        phone=PHONE,
    )
    await service.db.write(lambda c: execute(command, context(c)))
    made = await service.db.write(lambda c: statement_of(c, command.reference, NOW))
    yield Site(service, make_app([(receipts.router(service), "")]), made)
    service.close()


async def test_a_genuine_one_shows_what_is_on_it_and_no_more(site: Site) -> None:
    said = site.receipt.statement
    code = show_code(site.receipt.code)
    for path, given in (
        (f"/receipts/{said.reference}", site.receipt.line),
        (f"/receipts/{reference.show(said.reference).lower()}", code),
        ("/receipts", f"សូមទុក\n{site.receipt.line[:90]}\n{site.receipt.line[90:]}\nthank you"),
        ("/receipts/what", site.receipt.line),
    ):
        status, page = await site.get(path, s=given, lang="en")
        assert status == 200
        assert "This receipt is genuine" in page, (path, given)
        assert reference.show(said.reference) in page
        assert "Sunday 22 November 2026, 15:04" in page
        assert "Tuesday 24 November 2026, 15:04" in page
        assert not any(secret in page for secret in (STORY, NAME, PHONE, "Thailand"))
    status, page = await site.get("/receipts", reference=said.reference, s=code)
    assert "ថ្ងៃអាទិត្យ ទី២២ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ១៥:០៤" in page
    assert "មិនបើកប្រាក់ខែ" in page


async def test_without_one_it_is_the_same_whether_there_is_such_a_complaint(site: Site) -> None:
    there, absent = site.receipt.statement.reference, ABSENT
    with site.statements() as asked:
        pages = [(await site.get(f"/receipts/{code}"))[1].replace(code, "…") for code in (there, absent)]
    assert pages[0] == pages[1]
    assert asked == [], "nothing is looked up"
    for wrong in ("0000-0000-0000-0000", show_code(check_code(any_receipt().line)), any_receipt().line, "x"):
        seen, answers = [], []
        for code in (there, absent):
            with site.statements() as asked:
                answers.append((await site.get(f"/receipts/{code}", s=wrong))[1].replace(code, "…"))
            seen.append([one for one in asked if one.startswith("SELECT")])
        assert answers[0] == answers[1]
        assert seen[0] == seen[1], "the same work is done"
        assert "genuine" not in answers[0]
        assert "WAGE" not in answers[0]


async def test_each_refusal_says_why(site: Site) -> None:
    line, there = site.receipt.line, site.receipt.statement.reference
    foreign = any_receipt().line
    for query, why in (
        ({"s": line[:80] + "A" + line[81:]}, "does not fit"),
        ({"s": line[:-4]}, "not whole"),
        ({"s": line[:50] + "ក" + line[51:]}, "a sign in the signed line"),
        ({"s": line.replace("UOY1", "UOY3")}, "version"),
        ({"s": foreign}, "not ours"),
        ({"s": f"{line} {foreign}"}, "more than one"),
        ({"s": "សួស្តី"}, "no receipt in what was given"),
        ({"s": "A" * 9000}, "far longer"),
        ({"s": line, "reference": ABSENT}, "another complaint"),
        ({"s": site.receipt.code}, "reference is needed"),
        ({"s": site.receipt.code, "reference": ABSENT}, "do not belong together"),
        ({"s": "0" * 16, "reference": there}, "do not belong together"),
    ):
        status, page = await site.get("/receipts", lang="en", **query)
        assert status == 200
        assert why in page, (query, page)
        assert "This receipt is genuine" not in page
        assert "WAGE" not in page.replace(line, "")


async def test_what_is_typed_cannot_write_the_page(site: Site) -> None:
    status, page = await site.source('/receipts/"><b>bold', s='</textarea><img src=x>"')
    assert status == 200
    assert "<b>bold" not in page
    assert "<img" not in page
    for odd in ("\x00", "\u202e", "ក" * 3000, " "):
        assert (await site.get(f"/receipts/{odd}", s=odd))[0] == 200


async def test_the_keys_are_handed_out(site: Site) -> None:
    status, text = await site.get("/receipts/key")
    assert status == 200
    assert site.receipt.statement.key in read_keys(text)
