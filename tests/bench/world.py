"""A database as it is after years: complaints, threads, clocks, words, notices; written straight into its tables."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, text

from bot.app.staffing import add_staff, set_second_factor
from bot.domain.audit import BEGINNING, OFFICER, Act, digest
from bot.domain.clocks import ADDRESS_WITHIN, RECEIVE_WITHIN
from bot.domain.complaints import OPEN
from bot.text import reference
from storage import offices, search, seeding, staff
from storage.columns import KEYRING
from storage.db import Database
from tests.support.service import SECRET_KEYS

PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXP"
"""Of a second factor that nobody is asked for here."""
YEARS = timedelta(days=3 * 365)
COUNTRIES = ("TH", "KR", "MY", "JP", "SG", "SA", "BN", "XX")
SHARES = (550, 180, 120, 80, 40, 20, 2, 8)
CATEGORIES = ("WAGE_UNPAID", "DOC_RETENTION", "OVERTIME_REST", "RECRUIT_FEES", "CONFINEMENT", "MISSING", "OTHER")
CATEGORY_SHARES = (400, 180, 150, 120, 30, 10, 110)
OFFICES = (("TH", 4), ("KR", 3), ("MY", 3), ("JP", 2), ("SG", 2), ("SA", 1), ("KH", 5))
COMMON = ("ខ្ញុំ", "ធ្វើ", "ការ", "លុយ", "ថៅកែ", "ទូរស័ព្ទ", "ប៉ាស្ព័រ", "បន្ទប់", "somchai", "1500")
VOCABULARY = 20_000
WORDS_EACH = 25
EMPLOYERS = 3000
MEMBERS = 5


@dataclass(frozen=True, slots=True)
class World:
    """Who signs in, and what is looked at."""

    complaints: int
    member: str
    auditor: int
    administrator: int
    office: int
    reference: str
    employer_of: str
    rare_word: str


def word(rank: int) -> str:
    return COMMON[rank] if rank < len(COMMON) else f"w{rank}"


def pour(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows into a table by the quickest way each database has."""
    raw: Any = connection.connection.driver_connection
    named = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    written = (tuple(plain(value) for value in row) for row in rows)
    raw.executemany(f"INSERT INTO {table} ({named}) VALUES ({marks})", written)


def plain(value: Any) -> Any:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def fill(url: str, number: int) -> World:
    """Skewed as life is: half in one country, one office in four of the cases, five in a hundred open."""
    KEYRING.use([SECRET_KEYS])
    db = Database(url)
    try:
        db.write_now(seeding.load)
        world = db.write_now(lambda connection: _fill(connection, number))
    finally:
        db.close()
    settle(url)
    return world


def settle(url: str) -> None:
    """What autovacuum does a minute later; SQLite has no such thing, and gets none."""
    db = Database(url)
    if not db.is_sqlite:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    db.close()


