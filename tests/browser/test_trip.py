"""The whole trip in a browser, in Khmer: a worker speaks and sends a photo, an officer answers, the worker reads it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.support.chromium import Pages
from tests.support.service import REPOSITORY, SECRET_KEYS, Service

PASSWORD = "a long password 48"
expect.set_options(timeout=15_000)
REPLY = "យើងបានទូរស័ព្ទទៅថៅកែរបស់អ្នកហើយ។ គេសន្យាបើកប្រាក់ខែនៅថ្ងៃសុក្រ។"


def prepare(env: dict[str, str]) -> None:
    """Reference data, and one officer."""
    add = ["staff", "add", "sokha", "--name-km", "សុខា", "--name-en", "Sokha", "--role", "desk"]
    for arguments, given in ((add, PASSWORD + "\n"), (["seed"], "")):
        command = [sys.executable, "-m", "bot.cli", *arguments]
        subprocess.run(command, input=given, text=True, env=env, cwd=REPOSITORY, check=True)


@pytest.fixture
async def service(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Service]:
    """The service with the phone page."""
    running = Service(tmp_path, {"DATABASE_URL": sqlite_url, "PHONE": "1"})
    env = {"DATABASE_URL": sqlite_url, "SECRET_KEYS": SECRET_KEYS, "FILES_URL": str(tmp_path), "PATH": "/usr/bin:/bin"}
    await asyncio.to_thread(prepare, env)
    await asyncio.to_thread(running.start)
    yield running
    await asyncio.to_thread(running.stop)


async def tap(phone: Page, label: str, then: str) -> None:
    """Tap a choice under the last message, and wait for what is said next."""
    await phone.locator("#log").get_by_role("button", name=label).last.tap()
    await expect(phone.locator("#log > li").last).to_contain_text(then)


async def photo_of(page: Page, folder: Path) -> Path:
    """A real JPEG, made by the browser itself."""
    path = folder / "contract.jpg"
    await page.screenshot(path=path, type="jpeg")
    return path


async def sign_in(desk: Page) -> None:
    await desk.goto("/console/sign-in")
    await desk.fill("#login", "sokha")
    await desk.fill("#password", PASSWORD)
    await desk.press("#password", "Enter")
    await expect(desk.locator("main")).to_be_visible()
    assert desk.url.endswith("/console/complaints")


async def complain(phone: Page, folder: Path) -> None:
    """By taps, by a Khmer number, by typing, by voice, with a photo."""
    await phone.goto("/phone")
    await expect(phone.locator("#log")).to_contain_text("ជម្រាបសួរ")
    await tap(phone, "ខ្មែរ", "តើខ្ញុំអាចជួយអ្វីបាន?")
    await tap(phone, "ដាក់ពាក្យបណ្តឹង", "រឿងនេះទាក់ទងនឹងអ្វី?")
    await tap(phone, "ប្រាក់ខែ និងការងារ", "តើមួយណាត្រូវនឹងរឿងរបស់អ្នកជាងគេ?")
    await tap(phone, "មិនបើកប្រាក់ខែ ឬបើកយឺត", "រឿងនេះកើតឡើងនៅប្រទេសណា?")
    await tap(phone, "ថៃ", "តើបណ្តឹងនេះអំពីនរណា?")
    await tap(phone, "ថៅកែ ឬនិយោជក", "តើគេ ឬក្រុមហ៊ុននោះឈ្មោះអ្វី?")
    await say(phone, "ក្រុមហ៊ុន ABC", "តើពាក្យបណ្តឹងនេះសម្រាប់នរណា?")
    await say(phone, "១", "សូមប្រាប់ថាមានរឿងអ្វីកើតឡើង")
    await say(phone, "ធ្វើការ៣ខែហើយ អត់បានលុយមួយរៀល", "ខ្ញុំទទួលបានហើយ")
    await speak(phone)
    await tap(phone, "រួចហើយ", "តើអ្នកមានរូបថត")
    await phone.locator("#attachments input[data-kind='photo']").first.set_input_files(await photo_of(phone, folder))
    await expect(phone.locator("#log > li").last).to_contain_text("ខ្ញុំទទួលបានហើយ")
    await tap(phone, "រួចហើយ", "តើអនុគណៈកម្មការអាចឃើញឈ្មោះអ្នកបានទេ?")
    await tap(phone, "ទេ សូមលាក់ឈ្មោះខ្ញុំ", "តើទាក់ទងអ្នកតាមណា")
    await tap(phone, "ក្នុងការជជែកនេះ", "សូមពិនិត្យអ្វីដែលអ្នកបានប្រាប់")
    await tap(phone, "ផ្ញើ", "ត្រូវឆ្លើយតបក្នុងរយៈពេល ៤៨ ម៉ោង")


async def answer(desk: Page) -> None:
    """Look at the photo, listen to the voice, write."""
    await expect(desk.locator("main")).to_contain_text("មិនបើកប្រាក់ខែ")
    await desk.locator("a[href*='/console/complaints/']").first.click()
    thread = desk.locator("main")
    await expect(thread).to_contain_text("ធ្វើការ៣ខែហើយ អត់បានលុយមួយរៀល")
    picture = thread.locator("img[src*='/console/files/']")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("async image => { await image.decode(); return image.naturalWidth > 100 }")
    voice = thread.locator("audio")
    assert await voice.evaluate("async audio => { audio.muted = true; await audio.play(); return !audio.error }")
    await desk.locator("textarea[name='text']").fill(REPLY)
    await desk.locator("form[action$='/reply'] [value=answer]").click()
    await expect(thread).to_contain_text(REPLY)


async def test_the_whole_trip_in_khmer(browser_page: Pages, service: Service, tmp_path: Path) -> None:
    """Neither page is ever reloaded by hand."""
    desk = await browser_page("desktop", base_url=service.url)
    await sign_in(desk)
    phone = await browser_page("phone", base_url=service.url)
    await complain(phone, tmp_path)
    assert await phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await answer(desk)
    await expect(phone.locator("#log > li").last).to_contain_text(REPLY)
    await phone.locator("#log").get_by_role("button", name="សរសេរតបវិញ").last.tap()
    await say(phone, "អរគុណបង", "ខ្ញុំទទួលបានហើយ")
    await tap(phone, "រួចហើយ", "អនុគណៈកម្មការនឹងឃើញ")
    await expect(desk.locator("main")).to_contain_text("អរគុណបង")


async def say(phone: Page, words: str, then: str) -> None:
    await phone.locator("#words").fill(words)
    await phone.locator("#send").tap()
    await expect(phone.locator("#log > li").last).to_contain_text(then)


async def speak(phone: Page) -> None:
    """A voice message of about a second, through the browser's own recorder."""
    before = await phone.locator("#log > li").count()
    await phone.locator("#speak").tap()
    await phone.wait_for_timeout(1200)
    await phone.locator("#speak-send").tap()
    await expect(phone.locator("#log > li")).to_have_count(before + 2)
    await expect(phone.locator("#log > li").last).to_contain_text("ខ្ញុំទទួលបានហើយ")
