"""An officer's notices and the incidents: who sees what, reading, closing, and that both appear by themselves."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from bot.app import clocks as ladder
from bot.app.context import Context
from bot.app.execute import execute
from bot.console.live import version
from bot.domain.complaints import ChangeStatus
from storage import notices, offices
from storage.audit import AUDIT
from storage.incidents import INCIDENT
from storage.notices import NOTICE
from tests.app.bureau import complaint
from tests.console.desk import Browser, Desk


@dataclass
class House:
    """A sub-committee in Thailand with a head and a member, one in Korea, and the national desk."""

    desk: Desk
    bangkok: int = 0
    national: int = 0
    head: int = 0
    member: int = 0
    korean: int = 0
    chief: int = 0

    def __post_init__(self) -> None:
        def make(connection: Connection) -> None:
            self.national = offices.add(
                connection,
                code="N",
                kind="national",
                name_km="ការិយាល័យជាតិ (សាកល្បង)",
                name_en="National (demo)",
                country="KH",
            )
            self.bangkok = offices.add(
                connection, code="B", name_km="អនុគណៈកម្មការ បាងកក (សាកល្បង)", name_en="Bangkok (demo)", country="TH"
            )
            seoul = offices.add(connection, code="S", name_km="សេអ៊ូល (សាកល្បង)", name_en="Seoul (demo)", country="KR")
            offices.put_rules(
                connection, [{"office_id": self.bangkok, "country": "TH"}, {"office_id": seoul, "country": "KR"}]
            )
            for staff_id, office, leads in (
                (self.head, self.bangkok, True), (self.member, self.bangkok, False),
                (self.korean, seoul, True), (self.chief, self.national, True),
            ):  # fmt: skip
                offices.serve(connection, office, staff_id, head=leads)

        self.head, self.member = self.desk.officer("head", role="head"), self.desk.officer("member", role="member")
        self.korean, self.chief = self.desk.officer("korean", role="head"), self.desk.officer("chief", role="desk")
        self.desk.service.db.write_now(make)

    def file(
        self, category: str = "WAGE_UNPAID", country: str = "TH", *, ago: timedelta = timedelta(0), **more: str
    ) -> str:
        command = complaint(category, country, **more)
        self.do(command, who=f"w-{command.reference}", ago=ago)
        return command.reference

    def do(self, command: object, *, who: str = "", ago: timedelta = timedelta(0)) -> None:
        from storage import people

        def work(connection: Connection) -> None:
            at = self.desk.now - ago
            here = people.enter(connection, "telegram", who, at) if who else None
            execute(
                command,
                Context(connection, at, self.desk.service.book, self.desk.engine.post, here=here, channel="telegram"),
            )

        self.desk.service.db.write_now(work)

    async def tick(self) -> None:
        await ladder.tick(self.desk.service)

    def unread(self, officer: int) -> int:
        return self.desk.service.db.read_now(lambda c: notices.unread(c, officer))

    def ids(self, officer: int) -> list[int]:
        mine = select(NOTICE.c.id).where(NOTICE.c.staff_id == officer).order_by(NOTICE.c.id)
        return self.desk.service.db.read_now(lambda c: list(c.scalars(mine)))


@pytest.fixture
def house(desk: Desk) -> House:
    return House(desk)


async def signed_in(desk: Desk, login: str) -> Browser:
    browser = await desk.browser().__aenter__()
    assert (await browser.sign_in(login)).status == 303
    return browser


async def test_notices_are_listed_counted_and_read(desk: Desk, house: House) -> None:
    codes = [house.file(), house.file("CONFINEMENT"), house.file(country="KR")]
    member = await signed_in(desk, "member")
    page = await member.get("/console/notices")
    assert page.status == 200
    assert [code in page.text for code in codes] == [True, True, False]
    assert page.text.index(codes[1]) < page.text.index(codes[0]), "newest first"
    assert page.text.count("told-unread") == 2
    assert json.loads((await member.get("/console/notices/count")).body) == {"unread": 2}
    first, second = house.ids(house.member)
    csrf = page.hidden()["csrf"]
    assert (await member.post(f"/console/notices/{first}/read", {"csrf": csrf})).to == "/console/notices"
    assert house.unread(house.member) == 1
    unread = (await member.get("/console/notices?view=unread")).text
    assert codes[1] in unread
    assert codes[0] not in unread
    late = house.file()
    await member.post("/console/notices/read", {"csrf": csrf, "upto": str(second)})
    assert house.unread(house.member) == 1, "what came after the page was made is still unread"
    assert late in (await member.get("/console/notices?view=unread")).text
    assert house.unread(house.head) == 3, "each reads for themselves"
    await member.http.close()


async def test_what_is_not_theirs(desk: Desk, house: House) -> None:
    house.file()
    (theirs,) = house.ids(house.head)
    member = await signed_in(desk, "member")
    csrf = (await member.get("/console/notices")).hidden()["csrf"]
    for path in (f"{theirs}/read", "999999/read", "-1/read", "0x1/read", "9" * 40 + "/read", "១/read"):
        assert (await member.post(f"/console/notices/{path}", {"csrf": csrf})).status == 404
    assert (await member.post(f"/console/notices/{house.ids(house.member)[0]}/read", {"csrf": "no"})).status == 403
    for upto in ("", "x", "-3", "9" * 40):
        await member.post("/console/notices/read", {"csrf": csrf, "upto": upto})
    assert (house.unread(house.head), house.unread(house.member)) == (1, 1)
    await member.http.close()
    async with desk.browser() as stranger:
        assert (await stranger.get("/console/notices")).status == 303
        assert (await stranger.get("/console/notices/count", headers={"x-live": "1"})).status == 401


async def test_a_complaint_that_moved_on_shows_nothing_of_itself(desk: Desk, house: House) -> None:
    code = house.file(about="official", category="OFFICIAL_MISCONDUCT", country="KR")
    house.desk.service.db.write_now(lambda c: notices.add(c, house.korean, row_id(c, code), "message", desk.now))
    korean = await signed_in(desk, "korean")
    page = await korean.get("/console/notices")
    assert page.text.count('class="told ') == 1
    assert code not in page.text
    assert f"{code[:4]}-{code[4:]}" not in page.text
    assert (await korean.get(f"/console/complaints/{code}")).status == 404
    await korean.http.close()


def row_id(connection: Connection, code: str) -> int:
    from storage import complaints

    found = complaints.find(connection, code)
    assert found is not None
    return found.id


async def test_pages_of_notices(desk: Desk, house: House) -> None:
    code = house.file()
    complaint_id = desk.row(code).id

    def more(connection: Connection) -> None:
        for _ in range(120):
            notices.add(connection, house.member, complaint_id, "message", desk.now)

    desk.service.db.write_now(more)
    member = await signed_in(desk, "member")
    seen, path = list[str](), "/console/notices"
    while path:
        page = await member.get(path)
        seen += [line.split('"')[0] for line in page.text.split('<li id="notice-')[1:]]
        older = page.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        path = older
    assert [int(one) for one in seen] == sorted(house.ids(house.member), reverse=True)
    for nonsense in ("x", "-1", "9" * 99, "០"):
        assert (await member.get(f"/console/notices?before={nonsense}")).status == 200
    await member.http.close()


async def test_live_pages_learn_of_a_notice(desk: Desk, house: House) -> None:
    code = house.file()
    before = desk.service.db.read_now(version)
    desk.service.db.write_now(lambda c: notices.add(c, house.member, row_id(c, code), "assigned", desk.now))
    assert desk.service.db.read_now(version) != before


async def test_a_complaint_that_waits_is_shown_with_since_when(desk: Desk, house: House) -> None:
    code = house.file(ago=timedelta(hours=30))
    house.do(ChangeStatus(code, "waiting", "រូបថត", house.member), ago=timedelta(hours=29))
    await house.tick()
    desk.later(hours=20)
    await house.tick()
    head = await signed_in(desk, "head")
    for page in ("notices", "incidents"):
        text = (await head.get(f"/console/{page}?lang=en")).to
        assert text
        assert "Waiting for the worker since" in (await head.get(f"/console/{page}")).text
    await head.http.close()


INCIDENT_ROLES = [("head", 200), ("chief", 200), ("korean", 200), ("member", 403)]


@pytest.mark.parametrize(("login", "status"), INCIDENT_ROLES)
async def test_who_sees_incidents(desk: Desk, house: House, login: str, status: int) -> None:
    code = house.file(ago=timedelta(hours=5))
    await house.tick()
    browser = await signed_in(desk, login)
    page = await browser.get("/console/incidents")
    assert page.status == status
    assert (f"/complaints/{code}" in page.text) == (login in ("head", "chief"))
    await browser.http.close()


async def test_an_incident_is_closed_with_a_reason(desk: Desk, house: House) -> None:
    code = house.file(ago=timedelta(hours=5))
    await house.tick()
    (incident,) = desk.service.db.read_now(lambda c: list(c.execute(select(INCIDENT))))
    head, chief, korean, member = [await signed_in(desk, login) for login in ("head", "chief", "korean", "member")]
    address = f"/console/incidents/{incident.id}/close"

    async def close(browser: Browser, reason: str, path: str = address) -> tuple[int, str]:
        csrf = (await browser.get("/console/notices?view=unread")).hidden()["csrf"]
        answer = await browser.post(path, {"csrf": csrf, "reason": reason})
        return answer.status, answer.text

    assert (await close(member, "x"))[0] == 403
    assert (await close(korean, "x"))[0] == 404
    assert (await close(head, "x", "/console/incidents/77777/close"))[0] == 404
    assert (await close(head, "x", "/console/incidents/x/close"))[0] == 404
    assert (await close(head, "   "))[0] == 422
    long = "ក" * 501
    status, text = await close(head, long)
    assert status == 422
    assert long in text, "what was typed is not lost"
    csrf = (await head.get("/console/incidents")).hidden()["csrf"]
    assert (await head.post(address, {"csrf": csrf + "x", "reason": "y"})).status == 403
    assert desk.service.db.read_now(lambda c: c.execute(select(INCIDENT.c.closed_at)).scalar_one()) is None

    reason = "<b>មន្ត្រីឈឺ</b>"
    assert (await close(head, reason))[0] == 303
    assert (await close(chief, "again"))[0] == 422
    page = (await chief.get("/console/incidents?view=closed")).text
    assert "&lt;b&gt;មន្ត្រីឈឺ&lt;/b&gt;" in page
    assert f"/complaints/{code}" in page
    assert f"/complaints/{code}" not in (await chief.get("/console/incidents")).text
    (record,) = desk.service.db.read_now(
        lambda c: list(c.execute(select(AUDIT).where(AUDIT.c.action == "close_incident")))
    )
    assert (record.staff_id, record.subject, record.place) == (house.head, code, "127.0.0.1")
    for browser in (head, chief, korean, member):
        await browser.http.close()


async def test_the_reason_outlives_nobody_elses_close(desk: Desk, house: House) -> None:
    """Two press the button at the same moment: one finding is kept, the other is told."""
    import asyncio

    house.file(ago=timedelta(hours=5))
    await house.tick()
    (incident,) = desk.service.db.read_now(lambda c: list(c.scalars(select(INCIDENT.c.id))))
    browsers = [await signed_in(desk, login) for login in ("head", "chief")]
    forms = [(await one.get("/console/incidents")).hidden()["csrf"] for one in browsers]
    answers = await asyncio.gather(
        *(
            one.post(f"/console/incidents/{incident}/close", {"csrf": csrf, "reason": f"reason {csrf[:5]}"})
            for one, csrf in zip(browsers, forms, strict=True)
        )
    )
    assert sorted(one.status for one in answers) == [303, 422]
    winner = next(csrf for csrf, one in zip(forms, answers, strict=True) if one.status == 303)
    kept = desk.service.db.read_now(lambda c: c.execute(select(INCIDENT.c.reason)).scalar_one())
    assert kept == f"reason {winner[:5]}"
    for one in browsers:
        await one.http.close()
