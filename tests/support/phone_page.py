"""A person in front of the phone page: what they tap, type and see."""

import base64
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from tests.support.chromium import Pages, Screen
from tests.support.phone_app import PhoneApp

if TYPE_CHECKING:
    from playwright.async_api import Page

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Person:
    """Waits for what it does to show."""

    def __init__(self, page: "Page", app: PhoneApp) -> None:
        self.page, self.app = page, app

    async def open(self, path: str = "/phone") -> None:
        await self.page.goto(self.app.url + path)
        await self.page.wait_for_selector("html[data-ready]")

    async def begin(self, language: str = "km") -> None:
        """Open the page and choose a language; the menu is there afterwards."""
        await self.open()
        await self.tap(f"language:set={language}")
        await self.sees("sos:start")

    async def tap(self, code: str) -> None:
        await self.page.click(f'.choices [data-code="{code}"]')

    async def sees(self, code: str) -> None:
        await self.page.wait_for_selector(f'.choices [data-code="{code}"]')

    async def type(self, text: str) -> None:
        await self.page.fill("#words", text)
        await self.page.click("#send")

    async def attach(self, name: str, content: bytes, mime: str, kind: str = "photo") -> None:
        place = '[data-kind="photo"][multiple]' if kind == "photo" else f'[data-kind="{kind}"]'
        given: Any = {"name": name, "mimeType": mime, "buffer": content}
        await self.page.set_input_files(f"#attachments input{place}", given)

    async def all_sent(self) -> None:
        await self.page.wait_for_function(
            "() => [...document.querySelectorAll('li.out')].every((one) => one.dataset.state === 'sent')"
        )

    async def texts(self) -> list[str]:
        """Every bubble's words, oldest first, each behind `>` (mine) or `<`."""
        return list(
            await self.page.evaluate(
                """() => [...document.querySelectorAll('.log > li')].map((item) => {
                    const words = [...item.querySelectorAll('.bubble > p:not(.visually-hidden, .foot, .past, .who)')];
                    return (item.className === 'out' ? '> ' : '< ') + words.map((one) => one.textContent).join('|');
                })"""
            )
        )

    async def fits(self) -> bool:
        """Nothing is wider than the screen, and no words are cut off in their button or bubble."""
        return bool(
            await self.page.evaluate(
                """() => document.documentElement.scrollWidth <= innerWidth
                    && document.getElementById('scroll').scrollWidth <= document.getElementById('scroll').clientWidth
                    && [...document.querySelectorAll('button, .bubble p, .label, h1, header p')].every(
                        (one) => one.closest('[hidden], .visually-hidden') || !one.offsetParent
                            || (one.scrollHeight <= one.clientHeight + 1 || getComputedStyle(one).display === 'inline')
                    )"""
            )
        )


@contextlib.asynccontextmanager
async def person(pages: Pages, app: PhoneApp, screen: Screen = "phone", **options: Any) -> AsyncIterator[Person]:
    """Somebody with a browser of their own."""
    page = await pages(screen, **options)
    try:
        yield Person(page, app)
    finally:
        await page.context.close()


def forget_network_errors(pages: Pages) -> None:
    """What the browser says of requests that a test let fail; everything else still counts."""
    pages.errors[:] = [one for one in pages.errors if "Failed to load resource" not in one and not one[:1].isdigit()]
