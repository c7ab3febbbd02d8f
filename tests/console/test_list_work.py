"""Work from the list: several complaints at once, words looked for, the same employer, saved lists, odd addresses."""

import time
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Connection, select

from bot.domain.clocks import KINDS
from storage import clocks, complaints, filters, offices, staff
from storage.audit import AUDIT
from tests.console.desk import LOGIN, STORY, Browser, Desk
from tests.console.page import index

LIST = "/console/complaints"
HOUR = timedelta(hours=1)


def me(desk: Desk) -> int:
    return int(desk.service.db.read_now(lambda c: staff.by_login(c, LOGIN)).id)  # type: ignore[union-attr]


def serving(desk: Desk, *officers: int) -> int:
    """An office where these serve; the first leads it."""

    def work(connection: Connection) -> int:
        made = offices.add(connection, code="th-x", name_km="ថៃ (សាកល្បង)", name_en="Thailand (demo)", country="TH")
        for place, officer in enumerate(officers):
            offices.serve(connection, made, officer, head=place == 0)
        return made

    return desk.service.db.write_now(work)


def change(desk: Desk, code: str, **values: Any) -> None:
    id = desk.row(code).id
    desk.service.db.write_now(lambda c: complaints.change(c, id, desk.now, **values))


def started(desk: Desk, code: str) -> None:
    """Its clocks run since it was filed."""
    row = desk.row(code)
    desk.service.db.write_now(lambda c: clocks.start(c, row.id, "normal", row.filed_at, KINDS))


async def several(browser: Browser, do: str, ticks: list[str], query: str = "", **more: str) -> Any:
    page = await browser.get(f"{LIST}{query}")
    form = [("csrf", page.hidden()["csrf"]), ("back", query.lstrip("?")), ("do", do), *more.items()]
    return await browser.post(f"{LIST}/several", [*form, *(("tick", one) for one in ticks)])


def ticks(page: str) -> list[str]:
    return [unescape(part.split('"')[0]) for part in page.split('name="tick" value="')[1:]]


async def test_several_are_taken_and_a_loser_stops_nobody(desk: Desk, browser: Browser) -> None:
    other = desk.officer("other", role="member")
    office = serving(desk, me(desk), other)
    first, lost, elsewhere, last = (desk.complain() for _ in range(4))
    for code in (first, lost, last):
        change(desk, code, office_id=office)
    seen = ticks((await browser.get(LIST)).text)
    assert sorted(seen) == sorted(f"{code}." for code in (first, lost, elsewhere, last))
    change(desk, lost, officer_id=other)  # a colleague was faster, after the page was shown
    got = await several(browser, "take", [*seen, "00000000.", "junk"], "?status=all")
    assert got.status == 303
    assert desk.row(first).officer_id == desk.row(last).officer_id == me(desk)
    assert desk.row(lost).officer_id == other
    assert desk.row(elsewhere).officer_id is None
    page = await browser.get(got.to)
    assert got.to.startswith(f"{LIST}?status=all&did=take.2")
    for told in ("បានប្រគល់មកអ្នក៖ <strong>២</strong>", "បានប្រគល់ជូនមន្ត្រីផ្សេងហើយ", "មិនបម្រើការ"):
        assert told in page.text
    assert f"{lost[:4]}-{lost[4:]}" in page.text.split('id="told"')[1].split("</div>")[0]
    again = await several(browser, "take", seen[:1] if seen[0].startswith(first) else [f"{first}."])
    assert "did=take.1" in again.to, "a second time is no mistake"


async def test_several_are_acknowledged_with_who_was_faster(desk: Desk, browser: Browser) -> None:
    codes = [desk.complain() for _ in range(3)]
    for code in codes:
        started(desk, code)
    await several(browser, "acknowledge", [f"{codes[0]}."])
    assert desk.row(codes[0]).status == "received"
    got = await several(browser, "acknowledge", [f"{code}." for code in codes])
    assert [desk.row(code).status for code in codes] == ["received"] * 3
    assert "did=acknowledge.2" in got.to
    assert f"left={codes[0]}.already" in got.to
    running = desk.service.db.read_now(lambda c: clocks.of_complaint(c, desk.row(codes[1]).id))
    assert [clock.stopped_at is None for clock in running if clock.kind == "received"] == [False]


async def test_a_tick_on_what_is_not_theirs_is_recorded(desk: Desk) -> None:
    member = desk.officer("member", role="member")
    office, foreign = serving(desk, member), desk.complain()
    mine = desk.complain()
    change(desk, mine, office_id=office)
    async with desk.browser() as theirs:
        await theirs.sign_in("member")
        got = await several(theirs, "take", [f"{mine}.", f"{foreign}."])
    assert f"left={foreign}.missing" in got.to
    assert desk.row(foreign).officer_id is None
    tries = select(AUDIT.c.staff_id, AUDIT.c.subject).where(AUDIT.c.action == "forbidden")
    assert [tuple(row) for row in desk.service.db.read_now(lambda c: c.execute(tries).all())] == [(member, foreign)]


