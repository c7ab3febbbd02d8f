"""The console as an officer meets it: in Khmer, on a phone and on a desk, with what is new appearing by itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.console.desk import LOGIN, PASSWORD, Desk, open_desk, picture, voice
from tests.support.chromium import Pages

if TYPE_CHECKING:
    from playwright.async_api import Page

HELLO = "ជម្រាបសួរ យើងខ្ញុំកំពុងដោះស្រាយជូន។"
HOURS = timedelta(hours=1)


@pytest.fixture
async def desk(tmp_path: Path, quick_passwords: None) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def sign_in(page: "Page", onward: str = "/console") -> None:
    await page.goto(onward)
    await page.fill("#login", LOGIN)
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_selector("main[data-version]")


async def until(page: "Page", expression: str) -> None:
    """Playwright's own way evaluates strings in the page, which our content security policy rightly refuses."""
    async with asyncio.timeout(10):
        while not await page.evaluate(expression):  # noqa: ASYNC110 - nothing here sets an event
            await asyncio.sleep(0.05)


async def whole(page: "Page") -> None:
    """Nothing is wider than the screen, no word is cut, and every control has a name."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = await page.evaluate(
        """() => [...document.querySelectorAll("h1, h2, .pill, .button, .tool, .tile-label, .alarm, .clock-words, dd")]
            .filter((one) => one.offsetParent && getComputedStyle(one).display !== "inline")
            .filter((one) => one.scrollWidth > one.clientWidth + 1)
            .map((one) => one.className + ": " + one.textContent.trim())"""
    )
    assert cut == []
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a, audio, video")]
            .filter((one) => one.offsetParent && !(one.labels?.length || one.ariaLabel || one.textContent.trim()
                || one.querySelector("img[alt]:not([alt=''])")))
            .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert await page.evaluate("parseFloat(getComputedStyle(document.body).lineHeight) / 16 >= 1.6")
    assert await page.evaluate("document.fonts.check('16px \\'Noto Sans Khmer\\'', 'ជំនួយ')")


@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_every_page_is_whole_in_both_languages(desk: Desk, browser_page: Pages, screen: Any) -> None:
    for hours, more in ((60, {"category": "NON_DEPLOYMENT"}), (46, {"channel": "phone", "country": "KR"}), (1, {})):
        desk.complain(ago=hours * HOURS, is_demo=True, **more)
    code = desk.complain(
        category="SEXUAL_ABUSE", safe="no", contact="wait", country="XX", country_name="សាធារណរដ្ឋប្រជាធិបតេយ្យកុងហ្គោ",
        about_name="A" * 120, parts=({"text": "ក" * 300}, {"text": "https://example.org/" + "x" * 200}),
    )  # fmt: skip
    desk.add(code, desk.attach(picture(2000, 300)), desk.attach(voice()), desk.attach(None, refused="kind"))
    page = await browser_page(screen, base_url=desk.url)
    for language in ("km", "en"):
        await page.goto(f"/console/sign-in?lang={language}")
        if language == "km":
            await whole(page)
            await sign_in(page)
        for path in ("", "?status=overdue", "?status=closed&country=JP", "?reference=abc", f"/{code}", "/00000000"):
            await page.goto(f"/console/complaints{path}")
            await whole(page)
    assert browser_page.errors == [browser_page.errors[0]] * 2, "only the page that is not there"
    assert "404" in browser_page.errors[0]
    browser_page.errors.clear()


async def test_an_officer_answers_on_a_phone_in_khmer(desk: Desk, browser_page: Pages) -> None:
    code = desk.complain(category="VIOLENCE", country="MY")
    desk.add(code, desk.attach(picture(640, 480)), desk.attach(voice(4.0), "voice"))
    page = await browser_page("phone", base_url=desk.url)
    await sign_in(page)
    assert await page.inner_text("h1") == "ពាក្យបណ្តឹង"
    row = page.locator(".case")
    assert "អាសន្ន" in await row.inner_text()
    await row.click()
    await page.wait_for_url(f"**/complaints/{code}")

    photo = page.locator(".picture img")
    await photo.scroll_into_view_if_needed()
    await until(page, "document.querySelector('.picture img').naturalWidth === 640")
    await photo.click()
    await until(page, "document.querySelector('.large-photo').naturalWidth === 640")
    assert await page.locator("#large").is_visible()
    await page.click("#large button")
    assert not await page.locator("#large").is_visible()

    await until(page, "Math.abs(document.querySelector('audio').duration - 4) < 0.1")
    await page.evaluate("document.querySelector('audio').currentTime = 3")
    await until(page, "document.querySelector('audio').seeking === false")
    assert await page.evaluate("document.querySelector('audio').currentTime") == 3

    await page.fill("#text", HELLO)
    assert await page.inner_text("[data-count]") == f"{khmer(len(HELLO))} / ៤០០០"
    await page.set_input_files("#file", {"name": "p.png", "mimeType": "image/png", "buffer": picture(100, 100)})
    await page.click(".one-reply [value=answer]")
    await page.wait_for_selector(".notice")
    assert HELLO in await page.locator(".entry-officer").first.inner_text()
    assert await page.locator(".entry-officer img").count() == 1
    assert await page.input_value("#text") == ""
    assert page.url.endswith(f"/{code}#latest"), "reloading shows no notice again"
    assert "បានឆ្លើយតប" in await page.inner_text("#promise")

    await page.select_option("#status", "closed")
    assert await page.evaluate("document.getElementById('reason').required")
    await page.fill("#reason", "ដោះស្រាយរួចហើយ")
    await page.click(".one-move button")
    await page.wait_for_selector(".entry-note")
    assert "បានបិទ" in await page.inner_text("#head")
    assert desk.row(code).status == "closed"
    await page.click(".top form button")
    await page.wait_for_selector("#login")


def khmer(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩"))


async def test_a_new_complaint_appears_by_itself(desk: Desk, browser_page: Pages) -> None:
    first = desk.complain()
    page = await browser_page("desktop", base_url=desk.url)
    await sign_in(page)
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement.id") == f"open-{first}"
    await until(page, "document.getElementById('line').textContent")
    second = desk.complain(category="CONFINEMENT")
    await page.wait_for_selector(f"#case-{second}")
    assert await page.locator(".case").first.get_attribute("id") == f"case-{second}"
    assert await page.locator(".tile-number").first.inner_text() == "២"
    assert await page.inner_text("#announcer") == "មានអ្វីថ្មីចូលមក។"
    assert await page.evaluate("document.activeElement.id") == f"open-{first}", "the focus stays where it was"
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/complaints/{second}")


async def test_a_message_appears_while_the_officer_writes_and_a_voice_plays(desk: Desk, browser_page: Pages) -> None:
    code = desk.complain()
    desk.add(code, desk.attach(voice(30.0), "voice"))
    page = await browser_page("desktop", base_url=desk.url)
    await sign_in(page, f"/console/complaints/{code}")
    await until(page, "document.getElementById('line').textContent")
    await page.evaluate("window.kept = document.querySelector('audio')")
    await page.evaluate("window.kept.muted = true, window.kept.play()")
    await page.select_option("#status", "received")
    await page.click("#text")
    await page.keyboard.type("half a rep")
    desk.add(code, {"text": "ខ្ញុំនៅទីនេះ"})
    await page.wait_for_selector("text=ខ្ញុំនៅទីនេះ")
    await page.keyboard.type("ly")
    assert await page.input_value("#text") == "half a reply"
    assert await page.input_value("#status") == "received", "what was chosen stays"
    assert await page.evaluate("window.kept.isConnected && !window.kept.paused"), "the voice plays on"


async def test_the_page_comes_back_when_the_connection_does(desk: Desk, browser_page: Pages) -> None:
    desk.complain()
    page = await browser_page("desktop", base_url=desk.url)
    await sign_in(page)
    await until(page, "document.getElementById('line').textContent")
    await page.context.set_offline(True)
    for connection in list(desk.server.server_state.connections):
        connection.transport.abort()
    await page.wait_for_selector(".line-lost")
    missed = desk.complain()
    await page.context.set_offline(False)
    await page.wait_for_selector(f"#case-{missed}")
    await page.wait_for_selector("#line:not(.line-lost)")
    browser_page.errors.clear()


async def test_a_reply_written_too_late_is_there_again_after_signing_in(desk: Desk, browser_page: Pages) -> None:
    code = desk.complain()
    page = await browser_page("phone", base_url=desk.url)
    await sign_in(page, f"/console/complaints/{code}")
    await page.fill("#text", HELLO)
    desk.later(minutes=61)
    await page.click(".one-reply [value=answer]")
    await page.wait_for_selector("#login")
    await page.fill("#login", LOGIN)
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_url(f"**/complaints/{code}")
    assert await page.input_value("#text") == HELLO
    await page.click(".one-reply [value=answer]")
    await page.wait_for_selector(".entry-officer")
    await page.reload()
    assert await page.input_value("#text") == ""
    assert len(desk.thread(code)) == 2


async def test_keys_and_a_file_that_is_too_large(desk: Desk, browser_page: Pages, tmp_path: Path) -> None:
    code = desk.complain()
    page = await browser_page("desktop", base_url=desk.url)
    await sign_in(page)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("/")
    await page.keyboard.type(f"{code[:4]} {code[4:].lower()}")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/complaints/{code}")
    await page.goto("/console/complaints")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/complaints/{code}")
    large = tmp_path / "large.jpg"
    large.write_bytes(b"\xff\xd8\xff" + b"0" * (21 * 1024 * 1024))
    await page.set_input_files("#file", large)
    assert "២០ MB" in await page.evaluate("document.getElementById('file').validationMessage")


async def test_it_works_without_scripts_too(desk: Desk, browser_page: Pages) -> None:
    code = desk.complain()
    page = await browser_page("phone", base_url=desk.url, java_script_enabled=False)
    await sign_in(page)
    await page.click(".case-link")
    await page.fill("#text", HELLO)
    await page.click(".one-reply [value=answer]")
    await page.wait_for_selector(".notice")
    assert desk.row(code).status == "addressed"
