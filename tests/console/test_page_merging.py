"""Complaints of one case: put together, answered each on its own, taken apart, and never past what one may see."""

import asyncio

import pytest
from sqlalchemy import select

from bot.domain.complaints import AnswerComplaint, MergeComplaint, UnmergeComplaint
from bot.domain.errors import NotFound, NotMergeable, NotYours
from storage import clocks
from storage.audit import AUDIT
from tests.console.desk import Desk, picture, reply_form
from tests.console.page import case, fill, office, officer, page_of, plain, put, send, sent, signed_in

WORDS = "We spoke with the agency for all of you."


def point(desk: Desk, code: str) -> int | None:
    found: int | None = desk.row(code).merged_into_id
    return found


async def test_put_together_and_taken_apart(desk: Desk) -> None:
    place = office(desk, "bkk")
    officer(desk, "dara", "member", place)
    main, other = case(desk, place), case(desk, place)
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(page_of(other))
        typed = f" {main[:4].lower()}-{main[4:]} "
        for _ in range(2):
            assert (await fill(browser, page, other, "merge", into=typed)).to.endswith("?done=merge")
        assert point(desk, other) == desk.row(main).id
        here, there = await browser.get(page_of(other)), await browser.get(page_of(main))
        assert f'href="{page_of(main)}"' in here.text
        assert "It belongs to the case of another complaint" in here.text
        assert "Its own worker still waits" in here.text
        assert f'href="{page_of(other)}"' in there.text
        assert "Of the same case" in there.text
        assert desk.row(other).status == "filed"
        running = desk.service.db.read_now(lambda c: clocks.of_complaint(c, desk.row(other).id))
        assert [row.stopped_at for row in running] == [None, None], "its clocks go on"
        for _ in range(2):
            assert (await fill(browser, here, other, "unmerge")).to.endswith("?done=unmerge")
        assert point(desk, other) is None
        assert "Of the same case" not in (await browser.get(page_of(main))).text
        acts = plain(await browser.get(page_of(other)))
        assert "Put together with another complaint" in acts
        assert "Made a case of its own again" in acts
    assert sent(desk) == [], "no worker is told of how officers sort their papers"


async def test_an_answer_goes_to_the_others_only_when_it_is_said_so(desk: Desk) -> None:
    place = office(desk, "bkk")
    dara, bopha = officer(desk, "dara", "member", place), officer(desk, "bopha", "member", place)
    main, *others = (case(desk, place) for _ in range(4))
    for other in others:
        await desk.engine.command(MergeComplaint(other, main, dara))
    to = {code: desk.row(code).address_id for code in (main, *others)}
    async with signed_in(desk, "dara") as browser:
        assert (await browser.reply(main, "Only for you.")).status == 303
        assert [one for one, _text in sent(desk)] == [to[main]]
        page = await browser.get(page_of(main))
        assert "Send the same words to the 3 complaints of this case" in page.text
        also = page.text.partition('name="also" value="')[2].partition('"')[0]
        assert sorted(one.partition(":")[0] for one in also.split()) == sorted(others)
        await desk.engine.command(AnswerComplaint(others[0], "An answer of my own.", bopha))
        await desk.engine.command(UnmergeComplaint(others[1], dara))
        before = len(sent(desk))
        form = {"also": also}
        posts = [browser.post(f"{page_of(main)}/reply", reply_form(page, WORDS, picture(), **form)) for _ in range(3)]
        answers = await asyncio.gather(*posts)
        assert {got.status for got in answers} == {303}
        left = "+".join((others[0], others[1]))
        assert answers[0].to == f"{page_of(main)}?done=partly&left={left}#latest"
        shown = await browser.get(answers[0].to)
        assert "not to every complaint of this case" in shown.text
    fresh = sent(desk)[before:]
    assert sorted(one for one, _text in fresh) == sorted([to[main], to[others[2]]] * 2), "words and a photo, each once"
    files = {entry.attachment_id for code in (main, others[2]) for entry in desk.thread(code) if entry.attachment_id}
    assert len(files) == 2, "each worker's file is their own, and goes with their data"
    assert [desk.row(code).status for code in (main, others[2])] == ["addressed"] * 2
    assert WORDS not in [entry.body for code in others[:2] for entry in desk.thread(code)]


