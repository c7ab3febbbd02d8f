"""A complaint's line in the list: who has it, and the truth about both clocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.console import views
from bot.dialog.facts import Book
from bot.dialog.says import Words
from storage.listing import Beside

Receiving = Literal["left", "late", "done", "done_late", "none"]


@dataclass(frozen=True, slots=True)
class Row:
    """`received`: how it stands with receiving, and `length`, the time left or late by.

    `officer` is None when nobody has it. `tick`: what the page saw of it, for work on several at once.
    """

    line: views.Line
    office: Words | None
    officer: Words | None
    is_mine: bool
    received: Receiving
    length: timedelta
    waiting_since: datetime | None
    is_merged: bool
    tick: str


def rows(found: Sequence[Any], beside: Beside, book: Book, now: datetime, me: int) -> list[Row]:
    return [_row(row, beside, book, now, me) for row in found]


def _row(row: Any, beside: Beside, book: Book, now: datetime, me: int) -> Row:
    state, length = receiving(row, beside.receiving.get(row.id), now)
    return Row(
        line=views.line(row, book, now),
        office=named(beside.offices.get(row.office_id)),
        officer=named(beside.officers.get(row.officer_id)),
        is_mine=row.officer_id == me,
        received=state,
        length=length,
        waiting_since=row.waiting_since,
        is_merged=row.merged_into_id is not None,
        tick=f"{row.reference}.{row.officer_id or ''}",
    )


def receiving(row: Any, clock: Any | None, now: datetime) -> tuple[Receiving, timedelta]:
    """By its newest clock; older complaints have none and may have been received all the same."""
    if clock is None or (clock.stopped_at is not None and row.received_at is None):
        return ("done" if row.received_at else "none"), timedelta(0)
    if clock.stopped_at is not None:
        return ("done" if clock.stopped_at <= clock.due_at else "done_late"), clock.stopped_at - clock.started_at
    left = clock.due_at - now
    return ("late", -left) if left < timedelta(0) else ("left", left)


def named(row: Any | None) -> Words | None:
    return Words(row.name_km, row.name_en) if row is not None else None
