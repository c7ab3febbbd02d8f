"""The list of officers: only for administrators, nobody is locked out of it, and no password is written down."""

import json
import re

import pytest

from storage import linking, offices, people, staff
from tests.console.desk import LOGIN, PASSWORD, Browser, Desk
from tests.console.test_doors import acts
from tests.console.test_doors_account import NEW, change, set_up

STAFF = "/console/staff"


@pytest.fixture
async def admin(desk: Desk) -> Browser:  # type: ignore[misc]  # an async generator
    desk.officer("boss", role="administrator")
    async with desk.browser() as browser:
        await browser.sign_in("boss")
        yield browser


async def csrf(browser: Browser) -> str:
    return (await browser.get(f"{STAFF}/new")).hidden()["csrf"]


async def test_an_officer_is_added_and_comes_in(desk: Desk, admin: Browser) -> None:
    form = {"csrf": await csrf(admin), "login": "dara", "name_km": "ដារ៉ា", "name_en": "Dara", "role": "head"}
    got = await admin.post(f"{STAFF}/new", form)
    (password,) = re.findall(r'id="first-password">([a-z0-9-]{19})<', got.text)
    again = await admin.post(f"{STAFF}/new", form)
    assert again.status == 422
    assert "ដារ៉ា" in again.text, "what was typed is kept"
    async with desk.browser() as browser:
        await browser.sign_in("dara", password)
        assert (await browser.get("/console/complaints")).to == "/console/account/password"
        assert (await change(browser, password, NEW)).status == 303
        await set_up(browser, desk)
        assert (await browser.get("/console/complaints")).status == 200
    page = (await admin.get(STAFF)).text
    assert "ដារ៉ា" in page
    assert password not in page
    (added,) = acts(desk, "staff_add")
    assert (added.staff_id, added.subject, json.loads(added.after)) == (2, "dara", {"id": 3, "role": "head"})
    assert password not in str(acts(desk))


async def test_the_list_says_what_there_is(desk: Desk, admin: Browser) -> None:
    office = desk.service.db.write_now(
        lambda c: offices.add(c, code="x", kind="subcommittee", name_km="ការិយាល័យ", name_en="Office", country="TH",
                              time_zone="Asia/Bangkok", hours="", holidays="", active=True, is_demo=True)
    )  # fmt: skip
    desk.service.db.write_now(lambda c: offices.serve(c, office, 1))
    desk.officer("former", active=False)
    page = (await admin.get(STAFF)).text
    rows = re.findall(r"<tr.*?</tr>", page, re.S)[1:]
    assert [re.findall(r'class="quiet small">(\w+)<', row) for row in rows] == [["boss"], [LOGIN], ["former"]]
    assert "ការិយាល័យ" in rows[1]
    assert "មិនដែល" in rows[1]
    assert "មិនដែល" not in rows[0]
    assert "doors-left" in rows[2]
    one = await admin.get(f"{STAFF}/1")
    assert "ការិយាល័យ" in one.text


async def test_names_and_role_are_changed(desk: Desk, admin: Browser, browser: Browser) -> None:
    form = {"csrf": await csrf(admin), "name_km": "សុខា ថ្មី", "name_en": "New <b>", "role": "auditor"}
    assert (await admin.post(f"{STAFF}/1", form)).to == f"{STAFF}/1?done=saved"
    await admin.post(f"{STAFF}/1", form)
    assert "សុខា ថ្មី" in (await browser.get("/console/account")).text
    (told,) = acts(desk, "staff_change")
    assert (json.loads(told.before), json.loads(told.after)) == ({"role": "desk"}, {"role": "auditor", "renamed": True})
    assert "ថ្មី" not in told.after
    for wrong in ({"role": "king"}, {"name_km": " "}, {"name_en": "x" * 101}, {"role": ""}):
        assert (await admin.post(f"{STAFF}/1", {**form, **wrong})).status == 422
    assert desk.service.db.read_now(lambda c: staff.one(c, 1)).role == "auditor"  # type: ignore[union-attr]


