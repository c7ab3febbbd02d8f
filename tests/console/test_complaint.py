"""One complaint: what may be seen of it, replies and changes of status, and what is refused."""

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bot.app.files import LIMIT
from bot.domain.complaints import STATUSES, TRANSITIONS, ChangeStatus
from storage import complaints, outbox
from storage.attachments import ATTACHMENT
from tests.console.desk import STORY, Browser, Desk, picture, reply_form, voice

HELLO = "ជម្រាបសួរ យើងខ្ញុំកំពុងដោះស្រាយជូន។"


def page_of(code: str) -> str:
    return f"/console/complaints/{code}"


def queued(desk: Desk) -> list[str]:
    """Texts that wait to be sent to workers; a file as its kind."""
    rows = desk.service.db.read_now(lambda c: list(c.execute(select(outbox.OUTBOX).order_by(outbox.OUTBOX.c.id))))
    return [row.body.get("text") or row.body.get("kind", "") for row in rows]


async def test_what_the_officer_sees(desk: Desk, browser: Browser) -> None:
    code = desk.complain(
        identity="named", name="ចាន់ <b>ដារ៉ា</b>", contact="call", phone="+60123456789", about_name="Golden & Sons",
        parts=({"text": "<script>alert(1)</script>\nពីរបន្ទាត់"}, {"place": [11.5564, 104.9282]}),
    )  # fmt: skip
    page = (await browser.get(page_of(code))).text
    assert "ចាន់ &lt;b&gt;ដារ៉ា&lt;/b&gt;" in page
    assert "Golden &amp; Sons" in page
    assert 'href="tel:+60123456789"' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\nពីរបន្ទាត់" in page
    assert "https://www.openstreetmap.org/?mlat=11.5564&amp;mlon=104.9282" in page
    assert 'rel="noreferrer noopener"' in page
    assert "និយោជក" in page


async def test_a_hidden_name_and_an_ungiven_phone_stay_hidden(desk: Desk, browser: Browser) -> None:
    code = desk.complain(identity="hidden", name="ចាន់ ដារ៉ា", contact="chat", phone="+60123456789")
    page = (await browser.get(page_of(code))).text
    assert "ចាន់ ដារ៉ា" not in page
    assert "+60123456789" not in page
    assert "លាក់តាមសំណើរបស់ពលករ" in page


async def test_a_worker_who_wants_no_message_is_not_written_to_by_mistake(desk: Desk, browser: Browser) -> None:
    caution = "ការជជែកនេះមិនមែនជាផ្លូវទំនាក់ទំនងដែលមានសុវត្ថិភាព"
    assert caution in (await browser.get(page_of(desk.complain(contact="wait")))).text
    assert caution not in (await browser.get(page_of(desk.complain()))).text


