"""Offices, officers and workers on a clock that is moved by hand: the desk without its web pages."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from bot.app.context import Context
from bot.app.engine import Engine
from bot.app.execute import execute
from bot.app.service import Service, build
from bot.channels.phone import Phone
from bot.domain.complaints import FileComplaint
from bot.settings import Settings
from bot.text import reference
from handlers import ROUTER
from storage import complaints, offices, people, staff
from storage.clocks import CLOCK
from storage.complaints import COMPLAINT
from storage.incidents import INCIDENT
from storage.notices import NOTICE
from storage.outbox import OUTBOX
from storage.people import ADDRESS
from tests.support.service import SECRET_KEYS

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
EMERGENCY, WAGES = "CONFINEMENT", "WAGE_UNPAID"


@dataclass
class Bureau:
    """A service and its world. `now` is what its clock says."""

    service: Service
    engine: Engine = field(init=False)
    now: datetime = NOW
    count: int = 0

    def __post_init__(self) -> None:
        self.engine = Engine(self.service, ROUTER)
        self.service.clock = lambda: self.now

    def later(self, **length: float) -> None:
        self.now += timedelta(**length)

    def office(self, code: str, country: str = "TH", *, kind: str = "subcommittee", **more: Any) -> int:
        """A sub-committee (or the national desk) with a rule that brings it its country's complaints."""

        def work(connection: Connection) -> int:
            made = offices.add(
                connection,
                code=code,
                kind=kind,
                name_km=f"ការិយាល័យ {code}",
                name_en=f"Office {code}",
                country=country,
                **more,
            )
            kept = [
                {
                    name: row._mapping[name]
                    for name in ("office_id", "country", "province", "category", "about", "note", "example")
                }
                for row in offices.rules(connection)
            ]
            if kind == "subcommittee":
                offices.put_rules(connection, [*kept, {"office_id": made, "country": country}])
            return made

        return self.service.db.write_now(work)

    def officer(self, login: str, role: str = "member", serves: Sequence[int] = (), *, head: bool = False) -> int:
        def work(connection: Connection) -> int:
            added = staff.add(
                connection, login=login, name_km=login, name_en=login, password="-", role=role, created_at=self.now
            )
            for office in serves:
                offices.serve(connection, office, added, head=head)
            return added

        return self.service.db.write_now(work)

    def context(self, connection: Connection, *, who: str = "", at: datetime | None = None) -> Context:
        """As the engine makes it: for a worker, with their address; else for officers."""
        at = at or self.now
        here = people.enter(connection, "phone", who, at) if who else None
        return Context(connection, at, self.service.book, self.engine.post, here=here, channel="phone" if who else "")

    def do(self, command: object, *, who: str = "", at: datetime | None = None) -> None:
        """One command, as its own transaction."""
        self.service.db.write_now(lambda connection: execute(command, self.context(connection, who=who, at=at)))

    def file(self, category: str = WAGES, country: str = "TH", *, at: datetime | None = None, **changed: Any) -> str:
        """A worker's complaint; returns its reference. The worker is `worker of` it."""
        command = complaint(category, country, **changed)
        self.do(command, who=self.worker(command.reference), at=at)
        return command.reference

    @staticmethod
    def worker(code: str) -> str:
        return f"worker-{code}"

    def rows(self, statement: Any) -> list[Any]:
        return self.service.db.read_now(lambda connection: list(connection.execute(statement)))

    def row(self, code: str) -> Any:
        return self.rows(select(COMPLAINT).where(COMPLAINT.c.reference == code))[0]

    def found(self, code: str) -> complaints.Found:
        found = self.service.db.read_now(lambda connection: complaints.find(connection, code))
        assert found is not None
        return found

    def clocks(self, code: str) -> list[Any]:
        return self.rows(select(CLOCK).where(CLOCK.c.complaint_id == self.row(code).id).order_by(CLOCK.c.id))

    def incidents(self, code: str) -> list[Any]:
        return self.rows(select(INCIDENT).where(INCIDENT.c.complaint_id == self.row(code).id).order_by(INCIDENT.c.id))

    def steps(self, code: str) -> list[tuple[str, int, int]]:
        """What the ladder told about a complaint, in order: (kind, percent, officer)."""
        told = (NOTICE.c.complaint_id == self.row(code).id, NOTICE.c.what == "step")
        found = self.rows(select(NOTICE.c.kind, NOTICE.c.percent, NOTICE.c.staff_id).where(*told).order_by(NOTICE.c.id))
        return [tuple(row) for row in found]

    def notices(self, code: str, what: str) -> list[int]:
        """Who got such a notice."""
        about = (NOTICE.c.complaint_id == self.row(code).id, NOTICE.c.what == what)
        return [row.staff_id for row in self.rows(select(NOTICE.c.staff_id).where(*about).order_by(NOTICE.c.staff_id))]

    def heard(self, code: str, state: str = "queued") -> list[str]:
        """What was queued for the worker of a complaint, or held for them."""
        mine = select(OUTBOX.c.body).join(ADDRESS, ADDRESS.c.id == OUTBOX.c.address_id)
        theirs = (ADDRESS.c.external_id == self.worker(code), OUTBOX.c.state == state)
        found = self.rows(mine.where(*theirs).order_by(OUTBOX.c.id))
        return [row.body["text"] for row in found]


class Town:
    """Two offices and a national desk, with whom one would expect there."""

    def __init__(self, bureau: Bureau) -> None:
        self.national = bureau.office("NATIONAL", "KH", kind="national")
        self.bangkok, self.seoul = bureau.office("BKK", "TH"), bureau.office("SEL", "KR")
        self.member, self.other = (
            bureau.officer("member", serves=[self.bangkok]),
            bureau.officer("other", serves=[self.bangkok]),
        )
        self.head = bureau.officer("head", "head", [self.bangkok], head=True)
        self.korean = bureau.officer("korean", serves=[self.seoul])
        self.desk = bureau.officer("desk", "desk", [self.national])
        self.chief = bureau.officer("chief", "desk", [self.national], head=True)
        self.far = bureau.officer("far", "desk")
        bureau.officer("gone", serves=[self.bangkok], head=True)
        bureau.service.db.write_now(lambda c: staff.change(c, staff.by_login(c, "gone").id, active=False))  # type: ignore[union-attr]  # it is there
        bureau.officer("keeper", "administrator", [self.bangkok])
        bureau.officer("auditor", "auditor", [self.bangkok])


def complaint(category: str = WAGES, country: str = "TH", **changed: Any) -> FileComplaint:
    """With a reference that nobody has."""
    return FileComplaint(
        **{
            "reference": reference.make(secrets.randbits(35)),
            "category": category,
            "country": country,
            "about": "employer",
            "behalf": "self",
            "identity": "hidden",
            "contact": "chat",
            "parts": ({"text": "ធ្វើការ ៣ ខែហើយ"},),
            **changed,
        }
    )


async def open_service(url: str, folder: Path) -> Service:
    """One process, as far as the database can tell."""
    settings = Settings(database_url=url, secret_keys=SECRET_KEYS, files_url=str(folder / "files"), phone=True)
    service = build(settings, channels={"phone": Phone()}, clock=lambda: NOW)
    await service.refresh_book()
    return service
