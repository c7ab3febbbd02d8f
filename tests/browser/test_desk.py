"""Every page of the console, both languages, phone and desk: no serious accessibility fault, nothing cut."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.async_playwright import Axe

from bot.domain.reach import SECOND_FACTOR
from tests.console.desk import PASSWORD, Desk, open_desk, picture
from tests.support.chromium import Pages, Screen

if TYPE_CHECKING:
    from playwright.async_api import Page

PAGES: dict[str, tuple[str, ...]] = {
    "desk": (
        *("/console/complaints", "/console/complaints?status=all", "/console/complaints/{code}"),
        *("/console/notices", "/console/incidents", "/console/figures", "/console/offices", "/console/canned"),
        *("/console/account", "/console/nowhere"),
    ),
    "administrator": ("/console/staff", "/console/staff/1", "/console/staff/new", "/console/account/second-factor"),
    "auditor": ("/console/audit", "/console/complaints/{code}"),
}
"""Who looks at what; `{code}` is a complaint's reference."""
SERIOUS = ("serious", "critical")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
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


@pytest.mark.slow
@pytest.mark.parametrize("language", ["km", "en"])
@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_nobody_is_kept_out(desk: Desk, browser_page: Pages, screen: Screen, language: str) -> None:
    code = desk.complain(ago=timedelta(hours=40), category="CONFINEMENT")
    desk.complain(ago=timedelta(hours=60))
    desk.add(code, desk.attach(picture(), kind="photo"))
    found: dict[str, list[str]] = {}
    for role, addresses in PAGES.items():
        desk.officer(f"of-{role}", role=role)
        page = await browser_page(screen, base_url=desk.url)
        await page.goto(f"/console/sign-in?lang={language}")
        assert await faults(page) == []
        await page.fill("#login", f"of-{role}")
        await page.fill("#password", PASSWORD)
        await page.click("main button[type=submit]")
        if role in SECOND_FACTOR:
            assert await faults(page) == []
            await page.fill("#code", desk.code(f"of-{role}"))
            await page.click("main button[type=submit]")
        await page.wait_for_selector("nav.sections")
        for address in addresses:
            await page.goto(address.format(code=code))
            assert await page.evaluate("document.documentElement.lang") == language
            if wrong := await faults(page):
                found[f"{role}: {address}"] = wrong
    browser_page.errors[:] = [one for one in browser_page.errors if "404" not in one]  # /console/nowhere
    assert found == {}
