"""The list as an officer meets it: ticks that stay while lines come, keys, saved lists; on a phone and on a desk."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.domain.clocks import KINDS
from storage import clocks, complaints, offices, staff
from tests.browser.test_console import sign_in, until, whole
from tests.console.desk import LOGIN, Desk, open_desk
from tests.support.chromium import Pages

HOUR = timedelta(hours=1)
LIST = "/console/complaints"


@pytest.fixture
async def desk(tmp_path: Path, quick_passwords: None) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


def dressed(desk: Desk, code: str, **changed: Any) -> str:
    """With its clocks running since it was filed, and whatever else."""
    row = desk.row(code)

    def work(connection: Connection) -> None:
        clocks.start(connection, row.id, row.urgency, row.filed_at, KINDS)
        if row.received_at or changed.get("received_at"):
            clocks.stop(connection, row.id, changed.get("received_at") or row.received_at, ("received",))
        complaints.change(connection, row.id, desk.now, **changed)

    desk.service.db.write_now(work)
    return code


def officer_of(desk: Desk) -> int:
    found = desk.service.db.read_now(lambda connection: staff.by_login(connection, LOGIN))
    assert found is not None
    return int(found.id)


def office_with(desk: Desk, officer: int) -> int:
    def work(connection: Connection) -> int:
        made = offices.add(
            connection,
            code="th-bkk",
            name_km="អនុគណៈកម្មការការងារ ប្រចាំប្រទេសថៃ (សាកល្បង)",
            name_en="Labour Sub-committee in Thailand (demo)",
            country="TH",
        )
        offices.serve(connection, made, officer, head=True)
        return made

    return desk.service.db.write_now(work)


async def test_the_list_on_a_phone_and_on_a_desk(desk: Desk, browser_page: Pages, tmp_path: Path) -> None:
    me = officer_of(desk)
    mine = office_with(desk, me)
    for code, changed in (
        (desk.complain(category="CONFINEMENT", country="MY", safe="no", ago=HOUR / 3), {"office_id": mine}),
        (
            desk.complain(ago=60 * HOUR),
            {"office_id": mine, "officer_id": me, "status": "in_hand", "received_at": desk.now - 59 * HOUR},
        ),
        (desk.complain(ago=46 * HOUR, category="DOC_RETENTION", is_demo=True), {"office_id": mine}),
        (
            desk.complain(ago=30 * HOUR, category="MISSING", country="KR"),
            {"status": "waiting", "waiting_since": desk.now - 9 * HOUR, "received_at": desk.now - 20 * HOUR},
        ),
        (desk.complain(ago=5 * HOUR, category="OVERTIME_REST", country="JP", channel="messenger"), {}),
        (desk.complain(ago=50 * HOUR, category="RECRUIT_FEES"), {"office_id": mine, "status": "referred"}),
    ):
        dressed(desk, code, **changed)
    for size in ((390, 844), (1440, 900)):
        page = await browser_page("phone" if size[0] < 500 else "desktop", base_url=desk.url)
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await sign_in(page, LIST)
        for path in (LIST, f"{LIST}?status=waiting", f"{LIST}?status=all&q=លុយ", f"{LIST}?q=😀", f"{LIST}/saved"):
            await page.goto(path)
            await whole(page)
        await page.goto(LIST)
        await page.click("#tick-all")
        await page.wait_for_selector(".several-do button")
        await whole(page)
        assert await page.inner_text("#ticked strong") == "៦"


async def test_ticks_stay_while_lines_come_and_the_loser_is_told(desk: Desk, browser_page: Pages) -> None:
    me = officer_of(desk)
    office = office_with(desk, me)
    other = desk.officer("other", role="member")
    desk.service.db.write_now(lambda c: offices.serve(c, office, other))
    first, second = (dressed(desk, desk.complain(ago=hours * HOUR), office_id=office) for hours in (20, 10))
    page = await browser_page("desktop", base_url=desk.url)
    await sign_in(page, LIST)
    await until(page, "document.getElementById('line').textContent")
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement.id") == f"open-{first}"
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    assert await page.inner_text("#ticked strong") == "២"
    dressed(desk, second, officer_id=other)  # a colleague is faster: its line changes, the tick stays
    third = dressed(desk, desk.complain(category="CONFINEMENT"), office_id=office)
    await page.wait_for_selector(f"#case-{third}")
    assert await page.evaluate("document.querySelectorAll('input[name=tick]:checked').length") == 2
    assert await page.input_value(f"#tick-{second}") == f"{second}.", "what was seen when it was ticked"
    await page.click("button[value=take]")
    await page.wait_for_selector("#told")
    assert "១" in await page.inner_text("#told strong")
    assert f"{second[:4]}-{second[4:]}" in await page.inner_text("#told")
    assert "did=" not in page.url, "loading again does not repeat it"
    assert (desk.row(first).officer_id, desk.row(second).officer_id) == (me, other)
    await page.click(".save summary")
    await page.fill("#save-name", "ថៃ")
    await page.click(".save-form button")
    await page.wait_for_selector("#saved .chip")
    await page.click("h1")
    await page.keyboard.press("s")
    assert await page.evaluate("document.activeElement.textContent") == "ថៃ"
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.id") == "search"
