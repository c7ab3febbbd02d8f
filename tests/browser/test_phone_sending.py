"""What a worker sends from the phone page arrives once, whatever the connection does: words, photos, voice, places."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from storage.attachments import ATTACHMENT
from storage.inbox import INBOX
from tests.support.chromium import Pages
from tests.support.phone_app import PhoneApp, count, phone_app
from tests.support.phone_page import PNG, Person, forget_network_errors, person

if TYPE_CHECKING:
    from playwright.async_api import Route

EVENTS, FILES = "**/phone/events*", "**/phone/files?*"


@pytest.fixture
async def app(sqlite_url: str, tmp_path: Path) -> AsyncIterator[PhoneApp]:
    async with phone_app(sqlite_url, tmp_path) as running:
        yield running


@pytest.fixture
async def worker(browser_page: Pages, app: PhoneApp) -> AsyncIterator[Person]:
    bangkok = {"latitude": 13.7563, "longitude": 100.5018}
    async with person(browser_page, app, geolocation=bangkok, permissions=["geolocation", "microphone"]) as somebody:
        yield somebody


async def in_danger(worker: Person) -> None:
    """As far as the question for the place."""
    await worker.begin()
    for code in ("start", "group=danger", "category=VIOLENCE", "country=TH", "safe=yes"):
        await worker.tap(f"complaint:{code}")
    await worker.sees("complaint:place=-")


async def kinds(app: PhoneApp) -> list[tuple[str, str]]:
    rows = await app.service.db.read(lambda c: c.execute(select(ATTACHMENT).order_by(ATTACHMENT.c.created_at)).all())
    return [(row.kind, row.source["mime"]) for row in rows]


async def test_a_photo_and_a_voice_message(worker: Person, app: PhoneApp) -> None:
    await in_danger(worker)
    page = worker.page
    await worker.attach("hand.png", PNG, "image/png")
    await worker.sees("complaint:place=.")
    await page.click("#speak")
    await page.wait_for_selector("#recorder:visible")
    await page.wait_for_timeout(1500)
    assert await page.inner_text("#elapsed") in ("០:០១", "០:០២", "០:០៣"), "seconds, in Khmer digits"
    await page.click("#speak-send")
    await page.wait_for_function("() => document.querySelectorAll('li.out .voice').length === 1")
    await worker.all_sent()
    assert await kinds(app) == [("photo", "image/png"), ("voice", "audio/webm")]
    await page.reload()
    await page.wait_for_function("() => document.querySelector('li.out .picture')?.naturalWidth > 0")
    assert await page.locator("li.out .voice").count() == 1
    await page.click("li.out .voice button")
    await page.wait_for_function("() => document.querySelector('li.out audio').currentTime > 0.2")
    assert await worker.fits()


async def test_a_recording_can_be_thrown_away(worker: Person, app: PhoneApp) -> None:
    await worker.begin()
    await worker.page.click("#speak")
    await worker.page.wait_for_selector("#recorder:visible")
    await worker.page.click("#speak-cancel")
    await worker.page.wait_for_selector("#composer:visible")
    assert await worker.page.locator(".voice").count() == 0
    assert await count(app, ATTACHMENT) == 0


async def test_without_a_microphone_a_recording_can_be_sent_as_a_file(browser_page: Pages, app: PhoneApp) -> None:
    async with person(browser_page, app) as worker:
        await worker.page.add_init_script("delete globalThis.MediaRecorder")
        await worker.begin()
        await worker.page.click("#speak")
        await worker.page.wait_for_selector("#hint:visible")
        await worker.page.wait_for_selector("#attachments:visible")
        assert await worker.page.evaluate("() => document.activeElement.id") == "sound"


async def test_words_wait_while_there_is_no_connection_and_go_once(
    worker: Person, app: PhoneApp, browser_page: Pages
) -> None:
    await worker.begin()
    before = await count(app, INBOX)
    await worker.page.context.set_offline(True)
    await worker.page.wait_for_selector("#state:visible")
    await worker.type("ខ្ញុំត្រូវការជំនួយ")
    await worker.type("ខ្ញុំនៅថៃ")
    await worker.page.wait_for_timeout(1500)
    assert await count(app, INBOX) == before
    await worker.page.context.set_offline(False)
    await worker.all_sent()
    await worker.page.wait_for_selector("#state", state="hidden")
    assert await count(app, INBOX) == before + 2
    mine = [text for text in await worker.texts() if text.startswith("> ")]
    assert mine[-2:] == ["> ខ្ញុំត្រូវការជំនួយ", "> ខ្ញុំនៅថៃ"]
    forget_network_errors(browser_page)


async def test_what_was_not_sent_outlives_the_page_photos_too(
    worker: Person, app: PhoneApp, browser_page: Pages
) -> None:
    await worker.begin()
    page, before = worker.page, await count(app, INBOX)

    async def fail(route: "Route") -> None:
        await route.abort()

    await page.route(EVENTS, fail)
    await page.route(FILES, fail)
    await worker.type("ថៅកែវាយខ្ញុំ")
    await worker.attach("hand.png", PNG, "image/png")
    await page.wait_for_function("() => document.querySelectorAll('li.out[data-state=\"waiting\"]').length === 2")
    await page.reload()
    await page.wait_for_selector("html[data-ready]")
    await page.wait_for_timeout(300)
    assert await count(app, INBOX) == before
    await page.unroute(EVENTS)
    await page.unroute(FILES)
    await page.reload()
    await worker.all_sent()
    assert await count(app, INBOX) == before + 2
    assert await kinds(app) == [("photo", "image/png")]
    forget_network_errors(browser_page)


async def test_an_answer_that_was_lost_makes_no_second_message(
    worker: Person, app: PhoneApp, browser_page: Pages
) -> None:
    await worker.begin()
    before, lost = await count(app, INBOX), 0

    async def lose(route: "Route") -> None:
        nonlocal lost
        lost += 1
        if lost > 2:
            return await route.continue_()
        await route.fetch()
        return await route.abort()

    await worker.page.route(EVENTS, lose)
    await worker.page.route(FILES, lose)
    await worker.tap("complaint:start")
    await worker.all_sent()
    assert (lost, await count(app, INBOX)) == (3, before + 1)
    await worker.page.wait_for_timeout(300)
    assert len([text for text in await worker.texts() if text.startswith("> ")]) == 2
    forget_network_errors(browser_page)


async def test_a_message_the_service_cannot_take_does_not_hold_up_the_others(
    worker: Person, browser_page: Pages
) -> None:
    await worker.begin()

    async def choke(route: "Route") -> None:
        if "poison" in (route.request.post_data or ""):
            await route.fulfill(status=503, json={"error": "away", "words": ""})
        else:
            await route.continue_()

    await worker.page.route(EVENTS, choke)
    await worker.page.evaluate(
        "() => {Math.random = () => 0; const wait = setTimeout; "
        "globalThis.setTimeout = (act, ms, ...rest) => wait(act, ms / 50, ...rest)}"
    )
    await worker.type("poison")
    await worker.type("ជំនួយ")
    await worker.page.wait_for_selector('li.out[data-state="failed"] .problem button')
    assert await worker.page.locator('li.out[data-state="sent"]').count() == 2
    await worker.page.unroute(EVENTS)
    await worker.page.click('li.out[data-state="failed"] .problem button')
    await worker.all_sent()
    forget_network_errors(browser_page)


async def test_a_program_called_jpg_is_refused_in_the_workers_language(
    worker: Person, app: PhoneApp, browser_page: Pages
) -> None:
    await worker.begin()
    await worker.attach("photo.jpg", b"MZ\x90\x00" + bytes(4000), "image/jpeg")
    problem = await worker.page.wait_for_selector('li.out[data-state="failed"] .problem')
    assert problem is not None
    expected = "This kind of file cannot be taken. Please send a photo, a sound, a video, a PDF or a document."
    assert app.service.catalogues.text(expected, "km") in await problem.inner_text()
    assert await count(app, ATTACHMENT) == 0
    forget_network_errors(browser_page)


async def test_a_file_that_is_too_large_is_not_even_sent(worker: Person) -> None:
    await worker.begin()
    asked: list[str] = []
    worker.page.on("request", lambda request: asked.append(request.url))
    await worker.page.evaluate(
        """() => {
            const given = new DataTransfer();
            given.items.add(new File([new Uint8Array(21 * 1024 * 1024)], "film.mp4", {type: "video/mp4"}));
            const input = document.querySelector('#attachments input[multiple]');
            input.files = given.files;
            input.dispatchEvent(new Event("change"));
        }"""
    )
    await worker.page.wait_for_selector("#hint:visible")
    assert not [url for url in asked if "/phone/files" in url]


async def test_a_place_is_shared(worker: Person) -> None:
    await in_danger(worker)
    await worker.page.click(".choices button:has(use[href='#i-place'])")
    await worker.sees("complaint:place=.")
    assert "> 13.75630, 100.50180" in await worker.texts()


async def test_a_phone_that_does_not_tell_its_place_asks_for_words(browser_page: Pages, app: PhoneApp) -> None:
    async with person(browser_page, app) as worker:
        await in_danger(worker)
        await worker.page.click(".choices button:has(use[href='#i-place'])")
        await worker.page.wait_for_function("() => document.activeElement.id === 'words'")
        hint = await worker.page.inner_text("#hint")
        said = "Your location could not be found. Please write the place: street, company or what is nearby."
        assert hint == app.service.catalogues.text(said, "km")
        await worker.sees("complaint:place=-")


async def test_a_phone_number_is_typed_into_a_field_of_its_own(worker: Person) -> None:
    await in_danger(worker)
    await worker.tap("complaint:place=-")
    await worker.page.wait_for_function("() => !document.querySelector('[data-code=\"complaint:place=-\"]')")
    await worker.type("ថៅកែវាយខ្ញុំម្សិលមិញ ខ្ញុំខ្លាចណាស់")
    await worker.tap("complaint:story=.")
    await worker.tap("complaint:identity=hidden")
    await worker.tap("complaint:contact=call")
    await worker.page.click(".choices button:has(use[href='#i-call'])")
    await worker.page.fill(".ask input", "១២")
    await worker.page.click(".ask [type=submit]")
    assert await worker.page.inner_text(".ask .problem")
    await worker.page.fill(".ask input", "+855 12 345 678")
    await worker.page.click(".ask [type=submit]")
    await worker.sees("complaint:review=send")
    assert "> +855 12 345 678" in await worker.texts()
