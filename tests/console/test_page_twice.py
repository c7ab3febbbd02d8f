"""Two officers at once, on both databases: nothing is lost, nothing is sent twice, and exactly one is told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app.engine import Engine
from bot.app.service import build
from bot.domain.complaints import AnswerComplaint, AssignComplaint
from bot.domain.errors import Overtaken
from handlers import ROUTER
from tests.console.desk import Desk, open_desk, picture, reply_form
from tests.console.page import case, fill, office, officer, page_of, put, sent, signed_in

ONE, TWO = "Please send us your contract.", "We called the employer today."


@pytest.fixture
async def both(tmp_path: Path, quick_passwords: None, database_url: str) -> AsyncIterator[Desk]:
    """The console on SQLite, and again on PostgreSQL."""
    async with open_desk(tmp_path, database_url=database_url) as opened:
        yield opened


async def test_two_replies_at_the_same_moment(both: Desk) -> None:
    bangkok = office(both, "bkk")
    officer(both, "dara", "member", bangkok)
    officer(both, "bopha", "member", bangkok)
    async with signed_in(both, "dara") as one, signed_in(both, "bopha") as two:
        for _ in range(5):
            code, before = case(both, bangkok), len(sent(both))
            pages = [await one.get(page_of(code)), await two.get(page_of(code))]
            posts = (
                one.post(f"{page_of(code)}/reply", reply_form(pages[0], ONE)),
                two.post(f"{page_of(code)}/reply", reply_form(pages[1], TWO)),
            )
            answers = await asyncio.gather(*posts)
            assert sorted(got.status for got in answers) == [303, 409]
            lost = next(index for index, got in enumerate(answers) if got.status == 409)
            words, loser = (ONE, TWO)[lost], answers[lost]
            assert f">{words}</textarea>" in loser.text, "the loser's words are on the page"
            assert f'<p class="said" dir="auto">{(TWO, ONE)[lost]}</p>' in loser.text, "and so is the other's answer"
            assert "Another officer wrote to the worker before you." in loser.text
            assert len(sent(both)) == before + 1
            assert [entry.body for entry in both.thread(code) if entry.author == "officer"] == [(TWO, ONE)[lost]]
            again = await (one, two)[lost].post(f"{page_of(code)}/reply", reply_form(loser, words))
            assert again.status == 303, "with the other's answer read, sending again sends"
            assert {entry.body for entry in both.thread(code) if entry.author == "officer"} == {ONE, TWO}
            assert len(sent(both)) == before + 2


async def test_the_same_form_many_times_beside_another_officers(both: Desk) -> None:
    bangkok = office(both, "bkk")
    officer(both, "dara", "member", bangkok)
    officer(both, "bopha", "member", bangkok)
    code = case(both, bangkok)
    async with signed_in(both, "dara") as one, signed_in(both, "bopha") as two:
        pages = [await one.get(page_of(code)), await two.get(page_of(code))]
        posts = [one.post(f"{page_of(code)}/reply", reply_form(pages[0], ONE, picture())) for _ in range(3)]
        posts += [two.post(f"{page_of(code)}/reply", reply_form(pages[1], TWO)) for _ in range(3)]
        answers = await asyncio.gather(*posts)
        mine, theirs = {got.status for got in answers[:3]}, {got.status for got in answers[3:]}
        assert (mine, theirs) in (({303}, {409}), ({409}, {303})), "a pressed button's every answer says the same"
    words = [entry.body for entry in both.thread(code) if entry.author == "officer" and entry.kind == "text"]
    assert len(words) == 1
    assert sum(words[0] in text for _to, text in sent(both)) == 1


async def test_one_hands_it_over_while_another_replies(both: Desk) -> None:
    bangkok = office(both, "bkk")
    officer(both, "heng", "head", bangkok, head=True)
    dara, bopha = officer(both, "dara", "member", bangkok), officer(both, "bopha", "member", bangkok)
    async with signed_in(both, "heng") as head, signed_in(both, "dara") as one:
        for _ in range(5):
            code = case(both, bangkok)
            put(both, code, status="received", officer_id=dara)
            pages = [await head.get(page_of(code)), await one.get(page_of(code))]
            handed, answered = await asyncio.gather(
                fill(head, pages[0], code, "assign", officer=str(bopha)),
                one.post(f"{page_of(code)}/reply", reply_form(pages[1], ONE)),
            )
            assert (handed.status, answered.status) == (303, 303), "neither is in the other's way"
            row = both.row(code)
            assert (row.officer_id, row.status) == (bopha, "addressed")
            assert [entry.body for entry in both.thread(code) if entry.author == "officer"] == [ONE]


async def test_two_who_hand_it_to_different_officers(both: Desk) -> None:
    bangkok = office(both, "bkk")
    heads = [officer(both, name, "head", bangkok, head=True) for name in ("heng", "sok")]
    members = [officer(both, name, "member", bangkok) for name in ("dara", "bopha")]
    for _ in range(5):
        code = case(both, bangkok)
        commands = [AssignComplaint(code, to, by, None) for by, to in zip(heads, members, strict=True)]
        done = await asyncio.gather(*map(both.engine.command, commands), return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["NoneType", "Overtaken"]
        winner = next(index for index, one in enumerate(done) if one is None)
        assert both.row(code).officer_id == members[winner]


async def test_a_process_of_its_own_for_each_officer(both: Desk) -> None:
    """As two replicas behind a proxy: two writers, one database."""
    bangkok = office(both, "bkk")
    staff = [officer(both, name, "member", bangkok) for name in ("dara", "bopha")]
    second = build(both.service.settings, channels={}, clock=lambda: both.now)
    other = Engine(second, ROUTER)
    try:
        for turn in range(5):
            code = case(both, bangkok)
            seen = both.thread(code)[-1].id
            done = await asyncio.gather(
                both.engine.command(AnswerComplaint(code, ONE, staff[0], (), f"one-{turn}", seen)),
                other.command(AnswerComplaint(code, TWO, staff[1], (), f"two-{turn}", seen)),
                return_exceptions=True,
            )
            assert sorted(type(one).__name__ for one in done) == ["NoneType", Overtaken.__name__]
            assert sum(entry.author == "officer" for entry in both.thread(code)) == 1
    finally:
        second.close()
    assert len(sent(both)) == 5


async def test_a_worker_who_writes_meanwhile_stops_nobody_and_ones_own_answer_neither(both: Desk) -> None:
    bangkok = office(both, "bkk")
    officer(both, "dara", "member", bangkok)
    code = case(both, bangkok)
    async with signed_in(both, "dara") as browser:
        page = await browser.get(page_of(code))
        both.add(code, {"text": "one more thing"})
        assert (await browser.post(f"{page_of(code)}/reply", reply_form(page, ONE))).status == 303
        other = await browser.post(f"{page_of(code)}/reply", reply_form(page, TWO, once="another form"))
        assert other.status == 303
    assert len(sent(both)) == 2


async def test_the_chosen_file_is_kept_through_being_overtaken(both: Desk) -> None:
    bangkok = office(both, "bkk")
    officer(both, "dara", "member", bangkok)
    bopha = officer(both, "bopha", "member", bangkok)
    code, elsewhere = case(both, bangkok), case(both, bangkok)
    async with signed_in(both, "dara") as browser:
        page = await browser.get(page_of(code))
        await both.engine.command(AnswerComplaint(code, TWO, bopha))
        got = await browser.post(f"{page_of(code)}/reply", reply_form(page, ONE, picture()))
        assert got.status == 409
        assert "The file that you chose is kept" in got.text
        wrong = await browser.get(page_of(elsewhere))
        taken = await browser.post(f"{page_of(elsewhere)}/reply", reply_form(wrong, "", kept=got.hidden()["kept"]))
        assert taken.status == 422, "a file of one worker never goes to another"
        assert (await browser.post(f"{page_of(code)}/reply", reply_form(got, ONE))).status == 303
    kinds = [entry.kind for entry in both.thread(code) if entry.author == "officer"]
    assert kinds == ["text", "text", "photo"]
    assert [entry.kind for entry in both.thread(elsewhere)] == ["text"]


async def test_a_page_without_the_newest_line_is_told_rather_than_trusted(both: Desk) -> None:
    bangkok = office(both, "bkk")
    officer(both, "dara", "member", bangkok)
    bopha = officer(both, "bopha", "member", bangkok)
    code = case(both, bangkok)
    async with signed_in(both, "dara", "km") as browser:
        page = await browser.get(page_of(code))
        await both.engine.command(AnswerComplaint(code, TWO, bopha))
        for seen in ("", "x", "-1", "9" * 400, "១២"):
            got = await browser.post(f"{page_of(code)}/reply", reply_form(page, ONE, seen=seen))
            assert got.status == 409, seen
        assert "មន្ត្រីម្នាក់ទៀតបានសរសេរទៅពលករមុនអ្នក" in got.text
