"""The audit in the console: what reading leaves behind, who may read it, its chain, and its table."""

import csv
import io
import json
import re
import statistics
import time
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bot.app.audit import note_read, verify
from bot.console import acts
from bot.console import audit as page
from bot.dialog.says import Words
from bot.domain.audit import OFFICER, SYSTEM, Act
from storage import audit, staff
from tests.console.desk import Browser, Desk, picture


@pytest.fixture
async def auditor(desk: Desk) -> Any:
    desk.officer("audrey", role="auditor")
    async with desk.browser() as opened:
        assert (await opened.sign_in("audrey")).status == 303
        yield opened


def recorded(desk: Desk, action: str = "", **wanted: Any) -> list[Any]:
    """Oldest first."""
    rows = desk.service.db.read_now(lambda c: audit.listed(c, audit.Wanted(action=action, **wanted), 1000))
    return rows[::-1]


def add(desk: Desk, *acts: Act) -> None:
    def work(connection: Connection) -> None:
        for act in acts:
            audit.append(connection, act)

    desk.service.db.write_now(work)


def seen(got: str) -> list[int]:
    """Numbers of the rows that a page shows, in its order."""
    return [int(one) for one in re.findall(r'<li id="act-(\d+)"', got)]


# --- what reading leaves behind ---


