"""Sub-committees in the console: the list, an office's page, its members, and who may change what."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.reach import SECOND_FACTOR
from storage import complaints, offices, seeding, staff
from storage.audit import AUDIT
from tests.console.desk import Browser, Desk, Got

OFFICE = {
    "code": "thailand",
    "name_km": "អនុគណៈកម្មការ ថៃ",
    "name_en": "Sub-committee, Thailand",
    "country": "TH",
    "time_zone": "Asia/Bangkok",
    "hours": "Mon–Fri ០៨:០០-១៧:០០",
    "holidays": "២០២៧-០៤-១៤",
    "active": "yes",
}


@pytest.fixture(autouse=True)
def national(desk: Desk) -> None:
    desk.service.db.write_now(seeding.load)


async def send(browser: Browser, path: str, data: Mapping[str, str], page: str = "") -> Got:
    """A form of a page with its own hidden fields, as a browser sends it."""
    got = await browser.get(page or path)
    return await browser.post(path, {**got.hidden(), **data})


def office(desk: Desk, code: str = "thailand") -> Any:
    return desk.service.db.read_now(lambda c: offices.by_code(c, code))


def recorded(desk: Desk, action: str) -> list[Any]:
    found = select(AUDIT).where(AUDIT.c.action == action).order_by(AUDIT.c.id)
    return desk.service.db.read_now(lambda c: list(c.execute(found)))


async def test_an_office_is_added_and_changed(desk: Desk, browser: Browser) -> None:
    got = await send(browser, "/console/offices/new", OFFICE)
    assert (got.status, got.to) == (303, "/console/offices/thailand?done=office")
    row = office(desk)
    assert (row.kind, row.hours, row.holidays, row.active) == (
        "subcommittee",
        "mon-fri 08:00-17:00",
        "2027-04-14",
        True,
    )
    page = await browser.get("/console/offices/thailand")
    assert "ច័ន្ទ" in page.text, "hours in words"
    assert "០៨:០០" in page.text
    listed = (await browser.get("/console/offices")).text
    assert OFFICE["name_km"] in listed
    assert "ការិយាល័យជាតិ" in listed

    got = await send(browser, "/console/offices/thailand", {**OFFICE, "active": "", "hours": "24h"})
    assert got.status == 303
    assert (office(desk).active, office(desk).hours) == (False, "24h")
    acts = recorded(desk, "save_office")
    assert [act.subject for act in acts] == ["thailand", "thailand"]
    assert json.loads(acts[1].after) == {"active": False, "hours": "24h", "changed": ["hours", "active"]}
    assert json.loads(acts[1].before) == {"active": True, "hours": "mon-fri 08:00-17:00"}
    assert acts[1].place == "127.0.0.1"
    await send(browser, "/console/offices/thailand", {**OFFICE, "active": "", "hours": "24h"})
    assert len(recorded(desk, "save_office")) == 2, "nothing changed, so nothing is recorded"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "Thai land"), ("code", "rules"), ("code", ""), ("name_km", " "), ("name_en", "x" * 201),
        ("country", "Thailand"), ("time_zone", "Bangkok"), ("time_zone", "../etc/passwd"), ("hours", "mon-fri"),
        ("holidays", "14/04/2027"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    desk: Desk, browser: Browser, field: str, value: str
) -> None:
    got = await send(browser, "/console/offices/new", {**OFFICE, field: value})
    assert got.status == 422
    assert f'id="{field}-fault"' in got.text
    assert OFFICE["name_en" if field != "name_en" else "name_km"] in got.text
    assert office(desk) is None


async def test_the_second_of_two_who_save_is_told_and_loses_nothing(desk: Desk, browser: Browser) -> None:
    await send(browser, "/console/offices/new", OFFICE)
    late = await browser.get("/console/offices/thailand")
    await send(browser, "/console/offices/thailand", {**OFFICE, "hours": "daily 24h"})
    got = await browser.post("/console/offices/thailand", {**late.hidden(), **OFFICE, "name_en": "Mine"})
    assert got.status == 409
    assert 'value="Mine"' in got.text
    assert office(desk).hours == "daily 24h", "nothing was changed"
    # a code that is there already is not taken over by a form for a new office
    got = await send(browser, "/console/offices/new", {**OFFICE, "name_en": "Another"})
    assert (got.status, office(desk).name_en) == (409, OFFICE["name_en"])
    # the page that was shown again saves over what is there now
    again = await browser.post("/console/offices/thailand", {**late.hidden(), **OFFICE, "name_en": "Mine"})
    assert again.status == 409
    got = await browser.post("/console/offices/thailand", {**again.hidden(), **OFFICE, "name_en": "Mine"})
    assert (got.status, office(desk).name_en) == (303, "Mine")


async def test_the_national_desk_stays_active(desk: Desk, browser: Browser) -> None:
    path = "/console/offices/national"
    row = office(desk, "national")
    data = {name: getattr(row, name) for name in ("name_km", "name_en", "country", "time_zone")}
    got = await send(browser, path, {**data, "active": ""})
    assert got.status == 422
    assert office(desk, "national").active
    got = await send(browser, path, {**data, "name_en": "The desk", "active": "yes", "hours": "24h"})
    assert got.status == 303
    desk.service.db.write_now(seeding.load)
    assert (office(desk, "national").name_en, office(desk, "national").hours) == ("The desk", "24h"), "kept by seeding"


async def test_members_are_added_led_and_removed(desk: Desk, browser: Browser) -> None:
    member, path = desk.officer("dara", role="member"), "/console/offices/thailand"
    await send(browser, "/console/offices/new", OFFICE)
    form = {"do": "add", "login": " dara ", "head": "yes"}
    assert (await send(browser, f"{path}/members", form, path)).status == 303
    row = office(desk)
    assert desk.service.db.read_now(lambda c: offices.all_members(c, row.id)) == [(member, True)]
    await send(browser, f"{path}/members", {"do": f"member:{member}"}, path)
    assert desk.service.db.read_now(lambda c: offices.all_members(c, row.id)) == [(member, False)]

    # whoever leaves hands open complaints back
    code = desk.complain()
    changed = {"office_id": row.id, "officer_id": member, "status": "in_hand"}
    desk.service.db.write_now(lambda c: complaints.change(c, desk.row(code).id, desk.now, **changed))
    late = await browser.get(path)
    await send(browser, f"{path}/members", {"do": f"remove:{member}"}, path)
    assert desk.service.db.read_now(lambda c: offices.all_members(c, row.id)) == []
    assert desk.row(code).officer_id is None
    acts = recorded(desk, "save_members")
    assert [json.loads(act.after)[str(member)] for act in acts] == ["head", "member", ""]
    assert json.loads(acts[-1].after)["handed_back"] == 1

    # a form from before somebody else's change, a stranger, and a button that makes no sense
    got = await browser.post(f"{path}/members", {**late.hidden(), "do": f"head:{member}"})
    assert got.status == 409
    got = await send(browser, f"{path}/members", {"do": "add", "login": "ស្រីនាង<b>"}, path)
    assert got.status == 422
    assert "ស្រីនាង&lt;b&gt;" in got.text
    assert (await send(browser, f"{path}/members", {"do": "head:999999"}, path)).status in (303, 409)
    assert desk.service.db.read_now(lambda c: offices.all_members(c, row.id)) == []


async def test_nobody_changes_their_own_place(desk: Desk, browser: Browser) -> None:
    """An officer of the national desk who serves in Thailand must not shed that to see complaints about its post."""
    await send(browser, "/console/offices/new", OFFICE)
    found = desk.service.db.read_now(lambda c: staff.by_login(c, "sokha"))
    assert found is not None
    mine = found.id
    row = office(desk)
    desk.service.db.write_now(lambda c: offices.serve(c, row.id, mine))
    path = "/console/offices/thailand"
    got = await send(browser, f"{path}/members", {"do": f"remove:{mine}"}, path)
    assert got.status == 422
    assert desk.service.db.read_now(lambda c: offices.all_members(c, row.id)) == [(mine, False)]
    # nor move the office itself to another country, which would do the same
    got = await send(browser, path, {**OFFICE, "country": "KR"})
    assert (got.status, office(desk).country) == (422, "TH")
    assert (await send(browser, path, {**OFFICE, "name_en": "Renamed"})).status == 303


@pytest.mark.parametrize("role", ["head", "member", "official", "assessor", "auditor"])
async def test_only_who_keeps_the_routing_sees_these_pages(desk: Desk, role: str) -> None:
    desk.officer("dara", role=role)
    async with desk.browser() as other:
        await other.sign_in("dara")
        if role in SECOND_FACTOR:
            await other.second_step(desk.code("dara"))
        for path in ("", "/new", "/rules", "/import", "/national", "/export?what=rules"):
            assert (await other.get(f"/console/offices{path}")).status == 403
    assert office(desk) is None


async def test_nobody_without_a_session_or_a_token_changes_anything(desk: Desk, browser: Browser) -> None:
    async with desk.browser() as stranger:
        assert (await stranger.get("/console/offices")).status == 303
        assert (await stranger.post("/console/offices/new", OFFICE)).status == 303
    assert (await browser.post("/console/offices/new", {**OFFICE, "csrf": "x"})).status == 403
    assert (await browser.get("/console/offices/nowhere")).status == 404
    assert (await browser.post("/console/offices/nowhere/members", {"csrf": "x"})).status == 403
    assert office(desk) is None
