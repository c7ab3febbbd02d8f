"""Taking a complaint, handing it to an officer, and to another office: who may, who was faster, what is shown."""

from datetime import timedelta

import pytest

from bot.domain.complaints import AssignComplaint, ChangeStatus
from storage import offices
from storage.audit import AUDIT
from tests.console.desk import Desk, Got
from tests.console.page import case, fill, office, officer, page_of, plain, put, send, sent, signed_in, told

HOURS = timedelta(hours=1)


async def test_taking_it_stops_the_first_clock_and_tells_the_worker_once(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    dara = officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok, ago=HOURS)
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(page_of(code))
        assert "I take it" in page.text
        assert "Nobody yet" in page.text
        assert "2 hours 59 minutes left" in plain(page)
        for _ in range(2):
            got = await fill(browser, page, code, "take")
            assert (got.status, got.to) == (303, f"{page_of(code)}?done=take")
        page = await browser.get(got.to)
        assert "I take it" not in page.text
        assert "Dara (you)" in plain(page)
        assert "After 1 hour, in time." in plain(page)
    row = desk.row(code)
    assert (row.status, row.officer_id, row.received_by) == ("received", dara, dara)
    assert len(sent(desk)) == 1


async def test_who_comes_second_is_told_that_another_has_it(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    officer(desk, "dara", "member", bangkok)
    officer(desk, "bopha", "member", bangkok)
    code = case(desk, bangkok)
    async with signed_in(desk, "dara") as one, signed_in(desk, "bopha") as two:
        open_pages = [await one.get(page_of(code)), await two.get(page_of(code))]
        assert (await fill(one, open_pages[0], code, "take")).to.endswith("done=take")
        got = await fill(two, open_pages[1], code, "take")
        assert got.to.endswith("done=taken")
        page = plain(await two.get(got.to))
    assert "Another officer took it before you." in page
    assert "Officer Dara" in page
    assert len(sent(desk)) == 1


async def test_a_member_takes_what_nobody_has_and_nothing_from_a_colleague(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    dara, bopha = officer(desk, "dara", "member", bangkok), officer(desk, "bopha", "member", bangkok)
    code = case(desk, bangkok)
    put(desk, code, status="in_hand")
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(page_of(code))
        assert "Give it to me" in page.text
        assert 'id="officer"' not in page.text, "handing it to others is a head's"
        assert (await fill(browser, page, code, "assign", officer="me")).to.endswith("done=assign")
        assert desk.row(code).officer_id == dara
        assert (await send(browser, code, "assign", officer=str(bopha))).status == 403
        put(desk, code, officer_id=bopha)
        got = await send(browser, code, "assign", officer="me", had=str(bopha))
        assert got.status == 403, "what a colleague has is theirs"
        assert desk.row(code).officer_id == bopha


async def test_a_head_hands_it_over_and_the_loser_reads_who_has_it(desk: Desk) -> None:
    bangkok, seoul = office(desk, "bkk"), office(desk, "sel", "KR")
    officer(desk, "heng", "head", bangkok, head=True)
    officer(desk, "other", "head", bangkok, head=True)
    dara, away = officer(desk, "dara", "member", bangkok), officer(desk, "away", "member", seoul)
    code = case(desk, bangkok)
    put(desk, code, status="received")
    async with signed_in(desk, "heng") as one, signed_in(desk, "other") as two:
        first, second = await one.get(page_of(code)), await two.get(page_of(code))
        assert (await fill(one, first, code, "assign", officer=str(dara))).to.endswith("done=assign")
        me = second.text.split('<option value="')[1:]
        mine = next(one.split('"')[0] for one in me if "Other (you)" in one.split("</option>")[0])
        got = await fill(two, second, code, "assign", officer=mine)
        assert got.status == 409
        assert "Dara has it now." in plain(got)
        assert desk.row(code).officer_id == dara
        for wrong, why in (
            (str(away), "does not serve"),
            ("", "Please choose an officer"),
            ("x'; --", "does not serve"),
        ):
            got = await send(two, code, "assign", officer=wrong)
            assert (got.status, why in got.text) == (422, True)
        assert (await send(two, code, "assign", officer="nobody")).status == 303
    assert desk.row(code).officer_id is None
    assert told(desk) == [(dara, "assigned")]


async def test_the_loser_who_hands_over_late_is_told(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    heng = officer(desk, "heng", "head", bangkok, head=True)
    dara, bopha = officer(desk, "dara", "member", bangkok), officer(desk, "bopha", "member", bangkok)
    code = case(desk, bangkok)
    put(desk, code, status="received", officer_id=dara)
    async with signed_in(desk, "heng", "km") as browser:
        page = await browser.get(page_of(code))
        await desk.engine.command(AssignComplaint(code, bopha, heng, dara))
        got = await fill(browser, page, code, "assign", officer="nobody")
    assert got.status == 409
    assert "ឥឡូវ មន្ត្រី bopha ជាអ្នកទទួលបន្ទុក។" in plain(got)


async def test_a_referral_goes_to_an_owner_and_leaves_the_list_of_who_referred(desk: Desk) -> None:
    bangkok, seoul = office(desk, "bkk"), office(desk, "sel", "KR")
    officer(desk, "heng", "head", bangkok, head=True)
    sela = officer(desk, "sela", "member", seoul)
    code = case(desk, bangkok, ago=10 * HOURS)
    async with signed_in(desk, "heng") as browser, signed_in(desk, "sela") as there:
        page = await browser.get(page_of(code))
        assert f'<option value="{seoul}:{sela}"' in page.text
        assert f'<option value="{bangkok}"' not in refer_form(page), "it is there already"
        assert (await there.get(page_of(code))).status == 404
        for to, reason, why in (
            ("", "they know the employer", "Please choose the office"),
            (str(seoul), "  ", "Please write the reason"),
            (str(seoul), "ក" * 501, "The reason is too long"),
            (str(bangkok), "again", "cannot be handed to that office"),
            ("99999", "nowhere", "cannot be handed to that office"),
        ):
            got = await fill(browser, page, code, "refer", to=to, reason=reason)
            assert (got.status, why in got.text) == (422, True)
            assert reason.strip() in got.text, "what was typed is kept"
        got = await fill(browser, page, code, "refer", to=f"{seoul}:{sela}", reason="they know the employer")
        assert got.to == f"{page_of(code)}/left"
        assert "Another office has it now" in (await browser.get(got.to)).text
        assert (await browser.get(page_of(code))).status == 404
        late = await fill(browser, page, code, "reply", text="half an hour of words")
        assert late.status == 404
        assert "half an hour of words" in late.text, "nothing that was typed is lost"
        page = await there.get(page_of(code))
        assert "they know the employer" in page.text
        assert "the clock starts anew" in page.text
        assert "Referred to → Office sel · Sela" in plain(page)
        assert (await fill(there, page, code, "take")).status == 303
        assert "47 hours 59 minutes left" in plain(await there.get(page_of(code)))
    row = desk.row(code)
    assert (row.office_id, row.officer_id, row.status) == (seoul, sela, "received")
    assert row.due_at > desk.now + 47 * HOURS, "the list says the same as the clock"
    assert told(desk) == [(sela, "referred")]


def refer_form(page: Got) -> str:
    return page.text.partition('<details id="refer"')[2].partition("</details>")[0]


async def test_the_office_complained_of_is_not_offered_nor_taken(desk: Desk) -> None:
    national = office(desk, "nat", "KH", "national")
    bangkok, seoul = office(desk, "bkk"), office(desk, "sel", "KR")
    officer(desk, "desk", "desk", national)
    code = case(desk, national, category="OFFICIAL_MISCONDUCT", about="official", country="TH")
    async with signed_in(desk, "desk") as browser:
        page = await browser.get(page_of(code))
        assert f'<option value="{seoul}"' in page.text
        assert f'<option value="{bangkok}"' not in refer_form(page)
        got = await fill(browser, page, code, "refer", to=str(bangkok), reason="there")
        assert got.status == 422
    assert desk.row(code).office_id == national


@pytest.mark.parametrize("role", ["auditor", "member", "elsewhere", "administrator", "official", "assessor"])
async def test_who_may_not(desk: Desk, role: str) -> None:
    """Reading is not working; a member refers nothing; and whoever is not of the office finds nothing."""
    bangkok, seoul = office(desk, "bkk"), office(desk, "sel", "KR")
    login = role
    officer(desk, login, "head" if role == "elsewhere" else role, seoul if role == "elsewhere" else bangkok)
    code = case(desk, bangkok)
    async with desk.browser() as browser:
        await browser.sign_in(login)
        page = await browser.get(page_of(code))
        seen = role in ("auditor", "member")
        assert (page.status == 200) is seen
        token = page.hidden()["csrf"]
        fields = {
            "csrf": token,
            "officer": "me",
            "to": str(seoul),
            "reason": "why",
            "note": "n",
            "text": "t",
            "why": "w",
        }
        more = {"status": "received", "into": code, "unlock": "1", "decision": "yes"}
        forms = ("take", "assign", "refer", "note", "reply", "status", "merge", "unmerge", "unlock", "decide")
        for form in forms if role != "member" else ("refer", "unlock", "decide"):
            got = await browser.post(f"{page_of(code)}/{form}", {**fields, **more})
            assert got.status == (403 if seen else 404), form
        if seen:
            assert "/refer" not in page.text
        if role == "auditor":
            assert "<textarea" not in page.text
    assert desk.row(code).status == "filed"
    assert sent(desk) == []


async def test_waiting_for_the_worker_says_since_when_and_that_the_clock_goes_on(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    dara = officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok)
    await desk.engine.command(ChangeStatus(code, "waiting", "a photo", dara))
    desk.later(hours=5)
    async with signed_in(desk, "dara") as browser:
        page = plain(await browser.get(page_of(code)))
        assert "Waiting for the worker for 5 hours" in page
        assert "42 hours 59 minutes left" in page
        await send(browser, code, "status", status="in_hand")
        assert "Waiting for the worker for" not in plain(await browser.get(page_of(code)))


async def test_a_late_clock_says_so_and_a_late_answer_stays_late(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok, ago=50 * HOURS)
    async with signed_in(desk, "dara") as browser:
        page = plain(await browser.get(page_of(code)))
        assert "Overdue by 2 hours" in page
        assert (await browser.reply(code, "Here is what we found.")).status == 303
        assert "After 50 hours, too late." in plain(await browser.get(page_of(code)))


async def test_the_history_names_who_did_what(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    officer(desk, "heng", "head", bangkok, head=True)
    dara = officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok)
    async with signed_in(desk, "heng") as browser:
        await send(browser, code, "take")
        await send(browser, code, "assign", officer=str(dara))
        page = plain(await browser.get(page_of(code)))
    assert "Given to → Dara Heng" in page
    assert "Received" in page
    places = desk.service.db.read_now(lambda c: {row.place for row in c.execute(AUDIT.select()) if row.staff_id})
    assert places == {"127.0.0.1"}, "every act says where it came from"


async def test_a_rating_and_a_disagreement_are_shown_and_not_changed_here(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok)
    put(desk, code, status="addressed", rating=2, rated_at=desk.now)
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(page_of(code))
        assert "★★☆☆☆" in page.text
        assert "2 of 5" in page.text
        assert 'name="rating"' not in page.text
        put(desk, code, status="reopened", reopened=1, rating=None)
        page = await browser.get(page_of(code))
        assert "The worker disagrees with the answer." in page.text
        assert "★" not in page.text
        assert "I take it" in page.text
        await fill(browser, page, code, "take")
        assert "The worker disagreed" in (await browser.get(page_of(code))).text


async def test_an_officer_who_left_the_office_cannot_be_given_it(desk: Desk) -> None:
    bangkok = office(desk, "bkk")
    officer(desk, "heng", "head", bangkok, head=True)
    dara = officer(desk, "dara", "member", bangkok)
    code = case(desk, bangkok)
    async with signed_in(desk, "heng") as browser:
        page = await browser.get(page_of(code))
        desk.service.db.write_now(lambda c: offices.leave(c, bangkok, dara))
        got = await fill(browser, page, code, "assign", officer=str(dara))
    assert got.status == 422
    assert "does not serve in that office any more" in got.text