async def test_opening_a_complaint_is_recorded_once_a_minute(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    for _again in range(3):
        assert (await browser.get(f"/console/complaints/{code}")).status == 200
    [row] = recorded(desk, "open_complaint")
    officer = desk.service.db.read_now(lambda c: staff.by_login(c, "sokha"))
    assert officer is not None
    assert (row.actor, row.staff_id, row.subject_kind, row.subject) == (OFFICER, officer.id, "complaint", code)
    assert (row.place, row.before, row.after) == ("127.0.0.1", "", "")
    desk.later(seconds=61)
    await browser.get(f"/console/complaints/{code}")
    assert len(recorded(desk, "open_complaint")) == 2
    other = desk.complain()
    await browser.get(f"/console/complaints/{other}")
    assert [one.subject for one in recorded(desk, "open_complaint")] == [code, code, other]


async def test_a_page_that_looks_again_by_itself_is_not_recorded_again(desk: Desk, browser: Browser) -> None:
    code, live = desk.complain(), {"x-live": "1"}
    await browser.get(f"/console/complaints/{code}")
    for _again in range(3):
        desk.later(minutes=5)
        assert (await browser.get(f"/console/complaints/{code}", headers=live)).status == 200
    assert len(recorded(desk, "open_complaint")) == 1
    other = desk.complain()
    assert (await browser.get(f"/console/complaints/{other}", headers=live)).status == 200
    assert [one.subject for one in recorded(desk, "open_complaint")] == [code, other], "a first look, whatever it says"


async def test_files_and_lists_are_recorded_and_words_are_not(desk: Desk, browser: Browser) -> None:
    code, photo = desk.complain(), desk.attach(picture())
    desk.add(code, photo)
    for _again in range(2):
        assert (await browser.get(f"/console/files/{photo['file']}")).status == 200
    [row] = recorded(desk, "open_file")
    assert (row.subject, json.loads(row.after)) == (code, {"file": photo["file"]})
    await browser.get("/console/complaints?status=open&country=TH")
    [row] = recorded(desk, "list_complaints")
    assert json.loads(row.after)["country"] == "TH"
    await browser.get("/console/complaints", params={"q": "telltale words"})
    [row] = recorded(desk, "search_complaints")
    assert json.loads(row.after)["words"] == len("telltale words")
    assert not any("telltale" in repr(one) for one in recorded(desk))


async def test_downloads_are_each_recorded(desk: Desk, browser: Browser) -> None:
    for _again in range(2):
        assert (await browser.get("/console/figures.csv")).status == 200
    assert (await browser.get("/console/figures.xlsx")).status == 200
    assert [json.loads(one.after)["format"] for one in recorded(desk, "download_figures")] == ["csv", "csv", "xlsx"]


async def test_what_is_forbidden_is_recorded(desk: Desk, browser: Browser) -> None:
    """A foreign complaint, one that is not there, a role's page; not a mistyped section."""
    desk.officer("malis", role="member")
    code = desk.complain()
    async with desk.browser() as member:
        await member.sign_in("malis")
        assert (await member.get(f"/console/complaints/{code}")).status == 404
        assert (await member.get("/console/complaints/ABCD")).status == 404
        assert (await member.get("/console/audit")).status == 403
        assert (await member.get(f"/console/nowhere/{code}")).status == 404
        assert (await member.get("/console/nowhere")).status == 404
        assert (await member.get("/console/complaints/" + "x" * 400)).status == 404
        assert (await member.get("/console/complaints/a%00b%0a%e2%80%ae")).status == 404
    async with desk.browser() as stranger:
        assert (await stranger.get(f"/console/complaints/{code}")).status == 303
    rows = recorded(desk, "forbidden")
    assert [(one.subject_kind, one.subject) for one in rows[:4]] == [
        ("complaint", code),
        ("page", "/console/complaints/ABCD"),
        ("page", "/console/audit"),
        ("complaint", code),
    ]
    assert json.loads(rows[0].after) == {"method": "GET", "path": f"/console/complaints/{code}"}
    assert len(json.loads(rows[4].after)["path"]) == 200
    assert rows[5].subject.startswith("/console/complaints/a\N{REPLACEMENT CHARACTER}b")
    assert len(rows) == 6
    assert verify(desk.service.db).sound


async def test_recording_does_not_slow_the_page(desk: Desk, browser: Browser) -> None:
    """One small transaction: the processor's time, as other processes share this machine."""
    times = []
    for number in range(30):
        began = time.process_time()
        await note_read(desk.service, 1, "192.0.2.1", "open_complaint", "complaint", f"X{number}")
        times.append(time.process_time() - began)
    assert statistics.median(times) < 0.1, times


# --- the pages ---


async def test_newest_first_in_words_with_before_and_after(desk: Desk, browser: Browser, auditor: Browser) -> None:
    code = desk.complain()
    await browser.move(code, "in_hand")
    [row] = recorded(desk, "change_status")
    got = await auditor.get(f"/console/audit?subject={code[:4].lower()}-{code[4:]}&lang=en")
    assert got.status == 303
    shown = await auditor.get(got.to)
    numbers = seen(shown.text)
    assert numbers == sorted(numbers, reverse=True)
    assert row.id in numbers
    text_of = re.sub(r"<[^>]+>|\s+", " ", shown.text[shown.text.index(f'id="act-{row.id}"') :].partition("</li>")[0])
    words = " ".join(text_of.split())
    assert "Changed the status" in words
    assert "New → became In hand" in words
    assert "Sokha sokha 127.0.0.1" in words
    assert row.hash[:12] in words
    assert f'href="/console/complaints/{code}"' in shown.text
    khmer = (await auditor.get("/console/audit?lang=km")).to
    assert "បានប្តូរស្ថានភាព" in (await auditor.get(khmer)).text


async def test_filters_and_pages(desk: Desk, auditor: Browser) -> None:
    at = desk.now - timedelta(days=10)
    add(desk, *(Act(at, SYSTEM, "breach_clock", subject_kind="complaint", subject=f"B{i}") for i in range(120)))
    got = await auditor.get("/console/audit?action=breach_clock")
    first = seen(got.text)
    assert len(first) == page.SHOWN
    older = re.search(r'rel="next" href="([^"]+)"', got.text)
    assert older
    second = seen((await auditor.get(older.group(1).replace("&amp;", "&"))).text)
    assert second[0] == first[-1] - 1
    day = f"{(at + timedelta(hours=7)):%Y-%m-%d}"
    assert len(seen((await auditor.get(f"/console/audit?since={day}&until={day}")).text)) == page.SHOWN
    assert seen((await auditor.get("/console/audit?until=2020-01-01")).text) == []
    assert seen((await auditor.get(f"/console/audit?until={day}&actor=officer")).text) == []
    [seventh] = recorded(desk, subject="B7")
    assert seen((await auditor.get("/console/audit?subject=B7")).text) == [seventh.id]
    mine = desk.service.db.read_now(lambda c: staff.by_login(c, "audrey"))
    assert mine is not None
    assert {row.staff_id for row in recorded(desk, officer=mine.id)} == {mine.id}
    assert len(seen((await auditor.get(f"/console/audit?officer={mine.id}")).text)) == len(
        recorded(desk, officer=mine.id)
    )


@pytest.mark.parametrize(
    "query",
    ["since=0001-01-01", "until=9999-12-31", "since=x", "officer=x", "officer=" + "9" * 40, "before=-1", "actor=x",
     "action=%27%3B--", "subject=%00", "subject=" + "%E1%9E%80" * 300, "before=" + "9" * 18, "officer=0"],
)  # fmt: skip
async def test_an_address_that_makes_no_sense(auditor: Browser, query: str) -> None:
    assert (await auditor.get(f"/console/audit?{query}")).status == 200
    assert (await auditor.get(f"/console/audit/table.csv?{query}")).status == 200


async def test_the_chain_page_says_when_a_row_was_changed(desk: Desk, auditor: Browser) -> None:
    add(desk, *(Act(desk.now, SYSTEM, "breach_clock", subject=f"B{i}") for i in range(20)))
    got = await auditor.get("/console/audit/chain")
    head = desk.service.db.read_now(audit.head)
    assert head is not None
    assert head.hash in got.text
    checked = await auditor.get("/console/audit/chain?check=newest")
    assert 'class="notice"' in checked.text
    assert recorded(desk, "check_audit")
    desk.service.db.write_now(lambda c: c.execute(text("UPDATE audit SET subject = 'B' WHERE id = 9")))
    desk.service.db.write_now(lambda c: c.execute(text("DELETE FROM audit WHERE id = 12")))
    checked = await auditor.get("/console/audit/chain?check=newest")
    assert "ជួរលេខ ៩ ត្រូវបានកែ" in checked.text
    assert "បាត់ជួរលេខ ១២" in checked.text


async def test_the_table_has_every_row_and_no_formula(desk: Desk, auditor: Browser) -> None:
    evil = ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", " =1", "\t=1")
    add(desk, *(Act(desk.now, SYSTEM, "breach_clock", place=one, subject="E") for one in evil))
    add(desk, *(Act(desk.now, SYSTEM, "breach_clock", subject="N") for _one in range(2500)))
    got = await auditor.get("/console/audit/table.csv")
    assert got.headers["content-type"] == "text/csv; charset=utf-8"
    assert got.headers["content-disposition"].startswith('attachment; filename="audit-')
    assert got.headers["cache-control"] == "no-store"
    assert got.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(got.body.decode("utf-8-sig"))))
    assert tuple(rows[0]) == page.COLUMNS
    kept = recorded(desk, "download_audit")
    assert len(kept) == 1, "the download is recorded, before it leaves"
    numbers = [int(row[0]) for row in rows[1:]]
    assert numbers == list(range(kept[0].id, 0, -1))
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert sorted(row[4] for row in rows if row[7] == "E") == sorted(f"'{one}" for one in evil)
    some = await auditor.get("/console/audit/table.csv?subject=E")
    assert len(list(csv.reader(io.StringIO(some.text)))) == 1 + len(evil)


