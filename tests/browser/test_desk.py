"""Every page of the console, both languages, phone and desk: no serious accessibility fault, nothing cut."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.async_playwright import Axe

from bot.domain.reach import SECOND_FACTOR
from tests.console.desk import PASSWORD, Desk, open_desk, picture
from tests.console.page import office
from tests.console.test_matrix import TABLE
from tests.support.chromium import SCREENS, Pages, Screen

if TYPE_CHECKING:
    from playwright.async_api import Page

PAGES: dict[str, tuple[str, ...]] = {
    "desk": (
        *("/complaints", "/complaints?status=all", "/complaints/saved", "/complaints/{code}"),
        *("/complaints/{code}?print=1", "/complaints/{code}/left", "/notices", "/incidents", "/figures", "/canned"),
        *("/offices", "/offices/new", "/offices/{office}", "/offices/rules", "/offices/import"),
        *("/account", "/account/password", "/{nothing}"),
    ),
    "administrator": ("/staff", "/staff/{officer}", "/staff/new", "/account/second-factor"),
    "auditor": ("/audit", "/audit/chain?check=1", "/complaints/{code}"),
}
"""Who looks at what, under /console."""
AT_THE_DOOR = {"/sign-in", "/sign-in/code"}
NO_PAGES = {
    *("", "/", "/live", "/notices/count", "/files/{file}", "/complaints/{code}/receipt.pdf"),
    *("/figures.csv", "/figures.xlsx", "/audit/table.csv", "/offices/export"),
}
"""They lead on, are a part of a page, or no page."""
SERIOUS = ("serious", "critical")


@pytest.fixture
async def desk(tmp_path: Path, quick_passwords: None) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def faults(page: "Page") -> list[str]:
    """What axe-core finds that keeps somebody out, and what is wider than the screen."""
    found: dict[str, Any] = (await Axe().run(page)).response
    said = [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['target'] for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
    ]
    width, screen = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return said + ([f"{width} pixels wide on {screen}"] if width > screen else [])


def test_no_page_is_left_out() -> None:
    """Of those that the matrix of roles knows; print and the walk over the chain are views of theirs."""
    visited = {one.partition("?")[0] for addresses in PAGES.values() for one in addresses}
    known = {row.path.partition("?")[0] for row in TABLE if row.method == "GET"}
    assert visited | AT_THE_DOOR | NO_PAGES == known
    assert {*SCREENS} == {"phone", "desktop"}
    assert [SCREENS[one]["viewport"]["width"] for one in SCREENS] == [390, 1440]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["km", "en"])
@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_nobody_is_kept_out(desk: Desk, browser_page: Pages, screen: Screen, language: str) -> None:
    code = desk.complain(ago=timedelta(hours=40), category="CONFINEMENT")
    desk.complain(ago=timedelta(hours=60))
    desk.add(code, desk.attach(picture(), kind="photo"))
    office(desk, "bkk")
    names = {"code": code, "office": "bkk", "officer": "1", "nothing": "nowhere"}
    found: dict[str, list[str]] = {}
    for role, addresses in PAGES.items():
        desk.officer(f"of-{role}", role=role)
        page = await browser_page(screen, base_url=desk.url)
        answer = await page.goto(f"/console/sign-in?lang={language}")
        assert answer is not None
        assert (answer.status, await faults(page)) == (200, [])
        await page.fill("#login", f"of-{role}")
        await page.fill("#password", PASSWORD)
        await page.click("main button[type=submit]")
        if role in SECOND_FACTOR:
            assert await faults(page) == []
            await page.fill("#code", desk.code(f"of-{role}"))
            await page.click("main button[type=submit]")
        await page.wait_for_selector("nav.sections")
        for address in addresses:
            answer = await page.goto("/console" + address.format(**names))
            assert answer is not None
            assert answer.status == (404 if address == "/{nothing}" else 200), address
            assert await page.evaluate("document.documentElement.lang") == language
            if wrong := await faults(page):
                found[f"{role}: {address}"] = wrong
        await page.context.close()
    browser_page.errors[:] = [one for one in browser_page.errors if "404" not in one]  # /console/nowhere
    assert found == {}