async def test_only_who_may_assign_gives_to_others(desk: Desk, browser: Browser) -> None:
    member = desk.officer("member", role="member")
    office = serving(desk, me(desk), member)
    mine, foreign = desk.complain(), desk.complain()
    change(desk, mine, office_id=office)
    got = await several(browser, "give", [f"{mine}."], officer=str(member))
    assert "did=give.1" in got.to
    assert desk.row(mine).officer_id == member
    assert "did=nobody" in (await several(browser, "give", [f"{mine}."], officer="")).to
    assert "did=none" in (await several(browser, "take", [])).to
    async with desk.browser() as theirs:
        await theirs.sign_in("member")
        page = (await theirs.get(LIST)).text
        assert ticks(page) == [f"{mine}.{member}"], "only their office's"
        assert 'value="take"' in page
        assert 'value="give"' not in page
        assert (await several(theirs, "give", [f"{mine}.{member}"], officer=str(me(desk)))).status == 403
        got = await several(theirs, "take", [f"{foreign}."])
        assert f"left={foreign}.missing" in got.to
        assert desk.row(foreign).officer_id is None
    desk.officer("auditor", role="auditor")
    async with desk.browser() as theirs:
        await theirs.sign_in("auditor")
        shown = await theirs.get(LIST)
        assert 'id="several"' not in shown.text
        assert ticks(shown.text) == []
        form = {"csrf": shown.hidden()["csrf"], "do": "take", "tick": f"{foreign}."}
        assert (await theirs.post(f"{LIST}/several", form)).status == 403


