"""The second step, guesses, stolen cookies, and what of it is recorded."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.console import auth
from bot.domain import factors
from storage import staff
from storage.audit import AUDIT
from tests.console.desk import LOGIN, PASSWORD, Browser, Desk, Got
from tests.console.test_auth import WRONG, cookie_of
from tests.support.passwords import QUICK

CODE_PAGE = "/console/sign-in/code"


def acts(desk: Desk, action: str = "") -> list[Any]:
    found = select(AUDIT).order_by(AUDIT.c.id)
    rows = desk.service.db.read_now(
        lambda c: list(c.execute(found.where(AUDIT.c.action == action) if action else found))
    )
    return [row for row in rows if row.action != "read"]


async def in_two_steps(browser: Browser, login: str, code: str) -> Got:
    assert (await browser.sign_in(login, code="")).to.startswith(CODE_PAGE)
    return await browser.second_step(code)


async def test_two_steps(desk: Desk) -> None:
    desk.officer("dara", factor=True)
    code = desk.complain()
    async with desk.browser() as browser:
        wanted = f"/console/complaints/{code}"
        page = await browser.get("/console/sign-in", params={"next": wanted})
        got = await browser.post("/console/sign-in", {**page.hidden(), "login": "dara", "password": PASSWORD})
        assert got.to == f"{CODE_PAGE}?next=%2Fconsole%2Fcomplaints%2F{code}"
        for path in ("/console", "/console/complaints", wanted, "/console/account", "/console/account/password"):
            assert (await browser.get(path)).to.startswith(CODE_PAGE), "the password alone opens nothing"
        assert (await browser.get("/console/complaints", headers={"x-live": "1"})).status == 401
        assert (await browser.get("/console/live")).status == 303
        asked = await browser.get(got.to)
        for typed in ("", "000000", "abcd-efgh", "0" * 5000, "ក" * 100, "\0"):
            wrong = await browser.post(CODE_PAGE, {**asked.hidden(), "code": typed})
            assert wrong.status == 403
            desk.service.db.write_now(lambda c: staff.change(c, 2, failures=0, locked_until=None))
        got = await browser.post(CODE_PAGE, {**asked.hidden(), "code": desk.code("dara")})
        assert (got.status, got.to) == (303, wanted)
        assert (await browser.get(wanted)).status == 200
        assert (await browser.get(CODE_PAGE)).to == "/console/complaints"
    (last,) = acts(desk, "sign_in")
    assert (last.staff_id, last.place, json.loads(last.after)) == (2, "127.0.0.1", {"by": "code"})
    assert [json.loads(one.after)["why"] for one in acts(desk, "second_factor_failed")] == ["wrong"] * 6


async def test_a_replayed_code_opens_nothing(desk: Desk) -> None:
    desk.officer("dara", factor=True)
    code = desk.code("dara")
    async with desk.browser() as browser, desk.browser() as other:
        assert (await in_two_steps(browser, "dara", code)).status == 303
        replayed = await in_two_steps(other, "dara", code)
        assert replayed.status == 403
        assert (await other.get("/console/complaints")).to.startswith(CODE_PAGE)
    (failed,) = acts(desk, "second_factor_failed")
    assert json.loads(failed.after) == {"tries": 1, "why": "used"}


async def test_one_code_at_once_passes_one(desk: Desk) -> None:
    desk.officer("dara", factor=True)
    async with desk.browser() as one, desk.browser() as other:
        for browser in (one, other):
            await browser.sign_in("dara", code="")
        code = desk.code("dara")
        both = await asyncio.gather(one.second_step(code), other.second_step(code))
        assert sorted(got.status for got in both) == [303, 403]
        seen = [(await browser.get("/console/complaints")).status for browser in (one, other)]
        assert sorted(seen) == [200, 303]


async def test_a_replayed_sign_in_opens_nothing_more(desk: Desk) -> None:
    desk.officer("dara", factor=True)
    async with desk.browser() as browser, desk.session() as thief:
        page = await browser.get("/console/sign-in")
        form = {**page.hidden(), "login": "dara", "password": PASSWORD}
        number = cookie_of(page, "console_form")
        half = cookie_of(await browser.post("/console/sign-in", form), "console")
        asked = await browser.get(CODE_PAGE)
        coded = {**asked.hidden(), "code": desk.code("dara")}
        assert (await browser.post(CODE_PAGE, coded)).status == 303
        again = await browser.post("/console/sign-in", form)
        assert again.status == 403, "a form that signed in once is used up"
        out = await browser.get("/console/complaints")
        await browser.post("/console/sign-out", {"csrf": out.hidden()["csrf"]})

        async def replay(path: str, data: dict[str, str], cookie: str) -> tuple[int, str, str]:
            sent = thief.post(path, data=data, headers={"cookie": cookie}, allow_redirects=False)
            async with sent as answer:
                got = Got(answer.status, await answer.read(), answer.headers)
                return got.status, got.to, cookie_of(got, "console")

        status, to, _ = await replay(CODE_PAGE, coded, f"console={half}")
        assert (status, to[:16]) == (303, "/console/sign-in"), "that session is over"
        status, to, fresh = await replay("/console/sign-in", form, f"console_form={number}")
        assert to.startswith(CODE_PAGE), "the whole request again, with the old cookie, gets half way at most"
        thief.cookie_jar.clear()
        async with thief.get(CODE_PAGE, headers={"cookie": f"console={fresh}"}) as answer:
            hidden = Got(answer.status, await answer.read(), answer.headers).hidden()
        status, _, _ = await replay(CODE_PAGE, {**coded, **hidden}, f"console={fresh}")
        assert status == 403, "and its code was used"


async def test_a_recovery_code_opens_once(desk: Desk) -> None:
    officer = desk.officer("dara", factor=True)
    codes = ["k7m2-9xqd-w4ht-bn3c", "2222-3333-4444-5555"]
    desk.service.db.write_now(lambda c: staff.put_recovery(c, officer, map(factors.digest, codes)))
    async with desk.browser() as browser, desk.browser() as other:
        assert (await in_two_steps(browser, "dara", " K7M2 9XQD W4HT BN3C ")).status == 303
        assert (await in_two_steps(other, "dara", codes[0])).status == 403
        assert (await other.second_step(codes[1])).status == 303
    assert [json.loads(one.after)["left"] for one in acts(desk, "recovery_used")] == [1, 0]
    stored = desk.service.db.read_now(lambda c: list(c.execute(select(staff.RECOVERY))))
    assert not any(code in str(stored) for code in codes), "only digests are kept"


async def test_a_right_password_does_not_forgive_wrong_codes(desk: Desk) -> None:
    desk.officer("dara", factor=True)
    async with desk.browser() as browser:
        for number in range(5):
            got = await in_two_steps(browser, "dara", "000000")
            assert ("ផ្អាក" in got.text) == (number == 4)
        assert (await browser.second_step(desk.code("dara"))).status == 403, "locked"
        assert WRONG in (await browser.sign_in("dara")).text
        desk.later(minutes=16)
        assert (await browser.sign_in("dara")).to == "/console/complaints"


@pytest.mark.parametrize("role", ["administrator", "head", "official"])
async def test_roles_that_need_a_second_step_are_kept_out_until_it_is_set_up(desk: Desk, role: str) -> None:
    desk.officer("dara", role=role, factor=False)
    code = desk.complain()
    async with desk.browser() as browser:
        await browser.sign_in("dara")
        for path in (
            "",
            "/complaints",
            f"/complaints/{code}",
            "/staff",
            "/offices",
            "/figures",
            "/account",
            "/nowhere",
        ):
            got = await browser.get(f"/console{path}")
            assert (got.status, got.to) == (303, "/console/account/second-factor"), path
        page = await browser.get("/console/account/second-factor")
        assert page.status == 200
        assert '/console/complaints" ' not in page.text.replace('class="brand" href="/console/complaints"', "")
        csrf = page.hidden()["csrf"]
        for path in ("staff/new", f"complaints/{code}/status", "account/sessions", "account/off"):
            got = await browser.post(f"/console/{path}", {"csrf": csrf, "status": "received", "login": "eve"})
            assert got.to == "/console/account/second-factor", path
        assert desk.row(code).status == "filed"
        assert (await browser.post("/console/sign-out", {"csrf": csrf})).status == 303, "but one may leave"


async def test_an_officer_who_becomes_head_is_kept_out_from_the_next_page_on(desk: Desk, browser: Browser) -> None:
    desk.service.db.write_now(lambda c: staff.change(c, 1, role="head"))
    assert (await browser.get("/console/complaints")).to == "/console/account/second-factor"


async def test_a_stolen_session_after_sign_out_is_refused_and_recorded(desk: Desk, browser: Browser) -> None:
    token = next(one.value for one in browser.http.cookie_jar if one.key == "console")
    page = await browser.get("/console/complaints")
    await browser.post("/console/sign-out", {"csrf": page.hidden()["csrf"]})
    async with desk.browser() as thief:
        for path in ("/console/complaints", "/console/account", "/console/sign-in", "/console/complaints"):
            got = await thief.get(path, headers={"cookie": f"console={token}"})
            assert "សុខា" not in got.text
        assert len(acts(desk, "session_refused")) == 1, "at most once in ten minutes"
        desk.later(minutes=11)
        await thief.get("/console/complaints", headers={"cookie": f"console={token}"})
        await thief.get("/console/complaints", headers={"cookie": "console=made-up"})
    left, *_ = acts(desk, "sign_out")
    refused = acts(desk, "session_refused")
    assert [(one.staff_id, one.actor, one.place) for one in refused] == [
        (1, "officer", "127.0.0.1"),
        (1, "officer", "127.0.0.1"),
        (None, "system", "127.0.0.1"),
    ]
    assert refused[0].subject == left.subject == acts(desk, "sign_in")[0].subject
    assert token not in str(acts(desk))


async def test_a_thousand_guesses_are_refused_and_recorded_and_five_are_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = 0
    real = QUICK.verify_and_update

    class Counting:
        def verify_and_update(self, password: str, hashed: str) -> tuple[bool, str | None]:
            nonlocal looked_at
            looked_at += 1
            return real(password, hashed)

    monkeypatch.setattr(auth, "PASSWORDS", Counting())
    async with desk.browser() as browser:
        form = {**(await browser.get("/console/sign-in")).hidden(), "login": LOGIN}
        for start in range(0, 1000, 50):
            guesses = [{**form, "password": f"guess {number}"} for number in range(start, start + 50)]
            answers = await asyncio.gather(*(browser.post("/console/sign-in", guess) for guess in guesses))
            assert {got.status for got in answers} == {403}
        assert WRONG in (await browser.sign_in()).text, "nor does the right one open a locked door"
    assert looked_at == 5
    told = [(one.action, one.staff_id, one.subject_kind, one.subject, one.place) for one in acts(desk)]
    assert sorted(told) == (
        [("sign_in_failed", 1, "staff", LOGIN, "127.0.0.1")] * 5
        + [("sign_in_locked", 1, "staff", LOGIN, "127.0.0.1")] * 996
    )


async def test_a_login_that_is_nobodys_locks_like_any_other_and_is_not_written_down(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []
    real = QUICK.verify_and_update

    class Counting:
        def verify_and_update(self, password: str, hashed: str) -> tuple[bool, str | None]:
            looked_at.append(hashed)
            return real(password, hashed)

    monkeypatch.setattr(auth, "PASSWORDS", Counting())
    async with desk.browser() as browser:
        for _ in range(8):
            assert (await browser.sign_in("my secret password", "x")).status == 403
    assert looked_at == [auth.NOBODY] * 5
    told = acts(desk, "sign_in_failed")
    assert len(told) == 8
    assert "secret" not in str(told)
    assert len({one.subject for one in told}) == 1, "the same each time, so that guessing at one login shows"


async def test_the_right_answer_is_recorded_too(desk: Desk, browser: Browser) -> None:
    (entered,) = acts(desk)
    assert (entered.action, entered.staff_id, entered.actor) == ("sign_in", 1, "officer")
    assert (entered.subject_kind, len(entered.subject)) == ("session", 16)
    assert PASSWORD not in str(entered)


async def test_roles_start_where_there_is_something_for_them(desk: Desk) -> None:
    starts = {"administrator": "offices", "official": "figures", "assessor": "account", "auditor": "complaints"}
    for role, section in starts.items():
        desk.officer(role, role=role)
        async with desk.browser() as browser:
            assert (await browser.sign_in(role)).to == f"/console/{section}"
            assert (await browser.get(f"/console/{section}")).status == 200


async def test_half_way_ends_after_ten_minutes_and_one_may_turn_back(desk: Desk) -> None:
    desk.officer("dara", factor=True)
    async with desk.browser() as browser:
        await browser.sign_in("dara", code="")
        desk.later(minutes=9)
        asked = await browser.get(CODE_PAGE)
        assert asked.status == 200
        desk.later(minutes=2)
        got = await browser.post(CODE_PAGE, {**asked.hidden(), "code": desk.code("dara")})
        assert got.to.startswith("/console/sign-in?")
        await browser.sign_in("dara", code="")
        csrf = (await browser.get(CODE_PAGE)).hidden()["csrf"]
        assert (await browser.post(CODE_PAGE, {"csrf": "x", "code": desk.code("dara")})).status == 403
        await browser.post("/console/sign-out", {"csrf": csrf})
        assert (await browser.get(CODE_PAGE)).to.startswith("/console/sign-in?")
