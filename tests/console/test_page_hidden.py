"""Who complained stays hidden: in pages, prints, files and the export; and how two officers may look for two hours."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.app.context import Context
from bot.app.execute import execute
from bot.app.export import one as exported
from bot.domain.errors import (
    DomainError,
    NotAllowed,
    NotFound,
    NotYours,
    Overtaken,
    OwnRequest,
    ReasonMissing,
    TimeOver,
    TooLong,
)
from bot.domain.people import DeleteMyData
from bot.domain.unlocks import AskUnlock, DecideUnlock
from storage import complaints, people, unlocks
from storage.audit import AUDIT
from tests.console.desk import Browser, Desk
from tests.console.page import case, fill, index, office, officer, page_of, plain, put, send, sent, signed_in, told

NAME, PHONE, HANDLE = "Telltale Namesworth", "+85598765432", "person-1"
WHY = "police ask for it"


def hidden(desk: Desk, place: int, **more: Any) -> str:
    """An anonymous complaint of a person whose name and number we know from before; `more` overrides."""
    code = case(desk, place, **{"identity": "hidden", "contact": "chat", **more})

    def work(connection: Connection) -> None:
        found = complaints.find(connection, code)
        assert found is not None
        people.remember(connection, found.person_id, name=NAME, phone=PHONE)
        complaints.change(connection, found.id, desk.now, name=NAME, phone=PHONE)

    desk.service.db.write_now(work)
    return code


ALONE = {
    "/console/canned": ("desk",),
    "/console/incidents": ("desk", "head"),
    "/console/figures": ("desk", "head", "auditor"),
    "/console/audit": ("auditor",),
}
"""Pages that not all four roles of the test may open."""


def shows(text: str) -> list[str]:
    return [one for one in (NAME, PHONE, HANDLE, "98765432", "Namesworth") if one in text]


@pytest.mark.parametrize("contact", ["chat", "wait"])
async def test_an_anonymous_worker_is_in_no_page(desk: Desk, contact: str) -> None:
    place = office(desk, "bkk")
    code = hidden(desk, place, contact=contact, about_name="Thai Sun")
    index(desk)
    pages = (
        *(f"/console/complaints{more}" for more in ("", "?status=all", f"?about={code}", "?status=overdue")),
        *(page_of(code), f"{page_of(code)}?print=1", f"{page_of(code)}?ready=1", f"{page_of(code)}/left"),
        *("/console/canned", "/console/notices", "/console/incidents", "/console/figures", "/console/audit"),
    )
    for role in ("desk", "head", "member", "auditor"):
        officer(desk, role, role, place)
        async with signed_in(desk, role) as browser:
            for path in pages:
                got = await browser.get(path)
                allowed = role in ALONE.get(path, (role,))
                assert (got.status, shows(got.text)) == (200 if allowed else 403, []), (role, path)
            for word, there in (("Telltale", []), ("98765432", []), (PHONE, []), (HANDLE, []), ("Thai Sun", [code])):
                found = await browser.get("/console/complaints", params={"q": word, "status": "all"})
                assert (found.status, found.references()) == (200, there), (role, word)
            assert "Hidden by the worker" in (await browser.get(page_of(code))).text
    row, thread = desk.row(code), desk.thread(code)
    assert shows(json.dumps(exported(row, thread), ensure_ascii=False)) == []


@pytest.mark.parametrize("contact", ["call", "relative"])
async def test_a_number_given_to_be_called_is_seen_without_the_name(desk: Desk, contact: str) -> None:
    place = office(desk, "bkk")
    officer(desk, "dara", "member", place)
    code = hidden(desk, place, contact=contact)
    async with signed_in(desk, "dara") as browser:
        assert shows((await browser.get(page_of(code))).text) == [PHONE, "98765432"]
        listed = await browser.get("/console/complaints")
        assert (listed.references(), shows(listed.text)) == ([code], [])


async def test_who_allowed_it_is_seen(desk: Desk) -> None:
    place = office(desk, "bkk")
    officer(desk, "dara", "member", place)
    code = hidden(desk, place, identity="named", contact="call")
    silent = hidden(desk, place, identity="named", contact="chat")
    async with signed_in(desk, "dara") as browser:
        assert shows((await browser.get(page_of(code))).text) == [NAME, PHONE, "98765432", "Namesworth"]
        assert shows((await browser.get(page_of(silent))).text) == [NAME, "Namesworth"]


async def asked(browser: Browser, code: str) -> None:
    assert (await send(browser, code, "unlock", why=WHY)).to.endswith("?done=unlock#unlock")


async def test_one_officer_asks_and_another_decides(desk: Desk) -> None:
    place = office(desk, "bkk")
    _heng, sok = (officer(desk, name, "head", place, head=True) for name in ("heng", "sok"))
    officer(desk, "dara", "member", place)
    code = hidden(desk, place)
    async with signed_in(desk, "heng") as one, signed_in(desk, "sok") as two, signed_in(desk, "dara") as three:
        for reason, why in (("  ", "why you need to know"), ("ក" * 501, "too long")):
            got = await send(one, code, "unlock", why=reason)
            assert (got.status, why in got.text) == (422, True)
        page = await one.get(page_of(code))
        for _ in range(2):
            assert (await fill(one, page, code, "unlock", why=WHY)).status == 303
        assert sorted(told(desk)) == [(1, "unlock"), (sok, "unlock")], "whoever may decide, once"
        page = await one.get(page_of(code))
        assert "Waits for another officer to decide." in page.text
        assert 'name="decision"' not in page.text
        own = {"csrf": page.hidden()["csrf"], "unlock": "1", "decision": "yes"}
        got = await one.post(f"{page_of(code)}/decide", own)
        assert (got.status, "another officer has to decide" in got.text) == (422, True)
        page = await two.get(page_of(code))
        assert WHY in page.text
        assert shows(page.text) == []
        assert WHY not in (await three.get(page_of(code))).text, "a member has no part in it"
        got = await fill(two, page, code, "decide", decision="maybe")
        assert got.status == 422


async def test_only_who_asked_sees_it_and_only_for_a_time(desk: Desk) -> None:
    place = office(desk, "bkk")
    heng, _sok = (officer(desk, name, "head", place, head=True) for name in ("heng", "sok"))
    officer(desk, "dara", "member", place)
    officer(desk, "eyes", "auditor")
    code = hidden(desk, place)
    async with signed_in(desk, "heng") as one, signed_in(desk, "sok") as two, signed_in(desk, "dara") as three:
        await asked(one, code)
        page = await two.get(page_of(code))
        for _ in range(2):
            assert (await fill(two, page, code, "decide", decision="yes")).status == 303
        assert (await fill(two, page, code, "decide", decision="no")).status == 409, "decided is decided"
        assert shows((await one.get(page_of(code))).text) == [NAME, PHONE, "98765432", "Namesworth"]
        assert "You alone see the name and number" in (await one.get(page_of(code))).text
        paper = await one.get(f"{page_of(code)}?print=1")
        assert (paper.status, shows(paper.text)) == (200, []), "it is for the eyes, not for paper"
        for browser in (two, three):
            page = await browser.get(page_of(code))
            assert (page.status, shows(page.text)) == (200, [])
        async with signed_in(desk, "eyes") as eyes:
            assert shows((await eyes.get(page_of(code))).text) == []
            assert WHY in (await eyes.get(page_of(code))).text
        desk.later(minutes=50)
        assert shows((await one.get(page_of(code))).text)
        desk.later(minutes=50)
        assert shows((await one.get(page_of(code))).text)
        desk.later(minutes=21)
        page = await one.get(page_of(code))
        assert shows(page.text) == []
        assert "Was allowed; the time is over." in page.text
        assert "Ask to see it" in page.text
    assert told(desk)[-1] == (heng, "unlock_approved")
    assert [text.startswith("🔓") for _to, text in sent(desk)] == [True], "the worker was told, once"
    acts = desk.service.db.read_now(lambda c: [row.action for row in c.execute(select(AUDIT).order_by(AUDIT.c.id))])
    assert [one for one in acts if "unlock" in one or one == "decide"][:2] == ["ask_unlock", "decide"]
    assert shows(str(desk.service.db.read_now(lambda c: list(c.execute(select(AUDIT)))))) == []


@pytest.mark.parametrize("contact", ["call", "relative", "wait"])
async def test_a_worker_whose_chat_is_not_safe_is_not_told(desk: Desk, contact: str) -> None:
    place = office(desk, "bkk")
    heng, sok = (officer(desk, name, "head", place, head=True) for name in ("heng", "sok"))
    code = hidden(desk, place, contact=contact)
    await desk.engine.command(AskUnlock(code, WHY, heng))
    await desk.engine.command(DecideUnlock(code, 1, True, sok))
    assert sent(desk) == []


async def test_refused_is_refused_and_told_to_who_asked(desk: Desk) -> None:
    place = office(desk, "bkk")
    heng, _sok = (officer(desk, name, "head", place, head=True) for name in ("heng", "sok"))
    code = hidden(desk, place)
    async with signed_in(desk, "heng") as one, signed_in(desk, "sok") as two:
        await asked(one, code)
        assert (await send(two, code, "decide", decision="no")).status == 303
        page = await one.get(page_of(code))
        assert "Refused by Sok." in plain(page)
        assert shows(page.text) == []
    assert told(desk)[-1] == (heng, "unlock_refused")
    assert sent(desk) == []
    with pytest.raises(Overtaken):
        await desk.engine.command(DecideUnlock(code, 1, True, 1))


async def test_too_late_not_theirs_and_nothing_to_see(desk: Desk) -> None:
    place, seoul = office(desk, "bkk"), office(desk, "sel", "KR")
    heng, sok = (officer(desk, name, "head", place, head=True) for name in ("heng", "sok"))
    far, dara = officer(desk, "far", "head", seoul, head=True), officer(desk, "dara", "member", place)
    code, named = hidden(desk, place), hidden(desk, place, identity="named")
    run = desk.engine.command
    refused: tuple[tuple[object, type[DomainError]], ...] = (
        (AskUnlock(code, " ", heng), ReasonMissing),
        (AskUnlock(code, "x" * 501, heng), TooLong),
        (AskUnlock(code, WHY, dara), NotYours),
        (AskUnlock(code, WHY, far), NotFound),
        (AskUnlock(named, WHY, heng), NotAllowed),
        (DecideUnlock(code, 1, True, sok), NotFound),
    )
    for command, error in refused:
        with pytest.raises(error):
            await run(command)
    await run(AskUnlock(code, WHY, heng))
    refused = (
        (DecideUnlock(code, 1, True, heng), OwnRequest),
        (DecideUnlock(code, 1, True, dara), NotYours),
        (DecideUnlock(code, 1, True, far), NotFound),
        (DecideUnlock(named, 1, True, sok), NotFound),
    )
    for command, error in refused:
        with pytest.raises(error):
            await run(command)
    desk.later(hours=24)
    with pytest.raises(TimeOver):
        await run(DecideUnlock(code, 1, True, sok))
    async with signed_in(desk, "sok") as browser:
        assert "Nobody decided within 24 hours." in (await browser.get(page_of(code))).text
    await run(AskUnlock(code, WHY, heng))
    await run(DecideUnlock(code, 2, True, sok))
    row = desk.row(code)
    desk.service.db.write_now(lambda c: unlocks.erase_of(c, row.person_id))
    found = desk.service.db.read_now(lambda c: unlocks.revealed(c, row.id, heng, desk.now))
    assert found is None, "deleting the data ends the look"
    assert desk.service.db.read_now(lambda c: {one.reason for one in unlocks.of_complaint(c, row.id)}) == {None}


async def test_reasons_go_with_the_workers_data(desk: Desk) -> None:
    place = office(desk, "bkk")
    heng, sok = (officer(desk, name, "head", place, head=True) for name in ("heng", "sok"))
    code, other = hidden(desk, place), hidden(desk, place)
    for one in (code, other):
        await desk.engine.command(AskUnlock(one, WHY, heng))
    await desk.engine.command(DecideUnlock(code, 1, True, sok))
    await desk.engine.command(AskUnlock(code, WHY, sok))

    def forget(connection: Connection) -> None:
        here = people.enter(connection, "telegram", "person-1", desk.now)
        execute(DeleteMyData(), Context(connection, desk.now, desk.service.book, desk.engine.post, here=here))

    desk.service.db.write_now(forget)

    def reasons(connection: Connection) -> list[str | None]:
        return [row.reason for one in (code, other) for row in unlocks.of_complaint(connection, desk.row(one).id)]

    assert desk.service.db.read_now(reasons) == [None, None, WHY], "and nobody else's"
    async with signed_in(desk, "heng") as browser:
        page = await browser.get(page_of(code))
        assert (page.status, shows(page.text), WHY in page.text) == (200, [], False)


async def test_who_lost_the_role_sees_no_more(desk: Desk) -> None:
    from storage import staff

    place = office(desk, "bkk")
    heng, sok = (officer(desk, name, "head", place, head=True) for name in ("heng", "sok"))
    code = hidden(desk, place)
    await desk.engine.command(AskUnlock(code, WHY, heng))
    await desk.engine.command(DecideUnlock(code, 1, True, sok))
    async with signed_in(desk, "heng") as browser:
        assert shows((await browser.get(page_of(code))).text)
        desk.service.db.write_now(lambda c: staff.change(c, heng, role="member"))
        page = await browser.get(page_of(code))
        assert (page.status, shows(page.text)) == (200, [])
        put(desk, code, office_id=office(desk, "sel", "KR"))
        assert (await browser.get(page_of(code))).status == 404