def _fill(connection: Connection, number: int) -> World:
    if connection.dialect.name == "postgresql":  # what is written fits together; the copy may take its time
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    seed, now = random.Random(1), datetime.now(UTC)
    people = {}
    for login, role in (("desk", "desk"), ("member", "member"), ("auditor", "auditor"), ("admin", "administrator")):
        people[login] = add_staff(connection, f"bench-{login}", login, login, PASSWORD, role, now)
    set_second_factor(connection, people["admin"], SECRET, now)
    serving: dict[int, list[int]] = {}
    where: dict[int, str] = {}
    for country, count in OFFICES:
        for index in range(count):
            code = f"bench-{country.lower()}-{index}"
            office = offices.add(connection, code=code, name_km=f"អនុគណៈកម្មការ {code}", name_en=code, country=country)
            where[office] = country
            serving[office] = [_member(connection, f"{code}-{one}", now) for one in range(MEMBERS)]
            for place, officer in enumerate(serving[office]):
                offices.serve(connection, office, officer, head=place == 0)
    mine = next(iter(serving))
    offices.serve(connection, mine, people["member"])
    serving[mine].append(people["member"])
    made = list(_complaints(seed, now, number, serving, where))
    persons = number * 6 // 10
    ids = range(1, persons + 1)
    pour(
        connection,
        "person",
        ("id", "language", "country", "created_at"),
        ((id, "km", "TH", now - YEARS) for id in ids),
    )
    pour(
        connection,
        "address",
        ("id", "person_id", "channel", "external_id", "created_at", "seen_at", "suppressed"),
        ((id, id, "telegram", f"bench-{id}", now - YEARS, now, "") for id in ids),
    )
    pour(connection, "complaint", tuple(made[0]), (tuple(row.values()) for row in made))
    pour(
        connection,
        "entry",
        ("complaint_id", "at", "author", "staff_id", "kind", "body", "note"),
        _entries(made),
    )
    clocks = list(_clocks(made, now))
    pour(connection, "clock", tuple(clocks[0]), (tuple(row.values()) for row in clocks))
    pour(connection, "search_token", ("token", "complaint_id"), _tokens(seed, number))
    pour(connection, "notice", ("staff_id", "complaint_id", "what", "at", "kind"), _notices(made, people["desk"]))
    pour(
        connection,
        "incident",
        ("complaint_id", "clock_id", "kind", "office_id", "opened_at", "closed_at", "closed_by"),
        _incidents(clocks, made, people["desk"]),
    )
    _audit(connection, made, now)
    if connection.dialect.name == "postgresql":
        for table in ("person", "address", "complaint", "clock"):
            highest = f"(SELECT max(id) FROM {table})"
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {highest})"))
    open_one = next(row for row in reversed(made) if row["status"] == "in_hand" and row["office_id"] == mine)
    named = next(row for row in made if row["about_key"] is not None and row["office_id"] == mine)
    return World(
        complaints=number,
        member="bench-member",
        auditor=people["auditor"],
        administrator=people["admin"],
        office=mine,
        reference=open_one["reference"],
        employer_of=named["reference"],
        rare_word=word(VOCABULARY - 7),
    )


def _member(connection: Connection, login: str, now: datetime) -> int:
    """Nobody signs in as one of these."""
    return staff.add(connection, login=login, name_km=login, name_en=login, password="", role="member", created_at=now)


