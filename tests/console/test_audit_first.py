"""First it is recorded, then it is shown: prints, pages, files and downloads, and what happens when it cannot be."""

from sqlalchemy import text

from tests.console.desk import STORY, Browser, Desk, picture
from tests.console.test_audit import auditor, recorded

__all__ = ["auditor"]


async def test_each_print_is_recorded(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    for again in range(1, 3):
        assert (await browser.get(f"/console/complaints/{code}?print=1")).status == 200
        assert [(one.subject_kind, one.subject) for one in recorded(desk, "print_complaint")] == [
            ("complaint", code)
        ] * again
    assert recorded(desk, "open_complaint") == [], "paper is not the page"


def nothing_is_recorded(desk: Desk) -> None:
    """From now on the table takes no row."""
    full = "CREATE TRIGGER no_room BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    desk.service.db.write_now(lambda c: c.execute(text(full)))


async def test_what_cannot_be_recorded_is_not_shown(desk: Desk, browser: Browser, auditor: Browser) -> None:
    code, photo = desk.complain(country="KR"), desk.attach(picture())
    desk.add(code, photo)
    pages = {
        f"/console/complaints/{code}": STORY,
        f"/console/complaints/{code}?print=1": STORY,
        f"/console/complaints/{code}/receipt.pdf": "%PDF",
        f"/console/files/{photo['file']}": "PNG",
        "/console/complaints?country=KR": f"case-{code}",
        "/console/complaints?q=none": "<form",
        "/console/figures": "<table",
        "/console/figures.csv": "addressed_known",
        "/console/figures.xlsx": "PK",
    }
    read = {"/console/audit": "act-", "/console/audit/chain?check=1": "notice", "/console/audit/table.csv": "number,at"}
    for reader, shown in ((browser, pages), (auditor, read)):
        for path, words in shown.items():
            got = await reader.get(path)
            assert (got.status, words.encode() in got.body) == (200, True), path
    desk.later(minutes=2)
    before = len(recorded(desk))
    nothing_is_recorded(desk)
    for reader, shown in ((browser, pages), (auditor, read)):
        for path in shown:
            got = await reader.get(path)
            assert (got.status, got.body) == (500, b"Internal Server Error"), path
    assert len(recorded(desk)) == before


async def test_a_download_is_recorded_before_its_first_byte(desk: Desk, browser: Browser, auditor: Browser) -> None:
    for reader, path, action in (
        (browser, "/console/figures.csv", "download_figures"),
        (browser, "/console/figures.xlsx", "download_figures"),
        (auditor, "/console/audit/table.csv", "download_audit"),
    ):
        before = len(recorded(desk, action))
        async with reader.http.get(path) as answer:
            assert answer.status == 200
            assert len(recorded(desk, action)) == before + 1, "nothing of the body was read yet"
            assert await answer.read()