async def test_bad_forms_change_nothing(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    csrf = (await browser.get(LIST)).hidden()["csrf"]
    post = browser.post
    assert (await post(f"{LIST}/several", {"do": "take", "tick": f"{code}."})).status == 403
    assert (await post(f"{LIST}/several", {"csrf": csrf, "do": "burn", "tick": f"{code}."})).status == 400
    assert (await post(f"{LIST}/several", b"\xff\xfe=1")).status in (400, 403)
    assert (await post(f"{LIST}/several", {"csrf": csrf, "do": "take", "x": "y" * 100_000})).status == 400
    many = [("csrf", csrf), ("do", "take"), *(("tick", f"{other}.") for other in references(101))]
    assert "did=many" in (await post(f"{LIST}/several", many)).to
    assert desk.row(code).officer_id is None
    page = await browser.get(f"{LIST}?did=take.9&left=<b>.overtaken,{code}.hax,zzz")
    assert "<b>" not in page.text
    assert code not in page.text.split('id="told"')[1].split("</div>")[0]
    assert 'id="told"' not in (await browser.get(f"{LIST}?did=<script>")).text


def references(number: int) -> list[str]:
    from bot.text import reference

    return [reference.make(one * 97) for one in range(number)]


async def test_words_lead_to_complaints_within_the_other_filters(desk: Desk, browser: Browser) -> None:
    thai = desk.complain(about_name="Thai Sun Co., Ltd.")
    korean = desk.complain(country="KR", parts=({"text": f"{STORY} ប៉ាស្ព័រ"},))
    index(desk)
    for query, found in (("ប៉ាស្ព័រ", {korean}), ("ទូរស័ព្ទ", {thai, korean}), ("THAI sun", {thai}), ("ខ្លាឃ្មុំ", set())):
        assert set((await browser.get(LIST, params={"q": query})).references()) == found
    assert (await browser.get(f"{LIST}?q={quote('ទូរស័ព្ទ')}&country=KR")).references() == [korean]
    await browser.move(korean, "closed", "ដោះស្រាយរួចហើយ")
    assert set((await browser.get(LIST, params={"q": "ទូរស័ព្ទ"})).references()) == {thai, korean}, "whatever its status"
    assert (await browser.get(LIST, params={"q": "ទូរស័ព្ទ", "status": "open"})).references() == [thai]


async def test_the_same_employer(desk: Desk, browser: Browser) -> None:
    first, same = desk.complain(about_name="Thai Sun"), desk.complain(about_name="THAI-SUN")
    other = desk.complain(about_name="Moon")
    nameless = desk.complain()
    index(desk)
    page = await browser.get(f"{LIST}?about={first}")
    assert set(page.references()) == {first, same}
    assert f"{first[:4]}-{first[4:]}" in page.text.split("about-note")[1]
    assert (await browser.get(f"{LIST}?about={other}")).references() == [other]
    for empty in (nameless, references(1)[0]):
        assert (await browser.get(f"{LIST}?about={empty}")).references() == []
    member = desk.officer("member", role="member")
    office = serving(desk, member)
    change(desk, same, office_id=office)
    async with desk.browser() as theirs:
        await theirs.sign_in("member")
        assert (await theirs.get(f"{LIST}?about={same}")).references() == [same]
        assert (await theirs.get(f"{LIST}?about={first}")).references() == [], "a foreign one shows nothing"


@pytest.mark.parametrize(
    "typed",
    [
        "ក" * 1000,
        "a b " * 2500,
        "\u200b\u200d" * 3000,
        "😀" * 500,
        "\u202eعامل\u202c " * 400,
        "%_'\"\\;--",
        "K7Q2-",
        "\x00",
        "ៗ",
    ],
)
async def test_odd_texts_are_answered_quickly_and_clearly(desk: Desk, browser: Browser, typed: str) -> None:
    code = desk.complain()
    began = time.process_time()
    page = await browser.get(LIST, params={"q": typed})
    assert page.status == 200
    assert page.references() == ([code] if set(typed) <= set("\x00\u200b\u200d") else []), (
        "nothing was typed, or no word"
    )
    assert time.process_time() - began < 5
    assert "Traceback" not in page.text


async def test_enormous_text_tells_what_was_looked_for(desk: Desk, browser: Browser) -> None:
    page = await browser.get(LIST, params={"q": "abc " * 2500})
    assert page.status == 200
    assert "បានស្វែងរកតែ ២០០ តួអក្សរដំបូងប៉ុណ្ណោះ" in page.text
    page = await browser.get(LIST, params={"q": "😀 ។"})
    assert "គ្មានពាក្យណាអាចស្វែងរកបានទេ" in page.text


@pytest.mark.parametrize(
    "query",
    ["after=1-2-3", "after=x", f"after={'9' * 400}", "before=-", "before=1-1-1&after=2",
     "office=99999999999999999999", "office=x", "about=%00", "status=all&after=0-5-5", "status=waiting&after=5-5-5"],
)  # fmt: skip
async def test_a_broken_or_foreign_place_shows_the_first_page(desk: Desk, browser: Browser, query: str) -> None:
    code = desk.complain()
    page = await browser.get(f"{LIST}?{query}")
    assert page.status == 200
    if "waiting" not in query and "before=1-1-1" not in query:
        assert page.references() == [code]


async def test_lists_are_saved_renamed_and_deleted(desk: Desk, browser: Browser) -> None:
    page = await browser.get(f"{LIST}?country=KR&status=all")
    hidden = {name: unescape(value) for name, value in page.hidden().items()}
    assert hidden["query"] == "status=all&country=KR"
    for _twice in range(2):
        got = await browser.post(f"{LIST}/saved", {"csrf": hidden["csrf"], "query": hidden["query"], "name": "កូរ៉េ"})
    page = await browser.get(got.to)
    assert page.text.count(">កូរ៉េ</a>") == 1
    assert 'href="/console/complaints?status=all&amp;country=KR"' in page.text
    (kept,) = desk.service.db.read_now(lambda c: filters.of_officer(c, me(desk)))
    for name in ("", " ", "x" * 41):
        assert (
            "did=unnamed"
            in (await browser.post(f"{LIST}/saved", {"csrf": hidden["csrf"], "query": "", "name": name})).to
        )
        got = await browser.post(f"{LIST}/saved/{kept.id}", {"csrf": hidden["csrf"], "do": "rename", "name": name})
        assert got.status == 422
        assert 'role="alert"' in got.text
    await browser.post(f"{LIST}/saved/{kept.id}", {"csrf": hidden["csrf"], "do": "rename", "name": "<b>Korea"})
    assert "&lt;b&gt;Korea" in (await browser.get(f"{LIST}/saved")).text
    desk.officer("other", role="desk")
    async with desk.browser() as theirs:
        await theirs.sign_in("other")
        csrf = (await theirs.get(f"{LIST}/saved")).hidden().get("csrf", "")
        assert "Korea" not in (await theirs.get(LIST)).text
        for do in ("rename", "delete"):
            got = await theirs.post(f"{LIST}/saved/{kept.id}", {"csrf": csrf, "do": do, "name": "mine"})
            assert got.status == 404, "another officer's is not there"
    assert (await browser.post(f"{LIST}/saved/{kept.id}", {"csrf": hidden["csrf"], "do": "delete"})).status == 303
    assert (await browser.post(f"{LIST}/saved/{kept.id}", {"csrf": hidden["csrf"], "do": "delete"})).status == 404
    done = desk.service.db.read_now(lambda c: c.scalars(select(AUDIT.c.action).where(AUDIT.c.subject_kind == "filter")))
    assert list(done) == ["save_filter", "rename_filter", "delete_filter"]


async def test_twenty_saved_lists_and_what_is_broken_in_one(desk: Desk, browser: Browser) -> None:
    csrf = (await browser.get(LIST)).hidden()["csrf"]
    for number in range(21):
        form = {"csrf": csrf, "query": "status=closed&evil=1&office=x&lang=en&did=take.1", "name": f"n{number}"}
        got = await browser.post(f"{LIST}/saved", form)
    assert "did=full" in got.to
    kept = desk.service.db.read_now(lambda c: filters.of_officer(c, me(desk)))
    assert len(kept) == 20
    assert {one.query for one in kept} == {"status=closed"}, "only what the list understands"
    desk.service.db.write_now(lambda c: filters.drop(c, me(desk), kept[0].id))
    desk.service.db.write_now(lambda c: filters.add(c, me(desk), "broken", "%ff&&=;status=hax&after=1" + "&x=1" * 99))
    assert 'href="/console/complaints" aria-current="page">broken<' in (await browser.get(LIST)).text
