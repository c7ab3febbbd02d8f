"""Reference data made into the Book that conversations read."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from bot.dialog.facts import Book, Category, Line
from bot.dialog.says import Words
from storage import centres, seeding
from storage.db import Database

FIRST = ("emergency", "host_hotline", "ngo", "embassy", "ministry_hotline")
MINISTRY_ABROAD = "KH-MLVT-MIG"
"""The ministry's +855 mobiles: its short codes cannot be dialled from abroad."""
LONGEST_LINE = 4
"""Phones shown for one centre."""


async def load_book(db: Database) -> Book:
    """Categories from the seed; verified lines from the database, or the shipped ones where it was never seeded."""
    rows = await db.read(centres.verified)
    return make_book(rows) if rows else shipped_book()


def shipped_book() -> Book:
    """The Book of the seed alone, for whoever has no database."""
    rows = [SimpleNamespace(**row) for row in seeding.centres()]
    return make_book([row for row in rows if row.status == "verified" and row.phones])


def make_book(rows: Sequence[Any]) -> Book:
    """`rows`: verified centres with phones."""
    lines: dict[str, list[tuple[int, Line]]] = {}
    ministry: list[Line] = []
    for row in rows:
        phones = tuple(phone.strip() for phone in row.phones.split(";") if phone.strip())[:LONGEST_LINE]
        line = Line(Words(row.name_km, row.name_en), phones, row.hours, row.verified_on)
        if row.id == MINISTRY_ABROAD:
            ministry.append(line)
        elif row.emergency and row.kind in FIRST:
            lines.setdefault(row.country, []).append((FIRST.index(row.kind), line))
    return Book(
        categories={
            one["code"]: Category(
                code=one["code"],
                name=Words(one["name_km"], one["name_en"]),
                short=Words(one["short_km"], one["short_en"]),
                urgency=one["urgency"],
                facts=tuple(one["required_facts"].split(";")),
            )
            for one in seeding.categories()
        },
        emergency={
            country: tuple(line for _rank, line in sorted(found, key=lambda pair: pair[0]))
            for country, found in lines.items()
        },
        ministry=tuple(ministry),
    )