def _complaints(
    seed: random.Random, now: datetime, number: int, serving: dict[int, list[int]], where: dict[int, str]
) -> Iterator[dict[str, Any]]:
    name = KEYRING.seal(b"Somchai Fishery Co., Ltd.")
    shares = list(accumulate(1 / place for place in range(1, len(serving) + 1)))
    for id in range(1, number + 1):
        late = id > number * 93 // 100
        is_open = seed.random() < (0.6 if late else 0.01)
        status = (
            seed.choices(OPEN, (30, 20, 35, 12, 3))[0]
            if is_open
            else seed.choices(("addressed", "closed", "withdrawn", "referred"), (40, 56, 3, 1))[0]
        )
        filed = now - YEARS * (1 - id / number) * (0.5 if late else 1)
        office = seed.choices(list(serving), cum_weights=shares)[0]
        country = where[office] if seed.random() < 0.7 else seed.choices(COUNTRIES, SHARES)[0]
        urgency = seed.choices(("normal", "high", "emergency"), (80, 15, 5))[0]
        received = None if status in ("filed", "reopened", "referred") else filed + RECEIVE_WITHIN * seed.random() * 1.2
        answered = filed + ADDRESS_WITHIN * seed.random() * 1.1 if status in ("addressed", "closed") else None
        officer = seed.choice(serving[office]) if seed.random() < (0.7 if is_open else 0.95) else None
        yield {
            "id": id,
            "reference": reference.make(id * 977_777_777 % 2**35),
            "person_id": (id - 1) % (number * 6 // 10) + 1,
            "address_id": (id - 1) % (number * 6 // 10) + 1,
            "channel": seed.choices(("telegram", "messenger", "phone"), (60, 35, 5))[0],
            "language": "km",
            "category": seed.choices(CATEGORIES, CATEGORY_SHARES)[0],
            "urgency": urgency,
            "country": country,
            "country_name": "",
            "about": seed.choices(("employer", "agency", "official", "other"), (70, 20, 2, 8))[0],
            "about_name": name if id % 3 else None,
            "behalf": "self",
            "identity": "hidden",
            "contact": "chat",
            "safe": "",
            "status": status,
            "filed_at": filed,
            "due_at": filed + ADDRESS_WITHIN,
            "first_answer_at": answered,
            "changed_at": answered or filed,
            "is_demo": False,
            "province": "",
            "office_id": office,
            "officer_id": officer,
            "about_key": search.token(f"employer{int(EMPLOYERS ** seed.random())}") if id % 3 else None,
            "received_at": received,
            "waiting_since": filed + RECEIVE_WITHIN if status == "waiting" else None,
            "reopened": int(status == "reopened"),
            "rating": seed.choice((None, 3, 4, 5)) if answered else None,
            "unindexed": False,
        }


def _entries(made: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    story = KEYRING.seal(("ធ្វើការ ៣ ខែហើយ អត់បានលុយមួយរៀល ថៅកែហៅមិនលើកទូរស័ព្ទ " * 4).encode())
    told = KEYRING.seal("ជម្រាបសួរ យើងខ្ញុំកំពុងដោះស្រាយជូន។".encode())
    status = KEYRING.seal(b"received")
    for row in made:
        yield row["id"], row["filed_at"], "worker", None, "text", story, None
        if row["received_at"]:
            yield row["id"], row["received_at"], "officer", row["officer_id"], "status", status, None
        if row["first_answer_at"]:
            yield row["id"], row["first_answer_at"], "officer", row["officer_id"], "text", told, None


def _clocks(made: list[dict[str, Any]], now: datetime) -> Iterator[dict[str, Any]]:
    id = 0
    for row in made:
        over = None if row["status"] in OPEN else row["first_answer_at"] or row["due_at"]
        for kind, length, stopped in (
            ("received", RECEIVE_WITHIN, row["received_at"] or over),
            ("addressed", ADDRESS_WITHIN, row["first_answer_at"] or over),
        ):
            id += 1
            due = row["filed_at"] + length
            broken = (stopped or now) > due
            yield {
                "id": id,
                "complaint_id": row["id"],
                "kind": kind,
                "started_at": row["filed_at"],
                "due_at": due,
                "stopped_at": stopped,
                "step": 4 if broken else 0,
                "next_at": None if stopped or broken else due,
                "breached_at": due if broken else None,
            }


def _tokens(seed: random.Random, number: int) -> list[tuple[int, int]]:
    """In the order of the index, as it would be after a while; common words are in nearly everything."""
    known = [search.token(word(rank)) for rank in range(VOCABULARY)]
    found = {
        (known[int(VOCABULARY ** seed.random()) - 1], id) for id in range(1, number + 1) for _ in range(WORDS_EACH)
    }
    return sorted(found)


def _notices(made: list[dict[str, Any]], desk: int) -> Iterator[tuple[Any, ...]]:
    for row in made[-len(made) // 4 :]:
        yield desk, row["id"], "message", row["changed_at"], ""
        if row["officer_id"]:
            yield row["officer_id"], row["id"], "assigned", row["filed_at"], ""


def _incidents(clocks: list[dict[str, Any]], made: list[dict[str, Any]], desk: int) -> Iterator[tuple[Any, ...]]:
    for clock in clocks:
        if clock["breached_at"]:
            office, over = made[clock["complaint_id"] - 1]["office_id"], clock["stopped_at"]
            yield clock["complaint_id"], clock["id"], clock["kind"], office, clock["breached_at"], over, over and desk


def _audit(connection: Connection, made: list[dict[str, Any]], now: datetime) -> None:
    columns = ("id", "at", "actor", "staff_id", "place", "action", "subject_kind", "subject", "before", "after")
    first = connection.execute(text("SELECT last, hash FROM audit_head")).one_or_none()
    last, previous = (first.last, first.hash) if first else (0, BEGINNING)
    rows = []
    for number, row in enumerate(made, last + 1):
        act = Act(
            row["changed_at"], OFFICER, "AnswerComplaint", row["officer_id"], "10.0.0.1", "complaint", row["reference"]
        )
        made_hash = digest(number, act, previous)
        whole = (act.at, act.actor, act.staff_id, act.place, act.action, act.subject_kind, act.subject, "", "")
        rows.append((number, *whole, previous, made_hash))
        previous = made_hash
    pour(connection, "audit", (*columns, "previous", "hash"), rows)
    connection.execute(text("DELETE FROM audit_head"))
    connection.execute(
        text("INSERT INTO audit_head (id, last, hash) VALUES (1, :last, :hash)"),
        {"last": rows[-1][0], "hash": previous},
    )
