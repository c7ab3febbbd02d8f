"""What a worker sees of the desk, through the engine: who has it, both clocks, disagreeing once, a rating."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.dialog.events import Tapped, Typed
from bot.domain.complaints import AcknowledgeComplaint, AnswerComplaint, ChangeStatus, ReferComplaint
from storage import clocks, notes, offices
from storage.complaints import COMPLAINT
from tests.app.test_engine import Office, office

__all__ = ["office"]


@pytest.fixture
async def filed(office: Office) -> str:
    reference = await office.file("ថៅកែមិនបើកប្រាក់ខែ ៣ខែហើយ")
    await office.hear(Tapped("go:menu"))
    await office.hear(Tapped("language:set=en"))
    return reference


async def page(office: Office) -> str:
    await office.hear(Typed("Where is my complaint?"))
    return office.told()[-1]


def national(office: Office) -> str:
    return str(office.one(select(offices.OFFICE.c.name_en).where(offices.OFFICE.c.kind == "national")))


async def test_who_has_it_both_clocks_and_no_officers_name(office: Office, filed: str) -> None:
    shown = await page(office)
    assert f"It is with: {national(office)}" in shown
    assert "No officer has received it yet. One must by" in shown
    assert "Time left for an answer: 48 hours" in shown
    office.now += timedelta(hours=5)
    assert "had to receive it by" in await page(office)
    await office.engine.command(AcknowledgeComplaint(filed, 1))
    shown = await page(office)
    assert f"received by an officer of {national(office)}" in shown
    assert "had to receive" not in shown
    await office.engine.command(ChangeStatus(filed, "waiting", "សូមផ្ញើកិច្ចសន្យា", 1))
    shown = await page(office)
    assert "The officer has been waiting for you since" in shown
    await office.engine.command(AnswerComplaint(filed, "we called your employer", 1))
    shown = await page(office)
    assert "First answered" in shown
    assert "Time left" not in shown
    assert not any(name in shown for name in ("Sokha", "សុខា", "sokha"))


async def test_a_note_among_officers_is_never_shown(office: Office, filed: str) -> None:
    id = int(str(office.one(select(COMPLAINT.c.id))))
    office.service.db.write_now(
        lambda connection: notes.add(connection, id, staff_id=1, body="he may be lying", now=office.now)
    )
    assert "lying" not in await page(office)


async def test_handed_over_it_is_to_be_received_anew(office: Office, filed: str) -> None:
    seoul = office.service.db.write_now(
        lambda connection: offices.add(
            connection, code="demo-kr", name_km="អនុគណៈកម្មការ (សាកល្បង)", name_en="Seoul (demo)", country="KR"
        )
    )
    await office.engine.command(AcknowledgeComplaint(filed, 1))
    office.now += timedelta(hours=1)
    await office.engine.command(ReferComplaint(filed, seoul, "it happened there", 1))
    shown = await page(office)
    assert "It is with: Seoul (demo)" in shown
    assert "handed to Seoul (demo)" in shown
    assert "received by an officer of" not in shown, "who received it is of the office before"
    assert "No officer has received it yet" in shown


async def test_disagreeing_opens_it_again_once_with_a_new_clock(office: Office, filed: str) -> None:
    await office.engine.command(AnswerComplaint(filed, "it is paid", 1))
    office.now += timedelta(hours=10)
    for event in (
        Tapped(f"follow:disagree={filed}"),
        Typed("it is not paid at all"),
        Tapped(f"follow:done={filed}"),
    ):
        await office.hear(event)
    row = (COMPLAINT.c.status, COMPLAINT.c.reopened, COMPLAINT.c.due_at)
    assert office.one(select(row[0])) == "reopened"
    assert office.one(select(row[2])) == office.now + timedelta(hours=48)
    id = int(str(office.one(select(COMPLAINT.c.id))))
    running = [
        one.kind
        for one in office.service.db.read_now(lambda connection: clocks.of_complaint(connection, id))
        if one.stopped_at is None
    ]
    assert sorted(running) == ["addressed", "received"]
    assert "No officer has received it yet" in await page(office)
    await office.engine.command(AnswerComplaint(filed, "it is paid now", 1))
    await office.hear(Tapped(f"follow:disagree={filed}"))
    assert "You can still add words" in "\n".join(office.told()[-3:])
    await office.hear(Tapped(f"follow:done={filed}"))
    assert office.one(select(row[1])) == 1


async def test_a_closed_complaint_asks_once_and_both_buttons_work(office: Office, filed: str) -> None:
    await office.engine.command(ChangeStatus(filed, "closed", "solved", 1))
    assert "I do not agree" in office.told()[-1]
    for event in (Tapped(f"follow:rate={filed}"), Typed("4")):
        await office.hear(event)
    assert office.one(select(COMPLAINT.c.rating)) == 4
    for event in (Tapped(f"follow:rate={filed}"), Typed("Very well")):
        await office.hear(event)
    assert office.one(select(COMPLAINT.c.rating)) == 5
    for event in (Tapped(f"follow:disagree={filed}"), Typed("it is not solved"), Tapped(f"follow:done={filed}")):
        await office.hear(event)
    assert office.one(select(COMPLAINT.c.status)) == "reopened"
    await office.engine.command(ChangeStatus(filed, "closed", "solved now", 1))
    assert "I do not agree" not in office.told()[-1], "it opens again once only"


async def test_the_question_is_heard_in_the_middle_of_another_complaint(office: Office, filed: str) -> None:
    await office.hear(Tapped("complaint:start"))
    await office.hear(Typed("បណ្តឹងខ្ញុំដល់ណាហើយ?"))
    assert f"{filed[:4]}-{filed[4:]}" in office.told()[-1]
    assert "ថៅកែមិនបើកប្រាក់ខែ" in office.told()[-1], "with its thread"
