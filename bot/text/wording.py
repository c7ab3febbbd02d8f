"""Dates, times, durations and amounts as people read them in Khmer and English.

Babel's Khmer data has no Khmer digits, writes the time as "3:04 PM" and gives riel two decimals, so they are worded
here. Any language but Khmer gets the English wording.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

_MONTHS_KM = (
    "មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ",
)  # fmt: skip
_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS_KM = ("ចន្ទ", "អង្គារ", "ពុធ", "ព្រហស្បតិ៍", "សុក្រ", "សៅរ៍", "អាទិត្យ")
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DIGITS = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")

HOURS_SHOWN_AS_HOURS = 72
"""Up to here a duration is told in hours: the promise to workers is "48 hours", which nobody should have to convert."""


class NaiveMomentError(ValueError):
    """A moment must carry its time zone: without one, a worker abroad cannot know when it is."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def long_date(d: date, lang: str) -> str:
    """ថ្ងៃទី២២ ខែវិច្ឆិកា ឆ្នាំ២០២៦ or 22 November 2026, from a date or an aware datetime already in the zone to show.

    Raises NaiveMomentError for a datetime without a zone.
    """
    _need_zone(d)
    if lang == "km":
        return f"ថ្ងៃទី{_khmer(d.day)} ខែ{_MONTHS_KM[d.month - 1]} ឆ្នាំ{_khmer(d.year)}"
    return f"{d.day} {_MONTHS_EN[d.month - 1]} {d.year}"


def clock_time(t: datetime | time, lang: str) -> str:
    """ម៉ោង ១៥:០៤ or 15:04, on a 24-hour clock, from an aware datetime or a time of day such as an opening hour.

    Raises NaiveMomentError for a datetime without a zone.
    """
    _need_zone(t)
    shown = f"{t.hour:02}:{t.minute:02}"
    return f"ម៉ោង {_khmer(shown)}" if lang == "km" else shown


def moment(dt: datetime, lang: str) -> str:
    """ថ្ងៃអាទិត្យ ទី២២ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ១៥:០៤ or Sunday 22 November 2026, 15:04.

    Raises NaiveMomentError for a datetime without a zone.
    """
    day, at = long_date(dt, lang), clock_time(dt, lang)
    if lang == "km":
        return f"ថ្ងៃ{_WEEKDAYS_KM[dt.weekday()]} {day.removeprefix('ថ្ងៃ')} {at}"
    return f"{_WEEKDAYS_EN[dt.weekday()]} {day}, {at}"


def duration(length: timedelta, lang: str) -> str:
    """How long, for people: the two largest units at most, rounded down (៤៧ ម៉ោង ៥៩ នាទី, 4 days 3 hours).

    Days only above `HOURS_SHOWN_AS_HOURS`. The sign is dropped: left or overdue is for the sentence to say.
    """
    length = abs(length)
    minutes = length // timedelta(minutes=1)
    if minutes < 1:
        return "តិចជាងមួយនាទី" if lang == "km" else "less than a minute"
    hours, minutes = divmod(minutes, 60)
    if length <= timedelta(hours=HOURS_SHOWN_AS_HOURS):
        parts = [(hours, "ម៉ោង", "hour"), (minutes, "នាទី", "minute")]
    else:
        days, hours = divmod(hours, 24)
        parts = [(days, "ថ្ងៃ", "day"), (hours, "ម៉ោង", "hour")]
    if lang == "km":
        return " ".join(f"{_khmer(n)} {km}" for n, km, _ in parts if n)
    return " ".join(f"{n} {en if n == 1 else en + 's'}" for n, _, en in parts if n)


def riel(amount: int, lang: str) -> str:
    """២៥០.០០០ រៀល or 250,000 riel; whole riel only, since no smaller coin exists. Khmer groups thousands with a dot."""
    shown = f"{amount:,}"
    return f"{_khmer(shown.replace(',', '.'))} រៀល" if lang == "km" else f"{shown} riel"


def _khmer(shown: int | str) -> str:
    return str(shown).translate(_DIGITS)


def _need_zone(when: date | time) -> None:
    if isinstance(when, datetime) and when.utcoffset() is None:
        raise NaiveMomentError
