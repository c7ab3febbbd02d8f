"""The browser that tests look at pages with: the machine's own Chromium, driven by Playwright."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Literal

from tests.support.missing import missing_tool

if TYPE_CHECKING:  # Playwright takes a fifth of a second to import: only browser tests pay for it
    from playwright.async_api import Browser, ConsoleMessage, Page, Response

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),  # a microphone that needs no consent
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # nothing from outside
)

Screen = Literal["phone", "desktop"]
SCREENS: dict[Screen, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
        "locale": "km",
    },
    "desktop": {"viewport": {"width": 1440, "height": 900}, "locale": "km"},
}


def find_chromium() -> str:
    """The path of Chromium (the environment's CHROMIUM wins); a missing tool when there is none."""
    wanted = os.environ.get("CHROMIUM")
    path = next(filter(None, map(shutil.which, [wanted] if wanted else NAMES)), None)
    if path is None:
        raise missing_tool("Chromium", "apt-get install chromium, or set CHROMIUM to its path")
    return path


class Pages:
    """Opens pages, each with its own cookies: `page = await browser_page("phone", base_url=service.url)`.

    `errors` collects what went wrong in them (script errors, console errors, answers of 500 and above). A test fails
    at its end when there are any: one that expects an error takes it out of the list.
    """

    def __init__(self, browser: "Browser") -> None:
        self.browser = browser
        self.errors: list[str] = []

    async def __call__(self, screen: Screen = "phone", **options: Any) -> "Page":
        """A new page; `options` are Playwright's for a context, over those of the screen."""
        context = await self.browser.new_context(**{**SCREENS[screen], **options})
        page = await context.new_page()
        page.on("pageerror", lambda error: self.errors.append(f"script error: {error}"))
        page.on("console", self._heard)
        page.on("response", self._answered)
        return page

    def _heard(self, message: "ConsoleMessage") -> None:
        if message.type == "error":
            self.errors.append(f"console: {message.text}")

    def _answered(self, response: "Response") -> None:
        if response.status >= 500:
            self.errors.append(f"{response.status} {response.url}")


@contextlib.asynccontextmanager
async def open_chromium() -> AsyncIterator[Pages]:
    """A running browser with an empty profile."""
    path = find_chromium()
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield Pages(browser)
        finally:
            await browser.close()
