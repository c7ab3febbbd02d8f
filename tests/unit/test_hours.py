"""Opening hours as people write them: parsed, asked, and their next opening, across zones and skipped hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.hours import (
    HolidayUnreadable,
    HoursUnreadable,
    Part,
    is_open,
    next_open,
    parse_holidays,
    parse_hours,
    tidy,
)

BANGKOK, LONDON = ZoneInfo("Asia/Bangkok"), ZoneInfo("Europe/London")
WEEK = "mon-fri 08:00-17:00"


def at(text: str, zone: ZoneInfo = BANGKOK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("24h", (Part(tuple(range(7)), 0, 1440),)),
        ("daily 24h", (Part(tuple(range(7)), 0, 1440),)),
        (WEEK, (Part((0, 1, 2, 3, 4), 480, 1020),)),
        ("Mon–Fri ០៨:០០ – ១៧:០០ ;", (Part((0, 1, 2, 3, 4), 480, 1020),)),
        ("mon, wed 8:00-12:00,14:00-17:00", (Part((0, 2), 480, 720), Part((0, 2), 840, 1020))),
        ("sat-mon 22:00-06:00; tue 00:00-24:00", (Part((0, 5, 6), 1320, 360), Part((1,), 0, 1440))),
        ("09:00-10:00", (Part(tuple(range(7)), 540, 600),)),
    ],
)
def test_hours_are_read(text: str, parts: tuple[Part, ...]) -> None:
    assert parse_hours(text) == parts
    assert parse_hours(tidy(text)) == parts
    assert tidy(tidy(text)) == tidy(text)


@pytest.mark.parametrize(
    "text", ["mon", "mon-fri", "munday 08:00-09:00", "08:00-08:00", "25:00-26:00", "mon 08:60-09:00", "mon 24:00-25:00",
             "mon-xyz 08:00-09:00", "08.00-17.00", "ច័ន្ទ 08:00-17:00", "mon 24h 24h", "x" * 501]
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_part(text: str) -> None:
    with pytest.raises(HoursUnreadable) as refused:
        parse_hours(f"{WEEK}; {text}" if len(text) < 100 else text)
    assert refused.value.part == (tidy(text) if len(text) < 100 else text[:40])


def test_holidays_are_read_and_refused() -> None:
    assert parse_holidays("២០២៧-០៤-១៤, 2027-01-01,2027-04-14,") == (date(2027, 1, 1), date(2027, 4, 14))
    for wrong in ("2027-02-30", "01/01/2027", "x", "2027-1"):
        with pytest.raises(HolidayUnreadable) as refused:
            parse_holidays(f"2027-01-01, {wrong}")
        assert refused.value.part == wrong


def test_open_and_closed() -> None:
    # 2026-11-23 is a Monday
    assert is_open(at("2026-11-23T08:00"), WEEK, "", BANGKOK) is True
    assert is_open(at("2026-11-23T17:00"), WEEK, "", BANGKOK) is False
    assert is_open(at("2026-11-22T09:00"), WEEK, "", BANGKOK) is False
    assert is_open(at("2026-11-23T09:00"), WEEK, "2026-11-23", BANGKOK) is False
    assert is_open(at("2026-11-23T09:00"), "", "", BANGKOK) is None
    assert is_open(at("2026-11-23T01:00").astimezone(UTC), "24h", "", BANGKOK) is True
    # a night belongs to its evening, also when the day after is a holiday
    night = "fri 22:00-06:00"
    assert is_open(at("2026-11-28T05:59"), night, "2026-11-28", BANGKOK) is True
    assert is_open(at("2026-11-28T05:59"), night, "2026-11-27", BANGKOK) is False


def test_the_next_opening() -> None:
    assert next_open(at("2026-11-20T18:00"), WEEK, "2026-11-23", BANGKOK) == at("2026-11-24T08:00")
    assert next_open(at("2026-11-20T18:00"), "", "", BANGKOK) is None
    assert next_open(at("2026-11-23T09:00"), WEEK, "", BANGKOK) == at("2026-11-23T09:00")
    all_year = ",".join(str(date(2026, 11, 1) + timedelta(one)) for one in range(21))
    assert next_open(at("2026-11-01T09:00"), "daily 08:00-09:00", all_year, BANGKOK) == at("2026-11-22T08:00")


def test_an_hour_that_the_clocks_skip_is_not_open() -> None:
    # in London 01:00 to 02:00 does not exist on 29 March 2026
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert next_open(before, "sun 01:10-01:50", "", LONDON) == datetime(2026, 3, 29, 1, 10, tzinfo=UTC)
    assert next_open(before, "sun 01:30-02:15", "", LONDON) != datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


TIMES = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] != pair[1])
SPANS = TIMES.map(lambda one: f"{one[0] // 60:02}:{one[0] % 60:02}-{one[1] // 60:02}:{one[1] % 60:02}")
DAYS = st.sampled_from(["", "daily ", "mon ", "mon-fri ", "sat,sun ", "fri-mon "])
HOURS = st.lists(st.tuples(DAYS, SPANS).map("".join), min_size=1, max_size=3).map("; ".join)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
HOLIDAYS = st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=8).map(
    lambda days: ",".join(map(str, days))
)


@given(MOMENTS, HOURS, HOLIDAYS, st.sampled_from([BANGKOK, LONDON, ZoneInfo("America/New_York")]))
def test_it_is_open_at_the_next_opening_and_not_before(moment: datetime, hours: str, days: str, zone: ZoneInfo) -> None:
    opens = next_open(moment, hours, days, zone)
    assert opens is not None
    assert opens >= moment
    assert is_open(opens, hours, days, zone)
    assert (opens == moment) == is_open(moment, hours, days, zone)
    if opens > moment:
        for share in (1, 2, 3):
            assert not is_open(moment + (opens - moment) * share / 4, hours, days, zone)
