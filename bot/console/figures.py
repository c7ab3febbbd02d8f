"""The figures page: received and addressed on time, what is open, what was broken and why; as CSV and XLSX too."""

import asyncio
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import xlsxwriter
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from bot import pages
from bot.app.service import Service
from bot.console import labels
from bot.console.auth import Entrance
from bot.console.pages import Desk, Officer, download
from bot.dialog.says import Text, Words, _
from bot.domain import figures as sums
from bot.domain.audit import FIGURES as DOWNLOAD
from bot.domain.audit import LIST
from bot.domain.complaints import RATINGS
from bot.domain.figures import Figures, Line, Measure
from bot.domain.reach import FIGURES, READ, Reach
from bot.text import khmer
from bot.text.cells import MARK, lines
from storage import figures, offices
from storage.caseload import eyes

WEEKS = (4, 13, 52)
"""Periods to choose from; the second is what the page opens with."""
KEPT_FOR = 60.0
"""Seconds that figures are shown again before they are computed anew; the page says when they were."""
MOST_KEPT = 64
NOBODY = _("No office")
AGES: Mapping[str, Text] = {
    "4h": _("Up to 4 hours"),
    "24h": _("4 to 24 hours"),
    "48h": _("24 to 48 hours"),
    "7d": _("2 to 7 days"),
    "older": _("More than 7 days"),
}
KINDS: Mapping[str, Text] = {"received": _("Received"), "addressed": _("Answered or referred")}
COLUMNS = (
    *("by", "name", "received_known", "received_on_time", "received_share", "received_median_h", "received_90th_h"),
    *("addressed_known", "addressed_on_time", "addressed_share", "addressed_median_h", "addressed_90th_h", "running"),
)
"""Of the CSV and the XLSX; lengths in hours."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Found:
    """Figures of one reach and period, as they were at `at`."""

    at: datetime
    since: datetime
    figures: Figures
    ages: Mapping[str, int]
    ratings: Mapping[int, int]
    breaches: list[Any]
    offices: Mapping[str, Words]


def compute(connection: Connection, reach: Reach, weeks: int, now: datetime) -> Found:
    since = start_of(now, weeks)
    promises = figures.promises(connection, reach, since, now)
    return Found(
        at=now,
        since=since,
        figures=sums.figures(promises, int(now.timestamp())),
        ages=sums.by_age(figures.open_ages(connection, reach, now)),
        ratings=sums.by_rating(figures.ratings(connection, reach, since, now)),
        breaches=figures.breaches(connection, reach, since, now),
        offices={str(row.id): Words(row.name_km, row.name_en) for row in offices.every(connection)},
    )


def start_of(now: datetime, weeks: int) -> datetime:
    """The Monday that begins the first of so many weeks, this one included."""
    return datetime.fromtimestamp(sums.week_of(int(now.timestamp())), UTC) - timedelta(weeks=weeks - 1)


class Figurer:
    """Computes, and keeps for a minute: everybody who looks at the same figures shares one computation."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._kept: dict[tuple[Any, ...], tuple[float, asyncio.Future[Found]]] = {}

    async def of(self, reach: Reach, weeks: int) -> Found:
        key, moment = (eyes(reach), weeks), time.monotonic()
        kept = self._kept.get(key)
        if kept is None or moment - kept[0] > KEPT_FOR:
            now = self._service.clock()
            computing = asyncio.ensure_future(
                self._service.db.read(lambda connection: compute(connection, reach, weeks, now))
            )
            self._kept = {one: had for one, had in self._kept.items() if moment - had[0] <= KEPT_FOR}
            if len(self._kept) < MOST_KEPT:
                self._kept[key] = (moment, computing)
            kept = (moment, computing)
        try:
            return await asyncio.shield(kept[1])
        except Exception:
            self._kept.pop(key, None)
            raise


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/figures`, `/figures.csv`, `/figures.xlsx`."""
    figurer = Figurer(desk.service)

    async def found(request: Request) -> tuple[Officer, int, Found]:
        officer = await entrance.allowed(request, FIGURES)
        asked = request.query_params.get("weeks", "")
        weeks = next((one for one in WEEKS if str(one) == asked), WEEKS[1])
        return officer, weeks, await figurer.of(officer.reach, weeks)

    @to.get("/figures")
    async def page(request: Request) -> Response:
        officer, weeks, seen = await found(request)
        await desk.looked(request, officer, LIST, "list", "figures", {"weeks": weeks})
        language, name = pages.language_of(request), named(desk, seen, pages.language_of(request))
        tables = [
            (_("By week"), _("Week of"), "week", [(name("week", one.key), one) for one in seen.figures.weeks]),
            (
                _("By country"),
                _("Country"),
                "country",
                [(name("country", one.key), one) for one in seen.figures.countries],
            ),
            (
                _("By sub-committee"),
                _("Sub-committee"),
                "office",
                [(name("office", one.key), one) for one in seen.figures.offices],
            ),
            (
                _("By category"),
                _("Category"),
                "category",
                [(name("category", one.key), one) for one in seen.figures.categories],
            ),
        ]
        return desk.show(
            "figures.html",
            request,
            officer,
            may_read=officer.may(READ),
            weeks=weeks,
            periods=WEEKS,
            found=seen,
            tables=tables,
            ratings=[(rated(rating), count) for rating, count in seen.ratings.items()],
            ages=[(AGES[age], count) for age, count in seen.ages.items()],
            kinds=KINDS,
            office_of=lambda id: name("office", str(id or "")),
            span=lambda seconds: khmer.duration(timedelta(seconds=seconds), language),
        )

    @to.get("/figures.csv")
    async def as_csv(request: Request) -> Response:
        officer, weeks, seen = await found(request)
        await desk.looked(request, officer, DOWNLOAD, "figures", "", {"format": "csv", "weeks": weeks})
        told = MARK + lines([COLUMNS, *rows(seen, named(desk, seen, "en"))])
        return download(told.encode(), "text/csv; charset=utf-8", f"figures-{weeks}-weeks.csv")

    @to.get("/figures.xlsx")
    async def as_xlsx(request: Request) -> Response:
        officer, weeks, seen = await found(request)
        await desk.looked(request, officer, DOWNLOAD, "figures", "", {"format": "xlsx", "weeks": weeks})
        content = await asyncio.to_thread(sheet, list(rows(seen, named(desk, seen, pages.language_of(request)))))
        return download(content, XLSX, f"figures-{weeks}-weeks.xlsx")


def named(desk: Desk, seen: Found, language: str) -> Callable[[str, str], str]:
    """What a key of a list is called."""
    catalogues, book = desk.service.catalogues, desk.service.book

    def name(by: str, key: str) -> str:
        if by == "week":
            return pages.in_zone(datetime.fromtimestamp(int(key), UTC)).date().isoformat()
        if by == "country":
            return catalogues.words(labels.COUNTRIES.get(key, key), language)
        if by == "office":
            return catalogues.words(seen.offices.get(key, NOBODY), language)
        category = book.categories.get(key)
        return catalogues.words(category.name, language) if category else key

    return name


def rated(rating: int) -> Words:
    most = max(RATINGS)
    return Words(khmer.to_khmer_digits(f"{rating} ក្នុងចំណោម {most}"), f"{rating} of {most}")


def rows(seen: Found, name: Callable[[str, str], str]) -> Iterator[tuple[Any, ...]]:
    """One for each line of the page; the whole first."""
    parts: tuple[tuple[str, tuple[Line, ...]], ...] = (
        ("week", seen.figures.weeks),
        ("country", seen.figures.countries),
        ("office", seen.figures.offices),
        ("category", seen.figures.categories),
    )
    yield ("all", f"{seen.since:%Y-%m-%d} - {seen.at:%Y-%m-%d}", *cells(seen.figures.whole))
    for by, found in parts:
        for one in found:
            yield (by, name(by, one.key), *cells(one))


def cells(one: Line) -> tuple[Any, ...]:
    return (*measured(one.received), *measured(one.addressed), one.received.running + one.addressed.running)


def measured(one: Measure) -> tuple[Any, ...]:
    share = None if one.share is None else round(one.share, 4)
    return one.known, one.kept, share, hours(one.median), hours(one.ninth)


def hours(seconds: int | None) -> float | None:
    return None if seconds is None else round(seconds / sums.HOUR, 2)


def sheet(lines: list[tuple[Any, ...]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet("figures")
    page.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
    for number, row in enumerate(lines, 1):
        page.write_row(number, 0, row)
    page.freeze_panes(1, 2)
    page.set_column(0, 0, 10)
    page.set_column(1, 1, 44)
    book.close()
    return out.getvalue()
