"""The routing table in the console: a draft edited step by step, tried, saved whole; files in and out."""

import html
import json
import re
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bot.app import demo
from bot.app import routing as shell
from bot.app.demo_data import RULES
from bot.domain.errors import NotYours
from bot.domain.offices import SaveOffice
from bot.domain.routing_csv import LARGEST
from storage import complaints, offices, seeding
from storage.audit import AUDIT
from tests.console.desk import Browser, Desk, Got

PATH = "/console/offices/rules"
FILES = "/console/offices/import"


@pytest.fixture(autouse=True)
def world(desk: Desk) -> None:
    """The demo's offices and rules."""
    desk.service.db.write_now(seeding.load)
    desk.service.db.write_now(demo._offices)


def fields(page: Got, **changed: str) -> dict[str, str]:
    """The one form of the page as a browser would send it, with these controls changed."""
    text = page.text[page.text.index('<form id="rules"') : page.text.index("</main>")]
    found = {name: html.unescape(value) for name, value in page.hidden().items()}
    for name, value in re.findall(r'<input id="\w+" name="(\w+)" value="([^"]*)"', text):
        found[name] = html.unescape(value)
    for name, inside in re.findall(r'<select id="\w+" name="(\w+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', inside)
        found[name] = chosen[1] if chosen else ""
    return {**found, **changed}


async def step(browser: Browser, page: Got, do: str, **changed: str) -> Got:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields(page, do=do, **changed).items():
        form.add_field(name, value)
    return await browser.post(PATH, form)


def draft(page: Got) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(html.unescape(page.hidden()["table"]))["lines"]
    return found


def saved(desk: Desk) -> list[tuple[str, str, str, str]]:
    lines = desk.service.db.read_now(shell.table).lines
    return [(one.country, one.category, one.about, one.office) for one in lines]


BEFORE = [(one.country, one.category, one.about, one.office) for one in RULES]


async def test_a_rule_is_added_tried_moved_and_saved_as_a_whole(desk: Desk, browser: Browser) -> None:
    page = await browser.get(PATH)
    assert page.status == 200
    assert "ក្បួនទី ៤" in page.text, "the verdict of a test line, in Khmer digits"
    page = await step(browser, page, "add")
    assert len(draft(page)) == len(RULES) + 1
    typed = {
        "rule_country": "KH", "rule_category": "DEBT", "rule_office": "demo-cambodia", "rule_note": "=កំណត់ \"សម្គាល់\"",
        "test_country": "KH", "test_category": "DEBT", "test_about": "other",
    }  # fmt: skip
    page = await step(browser, page, "up:8", **typed)
    assert [one["category"] for one in draft(page)][-2:] == ["DEBT", ""], "what was typed moved along"
    page = await step(browser, page, "show")
    page = await step(browser, page, "done")
    assert saved(desk) == BEFORE, "a draft is not saved"
    page = await step(browser, page, "save")
    assert (page.status, page.to) == (303, f"{PATH}?done=saved")
    assert saved(desk) == [*BEFORE[:6], ("KH", "DEBT", "", "demo-cambodia"), BEFORE[6]]
    line = desk.service.db.read_now(shell.table).lines[6]
    assert (line.note, line.example.province if line.example else None) == ('=កំណត់ "សម្គាល់"', "")

    acts = desk.service.db.read_now(lambda c: list(c.execute(select(AUDIT).where(AUDIT.c.action == "save_rules"))))
    assert len(acts) == 1
    assert json.loads(acts[0].after)["rules"][6] == ["KH", "", "DEBT", "", "demo-cambodia"]
    assert "កំណត់" not in acts[0].after, "no words in the audit"
    page = await step(browser, await browser.get(PATH), "remove:7")
    await step(browser, page, "save")
    assert saved(desk) == BEFORE


