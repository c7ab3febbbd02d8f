"""Reference data that ships with the service (`storage/seed/`), loaded as often as you like."""

import csv
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.routing import HOME, NATIONAL
from storage import canned
from storage.centres import CENTRE
from storage.offices import OFFICE

FOLDER = Path(__file__).resolve().parent / "seed"
DESK: dict[str, Any] = {
    "code": NATIONAL,
    "kind": NATIONAL,
    "name_km": "ការិយាល័យជាតិទទួលពាក្យបណ្តឹង",
    "name_en": "National complaints desk",
    "country": HOME,
    "time_zone": "Asia/Phnom_Penh",
    "hours": "",
    "holidays": "",
    "active": True,
    "is_demo": False,
}
"""Where a complaint goes that no rule takes; its hours are the ministry's to tell."""
INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def read(name: str) -> list[dict[str, str]]:
    """A seed file's rows, in its order."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache(maxsize=1)
def categories() -> list[dict[str, str]]:
    return read("complaint_categories.csv")


def centres() -> list[dict[str, Any]]:
    """The centres as the table holds them."""
    return [
        {
            "id": row["id"],
            "kind": row["kind"],
            "country": row["country_iso2"],
            "city": row["city"],
            "name_en": row["name_en"],
            "name_km": row["name_km"],
            "address": row["address"],
            "phones": row["phones"],
            "hours": row["hours"],
            "languages": row["languages"],
            "source": row["source_url"],
            "verified_on": row["verified_on"],
            "confidence": row["confidence"],
            "status": row["status"],
            "emergency": row["emergency"] == "yes",
            "notes": row["notes"],
        }
        for row in read("centres.csv")
    ]


def load(connection: Connection) -> int:
    """Insert or refresh the centres; returns how many. The national desk is added once, and never changed again."""
    desk: Any = INSERT[connection.dialect.name](OFFICE)
    connection.execute(desk.values(DESK).on_conflict_do_nothing(index_elements=["code"]))
    rows = centres()
    statement: Any = INSERT[connection.dialect.name](CENTRE)
    fresh = {name: statement.excluded[name] for name in rows[0] if name != "id"}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=fresh), rows)
    canned.seed(connection)
    return len(rows)
