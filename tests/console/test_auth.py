"""Signing in: lock-out, one answer for every failure, sessions that end, forms that nobody else can send."""

import asyncio
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest

from bot.console import auth
from bot.console.pages import local
from storage import staff
from storage.db import Database
from tests.console.desk import LOGIN, PASSWORD, Browser, Desk, open_desk

WRONG = "មិនត្រឹមត្រូវ"


def cookie_of(got: object, name: str) -> str:
    """The value a `Set-Cookie` gave."""
    for header in got.headers.getall("set-cookie", []):  # type: ignore[attr-defined]  # a multidict
        morsel = SimpleCookie(header).get(name)
        if morsel:
            return morsel.value
    return ""


async def test_signing_in_and_out(desk: Desk) -> None:
    async with desk.browser() as browser:
        got = await browser.get("/console")
        assert (got.status, got.to) == (303, "/console/sign-in?next=%2Fconsole")
        got = await browser.sign_in()
        assert (got.status, got.to) == (303, "/console/complaints")
        assert (await browser.get("/console")).to == "/console/complaints"
        page = await browser.get("/console/complaints")
        assert page.status == 200
        assert "សុខា" in page.text
        assert (await browser.get("/console/sign-in")).to == "/console/complaints"
        token = next(one.value for one in browser.http.cookie_jar if one.key == "console")
        got = await browser.post("/console/sign-out", {"csrf": page.hidden()["csrf"]})
        assert (got.status, got.to) == (303, "/console/sign-in")
        assert (await browser.get("/console/complaints")).status == 303
    async with desk.browser() as other:
        stolen = await other.get("/console/complaints", headers={"cookie": f"console={token}"})
        assert stolen.status == 303, "the session is over on the server, not only in the browser"


async def test_one_answer_whether_the_login_exists_or_not(desk: Desk) -> None:
    async with desk.browser() as browser:
        known = await browser.sign_in(password="wrong")
        unknown = await browser.sign_in(login="nobody", password="wrong")
        desk.officer("former", active=False)
        former = await browser.sign_in(login="former")
        for got in (known, unknown, former):
            assert got.status == 403
            assert WRONG in got.text
        hidden = known.hidden()["csrf"]
        assert known.text.replace(LOGIN, "*") == unknown.text.replace("nobody", "*").replace(
            unknown.hidden()["csrf"], hidden
        )


async def test_every_refusal_takes_the_same_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "SLOWEST", 1.0)
    loop = asyncio.get_running_loop()
    async with desk.browser() as browser:
        for login in (LOGIN, "nobody"):
            began = loop.time()
            await browser.sign_in(login=login, password="wrong")
            assert 1.0 <= loop.time() - began < 2.5


async def test_five_wrong_tries_lock_for_a_quarter_of_an_hour(desk: Desk) -> None:
    async with desk.browser() as browser:
        for _ in range(5):
            assert (await browser.sign_in(password="wrong")).status == 403
        locked = await browser.sign_in()
        assert locked.status == 403, "the right password does not open a locked door"
        assert WRONG in locked.text
        desk.later(minutes=14)
        assert (await browser.sign_in()).status == 403
        desk.later(minutes=2)
        assert (await browser.sign_in(password="wrong")).status == 403
        assert (await browser.sign_in()).status == 303, "after the lock one starts to count anew"


async def test_a_success_forgets_the_failures(desk: Desk) -> None:
    async with desk.browser() as browser:
        for _ in range(3):
            for _ in range(4):
                assert (await browser.sign_in(password="wrong")).status == 403
            async with desk.browser() as other:
                assert (await other.sign_in()).status == 303


async def test_tries_at_the_same_time_are_all_counted(desk: Desk) -> None:
    async with desk.browser() as browser:
        page = await browser.get("/console/sign-in")
        form = {**page.hidden(), "login": LOGIN}
        guesses = [browser.post("/console/sign-in", {**form, "password": f"guess {n}"}) for n in range(8)]
        assert {got.status for got in await asyncio.gather(*guesses)} == {403}
        row = desk.service.db.read_now(lambda c: staff.by_login(c, LOGIN))
        assert row is not None
        assert row.failures == 5, "five were looked at, the others were not"
        assert row.locked_until