async def test_what_cannot_be_put_together(desk: Desk) -> None:
    place, seoul = office(desk, "bkk"), office(desk, "sel", "KR")
    dara, eyes = officer(desk, "dara", "member", place), officer(desk, "eyes", "auditor")
    main, second, third, far, gone = (case(desk, where) for where in (place, place, place, seoul, place))
    put(desk, gone, status="withdrawn")
    run = desk.engine.command
    await run(MergeComplaint(second, main, dara))
    for command, error in (
        (MergeComplaint(main, main, dara), NotMergeable),
        (MergeComplaint(third, second, dara), NotMergeable),
        (MergeComplaint(main, third, dara), NotMergeable),
        (MergeComplaint(second, third, dara), NotMergeable),
        (MergeComplaint(gone, main, dara), NotMergeable),
        (MergeComplaint(third, gone, dara), NotMergeable),
        (MergeComplaint(third, far, dara), NotFound),
        (MergeComplaint(far, third, dara), NotFound),
        (MergeComplaint(third, "00000000", dara), NotFound),
        (MergeComplaint(third, main, eyes), NotYours),
        (UnmergeComplaint(second, eyes), NotYours),
        (UnmergeComplaint(far, dara), NotFound),
    ):
        with pytest.raises(error):
            await run(command)
    assert [point(desk, code) for code in (main, third, far, gone)] == [None] * 4
    async with signed_in(desk, "dara") as browser:
        for typed, why in (
            ("abc", "This is not a whole reference."),
            ("", "This is not a whole reference."),
            (third, "cannot be put together"),
            (far, "no such complaint among those that you may see"),
            (second, "cannot be put together"),
        ):
            got = await send(browser, third, "merge", into=typed)
            assert (got.status, why in got.text) == (422, True)


async def test_never_past_what_an_office_complained_of_may_see(desk: Desk) -> None:
    national, place = office(desk, "nat", "KH", "national"), office(desk, "bkk")
    desk_officer = officer(desk, "desk", "desk", national)
    officer(desk, "heng", "head", place, head=True)
    plainly = case(desk, place)
    official = case(desk, national, category="OFFICIAL_MISCONDUCT", about="official", country="TH")
    korean = case(desk, national, category="OFFICIAL_MISCONDUCT", about="official", country="KR")
    same = case(desk, national, category="OFFICIAL_MISCONDUCT", about="official", country="TH")
    for one, other in ((official, plainly), (plainly, official), (official, korean)):
        with pytest.raises(NotMergeable):
            await desk.engine.command(MergeComplaint(one, other, desk_officer))
    await desk.engine.command(MergeComplaint(same, official, desk_officer))
    assert point(desk, same) == desk.row(official).id


async def test_a_case_over_two_offices_names_nothing_that_one_may_not_see(desk: Desk) -> None:
    national, place, seoul = office(desk, "nat", "KH", "national"), office(desk, "bkk"), office(desk, "sel", "KR")
    desk_officer = officer(desk, "desk", "desk", national)
    officer(desk, "dara", "member", place)
    here, there = case(desk, place), case(desk, seoul)
    await desk.engine.command(MergeComplaint(here, there, desk_officer))
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(page_of(here))
        assert "of a complaint that you may not see" in page.text
        assert there not in page.text
        assert f"{there[:4]}-{there[4:]}" not in page.text
    await desk.engine.command(UnmergeComplaint(here, desk_officer))
    await desk.engine.command(MergeComplaint(there, here, desk_officer))
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(page_of(here))
        assert there not in page.text
        assert 'name="also"' not in page.text
        forged = await browser.post(f"{page_of(here)}/reply", reply_form(page, WORDS, also=f"{there}:999999"))
        assert forged.to.startswith(f"{page_of(here)}?done=partly")
    assert WORDS not in [entry.body for entry in desk.thread(there)]


async def test_each_into_the_other_at_once(desk: Desk) -> None:
    place = office(desk, "bkk")
    dara, bopha = officer(desk, "dara", "member", place), officer(desk, "bopha", "member", place)
    one, two = case(desk, place), case(desk, place)
    commands = (MergeComplaint(one, two, dara), MergeComplaint(two, one, bopha))
    done = await asyncio.gather(*map(desk.engine.command, commands), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["NoneType", "NotMergeable"]
    assert [point(desk, one), point(desk, two)].count(None) == 1


async def test_naming_what_is_not_theirs_is_recorded(desk: Desk) -> None:
    here, elsewhere = office(desk, "bkk"), office(desk, "sel")
    dara = officer(desk, "dara", "member", here)
    mine, foreign, other = case(desk, here), case(desk, elsewhere), case(desk, elsewhere)
    async with signed_in(desk, "dara") as browser:
        page = await browser.get(page_of(mine))
        assert (await fill(browser, page, mine, "merge", into=foreign)).status == 422
        got = await browser.post(f"{page_of(mine)}/reply", reply_form(page, WORDS, also=f"{other}:0"))
    assert f"left={other}" in got.to
    assert sent(desk) == [(desk.row(mine).address_id, sent(desk)[0][1])]
    tries = select(AUDIT.c.staff_id, AUDIT.c.subject).where(AUDIT.c.action == "forbidden").order_by(AUDIT.c.id)
    found = desk.service.db.read_now(lambda c: c.execute(tries).all())
    assert [tuple(row) for row in found] == [(dara, foreign), (dara, other)]
