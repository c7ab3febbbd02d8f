"""The receipt's paper in the console: whoever may see the complaint, and it is written down who took it."""

from typing import Any

from sqlalchemy import select

from bot.app.receipts import public_keys
from bot.domain.receipts import check
from bot.text import pdf, reference
from storage.audit import AUDIT
from tests.console.desk import Browser, Desk


def taken(desk: Desk) -> list[Any]:
    return desk.service.db.read_now(
        lambda c: list(c.execute(select(AUDIT.c.staff_id, AUDIT.c.subject).where(AUDIT.c.action == "make_receipt")))
    )


async def test_an_officer_gets_the_paper_and_it_is_recorded(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    got = await browser.get(f"/console/complaints/{reference.show(code).lower()}/receipt.pdf")
    assert got.status == 200
    assert got.headers["content-type"] == "application/pdf"
    assert "no-store" in got.headers["cache-control"]
    said = check(pdf.strings(got.body), desk.service.db.read_now(public_keys))
    assert said.reference == code
    assert [subject for _staff, subject in taken(desk)] == [code]


async def test_nobody_else_does(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    assert (await browser.get(f"/console/complaints/{reference.make(1)}/receipt.pdf")).status == 404
    async with desk.browser() as stranger:
        assert (await stranger.get(f"/console/complaints/{code}/receipt.pdf")).status == 303
    desk.officer("elsewhere", role="member")
    async with desk.browser() as member:
        await member.sign_in("elsewhere")
        assert (await member.get(f"/console/complaints/{code}/receipt.pdf")).status == 404
    assert taken(desk) == []