async def test_a_faulty_table_is_refused_whole_and_says_which_rule_takes_the_test_line(
    desk: Desk, browser: Browser
) -> None:
    page = await browser.get(PATH)
    for number in (7, 6, 5, 4, 3, 2):  # Japan to the top: it takes the test line of RECRUIT_FEES, which is of Japan
        page = await step(browser, page, f"up:{number}")
    assert draft(page)[0]["country"] == "JP"
    got = await step(browser, page, "save")
    assert got.status == 422
    assert "ក្បួនទី ១ យកវាមុន" in got.text
    assert saved(desk) == BEFORE
    assert draft(got)[0]["country"] == "JP", "the draft is still there"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"rule_office": ""}, "សូមជ្រើសការិយាល័យ"),
        ({"rule_office": "nowhere"}, "គ្មានការិយាល័យដែលមានលេខកូដនេះ"),
        ({"rule_country": "Thailand"}, "មិនមែនជាលេខកូដប្រទេស"),
        ({"rule_category": "WAGES"}, "គ្មានប្រភេទ"),
        ({"rule_about": "boss"}, "«boss»"),
        ({"test_country": "", "test_category": "", "test_about": ""}, "ខ្វះឧទាហរណ៍សាក"),
        ({"test_about": ""}, "ឧទាហរណ៍សាកត្រូវមាន"),
        ({"test_country": "KR"}, "មិនត្រូវនឹងឧទាហរណ៍សាក"),
        ({"rule_about": "official", "test_about": "official"}, "ប្តឹងការិយាល័យនោះផ្ទាល់"),
        ({"rule_country": "", "rule_about": "agency", "rule_office": "demo-cambodia"}, "ដូចគ្នានឹងក្បួនទី ៣"),
        ({"rule_about": "agency", "test_about": "agency"}, "ក្បួនទី ៣ យកទាំងអស់"),
    ],
)
async def test_each_fault_is_said_at_its_rule(desk: Desk, browser: Browser, typed: dict[str, str], said: str) -> None:
    page = await step(browser, await browser.get(PATH), "edit:4")
    got = await step(browser, page, "save", **typed)
    assert got.status == 422
    assert said in got.text
    assert saved(desk) == BEFORE


async def test_the_second_of_two_administrators_is_told_and_loses_nothing(desk: Desk, browser: Browser) -> None:
    mine = await step(browser, await browser.get(PATH), "edit:4")
    theirs = await step(browser, await browser.get(PATH), "remove:7")
    assert (await step(browser, theirs, "save")).status == 303
    got = await step(browser, mine, "save", rule_note="ពាក្យរបស់ខ្ញុំ")
    assert got.status == 409
    assert saved(desk) == BEFORE[:6], "the first one's stands"
    assert "ពាក្យរបស់ខ្ញុំ" in got.text
    assert "ជប៉ុន" in re.sub(r"<option.*?</option>", "", got.text), "what it would bring back is told"
    assert (await step(browser, got, "save")).status == 303
    assert saved(desk) == BEFORE
    assert desk.service.db.read_now(shell.table).lines[3].note == "ពាក្យរបស់ខ្ញុំ"


async def test_a_complaint_is_tried(desk: Desk, browser: Browser) -> None:
    page = await browser.get(PATH)
    whole = {"try_country": "TH", "try_category": "WAGE_UNPAID", "try_about": "employer"}
    got = await step(browser, page, "try", **whole)
    assert re.search(r'class="try-goes">[^<]*ថៃ \(សាកល្បង\) តាមក្បួនទី ៤', got.text)
    got = await step(browser, page, "try", **{**whole, "try_about": "official"})
    answer = got.text[got.text.index("try-answer") :]
    assert "ការិយាល័យជាតិ" in answer
    assert "អ្នកបម្រើការនៅទីនោះក៏មិនឃើញវាដែរ" in answer, "nobody who serves there"
    got = await step(browser, page, "try", try_country="TH")
    assert "សូមជ្រើសប្រទេស" in got.text
    # what is tried is the draft, not what is saved
    got = await step(browser, await step(browser, page, "remove:4"), "try", **whole)
    assert "ការិយាល័យជាតិ" in got.text[got.text.index("try-goes") :]


async def test_what_went_to_the_national_desk_is_counted(desk: Desk, browser: Browser) -> None:
    national = desk.service.db.read_now(lambda c: offices.by_code(c, "national"))
    assert national is not None
    for days in (1, 29, 31):
        code = desk.complain(ago=timedelta(days=days))
        change = partial(complaints.change, complaint_id=desk.row(code).id, now=desk.now, office_id=national.id)
        desk.service.db.write_now(change)
    assert "៣០ ថ្ងៃចុងក្រោយ៖ ២" in (await browser.get(PATH)).text
    assert "២ ពាក្យបណ្តឹង" in (await browser.get("/console/offices")).text


