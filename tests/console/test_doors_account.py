"""One's own account: password, second step, and the browsers that are signed in."""

import re

import pyotp
import pytest

from bot.app import factors as doing
from storage import linking, people, staff
from tests.console.desk import LOGIN, PASSWORD, Browser, Desk, Got
from tests.console.test_doors import acts

ACCOUNT, CHANGE, FACTOR = "/console/account", "/console/account/password", "/console/account/second-factor"
NEW = "rice lotus bicycle thunder"


async def change(browser: Browser, old: str, new: str, again: str = "") -> Got:
    page = await browser.get(CHANGE)
    return await browser.post(CHANGE, {"csrf": page.hidden()["csrf"], "old": old, "new": new, "again": again or new})


async def set_up(browser: Browser, desk: Desk, **more: str) -> tuple[str, list[str]]:
    """The second step, set up by typing what the page shows; the secret and the recovery codes."""
    page = await browser.get(FACTOR)
    (secret,) = re.findall(r'class="doors-secret" translate="no">([A-Z2-7 ]+)<', page.text)
    assert re.fullmatch("(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", secret), "in groups of four, for typing"
    assert 'class="qr"' in page.text
    secret = secret.replace(" ", "")
    form = {**page.hidden(), "code": pyotp.TOTP(secret).at(desk.now), **more}
    got = await browser.post(FACTOR, form)
    assert got.status == 200, re.findall(r'role="alert".*?</p>', got.text, re.S)
    return secret, re.findall(r"<code>([a-z0-9-]{19})</code>", got.text)


async def test_a_password_is_changed_and_ends_the_other_sessions(desk: Desk, browser: Browser) -> None:
    async with desk.browser() as other:
        await other.sign_in()
        assert (await change(browser, PASSWORD, NEW)).to == f"{ACCOUNT}?done=password"
        assert (await browser.get(ACCOUNT)).status == 200
        assert (await other.get(ACCOUNT)).status == 303
        assert (await other.sign_in()).status == 403, "the old one opens nothing"
        assert (await other.sign_in(password=NEW)).status == 303
    (told,) = acts(desk, "password_changed")
    assert (told.staff_id, told.subject, told.before, told.after) == (1, LOGIN, "", "")


@pytest.mark.parametrize(
    ("old", "new", "again", "says"),
    [
        ("wrong", NEW, NEW, "ពាក្យសម្ងាត់ចាស់"),
        (PASSWORD, NEW, NEW + "x", "មិនដូចគ្នា"),
        (PASSWORD, PASSWORD, PASSWORD, "ជ្រើសមួយទៀត"),
        (PASSWORD, "short", "short", "យ៉ាងតិច ១២"),
        (PASSWORD, "x" * 257, "x" * 257, "វែងពេក"),
        (PASSWORD, "sokhasokha2026", "sokhasokha2026", "ងាយទាយ"),
        ("", "", "", "ជ្រើសមួយទៀត"),
    ],
)
async def test_what_is_refused(desk: Desk, browser: Browser, old: str, new: str, again: str, says: str) -> None:
    got = await change(browser, old, new, again)
    assert got.status == 422
    assert says in got.text
    assert PASSWORD not in got.text
    async with desk.browser() as other:
        assert (await other.sign_in()).status == 303, "the old password still opens"


async def test_guessing_the_password_inside_locks_too(desk: Desk, browser: Browser) -> None:
    for _ in range(5):
        assert (await change(browser, "guess", NEW)).status == 422
    assert (await change(browser, PASSWORD, NEW)).status == 422, "the right one does not help now"
    async with desk.browser() as other:
        assert (await other.sign_in()).status == 403
    assert len(acts(desk, "sign_in_failed")) == 5
    desk.later(minutes=16)
    assert (await change(browser, PASSWORD, NEW)).status == 303


async def test_a_first_password_is_changed_before_anything_else(desk: Desk) -> None:
    desk.officer("dara", role="head", factor=False, password_at=None)
    async with desk.browser() as browser:
        await browser.sign_in("dara")
        for path in (ACCOUNT, FACTOR, "/console/complaints", "/console/notices"):
            assert (await browser.get(path)).to == CHANGE, path
        assert (await change(browser, PASSWORD, PASSWORD)).status == 422
        assert (await change(browser, PASSWORD, NEW)).status == 303
        assert (await browser.get("/console/complaints")).to == FACTOR, "then the second step"
        await set_up(browser, desk)
        assert (await browser.get("/console/complaints")).status == 200


