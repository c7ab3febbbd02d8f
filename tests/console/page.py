"""Offices, officers and their browsers for the tests of one complaint's page."""

import contextlib
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from bot.app import search
from bot.domain.clocks import KINDS
from storage import clocks, complaints, indexing, notices, offices, outbox, staff
from tests.console.desk import Browser, Desk, Got


def page_of(code: str) -> str:
    return f"/console/complaints/{code}"


def office(desk: Desk, code: str, country: str = "TH", kind: str = "subcommittee") -> int:
    def work(connection: Connection) -> int:
        names = {"name_km": f"អនុគណៈកម្មការ {code}", "name_en": f"Office {code}"}
        return offices.add(connection, code=code, kind=kind, country=country, **names)

    return desk.service.db.write_now(work)


def officer(desk: Desk, login: str, role: str, *served: int, head: bool = False) -> int:
    """Named after their login."""
    made = desk.officer(login, role=role)

    def work(connection: Connection) -> None:
        staff.change(connection, made, name_km=f"មន្ត្រី {login}", name_en=login.capitalize())
        for one in served:
            offices.serve(connection, one, made, head=head)

    desk.service.db.write_now(work)
    return made


def case(desk: Desk, office_id: int | None, ago: timedelta = timedelta(0), **told: Any) -> str:
    """A complaint in an office, with both clocks running; returns its reference."""
    code = desk.complain(ago=ago, **told)

    def work(connection: Connection) -> None:
        found = complaints.find(connection, code)
        assert found is not None
        complaints.change(connection, found.id, desk.now, office_id=office_id)
        clocks.start(connection, found.id, found.urgency, desk.now - ago, KINDS)

    desk.service.db.write_now(work)
    return code


def put(desk: Desk, code: str, **values: Any) -> None:
    id = desk.row(code).id
    desk.service.db.write_now(lambda c: complaints.change(c, id, desk.now, **values))


def index(desk: Desk) -> None:
    """As the schedule does, so that what was said can be found."""
    cuts = search.cut(desk.service.db.read_now(lambda c: indexing.waiting(c, 999)))
    assert desk.service.db.write_now(lambda c: search.keep(c, cuts)) == len(cuts)


@contextlib.asynccontextmanager
async def signed_in(desk: Desk, login: str, language: str = "en") -> AsyncIterator[Browser]:
    async with desk.browser() as browser:
        assert (await browser.sign_in(login)).status == 303
        assert (await browser.get(f"/console/complaints?lang={language}")).status == 303
        yield browser


async def send(browser: Browser, code: str, form: str, **fields: str) -> Got:
    """A form of the page, filled in, with the hidden fields that the page has now."""
    page = await browser.get(page_of(code))
    return await fill(browser, page, code, form, **fields)


async def fill(browser: Browser, page: Got, code: str, form: str, **fields: str) -> Got:
    hidden = page.hidden() if page.status != 404 else {}
    kept = {name: value for name, value in hidden.items() if name in ("csrf", "had", "unlock")}
    return await browser.post(f"{page_of(code)}/{form}", {**kept, **fields})


def sent(desk: Desk) -> list[tuple[int, str]]:
    """What waits to go to workers: address, and words (or a file's kind)."""
    rows = desk.service.db.read_now(lambda c: list(c.execute(select(outbox.OUTBOX).order_by(outbox.OUTBOX.c.id))))
    return [(row.address_id, row.body.get("text") or row.body.get("kind", "")) for row in rows]


def told(desk: Desk) -> list[tuple[int, str]]:
    """Notices: to whom, and what."""
    asked = select(notices.NOTICE).order_by(notices.NOTICE.c.id)
    return [(row.staff_id, row.what) for row in desk.service.db.read_now(lambda c: list(c.execute(asked)))]


def plain(page: Got) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
