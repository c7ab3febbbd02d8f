"""The ladder at work on both databases: nothing told twice, nothing lost, a broken promise owned up to."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import clocks as ladder
from bot.app.books import shipped_book
from bot.domain.clocks import ADDRESSED, RECEIVED, CloseIncident
from bot.domain.complaints import (
    AcknowledgeComplaint,
    AnswerComplaint,
    ChangeStatus,
    ReferComplaint,
    ReopenComplaint,
    WriteToWorker,
)
from bot.domain.errors import Empty, NotFound, NotYours, Overtaken, TooLong
from bot.domain.reach import Reach
from storage import caseload, offices, staff
from storage import ladder as storage_ladder
from storage.audit import AUDIT
from tests.app.bureau import EMERGENCY, NOW, Bureau, Town, open_service


@pytest.fixture
async def bureau(tmp_path: Path, database_url: str) -> AsyncIterator[Bureau]:
    service = await open_service(database_url, tmp_path)
    made = Bureau(service)
    yield made
    service.close()


@pytest.fixture
def town(bureau: Bureau) -> Town:
    return Town(bureau)


async def tick(bureau: Bureau) -> int:
    return await ladder.tick(bureau.service)


async def test_a_complaint_that_nobody_touches_climbs_to_the_end(bureau: Bureau, town: Town) -> None:
    code = bureau.file()
    assert bureau.notices(code, "new") == [town.member, town.other, town.head]
    office, desk = [town.member, town.other, town.head], [town.desk, town.chief]
    expected: list[tuple[str, int, int]] = []
    for minutes, percent, to in (
        (120, 50, office),
        (180, 75, office),
        (216, 90, office + desk),
        (240, 100, office + desk),
    ):
        bureau.now = NOW + timedelta(minutes=minutes, seconds=-1)
        assert await tick(bureau) == 0
        bureau.later(seconds=1)
        assert await tick(bureau) == 1
        assert await tick(bureau) == 0
        expected += [(RECEIVED, percent, one) for one in to]
        assert bureau.steps(code) == expected
    row = bureau.row(code)
    assert (row.office_id, row.officer_id) == (town.bangkok, town.head), "from nobody to the head"
    for hours, percent, to in ((24, 50, [town.head]), (36, 75, [town.head]), (43.2, 90, [town.head, *desk])):
        bureau.now = NOW + timedelta(hours=hours)
        assert await tick(bureau) == 1
        expected += [(ADDRESSED, percent, one) for one in to]
        assert bureau.steps(code) == expected
    bureau.now = NOW + timedelta(hours=48)
    assert await tick(bureau) == 1
    expected += [(ADDRESSED, 100, one) for one in (town.head, *desk)]
    assert bureau.steps(code) == expected
    row = bureau.row(code)
    assert (row.office_id, row.officer_id, row.status) == (town.national, None, "filed"), "from a head to the desk"
    bureau.later(days=30)
    assert await tick(bureau) == 0
    assert all(clock.next_at is None and clock.stopped_at is None for clock in bureau.clocks(code))


async def test_a_breach_is_owned_up_to(bureau: Bureau, town: Town) -> None:
    code = bureau.file()
    bureau.do(AcknowledgeComplaint(code, town.member))
    heard = len(bureau.heard(code))
    bureau.later(hours=48, seconds=5)
    assert await tick(bureau) == 1
    assert bureau.row(code).officer_id == town.head
    (said,) = bureau.heard(code)[heard:]
    assert "48" in said or "៤៨" in said
    assert "BKK" in said
    (incident,) = bureau.incidents(code)
    assert (incident.kind, incident.office_id, incident.opened_at, incident.closed_at) == (
        ADDRESSED, town.bangkok, bureau.now, None,
    )  # fmt: skip
    addressed = next(clock for clock in bureau.clocks(code) if clock.kind == ADDRESSED)
    assert (addressed.breached_at, addressed.stopped_at, addressed.next_at) == (bureau.now, None, None)
    (record,) = bureau.rows(select(AUDIT).where(AUDIT.c.action == "breach_clock"))
    assert (record.actor, record.staff_id, record.subject) == ("system", None, code)
    assert f'"officer_id": {town.member}' in record.before
    assert f'"officer_id": {town.head}' in record.after
    assert '"clock": "addressed"' in record.after
    bureau.do(AnswerComplaint(code, "សូមទោស", town.head))
    stopped = next(clock for clock in bureau.clocks(code) if clock.kind == ADDRESSED)
    assert stopped.stopped_at == bureau.now
    assert await tick(bureau) == 0, "known already: once is enough"


async def test_a_member_then_the_head_then_the_desk(bureau: Bureau, town: Town) -> None:
    """The second breach of one complaint goes up again."""
    code = bureau.file()
    bureau.later(hours=4)
    await tick(bureau)
    assert bureau.row(code).officer_id == town.head
    bureau.do(AcknowledgeComplaint(code, town.member))
    assert bureau.row(code).officer_id == town.head, "who has it keeps it"
    bureau.later(hours=44)
    await tick(bureau)
    assert (bureau.row(code).office_id, bureau.row(code).officer_id) == (town.national, None)
    assert len(bureau.incidents(code)) == 2


async def test_who_is_not_to_be_written_to_first_reads_of_it_later(bureau: Bureau, town: Town) -> None:
    """Who asked not to be written to first may be read by somebody else."""
    code = bureau.file(contact="wait")
    bureau.later(hours=49)
    assert await tick(bureau) == 2
    assert bureau.heard(code) == []
    assert len(bureau.heard(code, "held")) == 1
    assert len(bureau.incidents(code)) == 2


async def test_an_emergency_has_a_quarter_of_an_hour(bureau: Bureau, town: Town) -> None:
    bureau.service.book = shipped_book()
    code = bureau.file(EMERGENCY)
    for minutes, percent in ((7.5, 50), (11.25, 75), (13.5, 90), (15, 100)):
        bureau.now = NOW + timedelta(minutes=minutes)
        assert await tick(bureau) == 1
        assert bureau.steps(code)[-1][:2] == (RECEIVED, percent)
    (incident,) = bureau.incidents(code)
    assert incident.kind == RECEIVED
    (told,) = bureau.heard(code)
    assert "☎" in told, "with the verified numbers"
    assert "🆘" in told


async def test_an_emergency_at_night_is_told_to_the_desk_at_once(bureau: Bureau, town: Town) -> None:
    bureau.office("TYO", "JP", hours="mon-fri 08:00-17:00", time_zone="Asia/Tokyo")
    unknown = bureau.office("TPE", "TW", hours="whenever", time_zone="Nowhere/Here")
    watch = bureau.officer("taipei", serves=[unknown])
    bureau.now = NOW.replace(hour=20)  # Monday, 5 in the morning there
    asleep, ordinary, unreadable = (
        bureau.file(EMERGENCY, "JP"),
        bureau.file(country="JP"),
        bureau.file(EMERGENCY, "TW"),
    )
    bureau.later(minutes=8)
    assert await tick(bureau) == 2
    assert {one[2] for one in bureau.steps(asleep)} >= {town.desk, town.chief}
    assert bureau.steps(ordinary) == []
    assert bureau.steps(unreadable) == [(RECEIVED, 50, watch)]


async def test_after_a_downtime_only_the_highest_step_is_told(bureau: Bureau, town: Town) -> None:
    for hours, expected in ((3.1, (75,)), (3.7, (90,)), (4, (100,)), (30, (100, 50)), (200, (100, 100))):
        bureau.now = NOW + timedelta(days=30 * hours)
        code = bureau.file()
        bureau.later(hours=hours)
        await tick(bureau)
        assert tuple(dict.fromkeys((kind, percent) for kind, percent, _who in bureau.steps(code))) == tuple(
            zip((RECEIVED, ADDRESSED), expected, strict=False)
        )
        breaches = sum(percent == 100 for percent in expected)
        assert len(bureau.incidents(code)) == breaches
        assert len(bureau.heard(code)) == min(breaches, 1), "both broken at once is one message"
        bureau.do(ChangeStatus(code, "closed", "for the next", town.chief))


async def test_a_stopped_clock_tells_nothing(bureau: Bureau, town: Town) -> None:
    code = bureau.file()
    bureau.later(hours=1)
    bureau.do(AnswerComplaint(code, "បានហើយ", town.member))
    bureau.later(days=9)
    assert await tick(bureau) == 0
    assert bureau.steps(code) == bureau.incidents(code) == []


async def test_a_clock_that_stopped_late_before_anybody_looked_is_still_a_breach(bureau: Bureau, town: Town) -> None:
    """A promise that was broken in a downtime and answered before the first tick is neither hidden nor told of."""
    code = bureau.file()
    bureau.later(hours=50)
    bureau.do(AnswerComplaint(code, "សូមទោស", town.member))
    heard = bureau.heard(code)
    assert await tick(bureau) == 2
    assert bureau.steps(code) == []
    assert {one.kind for one in bureau.incidents(code)} == {RECEIVED, ADDRESSED}
    assert all(clock.breached_at == bureau.now and clock.next_at is None for clock in bureau.clocks(code))
    assert bureau.heard(code) == heard
    assert (bureau.row(code).office_id, bureau.row(code).officer_id) == (town.bangkok, town.member)
    assert await tick(bureau) == 0


async def test_reopened_runs_anew(bureau: Bureau, town: Town) -> None:
    code = bureau.file()
    bureau.do(AnswerComplaint(code, "បានហើយ", town.member))
    bureau.later(days=3)
    bureau.do(ReopenComplaint(code, ({"text": "មិនទាន់ទេ"},)), who=bureau.worker(code))
    assert [clock.stopped_at is None for clock in bureau.clocks(code)] == [False, False, True, True]
    bureau.later(hours=24)
    assert await tick(bureau) == 2
    assert {(kind, percent) for kind, percent, _who in bureau.steps(code)} == {(RECEIVED, 100), (ADDRESSED, 50)}


async def test_referred_and_then_disagreed_with_has_one_clock_of_each_kind(bureau: Bureau, town: Town) -> None:
    code = bureau.file()
    bureau.do(ReferComplaint(code, town.seoul, "works there", town.head))
    bureau.do(ReopenComplaint(code, ({"text": "ទេ"},)), who=bureau.worker(code))
    running = [clock.kind for clock in bureau.clocks(code) if clock.stopped_at is None]
    assert sorted(running) == [ADDRESSED, RECEIVED]


async def test_waiting_for_the_worker_does_not_stop_the_promise(bureau: Bureau, town: Town) -> None:
    code = bureau.file()
    bureau.do(ChangeStatus(code, "waiting", "ត្រូវការរូបថត", town.member))
    bureau.later(hours=24)
    assert await tick(bureau) == 1
    assert bureau.steps(code) == [(ADDRESSED, 50, town.member)]
    assert bureau.row(code).waiting_since == NOW


async def test_about_an_official_is_told_to_nobody_of_that_post(bureau: Bureau, town: Town) -> None:
    """Not even to one of the desk who serves there too."""
    twice = bureau.officer("twice", "desk", [town.national, town.bangkok])
    code = bureau.file("OFFICIAL_MISCONDUCT", about="official")
    assert bureau.row(code).office_id == town.national
    bureau.later(hours=49)
    await tick(bureau)
    told = {one[2] for one in bureau.steps(code)} | set(bureau.notices(code, "new"))
    assert told == {town.desk, town.chief}
    assert twice not in told


async def test_the_ladder_sees_as_the_console_does(bureau: Bureau, town: Town) -> None:
    """It asks for all officers at once what the pages ask for one."""
    everybody = [row.id for row in bureau.rows(select(staff.STAFF.c.id).where(staff.STAFF.c.active))]
    bureau.officer("both", serves=[town.bangkok, town.seoul])
    codes = [bureau.file(), bureau.file(country="KR"), bureau.file("OFFICIAL_MISCONDUCT", about="official")]
    with bureau.service.db.engine.connect() as connection:
        reaches: dict[int, Reach] = {}
        for office in (town.bangkok, town.seoul, None):
            reaches |= storage_ladder.reaches(storage_ladder.colleagues(connection, office, town.member))
        assert set(reaches) >= set(everybody)
        for one, reach in reaches.items():
            assert reach == offices.reach(connection, one)
            for code in codes:
                seen = caseload.may_see(connection, caseload.eyes(reach), bureau.row(code).id)
                assert seen == (caseload.one(connection, reach, code) is not None)


async def test_nobody_has_it_and_there_is_no_office(bureau: Bureau) -> None:
    """Without any office somebody of the desk hears; without anybody, the clock still runs."""
    lonely = bureau.file()
    assert bureau.notices(lonely, "new") == []
    bureau.later(hours=2)
    assert await tick(bureau) == 1
    assert bureau.steps(lonely) == []
    far = bureau.officer("far", "desk")
    bureau.later(hours=2)
    assert await tick(bureau) == 1
    assert bureau.steps(lonely) == [(RECEIVED, 100, far)]
    assert len(bureau.heard(lonely)) == 1


async def test_the_worker_is_told_truly_who_has_it(bureau: Bureau) -> None:
    """Without a head and without a national desk it stays where it was, and nobody is called a head."""
    alone = bureau.office("BKK", "TH")
    member = bureau.officer("member", serves=[alone])
    stays = bureau.file()
    bureau.do(AcknowledgeComplaint(stays, member))
    bureau.later(hours=48)
    await tick(bureau)
    assert (bureau.row(stays).office_id, bureau.row(stays).officer_id) == (alone, member)
    assert "BKK" in bureau.heard(stays)[-1]
    assert "head" not in bureau.heard(stays)[-1]
    assert "ប្រធាន" not in bureau.heard(stays)[-1]
    bureau.officer("head", "head", [alone], head=True)
    climbs = bureau.file()
    bureau.do(AcknowledgeComplaint(climbs, member))
    bureau.later(hours=48)
    await tick(bureau)
    assert any(word in bureau.heard(climbs)[-1] for word in ("head", "ប្រធាន"))


async def test_closing_an_incident(bureau: Bureau, town: Town) -> None:
    code = bureau.file()
    bureau.do(AcknowledgeComplaint(code, town.member))
    bureau.later(hours=48)
    await tick(bureau)
    (incident,) = bureau.incidents(code)
    korean_head = bureau.officer("korean-head", "head", [town.seoul], head=True)
    for who, reason, error in (
        (town.member, "x", NotYours),
        (korean_head, "x", NotFound),
        (town.head, "  ", Empty),
        (town.head, "x" * 501, TooLong),
    ):
        with pytest.raises(error):
            await bureau.engine.command(CloseIncident(incident.id, reason, who))
    with pytest.raises(NotFound):
        await bureau.engine.command(CloseIncident(10**6, "x", town.head))
    assert bureau.incidents(code)[0].closed_at is None
    await bureau.engine.command(CloseIncident(incident.id, "  មន្ត្រីឈឺ ", town.head), place="10.0.0.1")
    (closed,) = bureau.incidents(code)
    assert (closed.closed_at, closed.closed_by, closed.reason) == (bureau.now, town.head, "មន្ត្រីឈឺ")
    with pytest.raises(Overtaken):
        await bureau.engine.command(CloseIncident(incident.id, "ម្តងទៀត", town.desk))
    (record,) = bureau.rows(select(AUDIT).where(AUDIT.c.action == "close_incident"))
    assert (record.staff_id, record.subject, record.place) == (town.head, code, "10.0.0.1")
    assert "មន្ត្រីឈឺ" not in record.after


async def test_a_word_to_the_worker_is_no_answer(bureau: Bureau, town: Town) -> None:
    """It shows that the complaint was received; the 48 hours go on, and end as they would have."""
    code = bureau.file()
    bureau.later(hours=1)
    bureau.do(WriteToWorker(code, "នៅទីណា?", town.member))
    assert bureau.row(code).status == "received"
    assert bureau.row(code).first_answer_at is None
    assert "នៅទីណា?" in bureau.heard(code)[-1]
    bureau.later(hours=48)
    await tick(bureau)
    (incident,) = bureau.incidents(code)
    assert incident.kind == ADDRESSED
    bureau.do(AnswerComplaint(code, "បានហើយ", town.head))
    assert bureau.row(code).status == "addressed"
    bureau.do(WriteToWorker(code, "អរគុណ", town.head))
    assert bureau.row(code).status == "addressed", "a word more takes nothing back"
