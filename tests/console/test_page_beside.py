"""Beside the thread: who else is here, notes between officers, ready answers, and the page to print."""

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.app.export import one as exported
from bot.app.notes import version
from bot.domain import canned as ready
from bot.domain.canned import SaveCanned
from bot.domain.complaints import AddNote
from bot.domain.errors import NotFound, NotYours
from bot.domain.people import DeleteMyData
from storage import canned, caseload, notes, people, presence
from tests.console.desk import STORY, Browser, Desk, reply_form
from tests.console.page import case, fill, office, officer, page_of, plain, put, send, sent, signed_in

SECRET = "between-us-only-7731"


async def ping(browser: Browser, code: str, **fields: str) -> str:
    page = await browser.get(page_of(code))
    data = {"csrf": page.hidden()["csrf"], **fields}
    got = await browser.post(f"{page_of(code)}/presence", data, headers={"x-live": "1"})
    assert got.status == 200
    return plain(got)


async def test_officers_see_who_else_is_here_and_who_writes(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    officer(desk, "dara", "member", bangkok)
    officer(desk, "bopha", "member", bangkok)
    code = case(desk, bangkok)
    desk.hold()
    async with signed_in(desk, "dara") as one, signed_in(desk, "bopha") as two:
        assert await ping(one, code) == "", "nobody is told of themselves"
        assert await ping(two, code) == "Dara has this open"
        await ping(one, code, writing="yes")
        assert "Dara is writing an answer" in (await two.get(page_of(code))).text
        assert "is writing an answer" not in (await one.get(page_of(code))).text
        desk.later(seconds=39)
        assert await ping(two, code) == "Dara is writing an answer"
        desk.later(seconds=1)
        assert await ping(two, code) == "", "silent for too long"
        await ping(one, code)
        await ping(one, code, left="yes")
        assert await ping(two, code) == ""
    desk.later(hours=2)
    async with signed_in(desk, "bopha") as two:
        await ping(two, code)
    assert desk.service.db.read_now(lambda c: c.scalar(select(func.count()).select_from(presence.PRESENCE))) == 1


async def test_an_auditor_leaves_no_trace_and_a_stranger_finds_nothing(desk: Desk) -> None:
    bangkok, seoul = office(desk, "bkk"), office(desk, "sel", "KR")
    officer(desk, "dara", "member", bangkok)
    officer(desk, "sela", "member", seoul)
    officer(desk, "eyes", "auditor")
    code = case(desk, bangkok)
    async with signed_in(desk, "dara") as one, signed_in(desk, "eyes") as eyes, signed_in(desk, "sela") as far:
        token = (await far.get("/console/complaints")).hidden()["csrf"]
        assert (await far.post(f"{page_of(code)}/presence", {"csrf": token})).status == 404
        assert (await one.post(f"{page_of(code)}/presence", {"csrf": "forged"})).status == 403
        await ping(one, code)
        assert await ping(eyes, code, writing="yes") == "Dara has this open"
        assert await ping(one, code) == ""
    async with desk.session() as nobody, nobody.post(f"{page_of(code)}/presence", headers={"x-live": "1"}) as got:
        assert got.status == 401


async def test_presence_does_not_keep_a_session_alive(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok)
    async with signed_in(desk, "dara") as browser:
        token = (await browser.get(page_of(code))).hidden()["csrf"]
        for _ in range(5):
            desk.later(minutes=13)
            got = await browser.post(f"{page_of(code)}/presence", {"csrf": token}, headers={"x-live": "1"})
        assert got.status == 401


async def test_notes_stay_between_officers(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    dara = officer(desk, "dara", "member", bangkok)
    officer(desk, "eyes", "auditor")
    code = case(desk, bangkok)
    async with signed_in(desk, "dara") as browser, signed_in(desk, "eyes") as eyes:
        page = await browser.get(page_of(code))
        for _ in range(2):
            got = await fill(browser, page, code, "note", note=f" {SECRET} <b> ")
            assert got.to.endswith("?done=note#notes")
        shown = (await browser.get(page_of(code))).text
        assert shown.count(f"{SECRET} &lt;b&gt;") == 1, "pressed twice is one note"
        assert SECRET in (await eyes.get(page_of(code))).text
        for text, why in (("", "Please write the note first"), ("\u200b ", "Please write"), ("ក" * 4001, "too long")):
            got = await send(browser, code, "note", note=text)
            assert (got.status, why in got.text) == (422, True)
        assert (await send(browser, code, "note", note="ក" * 4000)).status == 303
        printed = (await browser.get(f"{page_of(code)}?print=1")).text
        assert SECRET not in printed, "a page that is handed on holds none"
        assert STORY in printed
    assert sent(desk) == []
    row, thread = desk.row(code), desk.thread(code)
    assert SECRET not in json.dumps(exported(row, thread))
    raw = desk.service.db.read_now(
        lambda c: [bytes(one) for one in c.exec_driver_sql("select body from note").scalars()]
    )
    assert all(SECRET.encode() not in one for one in raw), "sealed"
    with pytest.raises(NotFound):
        await desk.engine.command(AddNote("00000000", "x", dara))


async def test_notes_go_with_the_workers_data(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    dara = officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok)
    await desk.engine.command(AddNote(code, SECRET, dara))
    from bot.app.context import Context
    from bot.app.execute import execute

    def forget(connection: object) -> None:
        here = people.enter(connection, "telegram", f"person-{desk.people}", desk.now)  # type: ignore[arg-type]
        post = desk.engine.post
        execute(DeleteMyData(), Context(connection, desk.now, desk.service.book, post, here=here))  # type: ignore[arg-type]

    desk.service.db.write_now(forget)
    assert [row.body for row in desk.service.db.read_now(lambda c: notes.of_complaint(c, desk.row(code).id))] == [None]
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(page_of(code))
        assert SECRET not in page.text
        assert "Deleted at the worker" in page.text


def test_fields_are_filled_once_and_only_known_ones_are_taken() -> None:
    values = {"reference": "K7Q2-9MXD", "category": "{office}", "due": "x", "office": "y"}
    assert ready.fill("{reference} {category} {nothing} {", values) == "K7Q2-9MXD {office} {nothing} {"
    assert ready.unknown("{reference} {name} {} { } {{due}} {office") == ["name", "", " "]


TEXTS = {
    "title_km": "ទទួលហើយ",
    "title_en": "Received",
    "body_km": "បណ្តឹង {reference} ({category}) នៅ {office} មុន {due}",
    "body_en": "Complaint {reference} ({category}) at {office} before {due}",
}


def saved(by: int) -> SaveCanned:
    return SaveCanned(TEXTS["title_km"], TEXTS["title_en"], TEXTS["body_km"], TEXTS["body_en"], by)


async def test_ready_answers_are_kept_in_both_languages(desk: Desk) -> None:
    async with signed_in(desk, "sokha") as browser:
        page = await browser.get("/console/canned")
        assert "There is none yet." in page.text
        token = {"csrf": page.hidden()["csrf"]}
        for changed, why in (
            ({"body_km": "សួស្តី {worker} {phone}"}, "This field is not known: {worker}, {phone}."),
            ({"title_en": " "}, "fill in the title and the words in both languages"),
            ({"title_km": "ក" * 101}, "A title may have 100 characters"),
            ({"body_en": "x" * 4001}, "and an answer 4,000"),
        ):
            got = await browser.post("/console/canned/save", {**token, **TEXTS, **changed})
            assert (got.status, why in got.text) == (422, True)
            assert next(iter(changed.values())).strip() in got.text, "what was typed is kept"
        assert desk.service.db.read_now(canned.every) == []
        assert (await browser.post("/console/canned/save", {**token, **TEXTS})).to == "/console/canned?done=saved"
        (row,) = desk.service.db.read_now(canned.every)
        changed = {**TEXTS, "body_en": "Better words."}
        form = {**token, "id": str(row.id), "version": version(row)}
        assert (await browser.post("/console/canned/save", {**form, **changed})).status == 303
        assert (await browser.post("/console/canned/save", {**form, **changed})).status == 303, "twice is once"
        got = await browser.post("/console/canned/save", {**form, **TEXTS, "body_en": "Other words."})
        assert (got.status, "Another officer changed it" in got.text) == (409, True)
        assert "Better words." in got.text
        assert "Other words." in got.text
        assert (await browser.post("/console/canned/save", {**form, **TEXTS, "id": "999"})).status == 404
        assert (await browser.post("/console/canned/switch", {**token, "id": "999", "active": "no"})).status == 404
        off = await browser.post("/console/canned/switch", {**token, "id": str(row.id), "active": "no"})
        assert off.to == "/console/canned?done=off"
        assert "switched off" in (await browser.get("/console/canned")).text
    (row,) = desk.service.db.read_now(canned.every)
    assert (row.active, row.body_en) == (False, "Better words.")


@pytest.mark.parametrize("role", ["member", "head", "auditor", "official"])
async def test_who_may_not_keep_ready_answers(desk: Desk, role: str) -> None:
    made = officer(desk, role, role)
    async with desk.browser() as browser:
        await browser.sign_in(role)
        got = await browser.get("/console/canned")
        assert got.status == 403
        token = {"csrf": got.hidden()["csrf"]}
        assert (await browser.post("/console/canned/save", {**token, **TEXTS})).status == 403
    with pytest.raises(NotYours):
        await desk.engine.command(saved(made))
    assert desk.service.db.read_now(canned.every) == []


@pytest.mark.parametrize("language", ["km", "en"])
async def test_a_ready_answer_is_put_into_the_reply_in_the_workers_language(desk: Desk, language: str) -> None:
    bangkok = office(desk, "bkk")
    officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok)
    put(desk, code, language=language)
    await desk.engine.command(saved(1))
    (row,) = desk.service.db.read_now(canned.every)
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(f"{page_of(code)}?ready={row.id}")
        words = page.text.partition('<textarea id="text"')[2].partition(">")[2].partition("</textarea>")[0]
        assert f"{code[:4]}-{code[4:]}" in words
        assert {"km": "អនុគណៈកម្មការ bkk", "en": "Office bkk"}[language] in words
        assert "{" not in words
        assert f'data-text="{words}"' in page.text, "with scripts the same words"
        assert (await browser.post(f"{page_of(code)}/reply", reply_form(page, words))).status == 303
        for strange in ("999", "x", ""):
            assert (await browser.get(f"{page_of(code)}?ready={strange}")).status == 200
    assert words in sent(desk)[0][1]


def test_the_first_ready_answers_are_whole_and_come_once(sqlite_url: str, tmp_path: Path) -> None:
    from storage.db import Database

    db = Database(sqlite_url)
    try:
        assert db.write_now(canned.seed) == len(canned.FIRST) == 5
        assert db.write_now(canned.seed) == 0
        for row in db.read_now(canned.offered):
            ready.check(SaveCanned(row.title_km, row.title_en, row.body_km, row.body_en, 1))
            assert set(ready.FIELD.findall(row.body_km)) == set(ready.FIELD.findall(row.body_en))
            assert re.search("[ក-៹]", row.body_km)
    finally:
        db.close()


async def test_the_page_to_print_has_no_forms_and_no_navigation(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok)
    async with signed_in(desk, "dara", "km") as browser:
        page = (await browser.get(f"{page_of(code)}?print=1")).text
        assert STORY in page
        assert "<form" not in page
        assert "<nav" not in page
        assert "csrf" not in page
        assert "បោះពុម្ពដោយ មន្ត្រី dara" in page
        normal = (await browser.get(page_of(code))).text
        assert f'href="{page_of(code)}?print=1" data-key="p"' in normal
        for key in ("a", "r", "n", "p", "?"):
            assert f"<kbd>{key}</kbd>" in normal


async def test_complaints_about_the_same_agency_are_counted(desk: Desk) -> None:
    bangkok, seoul = office(desk, "bkk"), office(desk, "sel", "KR")
    officer(desk, "dara", "member", bangkok)
    codes = [case(desk, place) for place in (bangkok, bangkok, seoul)]
    for code in codes:
        put(desk, code, about_key=4711)
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(page_of(codes[0]))
        count = desk.service.db.read_now(lambda c: caseload.same_about(c, caseload.EVERYTHING, desk.row(codes[0])))
        assert count == 2
        assert "Other complaints that name the same agency or employer: 1" in page.text, (
            "only those that the officer may see"
        )
        assert f"about={codes[0]}" in page.text
