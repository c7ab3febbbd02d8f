"""The page that checks receipts, as somebody with a phone meets it: in Khmer, readable, open to everybody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from bot.app.receipts import statement_of
from bot.app.service import build
from bot.settings import Settings
from bot.text import reference
from bot.web import receipts
from bot.web.app import make_app
from storage.columns import KEYRING
from tests.app.test_receipts import CATALOGUES, NOW, filed
from tests.browser.test_desk import faults
from tests.console.desk import Server, until
from tests.support.chromium import Pages, Screen
from tests.support.processes import free_port
from tests.support.service import SECRET_KEYS


@pytest.fixture
async def site(tmp_path: Path, sqlite_url: str) -> AsyncIterator[tuple[str, str, str]]:
    """Its address, a signed line and that line's check code."""
    KEYRING.use([SECRET_KEYS])
    settings = Settings(_env_file=None, database_url=sqlite_url, secret_keys=SECRET_KEYS, files_url=str(tmp_path))
    service = build(settings, channels={})
    service.catalogues._texts["km"] |= CATALOGUES._texts["km"]
    await service.refresh_book()
    code = await asyncio.to_thread(filed, service.db)
    made = await service.db.write(lambda connection: statement_of(connection, code, NOW))
    port = free_port()
    server = Server(uvicorn.Config(make_app([(receipts.router(service), "")]), port=port, log_config=None))
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield f"http://127.0.0.1:{port}", made.line, made.code
    server.should_exit = True
    await asyncio.wait_for(running, 10)
    service.close()


@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_everybody_can_read_it(browser_page: Pages, site: tuple[str, str, str], screen: Screen) -> None:
    address, line, code = site
    page = await browser_page(screen, base_url=address)
    shown = reference.show(reference.make(1))
    for path, heard in (
        ("/receipts", ""),
        (f"/receipts/{shown}?s={line}", "បង្កាន់ដៃនេះពិតប្រាកដ"),
        (f"/receipts/{shown}?s={line[:-5]}", "នេះមិនមែនជាបង្កាន់ដៃពិតទេ"),
    ):
        await page.goto(path)
        assert await faults(page) == []
        assert heard in await page.inner_text("main")
    await page.fill("#reference", shown)
    await page.fill("#s", code.lower())
    await page.click("main button[type=submit]")
    await page.wait_for_selector(".verdict.genuine")
    await page.click("nav a[lang=en]")
    assert "This receipt is genuine" in await page.inner_text(".verdict.genuine")
    assert "Sunday 22 November 2026, 15:04" in await page.inner_text(".verdict.genuine")
