"""One complaint's page as officers meet it: who else is here, keys, ready answers, and the page to print."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.canned import SaveCanned
from bot.domain.complaints import AddNote, AnswerComplaint, MergeComplaint
from bot.domain.unlocks import AskUnlock
from tests.console.desk import PASSWORD, Desk, open_desk, picture, voice
from tests.console.page import case, office, officer, put
from tests.support.chromium import Pages

if TYPE_CHECKING:
    from playwright.async_api import Page

HOURS = timedelta(hours=1)
WORDS = ("យើងបានទទួលហើយ", "Received", "បណ្តឹង {reference} កំពុងពិនិត្យ", "Complaint {reference} is looked at")


@pytest.fixture
async def desk(tmp_path: Path, quick_passwords: None) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as opened:
        yield opened


async def sign_in(page: "Page", desk: Desk, login: str, onward: str) -> None:
    await page.goto(onward)
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_selector("main[data-version]")


async def until(page: "Page", expression: str) -> None:
    async with asyncio.timeout(10):
        while not await page.evaluate(expression):  # noqa: ASYNC110 - nothing here sets an event
            await asyncio.sleep(0.05)


async def busy(desk: Desk) -> tuple[str, int, int]:
    """A complaint with everything on it; its reference, and two officers."""
    place, seoul = office(desk, "BKK"), office(desk, "SEL", "KR")
    sok, dara = officer(desk, "sok", "desk", place), officer(desk, "dara", "desk", place)
    officer(desk, "sela", "member", seoul)
    code = case(
        desk, place, ago=5 * HOURS, about_name="Golden Hope Recruitment " * 3, contact="call", phone="+60123456789"
    )
    desk.add(code, desk.attach(picture(900, 500)), desk.attach(voice()), {"place": [11.5564, 104.9282]})
    for turn in range(6):
        desk.add(code, {"text": f"ថៅកែមិនទាន់ឲ្យលុយទេ ខ្ញុំនៅរង់ចាំ {turn} " * 6})
        await desk.engine.command(AnswerComplaint(code, "យើងកំពុងទាក់ទងក្រុមហ៊ុន។ សូមរង់ចាំបន្តិច។ " * 3, dara))
    other = case(desk, place, category="NON_DEPLOYMENT")
    await desk.engine.command(MergeComplaint(other, code, dara))
    await desk.engine.command(AddNote(code, "បានទូរស័ព្ទទៅក្រុមហ៊ុនហើយ គេសន្យាឆ្លើយថ្ងៃច័ន្ទ។", dara))
    await desk.engine.command(AskUnlock(code, "នគរបាលត្រូវការស្គាល់អត្តសញ្ញាណដើម្បីជួយសង្គ្រោះ", dara))
    await desk.engine.command(SaveCanned(*WORDS, staff=1))
    put(desk, code, status="reopened", reopened=1, about_key=7)
    put(desk, other, about_key=7)
    return code, sok, dara


@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_a_long_page_is_whole_in_khmer_and_on_paper(desk: Desk, browser_page: Pages, screen: Any) -> None:
    code, _sok, _dara = await busy(desk)
    page = await browser_page(screen, base_url=desk.url)
    await sign_in(page, desk, "sok", f"/console/complaints/{code}")
    for language in ("km", "en"):
        for more in ("", "?print=1"):
            await page.goto(f"/console/complaints/{code}?lang={language}")
            await page.goto(f"/console/complaints/{code}{more}")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            cut = await page.evaluate(
                """() => [...document.querySelectorAll("h1, h2, h3, .pill, .button, summary, .clock-words, dd, .note")]
                    .filter((one) => one.offsetParent && getComputedStyle(one).display !== "inline")
                    .filter((one) => one.tagName !== "SELECT" && one.scrollWidth > one.clientWidth + 1)
                    .map((one) => one.className + ": " + one.textContent.trim())"""
            )
            assert cut == []
    await page.goto("/console/canned")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_officers_see_each_other_come_write_and_go(desk: Desk, browser_page: Pages) -> None:
    code, _sok, _dara = await busy(desk)
    one, two = await browser_page("desktop", base_url=desk.url), await browser_page("desktop", base_url=desk.url)
    await sign_in(one, desk, "sok", f"/console/complaints/{code}")
    await sign_in(two, desk, "dara", f"/console/complaints/{code}")
    await until(two, "document.getElementById('presence').textContent.includes('មន្ត្រី sok')")
    await two.click("#text")
    await two.keyboard.type("half a reply")
    async with asyncio.timeout(10):
        while "កំពុងសរសេរចម្លើយ" not in await one.inner_text("#presence"):
            await one.evaluate("ping()")
    await two.goto("/console/complaints")
    async with asyncio.timeout(10):
        while (await one.inner_text("#presence")).strip():
            await one.evaluate("ping()")


async def test_keys_ready_answers_and_what_is_half_written(desk: Desk, browser_page: Pages) -> None:
    code, _sok, dara = await busy(desk)
    page = await browser_page("desktop", base_url=desk.url)
    await sign_in(page, desk, "sok", f"/console/complaints/{code}")
    await page.keyboard.press("?")
    await page.wait_for_selector("#keys", state="visible")
    await page.keyboard.press("Escape")
    await page.wait_for_selector("#keys", state="hidden")
    await page.keyboard.press("n")
    await page.wait_for_selector("#note:focus")
    await page.keyboard.type("half a note, and a key: r a p")
    assert await page.evaluate("document.activeElement.id") == "note"
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("r")
    await page.wait_for_selector("#text:focus")
    await page.keyboard.type("Hello.")
    await page.select_option("#ready", index=1)
    assert await page.input_value("#text") == f"Hello.\n\nបណ្តឹង {code[:4]}-{code[4:]} កំពុងពិនិត្យ"
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("a")
    await page.wait_for_selector(".notice")
    assert desk.row(code).status == "received"
    assert (await page.input_value("#text")).startswith("Hello."), "taking it loses no half reply"
    assert await page.input_value("#note") == "half a note, and a key: r a p"

    await page.fill("#text", "")
    await desk.engine.command(AnswerComplaint(code, "មុនអ្នក", dara))
    await page.wait_for_selector("text=មុនអ្នក")
    await page.click("#text")
    await page.keyboard.type("I have read that.")
    await page.click(".one-reply form[data-reply] [value=answer]")
    await page.wait_for_selector(".notice")
    assert desk.thread(code)[-1].body == "I have read that.", "what was there before the first key was seen"
    await page.keyboard.press("p")
    await page.wait_for_url("**?print=1")


async def test_who_was_overtaken_while_writing_reads_it_and_sends_again(desk: Desk, browser_page: Pages) -> None:
    code, _sok, dara = await busy(desk)
    page = await browser_page("phone", base_url=desk.url)
    await sign_in(page, desk, "sok", f"/console/complaints/{code}")
    await page.fill("#text", "My answer")
    await desk.engine.command(AnswerComplaint(code, "Another answer", dara))
    await page.click(".one-reply form[data-reply] [value=answer]")
    await page.wait_for_selector("#reply-error")
    assert await page.input_value("#text") == "My answer"
    assert await page.locator("text=Another answer").count() == 1
    await page.click(".one-reply form[data-reply] [value=answer]")
    await page.wait_for_selector(".notice")
    assert desk.thread(code)[-1].body == "My answer"
    browser_page.errors.clear()  # the answer 409 is one to the browser