async def test_the_second_step_is_set_up_used_renewed_replaced_and_turned_off(desk: Desk, browser: Browser) -> None:
    async with desk.browser() as other:
        await other.sign_in()
        secret, codes = await set_up(browser, desk)
        assert len(set(codes)) == 10
        assert (await other.get(ACCOUNT)).status == 303, "all other sessions end"
        desk.secrets[LOGIN] = secret
        assert (await other.sign_in()).status == 303
        page = await other.get(ACCOUNT)
        assert "១០" in page.text
        assert secret not in page.text
        async with desk.browser() as third:
            assert (await third.sign_in(code=codes[0])).status == 303
        csrf = (await other.get(ACCOUNT)).hidden()["csrf"]

        wrong = await other.post(f"{ACCOUNT}/recovery-codes", {"csrf": csrf, "password": "guess"})
        assert wrong.status == 422
        fresh = await other.post(f"{ACCOUNT}/recovery-codes", {"csrf": csrf, "password": PASSWORD})
        renewed = re.findall(r"<code>([a-z0-9-]{19})</code>", fresh.text)
        assert len(set(renewed) - set(codes)) == 10
        async with desk.browser() as third:
            assert (await third.sign_in(code=codes[1])).status == 403, "the old ones open nothing"
            assert (await third.second_step(renewed[1])).status == 303

        page = await other.get(FACTOR)
        (shown,) = re.findall(r'class="doors-secret" translate="no">([A-Z2-7 ]+)<', page.text)
        new_phone = {**page.hidden(), "code": pyotp.TOTP(shown.replace(" ", "")).at(desk.now)}
        assert (await other.post(FACTOR, {**new_phone, "password": "guess"})).status == 422
        assert (await other.post(FACTOR, new_phone)).status == 422, "another phone needs the password"
        assert desk.service.db.read_now(lambda c: staff.by_login(c, LOGIN)).totp == secret  # type: ignore[union-attr]
        replaced, _codes = await set_up(other, desk, password=PASSWORD)
        assert replaced != secret
        assert (await browser.get(ACCOUNT)).status == 303

        off = await other.post(f"{ACCOUNT}/off", {"csrf": csrf, "password": "guess"})
        assert off.status == 422
        assert (await other.post(f"{ACCOUNT}/off", {"csrf": csrf, "password": PASSWORD})).to == f"{ACCOUNT}?done=off"
        assert (await browser.sign_in()).to == "/console/complaints"
    said = [one.action for one in acts(desk) if one.action not in ("sign_in", "sign_in_failed", "session_refused")]
    assert said == [
        *("second_factor_set", "recovery_used", "recovery_renewed", "second_factor_failed", "recovery_used"),
        *("second_factor_set", "second_factor_off"),
    ]


async def test_a_role_that_needs_it_cannot_turn_it_off(desk: Desk) -> None:
    desk.officer("dara", role="head")
    async with desk.browser() as browser:
        await browser.sign_in("dara")
        page = await browser.get(ACCOUNT)
        assert f"{ACCOUNT}/off" not in page.text
        csrf = page.hidden()["csrf"]
        assert (await browser.post(f"{ACCOUNT}/off", {"csrf": csrf, "password": PASSWORD})).status == 403
        assert (await browser.get(ACCOUNT)).status == 200


async def test_a_secret_of_another_session_or_an_old_page_sets_nothing_up(desk: Desk, browser: Browser) -> None:
    desk.officer("dara")
    async with desk.browser() as other:
        await other.sign_in("dara")
        theirs = (await other.get(FACTOR)).hidden()["sealed"]
    mine = (await browser.get(FACTOR)).hidden()
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    for sealed in (theirs, "", "x", doing.offer(secret, "another", desk.now), secret):
        got = await browser.post(FACTOR, {**mine, "sealed": sealed, "code": pyotp.TOTP(secret).at(desk.now)})
        assert got.status == 422
    got = await browser.post(FACTOR, {**mine, "code": "000000"})
    assert got.status == 422
    assert got.hidden()["sealed"], "the same secret once more"
    desk.later(minutes=31)
    assert "រូបថ្មី" in (await browser.post(FACTOR, {**mine, "code": "000000"})).text
    row = desk.service.db.read_now(lambda c: staff.by_login(c, LOGIN))
    assert row is not None
    assert row.totp_at is None