@pytest.mark.parametrize(
    "table",
    ["", "[]", "{}", '{"seen": "", "lines": 3}', '{"seen": "", "lines": [{}]}', '{"seen": "", "lines": [[]]}',
     json.dumps({"seen": "", "lines": [{"office": "x"}] * 3}), "[" * 50_000,
     json.dumps({"seen": "", "lines": [dict.fromkeys(("office", "country", "province", "category", "about", "note"), 3)
                                       | {"example": None}]})],
)  # fmt: skip
async def test_a_form_that_this_page_did_not_make_changes_nothing(desk: Desk, browser: Browser, table: str) -> None:
    page = await browser.get(PATH)
    got = await browser.post(PATH, {"csrf": page.hidden()["csrf"], "table": table, "do": "save"})
    assert got.status == 400
    assert saved(desk) == BEFORE


# --- files ---


async def send(browser: Browser, content: bytes | None, **typed: str) -> Got:
    page = await browser.get(FILES)
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in {**page.hidden(), **typed}.items():
        form.add_field(name, value)
    if content is not None:
        form.add_field("file", content, filename="rules.csv", content_type="text/csv")
    return await browser.post(FILES, form)


async def test_rules_go_out_and_come_back_by_way_of_the_draft(desk: Desk, browser: Browser) -> None:
    page = await step(browser, await browser.get(PATH), "edit:4")
    await step(browser, page, "save", rule_note="=HYPERLINK(1)")
    before = saved(desk)
    out = await browser.get("/console/offices/export?what=rules")
    assert out.headers["content-type"].startswith("text/csv")
    assert "'=HYPERLINK(1)" in out.text
    got = await send(browser, out.body)
    assert got.status == 200
    assert len(draft(got)) == len(RULES)
    assert 'value="save" disabled' in got.text, "nothing differs"

    cut = "\r\n".join(out.text.split("\r\n")[:-2]) + "\r\n"
    got = await send(browser, None, text=cut.replace(",", ";") if ";" not in cut else cut)
    assert "ដកចេញ" in got.text
    assert saved(desk) == before, "reading a file changes nothing"
    assert (await step(browser, got, "save")).status == 303
    assert saved(desk) == before[:-1]
    assert desk.service.db.read_now(shell.table).lines[3].note == "=HYPERLINK(1)"


async def test_faults_of_a_file_are_told_by_line(desk: Desk, browser: Browser) -> None:
    text = (
        "country,category,about,office,example_country,example_category,example_about\n"
        "TH,,,demo-thailand,TH,DEBT,employer\n\n"
        "Thailand,,,demo-thailand,TH,DEBT,employer\n"
        "KR,NOTHING,,elsewhere,KR,DEBT,employer\n"
    )
    got = await send(browser, text.encode())
    assert got.status == 422
    for said in ("បន្ទាត់ទី ៤", "បន្ទាត់ទី ៥", "NOTHING", "គ្មានការិយាល័យដែលមានលេខកូដនេះ"):
        assert said in got.text
    assert "បន្ទាត់ទី ២" not in got.text
    assert "demo-thailand,TH,DEBT" in got.text, "the text is there to be mended"
    assert saved(desk) == BEFORE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * (LARGEST + 1), "ធំពេក"),
        (b"x" * (5 * LARGEST), "ធំពេក"),
        ("ក្រុង,ខេត្ត".encode("utf-16"), "UTF-8"),
        (b"code,name_km\nx,\xe9\n", "UTF-8"),
        (b"office\0", "UTF-8"),
        (b"a,b,c\n1,2,3\n", "បន្ទាត់ទីមួយ"),
        (b"office,office\n", "បន្ទាត់ទីមួយ"),
        (b"office,example_country\n\"x,1\n", "សញ្ញាសម្រង់"),
        (None, "សូមជ្រើសឯកសារ"),
    ],
)  # fmt: skip
async def test_what_is_no_table_is_refused_clearly(
    desk: Desk, browser: Browser, content: bytes | None, said: str
) -> None:
    got = await send(browser, content)
    assert got.status == 422
    assert said in got.text
    assert saved(desk) == BEFORE


