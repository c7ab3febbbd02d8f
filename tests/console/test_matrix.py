"""Who may open what: every address of the console, by every role, over HTTP; each forbidden try is in the audit."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import Connection

from bot import console
from bot.domain.reach import ADMINISTRATOR, ASSESSOR, AUDITOR, DESK, HEAD, MEMBER, OFFICIAL, ROLES
from bot.domain.routing import NATIONAL, SUBCOMMITTEE
from storage import audit, canned, complaints, offices
from tests.console.desk import Browser, Desk, picture

WORKERS, READERS = frozenset((DESK, HEAD, MEMBER)), frozenset((DESK, HEAD, MEMBER, AUDITOR))
EVERYBODY = frozenset(ROLES)
FINE = (200, 303, 422, 409)
"""What whoever may do it is answered: the page, done, or that something in the form is missing."""


@dataclass(frozen=True)
class Row:
    """`may`: the roles that are let in, and answered one of `fine`. All others: 403.

    An address with `{code}` or `{file}` in it leads to a complaint. It is tried for one's own office's, for another's
    and for one about an official of one's own post: who may not see it gets 404; who sees it and may not do this, 403.
    `blind`: it shows nothing of the complaint, so it is no matter whose it is.
    """

    method: str
    path: str
    may: frozenset[str]
    data: Mapping[str, str] = field(default_factory=dict)
    fine: tuple[int, ...] = FINE
    blind: bool = False

    @property
    def is_of_complaint(self) -> bool:
        return not self.blind and ("{code}" in self.path or "{file}" in self.path)


def get(path: str, may: frozenset[str], *, fine: tuple[int, ...] = (200,), blind: bool = False) -> Row:
    return Row("GET", path, may, fine=fine, blind=blind)


def post(path: str, may: frozenset[str], *, fine: tuple[int, ...] = FINE, **data: str) -> Row:
    return Row("POST", path, may, data, fine)


ROUTERS, ANSWERERS, STAFFERS = (
    frozenset((ADMINISTRATOR, DESK)),
    frozenset((ADMINISTRATOR, DESK)),
    frozenset((ADMINISTRATOR,)),
)
SEERS = frozenset((DESK, HEAD, OFFICIAL, AUDITOR))
LEADERS, AUDITORS = frozenset((DESK, HEAD)), frozenset((AUDITOR,))

TABLE = (
    get("", EVERYBODY, fine=(303,)),
    get("/", EVERYBODY, fine=(303,)),
    get("/account", EVERYBODY),
    get("/account/password", EVERYBODY),
    post("/account/password", EVERYBODY),
    get("/account/second-factor", EVERYBODY),
    post("/account/second-factor", EVERYBODY),
    post("/account/off", EVERYBODY),
    post("/account/recovery-codes", EVERYBODY),
    post("/account/sessions", EVERYBODY),
    post("/account/chat", EVERYBODY),
    post("/account/chat/unlink", EVERYBODY),
    get("/live", EVERYBODY),
    get("/notices", EVERYBODY),
    get("/notices/count", EVERYBODY),
    post("/notices/read", EVERYBODY),
    post("/notices/{nothing}/read", EVERYBODY, fine=(404,)),
    get("/staff", STAFFERS),
    get("/staff/new", STAFFERS),
    post("/staff/new", STAFFERS),
    get("/staff/{officer}", STAFFERS),
    post("/staff/{officer}", STAFFERS),
    post("/staff/{officer}/active", STAFFERS),
    post("/staff/{officer}/password", STAFFERS),
    post("/staff/{officer}/second-factor", STAFFERS),
    get("/complaints", EVERYBODY),
    post("/complaints/several", WORKERS, do="take"),
    get("/complaints/saved", READERS),
    post("/complaints/saved", READERS),
    post("/complaints/saved/{id}", READERS),
    get("/complaints/{code}", READERS),
    get("/complaints/{code}/left", EVERYBODY, blind=True),
    get("/complaints/{code}/receipt.pdf", READERS),
    get("/files/{file}", READERS),
    post("/complaints/{code}/presence", READERS, writing="yes"),
    post("/complaints/{code}/take", WORKERS),
    post("/complaints/{code}/note", WORKERS, note="n"),
    post("/complaints/{code}/reply", WORKERS, text="r"),
    post("/complaints/{code}/status", WORKERS, status="in_hand"),
    post("/complaints/{code}/assign", WORKERS, officer="me"),
    post("/complaints/{code}/unlock", LEADERS, why="w"),
    post("/complaints/{code}/decide", LEADERS, decision="no", unlock="1"),
    post("/complaints/{code}/merge", WORKERS, into="{other}"),
    post("/complaints/{code}/unmerge", WORKERS),
    post("/complaints/{code}/refer", LEADERS, to="{elsewhere}", reason="r"),
    get("/canned", ANSWERERS),
    post("/canned/save", ANSWERERS),
    post("/canned/switch", ANSWERERS, id="{canned}"),
    get("/figures", SEERS),
    get("/figures.csv", SEERS),
    get("/figures.xlsx", SEERS),
    get("/offices", ROUTERS),
    get("/offices/new", ROUTERS),
    post("/offices/new", ROUTERS),
    get("/offices/rules", ROUTERS),
    post("/offices/rules", ROUTERS, fine=(400,)),
    get("/offices/import", ROUTERS),
    post("/offices/import", ROUTERS),
    get("/offices/export?what=rules", ROUTERS),
    get("/offices/{office}", ROUTERS),
    post("/offices/{office}", ROUTERS),
    post("/offices/{office}/members", ROUTERS),
    get("/incidents", LEADERS),
    post("/incidents/{nothing}/close", LEADERS, fine=(404,), reason="r"),
    get("/audit", AUDITORS),
    get("/audit/chain", AUDITORS),
    get("/audit/table.csv", AUDITORS),
    get("/{nothing}", EVERYBODY, fine=(404,)),
    get("/sign-in", EVERYBODY, fine=(303,)),
    get("/sign-in/code", EVERYBODY, fine=(303,)),
    post("/sign-in", EVERYBODY, fine=(403,)),
    post("/sign-in/code", EVERYBODY),
    post("/sign-out", EVERYBODY),
)
"""In the order in which they are tried: the last one ends the session."""
OWN, FOREIGN, ABOUT_US = "own", "foreign", "about us"


@dataclass
class World:
    """A head and a member serve in Thailand, the desk at home; complaints are there and in Korea."""

    desk: Desk
    ids: dict[str, int]
    names: dict[str, dict[str, str]]

    @classmethod
    def make(cls, desk: Desk) -> "World":
        ids = {role: desk.officer(f"a-{role}", role=role) for role in ROLES}
        told = {OWN: ("TH", "employer"), FOREIGN: ("KR", "employer"), ABOUT_US: ("TH", "official")}
        codes = {whose: desk.complain(country=country, about=about) for whose, (country, about) in told.items()}
        files = {whose: desk.attach(picture(40 + number, 30)) for number, whose in enumerate(told)}
        others = {whose: desk.complain(country=country) for whose, (country, _about) in told.items()}
        for whose, code in codes.items():
            desk.add(code, files[whose])

        def work(connection: Connection) -> dict[str, int]:
            made = {
                country: offices.add(connection, code=f"m-{country}", kind=kind, name_km=country, name_en=country,
                                     country=country)
                for country, kind in (("TH", SUBCOMMITTEE), ("KR", SUBCOMMITTEE), ("KH", NATIONAL))
            }  # fmt: skip
            offices.serve(connection, made["TH"], ids[HEAD], head=True)
            offices.serve(connection, made["TH"], ids[MEMBER])
            offices.serve(connection, made["KH"], ids[DESK])
            for whose, (country, _about) in told.items():
                for code in (codes[whose], others[whose]):
                    found = complaints.find(connection, code)
                    assert found is not None
                    complaints.change(connection, found.id, desk.now, office_id=made[country])
            return made

        made = desk.service.db.write_now(work)
        texts = dict.fromkeys(("title_km", "title_en", "body_km", "body_en"), "x")
        ready = desk.service.db.write_now(lambda c: canned.add(c, **texts))
        shared = {
            "canned": str(ready),
            "officer": str(desk.officer("another")),
            "office": "m-KR",
            "nothing": "99999",
            "id": "1",
        }
        elsewhere = {OWN: made["KR"], FOREIGN: made["TH"], ABOUT_US: made["KR"]}
        names = {
            whose: {**shared, "code": codes[whose], "file": files[whose]["file"], "other": others[whose],
                    "elsewhere": str(elsewhere[whose])}
            for whose in told
        }  # fmt: skip
        return cls(desk, ids, names)


def expected(row: Row, role: str, whose: str) -> tuple[int, ...]:
    if row.is_of_complaint:
        sees = role in READERS if whose == OWN else role in (DESK, AUDITOR)
        if not sees:
            return (404,)
    return row.fine if role in row.may else (403,)


def tries(role: str) -> Iterator[tuple[Row, str, Mapping[str, str]]]:
    """Each row for whose complaint and with what in its form: who changes nothing is told so even when it is empty."""
    for row in TABLE:
        for whose in (FOREIGN, ABOUT_US, OWN) if row.is_of_complaint else (OWN,):
            yield row, whose, row.data
            if row.data and role not in WORKERS and expected(row, role, whose) == (403,):
                yield row, whose, {}


async def answered(
    browser: Browser, row: Row, names: Mapping[str, str], csrf: str, said: Mapping[str, str] | None = None
) -> int:
    """Without reading on: the live page has no end."""
    filled = (row.data if said is None else said).items()
    data = {name: value.format(**names) for name, value in filled} | {"csrf": csrf}
    path = "/console" + row.path.format(**names)
    posted = data if row.method == "POST" else None
    async with browser.http.request(row.method, path, data=posted, allow_redirects=False) as answer:
        return answer.status


def forbidden(desk: Desk, officer: int) -> list[tuple[str, str]]:
    rows = desk.service.db.read_now(lambda c: audit.listed(c, audit.Wanted(officer=officer, action="forbidden"), 1000))
    said = [json.loads(row.after) for row in reversed(rows)]
    return [(one["method"], one["path"]) for one in said]


def test_every_address_is_in_the_table(desk: Desk) -> None:
    """A new page is to be added, with who may open it."""
    made = console.router(desk.service, desk.engine)
    there = {
        (method, plain(one.path)) for one in made.routes if isinstance(one, APIRoute) for method in one.methods or ()
    }
    assert there == {(row.method, plain(row.path)) for row in TABLE}
    assert len(there) == len(TABLE)


def plain(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path.partition("?")[0])


@pytest.mark.parametrize("role", ROLES)
async def test_each_role(desk: Desk, role: str) -> None:
    world, wrong, refused = World.make(desk), list[str](), list[tuple[str, str]]()
    async with desk.browser() as browser:
        assert (await browser.sign_in(f"a-{role}")).status == 303
        csrf = (await browser.get("/console/account")).hidden()["csrf"]
        for row, whose, said in tries(role):
            names, right = world.names[whose], expected(row, role, whose)
            got = await answered(browser, row, names, csrf, said)
            if got not in right:
                wrong.append(f"{row.method} {row.path} {whose} {said}: {got}, not {right}")
            if (got == 403 and row.path != "/sign-in") or (got == 404 and row.path != "/{nothing}" and "{" in row.path):
                refused.append((row.method, "/console" + row.path.format(**names).partition("?")[0]))
    assert wrong == [], "\n".join(wrong)
    assert forbidden(desk, world.ids[role]) == refused, "each of them is in the audit, and nothing else"


@pytest.mark.parametrize("half", [False, True], ids=["nobody", "without the second factor"])
async def test_who_is_not_wholly_signed_in(desk: Desk, half: bool) -> None:
    """Every address sends to the door; signed in with the password alone, to the second step."""
    world, wrong = World.make(desk), list[str]()
    names = world.names[OWN]
    before = desk.row(names["code"])
    async with desk.browser() as browser:
        csrf = "x"
        if half:
            got = await browser.sign_in(f"a-{HEAD}", code="")
            csrf = (await browser.get(got.to)).hidden()["csrf"]
        for row in TABLE:
            if row.path.startswith("/sign-"):
                continue
            data = {**row.data, "csrf": csrf}
            path = "/console" + row.path.format(**names)
            got = await (browser.get(path) if row.method == "GET" else browser.post(path, data))
            door = "/console/sign-in/code" if half else "/console/sign-in?"
            if got.status != 303 or not got.to.startswith(door):
                wrong.append(f"{row.method} {row.path}: {got.status} {got.to}")
        live = await browser.get(f"/console/complaints/{names['code']}", headers={"x-live": "1"})
        assert live.status == 401
    assert wrong == []
    assert desk.row(names["code"]) == before
    opened = desk.service.db.read_now(lambda c: audit.listed(c, audit.Wanted(action="open_complaint")))
    assert opened == []


@pytest.mark.parametrize("role", [DESK, AUDITOR])
async def test_who_serves_at_a_post_sees_no_complaint_about_it(desk: Desk, role: str) -> None:
    """Not even the roles that see everything else."""
    world = World.make(desk)
    there = desk.service.db.read_now(lambda c: next(one.id for one in offices.every(c) if one.code == "m-TH"))
    desk.service.db.write_now(lambda c: offices.serve(c, there, world.ids[role]))
    async with desk.browser() as browser:
        await browser.sign_in(f"a-{role}")
        csrf = (await browser.get("/console/account")).hidden()["csrf"]
        for row in TABLE:
            if row.is_of_complaint:
                assert await answered(browser, row, world.names[ABOUT_US], csrf) == 404, row
        page = await browser.get("/console/complaints?status=all")
        assert world.names[OWN]["code"] in page.text
        assert world.names[ABOUT_US]["code"] not in page.text


@pytest.mark.parametrize("role", [ADMINISTRATOR, OFFICIAL, ASSESSOR])
async def test_who_may_not_read_sees_no_complaint_in_the_list(desk: Desk, role: str) -> None:
    world = World.make(desk)
    async with desk.browser() as browser:
        await browser.sign_in(f"a-{role}")
        for query in ("", "?status=all", f"?q={world.names[OWN]['code']}"):
            page = await browser.get(f"/console/complaints{query}")
            assert page.references() == []