async def test_the_account_lists_its_sessions_and_ends_them(desk: Desk, browser: Browser) -> None:
    phone = {"user-agent": "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36 <b>" + "x" * 5000}
    async with desk.browser() as one, desk.browser() as other, desk.browser() as stranger:
        for opened in (one, other):
            opened.http.headers.update(phone)
            await opened.sign_in()
        desk.officer("dara")
        await stranger.sign_in("dara")
        page = await browser.get(ACCOUNT)
        assert page.text.count("Chrome, Android") == 2
        assert "<b>" not in page.text
        assert page.text.count("127.0.0.1") == 3
        assert page.text.count("tag-here") == 1
        assert "៦០ នាទី" in page.text or "១ ម៉ោង" in page.text
        csrf, marks = page.hidden()["csrf"], re.findall(r'name="session" value="(\w+)"', page.text)
        assert len(marks) == 2
        assert (await browser.post(f"{ACCOUNT}/sessions", {"csrf": "x", "session": marks[0]})).status == 403
        assert (await browser.post(f"{ACCOUNT}/sessions", {"csrf": csrf, "session": marks[0]})).status == 303
        gone = [(await opened.get(ACCOUNT)).status for opened in (one, other)]
        assert sorted(gone) == [200, 303]
        await browser.post(f"{ACCOUNT}/sessions", {"csrf": csrf, "session": "nonsense"})
        theirs = (await stranger.get(ACCOUNT)).hidden()["csrf"]
        live = [mark for mark in marks if mark != marks[0]]
        await stranger.post(f"{ACCOUNT}/sessions", {"csrf": theirs, "session": live[0]})
        assert sorted([(await opened.get(ACCOUNT)).status for opened in (one, other)]) == [200, 303], (
            "not theirs to end"
        )
        await browser.post(f"{ACCOUNT}/sessions", {"csrf": csrf})
        assert [(await opened.get(ACCOUNT)).status for opened in (one, other)] == [303, 303]
        assert (await browser.get(ACCOUNT)).status == 200
        assert (await stranger.get(ACCOUNT)).status == 200
    ended = acts(desk, "session_revoked")
    assert [one.subject for one in ended] == [marks[0], live[0]]
    kept = desk.service.db.read_now(lambda c: staff.sessions(c, 1, desk.now))
    assert all(len(one.agent) <= 200 for one in kept)


async def test_idle_and_longest_life_with_a_second_step(desk: Desk) -> None:
    desk.officer("dara", factor=True)
    async with desk.browser() as browser:
        await browser.sign_in("dara")
        desk.later(minutes=59)
        assert (await browser.get(ACCOUNT)).status == 200
        desk.later(minutes=61)
        assert (await browser.get(ACCOUNT)).status == 303
        await browser.sign_in("dara")
        for _ in range(13):
            desk.later(minutes=55)
            assert (await browser.get(ACCOUNT)).status == 200
        desk.later(minutes=10)
        assert (await browser.get(ACCOUNT)).status == 303, "twelve hours"


async def test_a_chat_is_linked_with_a_code_and_the_password(desk: Desk, browser: Browser) -> None:
    csrf = (await browser.get(ACCOUNT)).hidden()["csrf"]
    assert (await browser.post(f"{ACCOUNT}/chat", {"csrf": csrf, "password": "guess"})).status == 422
    assert (await browser.post(f"{ACCOUNT}/chat", {"csrf": csrf, "password": PASSWORD})).to == f"{ACCOUNT}#chat"
    page = await browser.get(ACCOUNT)
    (code,) = re.findall(r'class="doors-secret" translate="no">([0-9A-Z]{4}-[0-9A-Z]{4})<', page.text)
    whose = desk.service.db.read_now(lambda c: linking.by_code(c, code.replace("-", ""), desk.now))
    assert whose == 1
    desk.later(minutes=11)
    assert code not in (await browser.get(ACCOUNT)).text
    address = desk.service.db.write_now(lambda c: people.enter(c, "telegram", "sokha's own", desk.now).address_id)
    desk.service.db.write_now(lambda c: linking.link(c, 1, address))
    assert "chat/unlink" in (await browser.get(ACCOUNT)).text
    assert (await browser.post(f"{ACCOUNT}/chat/unlink", {"csrf": csrf})).to == f"{ACCOUNT}?done=unlinked"
    assert desk.service.db.read_now(lambda c: linking.officer_of(c, address)) is None
    assert "chat/unlink" not in (await browser.get(ACCOUNT)).text
    assert [one.staff_id for one in acts(desk, "unlink_chat")] == [1]
