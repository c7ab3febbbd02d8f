"""The figures page, and the same figures as CSV and XLSX."""

import contextlib
import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.domain.clocks import KINDS
from storage import clocks, offices
from tests.console.desk import Browser, Desk


def office(desk: Desk, code: str, country: str, name: str = "") -> int:
    def work(connection: Connection) -> int:
        return offices.add(
            connection,
            code=code,
            name_km=name or "ការិយាល័យសាកល្បង",
            name_en=name or f"Office {code}",
            country=country,
        )

    return desk.service.db.write_now(work)


def filed(desk: Desk, at: int, *, ago: timedelta, answered: timedelta | None) -> str:
    """A complaint of that office, `answered` so long after it was filed."""
    code = desk.complain(ago=ago)
    row = desk.row(code)

    def work(connection: Connection) -> None:
        from storage import complaints

        complaints.change(connection, row.id, desk.now, office_id=at)
        clocks.start(connection, row.id, "normal", desk.now - ago, KINDS)
        if answered is not None:
            clocks.stop(connection, row.id, desk.now - ago + answered)

    desk.service.db.write_now(work)
    return code


async def lines(browser: Browser) -> dict[tuple[str, str], dict[str, Any]]:
    got = await browser.get("/console/figures.csv")
    assert got.status == 200
    return {(row["by"], row["name"]): row for row in csv.DictReader(io.StringIO(got.body.decode("utf-8-sig")))}


async def test_the_page_and_the_files_say_the_same(desk: Desk, browser: Browser) -> None:
    there = office(desk, "TH", "TH")
    for answered in (timedelta(hours=3), timedelta(hours=20), timedelta(hours=60)):
        filed(desk, there, ago=timedelta(days=4), answered=answered)
    filed(desk, there, ago=timedelta(hours=1), answered=None)
    found = await lines(browser)
    whole = next(row for (by, _name), row in found.items() if by == "all")
    assert (whole["addressed_known"], whole["addressed_on_time"], whole["addressed_share"]) == ("3", "2", "0.6667")
    assert (whole["addressed_median_h"], whole["addressed_90th_h"]) == ("20.0", "60.0")
    assert (whole["received_known"], whole["received_on_time"], whole["running"]) == ("3", "1", "2")
    assert found["office", "Office TH"]["addressed_known"] == "3"
    page = (await browser.get("/console/figures")).text
    assert "៦៧%" in page
    assert "២ ក្នុងចំណោម ៣ ទាន់ពេល" in page
    book = zipfile.ZipFile(io.BytesIO((await browser.get("/console/figures.xlsx")).body))
    words = book.read("xl/sharedStrings.xml").decode()
    assert "ការិយាល័យសាកល្បង" in words, "named in the language of the page"


async def test_a_period_is_chosen_from_three(desk: Desk, browser: Browser) -> None:
    filed(desk, office(desk, "TH", "TH"), ago=timedelta(weeks=20), answered=timedelta(hours=1))
    for asked, known in (("52", "1"), ("4", "0"), ("", "0"), ("1000000", "0"), ("x", "0")):
        got = await browser.get("/console/figures.csv", params={"weeks": asked})
        row = next(csv.DictReader(io.StringIO(got.body.decode("utf-8-sig"))))
        assert row["addressed_known"] == known, asked


@pytest.mark.parametrize(
    ("role", "known"), [("head", "1"), ("auditor", "2"), ("desk", "2"), ("official", "2"), ("member", "1")]
)
async def test_everybody_sees_what_they_reach(desk: Desk, role: str, known: str) -> None:
    mine, other = office(desk, "TH", "TH"), office(desk, "KR", "KR")
    for at in (mine, other):
        filed(desk, at, ago=timedelta(days=3), answered=timedelta(hours=2))
    officer = desk.officer("of-figures", role=role)
    if role in ("head", "member"):
        desk.service.db.write_now(lambda c: offices.serve(c, mine, officer, head=role == "head"))
    rows = figures_of(desk, officer)
    assert rows == known


async def test_a_minute_of_figures_is_shared_by_equal_eyes_only(desk: Desk) -> None:
    """Whoever looks first and whoever looks after them: each sees only what they reach, and what is kept shows it."""
    thai, korean = office(desk, "TH", "TH"), office(desk, "KR", "KR")
    for at, number in ((thai, 1), (korean, 2)):
        for _ in range(number):
            filed(desk, at, ago=timedelta(days=3), answered=timedelta(hours=2))
    for login, at in (("one", thai), ("same", thai), ("other", korean)):
        officer = desk.officer(login, role="head")
        desk.service.db.write_now(lambda c, at=at, officer=officer: offices.serve(c, at, officer, head=True))  # type: ignore[misc]  # bound at once
    desk.officer("eyes", role="auditor")
    reached = {"one": {"Office TH": "1"}, "other": {"Office KR": "2"}, "eyes": {"Office TH": "1", "Office KR": "2"}}
    async with contextlib.AsyncExitStack() as stack:
        browsers = {login: await stack.enter_async_context(desk.browser()) for login in (*reached, "same")}
        for login, browser in browsers.items():
            assert (await browser.sign_in(login)).status == 303
        for order in (("eyes", "one", "other"), ("other", "one", "eyes")):
            for login in order:
                found = await lines(browsers[login])
                by_office = {name: row["addressed_known"] for (by, name), row in found.items() if by == "office"}
                assert by_office == reached[login], login
                page = await browsers[login].get("/console/figures", headers={"cookie": "language=en"})
                assert page.status == 200
                assert {name for name in ("Office TH", "Office KR") if name in page.text} == set(reached[login]), login
        filed(desk, thai, ago=timedelta(days=3), answered=timedelta(hours=2))
        assert (await lines(browsers["same"]))["office", "Office TH"]["addressed_known"] == "1", "their colleague's"


def figures_of(desk: Desk, officer: int) -> str:
    from bot.console.figures import compute

    def look(connection: Connection) -> str:
        reach = offices.reach(connection, officer)
        return str(compute(connection, reach, 13, desk.now).figures.whole.addressed.known)

    return desk.service.db.read_now(look)


async def test_a_member_has_no_figures(desk: Desk) -> None:
    desk.officer("of-member", role="member")
    async with desk.browser() as browser:
        await browser.sign_in("of-member")
        assert (await browser.get("/console/figures")).status == 403
        assert (await browser.get("/console/figures.csv")).status == 403


async def test_no_cell_is_a_formula(desk: Desk, browser: Browser) -> None:
    filed(desk, office(desk, "X", "TH", name="=HYPERLINK(1)"), ago=timedelta(days=3), answered=timedelta(hours=2))
    assert ("office", "'=HYPERLINK(1)") in await lines(browser)
