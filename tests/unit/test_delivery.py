"""What becomes of a request after each outcome, and how many may go in a second."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delivery import (
    ALERT,
    GIVE_UP_AFTER,
    LIVE,
    NOTICE,
    PAUSES,
    REMINDER,
    Outcome,
    PauseChannel,
    Refused,
    RetryAt,
    Sent,
    Unknown,
    Unreachable,
    Window,
    decide,
)

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
LANES = (LIVE, ALERT, NOTICE, REMINDER)
SECONDS = st.floats(0, 86_400)
PASSING = st.builds(RetryAt, st.just("busy"), st.none() | SECONDS) | st.just(Unknown("lost"))
OUTCOMES = st.one_of(
    st.just(Sent("1")),
    PASSING,
    st.builds(PauseChannel, st.just("rate"), SECONDS, st.booleans()),
    st.builds(Unreachable, st.sampled_from(["blocked", "gone", "window", "unavailable"])),
    st.just(Refused("bad")),
)


@pytest.mark.parametrize(
    ("outcome", "lane", "tries", "state", "after"),
    [
        (Sent("17"), LIVE, 1, "sent", 0),
        (RetryAt("busy"), LIVE, 1, "queued", 1),
        (RetryAt("busy"), LIVE, 2, "queued", 2),
        (RetryAt("busy"), NOTICE, 11, "queued", 7200),
        (RetryAt("busy"), LIVE, 12, "dead", 0),
        (RetryAt("thread", 300), NOTICE, 1, "queued", 300),
        (RetryAt("thread", 300), NOTICE, 9, "queued", 1800),
        (RetryAt("thread", 300), NOTICE, 12, "dead", 0),
        (PauseChannel("rate", 17), LIVE, 1, "queued", 17),
        (PauseChannel("token", 60, alarm=True), ALERT, 500, "queued", 60),
        (Unreachable("blocked"), ALERT, 1, "held", 0),
        (Unreachable("window"), REMINDER, 1, "held", 0),
        (Refused("too long"), LIVE, 1, "dead", 0),
        (Unknown("lost"), LIVE, 1, "queued", 1),
        (Unknown("lost"), ALERT, 3, "queued", 5),
        (Unknown("lost"), NOTICE, 12, "dead", 0),
        (Unknown("lost"), REMINDER, 1, "dead", 0),
    ],
)
def test_what_becomes_of_a_request(outcome: Outcome, lane: int, tries: int, state: str, after: float) -> None:
    decision = decide(outcome, lane=lane, tries=tries, now=NOW)
    assert (decision.state, decision.not_before) == (state, NOW + timedelta(seconds=after))
    assert decision.why == getattr(outcome, "why", "")


@given(OUTCOMES, st.sampled_from(LANES), st.integers(0, 1000))
def test_a_retry_is_never_in_the_past_nor_sooner_than_the_platform_allows(
    outcome: Outcome, lane: int, tries: int
) -> None:
    decision = decide(outcome, lane=lane, tries=tries, now=NOW)
    asked = getattr(outcome, "seconds", None) or 0
    assert decision.not_before >= (NOW + timedelta(seconds=asked) if decision.state == "queued" else NOW)


@given(st.lists(PASSING, min_size=GIVE_UP_AFTER, max_size=GIVE_UP_AFTER), st.sampled_from(LANES))
def test_it_gives_up_eventually(outcomes: list[Outcome], lane: int) -> None:
    states = [decide(one, lane=lane, tries=number, now=NOW).state for number, one in enumerate(outcomes, 1)]
    assert states.index("dead") < GIVE_UP_AFTER


@given(st.integers(1, GIVE_UP_AFTER - 1), st.integers(1, GIVE_UP_AFTER - 1))
def test_pauses_only_grow(first: int, second: int) -> None:
    early, late = sorted((first, second))
    pauses = [decide(RetryAt("busy"), lane=LIVE, tries=tries, now=NOW).not_before for tries in (early, late)]
    assert pauses == sorted(pauses)
    assert list(PAUSES) == sorted(PAUSES)


WAITS = st.lists(st.tuples(st.floats(0, 3), st.sampled_from(LANES)), max_size=120)
RATES = st.integers(1, 12).flatmap(lambda limit: st.tuples(st.just(limit), st.integers(0, limit - 1)))


def sent_at(limit: int, reserve: int, arrivals: list[tuple[float, int]], seconds: float) -> list[tuple[float, int]]:
    """(when, lane) of each send, for somebody who waits exactly as long as the window says."""
    window, now, sent = Window(limit, seconds, reserve), 1000.0, list[tuple[float, int]]()
    for pause, lane in arrivals:
        now += pause
        now += window.wait(now, lane)
        assert window.wait(now, lane) <= 1e-9
        window.spend(now)
        sent.append((now, lane))
    return sent


@given(RATES, WAITS, st.sampled_from([1.0, 3.0, 60.0]))
def test_never_more_than_the_limit_in_any_window(
    rate: tuple[int, int], arrivals: list[tuple[float, int]], seconds: float
) -> None:
    limit, reserve = rate
    times = [when for when, _lane in sent_at(limit, reserve, arrivals, seconds)]
    for first, beyond in zip(times, times[limit:], strict=False):
        assert beyond - first >= seconds - 1e-6


@given(RATES, st.integers(0, 200), st.sampled_from([1.0, 3.0]))
def test_the_reserve_is_kept_for_live_replies(rate: tuple[int, int], count: int, seconds: float) -> None:
    """However many others want to go, a live reply finds `reserve` places free at any moment."""
    limit, reserve = rate
    window, now = Window(limit, seconds, reserve), 50.0
    for _one in range(count):
        now += window.wait(now, NOTICE)
        window.spend(now)
    for _one in range(reserve):
        assert window.wait(now, LIVE) == 0
        window.spend(now)


def test_a_window_is_idle_again_once_it_has_passed() -> None:
    window = Window(2, 1.0)
    window.spend(10.0)
    assert not window.idle
    assert window.wait(11.0) == 0
    assert window.idle