async def test_who_is_deactivated_is_out_at_once_and_may_come_back(
    desk: Desk, admin: Browser, browser: Browser
) -> None:
    token = await csrf(admin)
    assert (await admin.post(f"{STAFF}/1/active", {"csrf": token, "active": "no"})).status == 303
    assert (await browser.get("/console/complaints")).status == 303
    assert (await browser.sign_in()).status == 403
    await admin.post(f"{STAFF}/1/active", {"csrf": token, "active": "yes"})
    assert (await browser.get("/console/complaints")).status == 303, "the old session stays ended"
    assert (await browser.sign_in()).status == 303
    assert [one.action for one in acts(desk) if one.action.startswith("staff_")] == [
        "staff_deactivate",
        "staff_activate",
    ]


async def test_a_lost_phone_and_a_forgotten_password(desk: Desk, admin: Browser) -> None:
    desk.officer("dara", role="head")
    async with desk.browser() as browser:
        await browser.sign_in("dara")
        token = await csrf(admin)
        chat = desk.service.db.write_now(lambda c: people.enter(c, "telegram", "dara's phone", desk.now).address_id)
        desk.service.db.write_now(lambda c: linking.link(c, 3, chat))
        assert (await admin.post(f"{STAFF}/3/second-factor", {"csrf": token})).status == 303
        assert desk.service.db.read_now(lambda c: linking.officer_of(c, chat)) is None, "the lost phone reads no more"
        assert (await browser.get("/console/complaints")).to.startswith("/console/sign-in")
        await browser.sign_in("dara")
        assert (await browser.get("/console/complaints")).to == "/console/account/second-factor"
        desk.secrets["dara"], _codes = await set_up(browser, desk)
        for _ in range(5):
            await browser.sign_in("dara", "wrong")
        got = await admin.post(f"{STAFF}/3/password", {"csrf": token})
        (password,) = re.findall(r'id="first-password">([a-z0-9-]{19})<', got.text)
        assert (await browser.sign_in("dara")).status == 403
        assert (await browser.sign_in("dara", password)).status == 303, "unlocked, and the second step still counts"
        assert (await browser.get("/console/complaints")).to == "/console/account/password"
    assert {"second_factor_reset", "password_reset"} <= {one.action for one in acts(desk)}
    assert password not in str(acts(desk))


async def test_an_administrator_cannot_lock_themself_out(desk: Desk, admin: Browser) -> None:
    token = await csrf(admin)
    same = {"csrf": token, "name_km": "ក", "name_en": "A"}
    for path, data in (
        ("2/active", {"csrf": token, "active": "no"}),
        ("2/password", {"csrf": token}),
        ("2/second-factor", {"csrf": token}),
        ("2", {**same, "role": "desk"}),
    ):
        got = await admin.post(f"{STAFF}/{path}", data)
        assert got.status == 422, path
        assert "ខ្លួនឯង" in got.text
        assert "first-password" not in got.text
    assert (await admin.post(f"{STAFF}/2", {**same, "role": "administrator"})).status == 303, "but change the names"
    assert (await admin.get(STAFF)).status == 200


async def test_it_is_for_administrators_only(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    token = (await browser.get(f"/console/complaints/{code}")).hidden()["csrf"]
    for path in ("", "/new", "/1", "/2"):
        assert (await browser.get(f"{STAFF}{path}")).status == 403
    for path in ("/new", "/1", "/1/active", "/1/password", "/1/second-factor"):
        got = await browser.post(
            f"{STAFF}{path}", {"csrf": token, "login": "eve", "role": "administrator", "active": "no"}
        )
        assert got.status == 403
    assert len(desk.service.db.read_now(staff.every)) == 1
    assert (await browser.get("/console/complaints")).status == 200


async def test_what_is_not_there(desk: Desk, admin: Browser) -> None:
    token = await csrf(admin)
    for number in ("99", "9" * 30, "-1", "x", "0"):
        assert (await admin.get(f"{STAFF}/{number}")).status == 404
        assert (await admin.post(f"{STAFF}/{number}/password", {"csrf": token})).status in (404, 405)
    assert (await admin.post(f"{STAFF}/1/password", {"csrf": "x"})).status == 403
    async with desk.browser() as other:
        assert (await other.sign_in(password=PASSWORD)).status == 303
