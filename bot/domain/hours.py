"""When an office is open: hours as people write them ("mon-fri 08:00-17:00"), holidays, and the next opening."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.errors import DomainError
from bot.text import khmer

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAILY, ALWAYS = "daily", "24h"
WHOLE_DAY = 24 * 60
LOOK_AHEAD = 400
"""Days: an office that does not open within them is taken for one that never does."""
MOST = 500
"""Code points in hours, or in holidays."""

_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-"})
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_AROUND = re.compile(r"\s*([-,:])\s*")


class HoursUnreadable(DomainError):
    """These hours cannot be read; write them such as "mon-fri 08:00-17:00; sat 08:00-12:00", "daily 24h" or "24h"."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self.part = part


class HolidayUnreadable(DomainError):
    """That is not a day; write holidays such as "2027-01-01, 2027-04-14"."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self.part = part


@dataclass(frozen=True, slots=True)
class Part:
    """On these days of the week (0 is Monday), from `start` to `end`, in minutes of the day.

    An `end` that is not after `start` is on the day after.
    """

    days: tuple[int, ...]
    start: int
    end: int


def tidy(text: str) -> str:
    """As it is kept: small letters, ASCII digits, single spaces and plain dashes."""
    plain = khmer.to_ascii_digits(khmer.clean(text)).casefold().translate(_DASHES)
    return " ".join(_AROUND.sub(r"\1", plain).split())


def parse_hours(text: str) -> tuple[Part, ...]:
    """The parts between the ";"; none when nothing is written: the hours are not known. Raises HoursUnreadable."""
    if len(text) > MOST:
        raise HoursUnreadable(text[:40])
    return tuple(part for piece in tidy(text).split(";") if piece.strip() for part in _parts(piece.strip()))


def _parts(piece: str) -> list[Part]:
    """One piece: `[days] span[,span…]`."""
    written, _space, rest = piece.rpartition(" ")
    days = tuple(range(7)) if written in ("", DAILY) else _days(written, piece)
    if rest == ALWAYS:
        return [Part(days, 0, WHOLE_DAY)]
    return [Part(days, *_span(one, piece)) for one in rest.split(",")]


def _days(written: str, piece: str) -> tuple[int, ...]:
    found: set[int] = set()
    for one in written.split(","):
        first, dash, last = one.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise HoursUnreadable(piece)
        begin = DAYS.index(first)
        length = (DAYS.index(last) - begin) % 7 if dash else 0  # sat-mon goes over the end of the week
        found |= {(begin + offset) % 7 for offset in range(length + 1)}
    return tuple(sorted(found))


def _span(written: str, piece: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(written)
    if found is None:
        raise HoursUnreadable(piece)
    hour, minute, to_hour, to_minute = (int(one) for one in found.groups())
    start, end = hour * 60 + minute, to_hour * 60 + to_minute
    if minute > 59 or to_minute > 59 or start >= WHOLE_DAY or end > WHOLE_DAY or start == end:
        raise HoursUnreadable(piece)
    return start, end


def parse_holidays(text: str) -> tuple[date, ...]:
    """Days, in order, each once. Raises HolidayUnreadable."""
    if len(text) > MOST * 4:
        raise HolidayUnreadable(text[:40])
    found = set()
    for piece in tidy(text).replace(";", ",").split(","):
        if not piece.strip():
            continue
        try:
            found.add(datetime.strptime(piece.strip(), "%Y-%m-%d").date())  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise HolidayUnreadable(piece.strip()) from None
    return tuple(sorted(found))


def is_open(moment: datetime, hours: str, holidays: str, zone: tzinfo) -> bool | None:
    """Whether the office is open at that moment; None when its hours are not known. Raises as the parsers do."""
    parts, closed = parse_hours(hours), parse_holidays(holidays)
    if not parts:
        return None
    today = moment.astimezone(zone).date()
    found = (span for day in (today - timedelta(1), today) for span in _spans(parts, closed, zone, day))
    return any(begin <= moment < end for begin, end in found)


def next_open(moment: datetime, hours: str, holidays: str, zone: tzinfo) -> datetime | None:
    """When it opens next (that moment itself when it is open); None when its hours are not known, or it never does."""
    parts, closed = parse_hours(hours), parse_holidays(holidays)
    today = moment.astimezone(zone).date()
    if not parts:
        return None
    for offset in range(-1, LOOK_AHEAD):
        coming = [begin for begin, end in _spans(parts, closed, zone, today + timedelta(offset)) if moment < end]
        if coming:
            return max(min(coming), moment.astimezone(UTC))
    return None


def _spans(
    parts: Sequence[Part], closed: Sequence[date], zone: tzinfo, day: date
) -> Iterator[tuple[datetime, datetime]]:
    """What begins on that day, as moments: an hour that the clocks skip is none, and a night belongs to its evening."""
    if day in closed:
        return
    for part in parts:
        if day.weekday() in part.days:
            begin = _at(day, part.start, zone)
            end = _at(day, part.end if part.end > part.start else part.end + WHOLE_DAY, zone)
            if begin < end:
                yield begin, end


def _at(day: date, minutes: int, zone: tzinfo) -> datetime:
    whole, rest = divmod(minutes, WHOLE_DAY)
    return datetime.combine(day + timedelta(whole), time(rest // 60, rest % 60), zone).astimezone(UTC)