async def test_the_table_is_streamed_in_flat_memory(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", 200)
    add(desk, *(Act(desk.now, SYSTEM, "breach_clock", subject="N", after='{"clock": "x"}') for _one in range(2000)))
    tracemalloc.start()
    try:
        peaks = []
        for count in (400, 1900):
            tracemalloc.reset_peak()
            size = 0
            async for piece in page.table_lines(desk.service.db, audit.Wanted(action="breach_clock", before=count + 1)):
                size += len(piece)
            assert size > 200 * count
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0], peaks


@pytest.mark.parametrize("role", ["desk", "administrator", "head", "member", "official", "assessor"])
async def test_only_auditors(desk: Desk, role: str) -> None:
    desk.officer("other", role=role)
    async with desk.browser() as other:
        await other.sign_in("other")
        for path in (
            "/console/audit",
            "/console/audit/chain",
            "/console/audit/chain?check=1",
            "/console/audit/table.csv",
        ):
            assert (await other.get(path)).status == 403
    assert len(recorded(desk, "forbidden")) == 4


async def test_what_comes_from_the_table_is_never_taken_for_a_text_of_ours(desk: Desk, auditor: Browser) -> None:
    odd = "100%s %(x)s <b>"
    told = json.dumps({"x%": odd, "path": odd, "due_at": "2026-11-22T08:00:00+00:00", "clock": "received", "by": "%"})
    add(desk, Act(desk.now, "%s", "%d", place="%", subject_kind="%(k)s", subject=odd, before="%", after=told))
    for language in ("km", "en"):
        got = await auditor.get(
            "/console/audit?subject=100%25s+%25(x)s+<b>", headers={"cookie": f"language={language}"}
        )
        assert got.status == 200
    shown = await auditor.get("/console/audit")
    assert shown.text.count("100%s %(x)s &lt;b&gt;") == 3
    assert "២២/១១/២០២៦ ១៥:០០" in shown.text
    assert "ការទទួល" in shown.text


def test_changes_are_told_in_words() -> None:
    names = acts.Names({7: Words("សុខា", "Sokha")}, {3: Words("ការិយាល័យ", "Office")})
    was, now = '{"status": "filed", "officer_id": null}', '{"status": "in_hand", "officer_id": 7, "x": [1, 2]}'
    assert [(one.key, one.was, one.now) for one in acts.changes(was, now, names)] == [
        ("Status", "New", "In hand"),
        ("Officer", acts.raw("–"), Words("សុខា", "Sokha")),
        (acts.raw("x"), None, acts.raw("1, 2")),
    ]
    told = acts.changes("", '{"office_id": 3, "active": false, "deep": {"a": 1}}', names)
    assert [one.now for one in told] == [Words("ការិយាល័យ", "Office"), "No", acts.raw("× 1")]
    for odd in ("[1]", "not json", "7", '"x"'):
        assert [one.now for one in acts.changes("", odd, names)] == [acts.raw(odd)], (
            "what is none of ours stays as it is"
        )