async def test_counting_tries_holds_on_both_databases(database_url: str) -> None:
    db = Database(database_url)
    now = datetime.now(UTC)
    try:
        await db.write(
            lambda c: staff.add(c, login="sokha", name_km="សុខា", name_en="Sokha", password="x", created_at=now)
        )

        async def claim(after: timedelta = timedelta(0)) -> bool:
            minutes = timedelta(minutes=15)
            return await db.write(lambda c: staff.claim_try(c, "sokha", now + after, 5, minutes)) is not None

        assert sorted(await asyncio.gather(*(claim() for _ in range(9)))) == [False] * 4 + [True] * 5
        assert not await claim(timedelta(minutes=14))
        assert [await claim(timedelta(minutes=16)) for _ in range(6)] == [True] * 5 + [False]
    finally:
        db.close()


async def test_a_new_session_has_a_new_token_and_ends_the_old_one(desk: Desk) -> None:
    async with desk.browser() as browser:
        browser.http.cookie_jar.update_cookies({"console": "chosen-by-somebody-else"})
        got = await browser.sign_in()
        first = cookie_of(got, "console")
        assert first
        assert first != "chosen-by-somebody-else"
        async with desk.session() as http:
            fixed = await http.get(
                "/console/complaints", headers={"cookie": "console=chosen-by-somebody-else"}, allow_redirects=False
            )
            assert fixed.status == 303
        browser.http.cookie_jar.clear()
        page = await browser.get("/console/sign-in")
        number = cookie_of(page, "console_form")
        got = await browser.post(
            "/console/sign-in",
            {**page.hidden(), "login": LOGIN, "password": PASSWORD},
            headers={"cookie": f"console={first}; console_form={number}"},
        )
        assert got.status == 303
        assert cookie_of(got, "console") != first
    async with desk.browser() as other:
        old = await other.get("/console/complaints", headers={"cookie": f"console={first}"})
        assert old.status == 303, "signing in anew ended the session that this browser had before"


async def test_cookies_are_kept_from_scripts_and_other_sites(desk: Desk) -> None:
    async with desk.browser() as browser:
        for got in (await browser.get("/console/sign-in"), await browser.sign_in()):
            for header in got.headers.getall("set-cookie"):
                assert "HttpOnly" in header
                assert "SameSite=lax" in header
                assert "Path=/console" in header
                assert "Secure" not in header


async def test_cookies_are_secure_where_the_service_is(tmp_path) -> None:  # type: ignore[no-untyped-def]  # a fixture
    async with open_desk(tmp_path, public_url="https://example.org") as desk, desk.browser() as browser:
        for header in (await browser.get("/console/sign-in")).headers.getall("set-cookie"):
            assert "Secure" in header


async def test_an_idle_session_ends_and_a_used_one_goes_on_for_twelve_hours(desk: Desk, browser: Browser) -> None:
    for _ in range(12):
        desk.later(minutes=55)
        assert (await browser.get("/console/complaints")).status == 200
    desk.later(minutes=55)
    assert (await browser.get("/console/complaints")).status == 200, "11 hours 55 minutes"
    desk.later(minutes=10)
    assert (await browser.get("/console/complaints")).status == 303, "after twelve hours one signs in again"


async def test_an_open_page_that_looks_by_itself_does_not_keep_a_session_alive(desk: Desk, browser: Browser) -> None:
    desk.later(minutes=40)
    assert (await browser.get("/console/complaints", headers={"x-live": "1"})).status == 200
    desk.later(minutes=30)
    assert (await browser.get("/console/complaints", headers={"x-live": "1"})).status == 401
    assert (await browser.get("/console/complaints")).to.startswith("/console/sign-in")


async def test_an_officer_who_left_is_out_at_once(desk: Desk, browser: Browser) -> None:
    desk.service.db.write_now(lambda c: staff.change(c, 1, active=False))
    assert (await browser.get("/console/complaints")).status == 303