async def test_offices_come_from_a_file_after_a_look_at_what_changes(desk: Desk, browser: Browser) -> None:
    text = (
        "\ufeffcode;name_km;name_en;country;time_zone;hours;holidays;active\n"
        "demo-korea;ឈ្មោះថ្មី;New name;KR;Asia/Seoul;mon-fri ០៨:០០-១៧:០០;;no\n"
        "laos;អនុគណៈកម្មការ ឡាវ;Laos;LA;Asia/Vientiane;;២០២៧-០៤-១៤;\n"
    )
    got = await send(browser, text.encode())
    assert got.status == 200
    assert "demo-korea" in got.text
    assert "ថ្មី៖ អនុគណៈកម្មការ ឡាវ (laos)" in got.text
    rows = desk.service.db.read_now(offices.every)
    assert "laos" not in {row.code for row in rows}
    data = {**got.hidden(), "text": text, "do": "save"}
    # somebody else was faster: told, shown anew, nothing lost
    desk.service.db.write_now(lambda c: offices.change(c, rows[0].id, name_en="Renamed"))
    late = await browser.post(FILES, data)
    assert late.status == 409
    assert "laos" not in {row.code for row in desk.service.db.read_now(offices.every)}
    got = await browser.post(FILES, {**late.hidden(), "text": text, "do": "save"})
    assert (got.status, got.to) == (303, "/console/offices?done=offices")
    found = {row.code: row for row in desk.service.db.read_now(offices.every)}
    assert (found["laos"].holidays, found["laos"].active, found["laos"].kind) == ("2027-04-14", True, "subcommittee")
    assert (found["demo-korea"].hours, found["demo-korea"].active) == ("mon-fri 08:00-17:00", False)
    # its rule is passed over, and the page says so
    assert "មិនដំណើរការ" in (await browser.get(PATH)).text
    out = (await browser.get("/console/offices/export?what=offices")).body
    assert "មានទាំងអស់រួចហើយ" in (await send(browser, out)).text


async def test_faulty_offices_are_refused_whole(desk: Desk, browser: Browser) -> None:
    text = (
        "code,name_km,name_en,country,time_zone,active\n"
        "laos,ឡាវ,Laos,LA,Asia/Vientiane,yes\n"
        "viet,,Viet Nam,VN,Asia/Nowhere,yes\n"
        "laos,ឡាវ,Laos,LA,Asia/Vientiane,yes\n"
    )
    got = await send(browser, text.encode())
    assert got.status == 422
    assert "ពីរដង" in got.text
    got = await send(browser, text.replace("\nlaos,ឡាវ,Laos,LA,Asia/Vientiane,yes\n", "\n", 1).encode(), do="save")
    assert got.status == 422
    assert "Asia/Nowhere" in got.text
    switched = "code,name_km,name_en,country,time_zone,active\nnational,ក,N,KH,Asia/Phnom_Penh,no\n"
    page = await send(browser, switched.encode())
    got = await browser.post(FILES, {**page.hidden(), "text": switched, "do": "save"})
    assert got.status == 409
    found = {row.code: row.active for row in desk.service.db.read_now(offices.every)}
    assert "laos" not in found
    assert found["national"]


async def test_a_table_as_large_as_may_be_is_edited(desk: Desk, browser: Browser) -> None:
    """Two hundred rules with long Khmer notes are within what a form may hold."""
    head = "country,province,category,about,office,note,example_country,example_province,example_category,example_about"
    rows = [f"TH,ខេត្ត{n},,,demo-thailand,{'ក' * 120},TH,ខេត្ត{n},DEBT,employer" for n in range(200)]
    got = await send(browser, "\n".join([head, *rows]).encode())
    assert got.status == 200
    got = await step(browser, got, "save")
    assert got.status == 303
    assert len(saved(desk)) == 200
    got = await send(browser, "\n".join([head, *rows, rows[0]]).encode())
    assert got.status == 422
    assert "២០០" in got.text


async def test_a_role_is_looked_at_again_when_the_command_is_carried_out(desk: Desk) -> None:
    """Not only at the page: whoever lost the right a moment ago has lost it."""
    member = desk.officer("dara", role="member")
    with pytest.raises(NotYours):
        await desk.engine.command(SaveOffice("x1", "ក", "A", "TH", "Asia/Bangkok", staff=member))
    admin = desk.officer("admin", role="administrator")
    await desk.engine.command(SaveOffice("x1", "ក", "A", "TH", "Asia/Bangkok", staff=admin))
    assert desk.service.db.read_now(lambda c: offices.by_code(c, "x1")) is not None
