"""The list: what is in it, its filters, its pages, its clock."""

from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest

from bot.console import complaints as console
from storage import complaints
from tests.console.desk import Browser, Desk
from tests.console.page import index

LIST = "/console/complaints"
HOUR = timedelta(hours=1)


async def test_nothing_yet(browser: Browser) -> None:
    assert "គ្មានពាក្យបណ្តឹងដែលមិនទាន់បញ្ចប់ទេ" in (await browser.get(LIST)).text
    assert "គ្មានពាក្យបណ្តឹងហួសកាលកំណត់ទេ" in (await browser.get(f"{LIST}?status=overdue")).text
    assert "មិនទាន់មានពាក្យបណ្តឹងនៅទីនេះទេ" in (await browser.get(f"{LIST}?status=all")).text
    assert "គ្មានពាក្យបណ្តឹងណាត្រូវនឹងការត្រងនេះទេ" in (await browser.get(f"{LIST}?country=JP")).text


async def test_a_row_tells_the_essentials(desk: Desk, browser: Browser) -> None:
    code = desk.complain(ago=20 * HOUR, category="VIOLENCE", country="MY", safe="no", channel="messenger", is_demo=True)
    page = (await browser.get(LIST)).text
    for told in (
        f"{code[:4]}-{code[4:]}", "វាយធ្វើបាប", "ម៉ាឡេស៊ី", "Messenger", "ថ្មី", "អាសន្ន", "គ្មានសុវត្ថិភាព", "សាកល្បង",
        "នៅសល់ ២៧ ម៉ោង ៥៩ នាទី",
    ):  # fmt: skip
        assert told in page
    assert "case-emergency" in page


@pytest.mark.parametrize(
    ("hours", "state", "told"),
    [(0, "left", "47 hours 59 minutes left"), (35, "left", "12 hours 59 minutes left"),
     (37, "soon", "10 hours 59 minutes left"), (60, "late", "Overdue by 12 hours")],
)  # fmt: skip
async def test_the_clock_turns(desk: Desk, browser: Browser, hours: int, state: str, told: str) -> None:
    desk.complain(ago=hours * HOUR)
    await browser.get(f"{LIST}?lang=en")
    page = (await browser.get(LIST)).text
    assert f"clock-{state}" in page
    assert told in page


async def test_an_answered_one_shows_when(desk: Desk, browser: Browser) -> None:
    code, late = desk.complain(ago=10 * HOUR), desk.complain(ago=50 * HOUR)
    for one in (code, late):
        await browser.reply(one, "ជម្រាបសួរ")
    page = (await browser.get(f"{LIST}?status=addressed")).text
    assert "clock-answered_late" in page
    assert 'clock-answered"' in page
    assert "បានឆ្លើយតប" in page
    assert "Due:" not in page


async def test_filters(desk: Desk, browser: Browser) -> None:
    thai = desk.complain(country="TH")
    korean = desk.complain(country="KR", category="OVERTIME_REST", channel="messenger")
    late = desk.complain(ago=50 * HOUR, country="JP", category="OTHER", channel="phone")
    unlisted = desk.complain(country="XX", country_name="Laos PDR")
    done = desk.complain()
    await browser.move(done, "closed", "ដោះស្រាយរួចហើយ")

    async def found(query: str) -> set[str]:
        return set((await browser.get(f"{LIST}?{query}")).references())

    assert await found("") == {thai, korean, late, unlisted}
    assert await found("status=open") == {thai, korean, late, unlisted}
    assert await found("status=all") == {thai, korean, late, unlisted, done}
    assert await found("status=overdue") == {late}
    assert await found("status=closed") == {done}
    assert await found("country=KR") == {korean}
    assert await found("country=XX") == {unlisted}
    assert await found("category=OTHER") == {late}
    assert await found("channel=phone&status=all") == {late}
    assert await found("channel=phone&country=KR") == set()
    assert await found("status=nonsense&before=abc&country=%27--&lang=xx") == set()
    assert await found("status=nonsense&before=abc") == {thai, korean, late, unlisted}


async def test_counts_stand_at_the_head(desk: Desk, browser: Browser) -> None:
    for ago in (1, 2, 50):
        desk.complain(ago=ago * HOUR)
    await browser.move(desk.complain(), "closed", "ដោះស្រាយរួចហើយ")
    await browser.move(desk.complain(), "waiting", "សូមផ្ញើរូបថតប៉ាស្ព័រ")
    page = (await browser.get(LIST)).text
    numbers = [part.split("<")[0] for part in page.split('class="tile-number">')[1:]]
    assert numbers == ["៤", "១", "០", "៤", "០", "១"], "open, overdue, not received, nobody has it, mine, waiting"


