"""Shares, medians and percentiles against a plain recomputation."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clocks import ADDRESSED, RECEIVED
from bot.domain.figures import DAY, HOUR, WEEK, Promise, by_age, by_rating, figures, measure, percentile, week_of

NOW = 1_795_000_000


def promise(started: int, length: int, took: int | None, kind: str = ADDRESSED, **more: object) -> Promise:
    place = {"country": "TH", "office": 1, "category": "WAGE_UNPAID", **more}
    stopped = None if took is None else started + took
    return Promise(kind, started, started + length, stopped, **place)  # type: ignore[arg-type]


PROMISES = st.lists(
    st.builds(
        promise,
        started=st.integers(NOW - 5 * WEEK, NOW),
        length=st.sampled_from((900, 4 * HOUR, 48 * HOUR)),
        took=st.none() | st.integers(0, 4 * DAY),
        kind=st.sampled_from((RECEIVED, ADDRESSED)),
        country=st.sampled_from(("TH", "KR", "KH")),
        office=st.sampled_from((None, 1, 2)),
        category=st.sampled_from(("WAGE_UNPAID", "MISSING")),
    ),
    max_size=60,
)


def test_what_is_kept_broken_and_running() -> None:
    found = measure(
        [
            promise(NOW - 50 * HOUR, 48 * HOUR, 10 * HOUR),
            promise(NOW - 50 * HOUR, 48 * HOUR, 48 * HOUR),
            promise(NOW - 50 * HOUR, 48 * HOUR, 49 * HOUR),
            promise(NOW - 50 * HOUR, 48 * HOUR, None),
            promise(NOW - 1 * HOUR, 48 * HOUR, None),
        ],
        NOW,
    )
    assert (found.known, found.kept, found.broken, found.running) == (4, 2, 2, 1)
    assert found.share == 0.5
    assert (found.median, found.ninth) == (48 * HOUR, 49 * HOUR)


def test_nothing_is_no_share() -> None:
    found = measure([], NOW)
    assert (found.share, found.median, found.ninth) == (None, None, None)


@given(st.lists(st.integers(0, 10**6), min_size=1), st.sampled_from((0.5, 0.9)))
def test_a_percentile_is_the_least_value_that_covers_its_share(lengths: list[int], share: float) -> None:
    found = percentile(sorted(lengths), share)
    assert found is not None
    assert sum(one <= found for one in lengths) >= share * len(lengths)
    assert sum(one < found for one in lengths) < share * len(lengths)


@given(PROMISES)
def test_every_list_adds_up_to_the_whole(promises: list[Promise]) -> None:
    found = figures(promises, NOW)
    for kind in (RECEIVED, ADDRESSED):
        mine = [one for one in promises if one.kind == kind]
        whole = getattr(found.whole, kind)
        assert whole.known == sum(one.stopped is not None or one.due < NOW for one in mine)
        assert whole.kept == sum(one.stopped is not None and one.stopped <= one.due for one in mine)
        assert whole.known + whole.running == len(mine)
        for lines in (found.weeks, found.countries, found.offices, found.categories):
            assert sum(getattr(one, kind).known for one in lines) == whole.known
            assert sum(getattr(one, kind).kept for one in lines) == whole.kept
            assert sum(getattr(one, kind).running for one in lines) == whole.running
    assert [one.key for one in found.weeks] == sorted((one.key for one in found.weeks), reverse=True)


@given(st.integers(NOW - 10**8, NOW))
def test_a_week_begins_on_monday(moment: int) -> None:
    monday = week_of(moment)
    assert monday <= moment < monday + WEEK
    assert datetime.fromtimestamp(monday, ZoneInfo("Asia/Phnom_Penh")).strftime("%a %H:%M") == "Mon 00:00"


def test_ages_and_ratings() -> None:
    assert dict(by_age([0, 4 * HOUR, 5 * HOUR, 47 * HOUR, 3 * DAY, 30 * DAY])) == {
        "4h": 2,
        "24h": 1,
        "48h": 1,
        "7d": 1,
        "older": 1,
    }
    assert dict(by_rating({5: 3, 1: 2})) == {5: 3, 4: 0, 3: 0, 2: 0, 1: 2}
