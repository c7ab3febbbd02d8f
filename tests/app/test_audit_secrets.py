"""Nothing of a worker's words, name or number is in any row of the audit, whatever is done with a complaint."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from bot.app.audit import note_forbidden, note_read, verify
from bot.app.clocks import tick
from bot.app.execute import EXECUTE
from bot.domain import offices as places
from bot.domain.canned import SaveCanned, SwitchCanned
from bot.domain.clocks import CloseIncident
from bot.domain.complaints import (
    AcknowledgeComplaint,
    AddNote,
    AddToComplaint,
    AnswerComplaint,
    AssignComplaint,
    ChangeStatus,
    MergeComplaint,
    RateComplaint,
    ReferComplaint,
    ReopenComplaint,
    UnmergeComplaint,
    WriteToWorker,
)
from bot.domain.people import (
    ClearWord,
    DeleteMyData,
    LinkOfficer,
    RefuseCode,
    SetLanguage,
    SetWord,
    ShowCase,
    ShowHeld,
    UnlinkOfficer,
)
from bot.domain.reach import DESK, HEAD
from bot.domain.receipts import SendReceipt
from bot.domain.unlocks import AskUnlock, DecideUnlock
from storage import linking
from storage.audit import AUDIT
from storage.unlocks import UNLOCK
from tests.app.bureau import WAGES, Bureau, complaint, open_service

TELLTALE = ("TELLTALE", "ស្រីពៅ", "88997711", "សម្ងាត់")
WORDS = "TELLTALE ស្រីពៅ 088997711 សម្ងាត់"
PARTS = ({"text": WORDS}, {"place": "88.997711,104.9"})
NO_WORKER = {places.SaveOffice, places.SaveOffices, places.SaveMembers, places.SaveRules}
"""Commands that no worker's words can be in."""


@pytest.fixture
async def bureau(database_url: str, tmp_path: Path) -> AsyncIterator[Bureau]:
    service = await open_service(database_url, tmp_path)
    yield Bureau(service)
    service.close()


@dataclass
class Life:
    """A complaint's life, and which commands were in it."""

    bureau: Bureau
    head: int
    desk: int
    elsewhere: int
    done: set[type] = field(default_factory=set)

    def do(self, command: object, who: str = "") -> None:
        self.bureau.do(command, who=who)
        self.done.add(type(command))

    def of_worker(self, code: str, other: str) -> None:
        """What a worker and the officers do with one; `other` is merged with it."""
        do, head, mine = self.do, self.head, self.bureau.worker(code)
        do(AddToComplaint(code, PARTS), mine)
        do(SendReceipt(code), mine)
        do(AcknowledgeComplaint(code, head))
        do(AddNote(code, WORDS, head))
        do(WriteToWorker(code, WORDS, head))
        do(AnswerComplaint(code, WORDS, head))
        do(ReopenComplaint(code, PARTS), mine)
        do(ChangeStatus(code, "waiting", WORDS, head))
        do(AssignComplaint(code, None, head, self.bureau.found(code).officer_id))
        do(MergeComplaint(code, other, head))
        do(UnmergeComplaint(code, head))
        do(ReferComplaint(code, self.elsewhere, WORDS, head))
        do(ChangeStatus(code, "closed", WORDS, self.desk))
        do(RateComplaint(code, 2), mine)

    def unlocked(self, hidden: str) -> None:
        self.do(AskUnlock(hidden, WORDS, self.head))
        [asked] = self.bureau.rows(select(UNLOCK.c.id))
        self.do(DecideUnlock(hidden, asked.id, True, self.desk))

    async def late(self, code: str) -> None:
        """Nobody receives it in time, and somebody says why."""
        self.bureau.later(days=3)
        assert await tick(self.bureau.service)
        incident = self.bureau.incidents(code)[0]
        self.do(CloseIncident(incident.id, WORDS, self.desk))

    def around(self, code: str) -> None:
        """What is no complaint's."""
        do, mine = self.do, self.bureau.worker(code)
        do(SaveCanned("x", "x", "TELLTALE", "TELLTALE", self.desk))
        do(SwitchCanned(1, False, self.desk))
        for command in (SetLanguage("en"), SetWord("TELLTALE"), ShowHeld(), ClearWord(), RefuseCode()):
            do(command, mine)
        self.bureau.service.db.write_now(
            lambda c: linking.offer(
                c, staff_id=self.head, code="K7Q29MXD", until=self.bureau.now + timedelta(minutes=9)
            )
        )
        do(LinkOfficer("K7Q29MXD"), "officer-chat")
        do(ShowCase(code, self.desk))
        do(UnlinkOfficer(self.head), "officer-chat")
        do(DeleteMyData(), mine)


async def test_no_word_of_a_worker_is_in_the_audit(bureau: Bureau) -> None:
    there, elsewhere = bureau.office("th"), bureau.office("kr", "KR")
    national = bureau.office("home", "KH", kind="national")
    life = Life(
        bureau, bureau.officer("head", HEAD, [there], head=True), bureau.officer("desk", DESK, [national]), elsewhere
    )
    told: dict[str, Any] = {"identity": "named", "name": "ស្រីពៅ TELLTALE", "phone": "+85588997711", "contact": "call"}
    told |= {"about_name": WORDS, "parts": PARTS}
    one, two, hidden = (
        complaint(WAGES, **told),
        complaint(WAGES, **told),
        complaint(WAGES, **told | {"identity": "hidden"}),
    )
    for each in (one, two, hidden):
        life.do(each, bureau.worker(each.reference))
    life.of_worker(one.reference, two.reference)
    life.unlocked(hidden.reference)
    await life.late(two.reference)
    life.around(two.reference)
    assert set(EXECUTE) - life.done == NO_WORKER, "a new command is to be tried here"

    code, head = one.reference, life.head
    await note_read(bureau.service, head, "192.0.2.1", "search_complaints", "list", "complaints", {"words": len(WORDS)})
    await note_forbidden(bureau.service, head, "192.0.2.1", "GET", f"/console/complaints/{code}")
    rows = raw(bureau)
    assert {"breach_clock", "close_incident", "delete_my_data"} <= {row.split(" | ")[5] for row in rows}
    assert len(rows) > 20
    found = [(word, row) for row in rows for word in TELLTALE if word in row]
    assert found == []
    assert verify(bureau.service.db).sound


def raw(bureau: Bureau) -> list[str]:
    """The rows as they lie there, by SQL alone."""

    def work(connection: Connection) -> list[str]:
        return [" | ".join(map(str, row)) for row in connection.execute(text("SELECT * FROM audit ORDER BY id"))]

    found = bureau.service.db.read_now(work)
    assert len(found) == len(bureau.rows(select(AUDIT.c.id)))
    return found