async def test_a_reference_in_any_spelling_leads_straight_to_it(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    desk.complain()
    await browser.move(code, "closed", "ដោះស្រាយរួចហើយ")
    khmer_digits = code.translate(str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩"))
    for spelling in (code, code.lower(), f"{code[:4]}-{code[4:]}", f" {code[:4]} – {code[4:]} ", khmer_digits):
        got = await browser.get(LIST, params={"q": spelling})
        assert (got.status, got.to) == (303, f"{LIST}/{code}"), "found whatever its status"
    page = await browser.get(LIST, params={"q": "<b>K7Q2"})
    assert page.references() == []
    assert "នេះមិនមែនជាលេខបណ្តឹងពេញលេញទេ" in page.text
    assert 'value="&lt;b&gt;K7Q2"' in page.text, "what was typed is kept"
    assert (await browser.get(LIST, params={"q": "00000000"})).references() == []


async def test_pages_by_key(desk: Desk, browser: Browser) -> None:
    made = [desk.complain(country="TH") for _ in range(53)][::-1]
    first = await browser.get(f"{LIST}?country=TH&status=all")
    assert first.references() == made[:50]
    assert 'rel="prev"' not in first.text
    older = link(first.text, "next")
    assert "country=TH" in older, "the filters stay"
    desk.complain(country="TH")
    second = await browser.get(older)
    assert second.references() == made[50:], "what arrives meanwhile moves nothing"
    assert 'rel="next"' not in second.text
    back = await browser.get(link(second.text, "prev"))
    assert back.references() == made[:50]
    assert 'rel="prev"' in back.text, "a newer one has arrived"


def link(page: str, rel: str) -> str:
    return unescape(page.split(f'rel="{rel}" href="')[1].split('"', maxsplit=1)[0])


async def test_a_withdrawn_complaint_stays_countable(desk: Desk, browser: Browser) -> None:
    code = desk.complain(identity="named", name="ចាន់ ដារ៉ា")
    row = desk.row(code)
    desk.service.db.write_now(lambda c: complaints.erase_of(c, row.person_id, desk.now))
    assert (await browser.get(f"{LIST}?status=withdrawn")).references() == [code]
    page = (await browser.get(f"{LIST}/{code}")).text
    assert "ចាន់ ដារ៉ា" not in page
    assert "បានលុបតាមសំណើរបស់ពលករ" in page
    assert 'name="text"' not in page, "nobody can be answered"


async def test_both_languages_and_the_choice_is_remembered(desk: Desk, browser: Browser) -> None:
    desk.complain()
    page = (await browser.get(LIST)).text
    assert '<html lang="km">' in page
    assert 'href="/console/complaints?lang=en"' in page
    got = await browser.get(f"{LIST}?country=TH&lang=en")
    assert (got.status, got.to) == (303, f"{LIST}?country=TH")
    page = (await browser.get(LIST)).text
    assert '<html lang="en">' in page
    assert "Complaints" in page
    assert 'href="/console/complaints?lang=km"' in page


async def test_pages_of_what_was_looked_for(desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second page follows the first, whatever arrives meanwhile; nothing comes twice, nothing is lost."""
    monkeypatch.setattr(console, "SHOWN", 4)
    told, since = ({"text": "ថៅកែដកហូតប៉ាស្ព័រ"},), (3, 9, 1, 70, 5, 60, 7, 2, 50, 4)
    made = [desk.complain(ago=hours * HOUR, parts=told) for hours in since]
    others = {desk.complain(ago=6 * HOUR, parts=({"text": "ថៅកែមិនបើកលុយ"},)) for _ in range(3)}
    by_need = [code for _hours, code in sorted(zip(since, made, strict=True), reverse=True)]
    index(desk)
    for query, wanted in (("", made[::-1]), ("&status=open", by_need)):
        pages = [await browser.get(f"{LIST}?q={quote('ប៉ាស្ព័រ')}{query}")]
        while 'rel="next"' in pages[-1].text:
            desk.complain(parts=told)
            index(desk)
            pages.append(await browser.get(link(pages[-1].text, "next")))
            back = await browser.get(link(pages[-1].text, "prev"))
            assert back.references() == pages[-2].references()
        shown = [code for page in pages for code in page.references()]
        assert {page.status for page in pages} == {200}
        assert [len(page.references()) for page in pages[:2]] == [4, 4]
        assert [code for code in shown if code in made] == wanted
        assert len(shown) == len(set(shown))
        assert not others & set(shown)