async def test_any_spelling_of_an_address_and_none_that_is_unknown(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    assert STORY in (await browser.get(page_of(f"{code[:4]}-{code[4:].lower()}"))).text
    for unknown in ("00000000", "K7Q2-9MXD", "x" * 300, "%00", "..%2f..%2fetc"):
        got = await browser.get(page_of(unknown))
        assert got.status == 404
        assert "រកមិនឃើញទំព័រនេះទេ" in got.text
        assert 'href="/console/complaints"' in got.text
    got = await browser.post(f"{page_of('00000000')}/reply", {"csrf": token_of(await browser.get(page_of(code)))})
    assert got.status == 404


def token_of(page: object) -> str:
    return str(page.hidden()["csrf"])  # type: ignore[attr-defined]  # a Got


async def test_a_reply_reaches_the_worker_and_stops_the_clock(desk: Desk, browser: Browser) -> None:
    code = desk.complain(ago=timedelta(hours=5))
    got = await browser.reply(code, f"  {HELLO}\r\nពីរបន្ទាត់ ")
    assert (got.status, got.to) == (303, f"{page_of(code)}?done=reply#latest")
    entry = desk.thread(code)[-1]
    assert (entry.author, entry.body, entry.staff_name_en) == ("officer", f"{HELLO}\nពីរបន្ទាត់", "Sokha")
    assert desk.row(code).status == "addressed"
    assert desk.row(code).first_answer_at
    assert [HELLO in text for text in queued(desk)] == [True]
    page = (await browser.get(got.to)).text
    assert "ចម្លើយរបស់អ្នកត្រូវបានផ្ញើទៅពលករហើយ" in page
    assert "៥ ម៉ោង" in page


async def test_a_reply_pressed_twice_is_one_reply(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    page = await browser.get(page_of(code))
    for content in (None, picture()):
        forms = [reply_form(page, HELLO, content) for _ in range(4)]
        answers = await asyncio.gather(*(browser.post(f"{page_of(code)}/reply", form) for form in forms))
        assert {got.status for got in answers} == {303}
    assert [entry.kind for entry in desk.thread(code)] == ["text", "text"]
    assert len(queued(desk)) == 1


async def test_a_file_alone_pressed_twice_is_one_file(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    page = await browser.get(page_of(code))
    posts = [browser.post(f"{page_of(code)}/reply", reply_form(page, "", picture())) for _ in range(4)]
    assert {got.status for got in await asyncio.gather(*posts)} == {303}
    assert [entry.kind for entry in desk.thread(code)] == ["text", "photo"]
    assert queued(desk) == ["photo"]


@pytest.mark.parametrize(
    ("content", "kind", "mime"),
    [
        (picture(), "photo", "image/png"),
        (voice(), "voice", "audio/x-wav"),
        (b"%PDF-1.4\n%paper", "file", "application/pdf"),
    ],
)
async def test_a_photo_a_recording_or_a_pdf_goes_along(
    desk: Desk, browser: Browser, content: bytes, kind: str, mime: str
) -> None:
    code = desk.complain()
    assert (await browser.reply(code, HELLO, file=content)).status == 303
    entry = desk.thread(code)[-1]
    assert (entry.kind, entry.file_state, entry.file_mime) == (kind, "kept", mime)
    assert (await browser.get(f"/console/files/{entry.attachment_id}")).body == content
    row = desk.service.db.read_now(lambda c: c.execute(select(ATTACHMENT)).one())
    assert row.address_id == desk.row(code).address_id, "it is erased with the worker's data"


@pytest.mark.parametrize(
    ("text", "content", "told"),
    [
        ("", None, "សូមសរសេរចម្លើយ ឬជ្រើសឯកសារមួយ"),
        (" \n\u200b ", None, "សូមសរសេរចម្លើយ ឬជ្រើសឯកសារមួយ"),
        ("ក" * 4001, None, "ចម្លើយវែងពេក"),
        (HELLO, b"#!/bin/sh\nrm -rf /", "អាចផ្ញើបានតែរូបថត"),
        (HELLO, b"<svg onload=alert(1)>", "អាចផ្ញើបានតែរូបថត"),
        (HELLO, b"", "ឯកសារនេះទទេ"),
        (HELLO, b"\x00\x00\x00\x18ftypmp42" + b"\0" * 64, "អាចផ្ញើបានតែរូបថត"),
        (HELLO, b"\x89PNG" + b"0" * LIMIT, "ឯកសារធំជាង ២០ MB"),
    ],
    ids=["nothing", "spaces", "too long", "script", "svg", "empty file", "video", "too big"],
)
async def test_what_cannot_be_sent_says_why_and_keeps_what_was_typed(
    desk: Desk, browser: Browser, text: str, content: bytes | None, told: str
) -> None:
    code = desk.complain()
    got = await browser.reply(code, text, file=content)
    assert got.status == 422
    assert told in got.text
    assert f">{text.strip(' ' + chr(10) + chr(0x200B))}</textarea>" in got.text
    assert len(desk.thread(code)) == 1
    assert queued(desk) == []
    again = await browser.post(f"{page_of(code)}/reply", reply_form(got, HELLO))
    assert again.status == 303, "the page with the error is a working form"


async def test_fifty_megabytes_are_refused_without_being_kept(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    page = await browser.get(page_of(code))

    async def flood() -> object:
        for _ in range(50):
            yield b"\xff\xd8\xff" + b"0" * (1024 * 1024 - 3)

    with aiohttp.MultipartWriter("form-data") as form:
        for name, value in {**page.hidden(), "text": HELLO}.items():
            form.append(value).set_content_disposition("form-data", name=name)
        form.append(flood()).set_content_disposition("form-data", name="file", filename="large.jpg")
        got = await browser.post(f"{page_of(code)}/reply", form)
    assert got.status == 422
    assert "ឯកសារធំជាង ២០ MB" in got.text
    assert HELLO in got.text
    assert len(desk.thread(code)) == 1


async def test_a_broken_form_is_refused(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    for body, kind in (
        (b"--x\r\nbroken", "multipart/form-data; boundary=y"),
        (b"", "multipart/form-data"),
        (b"\xff\xfe=%zz", "application/x-www-form-urlencoded"),
        (b"csrf=" + b"x" * 400_000, "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ):
        got = await browser.post(f"{page_of(code)}/reply", body, headers={"content-type": kind})
        assert got.status in (400, 403)
        assert 'href="/console/complaints' in got.text
    assert len(desk.thread(code)) == 1


async def test_nobody_is_answered_whose_data_was_deleted_meanwhile(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    page = await browser.get(page_of(code))
    row = desk.row(code)
    desk.service.db.write_now(lambda c: complaints.erase_of(c, row.person_id, desk.now))
    got = await browser.post(f"{page_of(code)}/reply", reply_form(page, HELLO))
    assert got.status == 422
    assert queued(desk) == []


def put(desk: Desk, complaint: int, status: str) -> None:
    desk.service.db.write_now(lambda c: complaints.change(c, complaint, desk.now, status=status))


@pytest.mark.parametrize("status", STATUSES)
async def test_only_allowed_changes_are_offered_and_taken(desk: Desk, browser: Browser, status: str) -> None:
    for then in STATUSES:
        code = desk.complain()
        found = desk.row(code)
        put(desk, found.id, status)
        page = await browser.get(page_of(code))
        allowed = then in TRANSITIONS[status]
        if TRANSITIONS[status]:
            assert (f'<option value="{then}"' in page.text) is allowed
        got = await browser.move(code, then, "មូលហេតុ")
        assert got.status == (303 if allowed or then == status else 422)
        assert desk.row(code).status == (then if allowed else status)


@pytest.mark.parametrize("then", ["waiting", "closed"])
async def test_some_changes_need_a_reason_which_the_worker_reads(desk: Desk, browser: Browser, then: str) -> None:
    code = desk.complain()
    got = await browser.move(code, then, "  ")
    assert got.status == 422
    assert "ការប្តូរនេះត្រូវមានមូលហេតុ" in got.text
    assert f'<option value="{then}" data-reasoned selected>' in " ".join(got.text.split())
    assert (await browser.move(code, then, "ក" * 501)).status == 422
    assert desk.row(code).status == "filed"
    got = await browser.move(code, then, "សូមផ្ញើអាសយដ្ឋាន")
    assert (got.status, got.to) == (303, f"{page_of(code)}?done=status#latest")
    assert "សូមផ្ញើអាសយដ្ឋាន" in queued(desk)[0]
    assert "សូមផ្ញើអាសយដ្ឋាន" in (await browser.get(page_of(code))).text


async def test_two_officers_at_once(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    page = await browser.get(page_of(code))
    await desk.engine.command(ChangeStatus(code, "closed", "ដោះស្រាយរួចហើយ", 1))
    form = {"csrf": page.hidden()["csrf"], "status": "received", "reason": "ពិនិត្យ"}
    got = await browser.post(f"{page_of(code)}/status", form)
    assert got.status == 422
    assert "ស្ថានភាពត្រូវបានប្តូរមុននេះបន្តិច" in got.text
    assert "ពិនិត្យ" in got.text, "the reason is kept"
    assert desk.row(code).status == "closed"


async def test_no_status_is_no_change(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    got = await browser.move(code, "")
    assert got.status == 422
    assert "សូមជ្រើសស្ថានភាពថ្មី" in got.text


async def test_a_word_or_a_question_is_no_answer(desk: Desk, browser: Browser) -> None:
    as_word: dict[str, Any] = {"as": "word"}
    as_answer: dict[str, Any] = {"as": "answer"}
    code = desk.complain()
    assert 'name="as" value="word"' in (await browser.get(page_of(code))).text
    assert (await browser.reply(code, HELLO, **as_word)).status == 303
    assert (desk.row(code).status, desk.row(code).first_answer_at) == ("received", None)
    assert (await browser.reply(code, HELLO, **as_answer)).status == 303
    assert desk.row(code).status == "addressed"
    assert 'name="as" value="word"' not in (await browser.get(page_of(code))).text, "nobody waits for one any more"
