"""The phone page as a worker uses it: greeting, choices, a whole complaint, calls, languages, leaving no trace."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.complaints import COMPLAINT
from tests.support.chromium import Pages
from tests.support.phone_app import PhoneApp, phone_app
from tests.support.phone_page import Person, person


@pytest.fixture
async def app(sqlite_url: str, tmp_path: Path) -> AsyncIterator[PhoneApp]:
    async with phone_app(sqlite_url, tmp_path) as running:
        yield running


@pytest.fixture
async def worker(browser_page: Pages, app: PhoneApp) -> AsyncIterator[Person]:
    async with person(browser_page, app) as somebody:
        yield somebody


async def test_a_complaint_by_taps_numbers_and_words(worker: Person) -> None:
    page = worker.page
    await worker.open()
    await worker.sees("language:set=km")
    assert (await worker.texts())[0].startswith("< ជម្រាបសួរ!")
    assert await page.inner_text(".typing")
    assert await page.is_hidden("#typing")
    await worker.tap("language:set=km")
    await worker.tap("complaint:start")
    await worker.sees("complaint:group=work")
    await worker.type("៣")
    await worker.tap("complaint:category=WAGE_UNPAID")
    await worker.sees("complaint:country=TH")
    assert await worker.fits()
    await worker.type("ថៃ")
    await worker.tap("complaint:about=employer")
    await worker.tap("complaint:about_name=-")
    await worker.tap("complaint:behalf=self")
    await page.wait_for_function("() => document.querySelectorAll('.log > .out').length === 8")
    await worker.type("ខ្ញុំធ្វើការបីខែហើយ ថៅកែមិនបើកប្រាក់ខែឲ្យខ្ញុំទេ")
    await worker.tap("complaint:story=.")
    await worker.tap("complaint:evidence=-")
    await worker.tap("complaint:identity=hidden")
    await worker.tap("complaint:contact=chat")
    await worker.sees("complaint:review=send")
    assert await worker.fits()
    await worker.tap("complaint:review=send")
    await page.wait_for_selector("text=/[0-9A-Z]{4}-[0-9A-Z]{4}/")
    stored = await worker.app.service.db.read(lambda c: c.execute(select(COMPLAINT)).one())
    assert (stored.category, stored.country) == ("WAGE_UNPAID", "TH")
    mine = [text for text in await worker.texts() if text.startswith("> ")]
    assert mine[0] == "> ខ្មែរ"
    assert "> ៣" in mine


async def test_only_the_last_choices_are_buttons(worker: Person) -> None:
    await worker.begin()
    assert await worker.page.locator(".choices").count() == 1
    assert await worker.page.locator("li.in .past").first.inner_text() == "១ ខ្មែរ · ២ English"
    assert await worker.page.locator('[data-code="language:set=en"]').count() == 0


async def test_a_tap_on_an_old_choice_is_answered_by_todays_question(worker: Person) -> None:
    """As from a second window that is behind: the page itself leaves no old buttons."""
    await worker.begin()
    await worker.tap("complaint:start")
    await worker.tap("complaint:group=work")
    await worker.sees("complaint:category=WAGE_UNPAID")
    await worker.page.evaluate(
        """() => fetch("/phone/events", {method: "POST", body: JSON.stringify(
            {id: "0b3f8f0e-6a54-4f0e-8f0e-1f6f9f3c2b11", kind: "tap", code: "complaint:group=danger"})})"""
    )
    await worker.page.wait_for_function("() => document.querySelectorAll('.choices').length === 1")
    await worker.page.wait_for_function(
        "() => document.querySelectorAll('.past').length > 2 && document.querySelector('.choices button')"
    )
    codes = await worker.page.eval_on_selector_all(".choices button", "all => all.map((one) => one.dataset.code)")
    assert "complaint:category=WAGE_UNPAID" in codes


async def test_a_second_tab_shows_the_same_conversation(browser_page: Pages, app: PhoneApp, worker: Person) -> None:
    await worker.begin()
    second = Person(await worker.page.context.new_page(), app)
    await second.open()
    await second.tap("complaint:start")
    await worker.sees("complaint:group=work")
    await second.sees("complaint:group=work")
    assert await worker.texts() == await second.texts()


async def test_numbers_can_be_called_and_nothing_else_is_taken_for_one(worker: Person) -> None:
    await worker.begin()
    await worker.page.click("#sos")
    await worker.tap("sos:where=KR")
    await worker.sees("complaint:start")
    calls = await worker.page.eval_on_selector_all(".call", "all => all.map((one) => one.getAttribute('href'))")
    assert "tel:119" in calls
    assert any(one.startswith("tel:+855") for one in calls)
    assert await worker.fits()
    found = await worker.page.evaluate(
        """async () => {
            const {modules} = JSON.parse(document.getElementById("page").textContent);
            const {pieces} = await import(modules["phone-show.js"]);
            const texts = ["ហៅទៅ +855 12 345 678។", "ទូរស័ព្ទ០១២៣៤៥៦៧៨", "លេខ ០១២ ៣៤៥ ៦៧៨ ឬ 023-880-474",
                "ថ្ងៃទី២២ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ០៩:០០", "2026-11-22", "K7Q2-0123 4567 89", "$1,500", "1297"];
            return texts.map((text) => pieces(text).filter((one) => one.call).map((one) => one.call));
        }"""
    )
    assert found == [["+85512345678"], ["012345678"], ["012345678", "023880474"], [], [], [], [], []]


async def test_what_people_write_is_never_taken_for_a_page(worker: Person) -> None:
    await worker.begin()
    await worker.type("<img src=x onerror=alert(1)><b>ជួយ</b>")
    await worker.all_sent()
    assert "> <img src=x onerror=alert(1)><b>ជួយ</b>" in await worker.texts()
    assert await worker.page.locator(".log img, .log b").count() == 0


async def test_a_reload_keeps_the_transcript(worker: Person) -> None:
    await worker.begin()
    await worker.tap("complaint:start")
    await worker.sees("complaint:group=work")
    before = await worker.texts()
    await worker.page.reload()
    await worker.sees("complaint:group=work")
    await worker.page.wait_for_timeout(700)
    assert await worker.texts() == before


async def test_the_page_follows_the_language_of_the_conversation(worker: Person) -> None:
    await worker.begin("en")
    page = worker.page
    assert await page.get_attribute("html", "lang") == "en"
    assert await page.get_attribute("#words", "placeholder") == "Write a message"
    await page.click("#more")
    await page.click("#language")
    await worker.sees("language:set=km")
    await worker.type("1")
    await worker.sees("sos:start")
    await page.wait_for_selector('html[lang="km"]')
    await page.reload()
    await page.wait_for_selector('html[lang="km"]')


async def test_deleted_messages_do_not_come_back(worker: Person) -> None:
    await worker.begin()
    page = worker.page
    await page.click("#more")
    await page.click("#delete")
    await page.click('#sure [value="no"]')
    assert await worker.texts()
    await page.click("#more")
    await page.click("#delete")
    await page.click('#sure [value="yes"]')
    await page.wait_for_selector("#go-on")
    assert await worker.texts() == []
    await page.reload()
    await page.wait_for_selector("#go-on")
    await page.wait_for_timeout(1500)
    assert await worker.texts() == []
    assert "ជម្រាបសួរ" not in await page.evaluate("() => JSON.stringify(localStorage)")
    await page.click("#go-on")
    await worker.sees("sos:start")


async def test_the_page_can_be_used_without_touching_it(browser_page: Pages, app: PhoneApp) -> None:
    async with person(browser_page, app, "desktop") as worker:
        page = worker.page
        await worker.open()
        await worker.sees("language:set=km")
        await page.focus('[data-code="language:set=km"]')
        await page.keyboard.press("Enter")
        await worker.sees("sos:start")
        assert await page.evaluate("() => document.activeElement.id") == "words"
        await page.keyboard.type("២")
        await page.keyboard.press("Enter")
        await worker.sees("complaint:group=work")
        assert await page.evaluate("() => document.activeElement.id") == "words"
        await page.focus("#more")
        await page.keyboard.press("Enter")
        assert await page.evaluate("() => document.activeElement.id") == "language"
        await page.keyboard.press("Escape")
        assert await page.evaluate("() => document.activeElement.id") == "more"
        live = await page.get_attribute("#log", "aria-live")
        assert (live, await worker.fits()) == ("polite", True)


async def test_reading_older_messages_is_not_disturbed(worker: Person) -> None:
    await worker.begin()
    page = worker.page
    await page.click("#sos")
    await worker.tap("sos:where=KR")
    await worker.sees("complaint:start")
    await page.evaluate("() => document.getElementById('scroll').scrollTo(0, 0)")
    await page.wait_for_timeout(200)
    await page.evaluate(
        """() => fetch("/phone/events", {method: "POST", body: JSON.stringify(
            {id: "0b3f8f0e-6a54-4f0e-8f0e-1f6f9f3c2b12", kind: "tap", code: "go:menu"})})"""
    )
    await page.wait_for_selector("#newer:visible")
    assert await page.evaluate("() => document.getElementById('scroll').scrollTop") == 0
    await page.click("#newer")
    await page.wait_for_selector("#newer", state="hidden")
    low = "() => {const s = document.getElementById('scroll'); return s.scrollHeight - s.scrollTop - s.clientHeight}"
    assert await page.evaluate(low) < 5


async def test_nothing_is_cut_off(browser_page: Pages, app: PhoneApp) -> None:
    for width, scheme in ((320, "light"), (390, "dark")):
        size = {"width": width, "height": 640}
        async with person(browser_page, app, viewport=size, color_scheme=scheme) as worker:
            await worker.begin()
            assert await worker.fits()
            await worker.page.click("#sos")
            await worker.tap("sos:where=MY")
            await worker.sees("complaint:start")
            assert await worker.fits()
            await worker.tap("complaint:start")
            await worker.sees("complaint:group=work")
            assert await worker.fits()