async def test_one_goes_on_where_one_wanted_to(desk: Desk) -> None:
    code = desk.complain()
    async with desk.browser() as browser:
        asked = await browser.get(f"/console/complaints/{code}")
        assert asked.to == f"/console/sign-in?next=%2Fconsole%2Fcomplaints%2F{code}"
        page = await browser.get(asked.to)
        got = await browser.post("/console/sign-in", {**page.hidden(), "login": LOGIN, "password": PASSWORD})
        assert got.to == f"/console/complaints/{code}"


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/console/",
        "//evil.example/console",
        "/\\evil.example",
        "/console/\\..\\evil",
        "javascript:alert(1)",
        "/console//evil.example",
        "/consolex",
        "/phone",
        "\t//evil.example",
        "/console/\r\nset-cookie: a=b",
        "http:/console/complaints",
        "/console/sign-out",
        "",
    ],
)
async def test_nobody_is_sent_elsewhere(desk: Desk, evil: str) -> None:
    assert local(evil) == "/console/complaints"
    async with desk.browser() as browser:
        page = await browser.get("/console/sign-in")
        form = {**page.hidden(), "login": LOGIN, "password": PASSWORD, "next": evil}
        assert (await browser.post("/console/sign-in", form)).to == "/console/complaints"


async def test_forms_need_their_token(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    page = await browser.get(f"/console/complaints/{code}")
    good = page.hidden()["csrf"]
    async with desk.browser() as other:
        await other.sign_in()
        foreign = (await other.get(f"/console/complaints/{code}")).hidden()["csrf"]
        assert foreign != good
    for wrong in ("", "x", good[:-1], foreign):
        for path, data in (
            ("/console/sign-out", {}),
            (f"/console/complaints/{code}/status", {"status": "received"}),
            (f"/console/complaints/{code}/reply", {"text": "hello", "once": "1"}),
        ):
            got = await browser.post(path, {**data, "csrf": wrong}, headers={"referer": f"{desk.url}{page_of(code)}"})
            assert got.status == 403
            assert f'href="{page_of(code)}"' in got.text, "there is a way back"
    assert desk.row(code).status == "filed"
    assert len(desk.thread(code)) == 1
    assert (await browser.get("/console/complaints")).status == 200, "still signed in"


def page_of(code: str) -> str:
    return f"/console/complaints/{code}"


async def test_the_sign_in_form_needs_its_token_too(desk: Desk) -> None:
    async with desk.browser() as browser, desk.browser() as attacker:
        theirs = (await attacker.get("/console/sign-in")).hidden()
        await browser.get("/console/sign-in")
        for csrf in ("", "x", theirs["csrf"]):
            got = await browser.post("/console/sign-in", {"csrf": csrf, "login": LOGIN, "password": PASSWORD})
            assert got.status == 403
            assert not cookie_of(got, "console")
        row = desk.service.db.read_now(lambda c: staff.by_login(c, LOGIN))
        assert row is not None
        assert row.failures == 0, "a forged form costs the officer nothing"


async def test_sign_in_forms_in_two_tabs_both_work(desk: Desk) -> None:
    async with desk.browser() as browser:
        first = await browser.get("/console/sign-in")
        await browser.get("/console/sign-in")
        got = await browser.post("/console/sign-in", {**first.hidden(), "login": LOGIN, "password": PASSWORD})
        assert got.status == 303


async def test_a_form_sent_after_the_session_ended_leads_back(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    page = await browser.get(page_of(code))
    desk.later(minutes=61)
    form = {**page.hidden(), "text": "ជម្រាបសួរ"}
    got = await browser.post(f"{page_of(code)}/reply", form)
    assert got.to == f"/console/sign-in?next=%2Fconsole%2Fcomplaints%2F{code}"
    assert len(desk.thread(code)) == 1


async def test_headers_of_every_page(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    for path in ("/console", "/console/sign-in", "/console/complaints", page_of(code), "/console/nowhere"):
        got = await browser.get(path)
        policy = got.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["referrer-policy"] == "same-origin"
        assert "<script>" not in got.text
        assert " style=" not in got.text
