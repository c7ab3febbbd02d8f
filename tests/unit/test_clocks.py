"""The ladder as a table: when each step comes, who is told at it, and who has the complaint after a breach."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.domain import clocks
from bot.domain.clocks import (
    ADDRESSED,
    ASSIGNEE,
    HEADS,
    KINDS,
    LADDER,
    NATIONAL_DESK,
    RECEIVED,
    SUPERVISORS,
    Circle,
    Climb,
    Holder,
    Step,
)
from bot.domain.complaints import OPEN, STATUSES
from bot.domain.errors import Empty, TooLong

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

MEMBERS, HEAD, DEPUTY, DESK, CHIEF, FAR = (11, 12, 13), 14, 15, (21, 22), 23, 31
OFFICE, NATIONAL = 1, 9
WHOLE = Circle(
    office=OFFICE,
    officer=11,
    members=(*MEMBERS, HEAD),
    heads=(HEAD,),
    national=NATIONAL,
    desk=(*DESK, CHIEF),
    desk_heads=(CHIEF,),
    desk_role=(*DESK, CHIEF, FAR),
)


def all_see(staff: int) -> bool:
    return True


def blind(*who: int) -> Callable[[int], bool]:
    return lambda staff: staff not in who


@pytest.mark.parametrize(
    ("kind", "urgency", "minutes"),
    [
        (RECEIVED, "normal", (120, 180, 216, 240)),
        (RECEIVED, "high", (120, 180, 216, 240)),
        (RECEIVED, "emergency", (7.5, 11.25, 13.5, 15)),
        (ADDRESSED, "normal", (24 * 60, 36 * 60, 43 * 60 + 12, 48 * 60)),
        (ADDRESSED, "emergency", (24 * 60, 36 * 60, 43 * 60 + 12, 48 * 60)),
    ],
)
def test_when_each_step_comes(kind: str, urgency: str, minutes: tuple[float, ...]) -> None:
    due = START + clocks.within(kind, urgency)
    moments = [clocks.step_at(START, due, number) for number in range(len(LADDER) + 1)]
    assert moments == [*(START + one * MINUTE for one in minutes), None]
    assert [step.percent for step in LADDER] == [50, 75, 90, 100]
    assert [step.is_breach for step in LADDER] == [False, False, False, True]


@pytest.mark.parametrize(
    ("step", "after", "percent", "following", "next_minutes"),
    [
        (0, 0, None, 0, 120),
        (0, 119.99, None, 0, 120),
        (0, 120, 50, 1, 180),
        (1, 120, None, 1, 180),
        (1, 179.99, None, 1, 180),
        (1, 180, 75, 2, 216),
        (2, 216, 90, 3, 240),
        (3, 240, 100, 4, None),
        (4, 10_000, None, 4, None),
        # after a downtime several have come: the highest says it all, and a breach is always the highest
        (0, 200, 75, 2, 216),
        (0, 217, 90, 3, 240),
        (1, 216, 90, 3, 240),
        (0, 240, 100, 4, None),
        (0, 100_000, 100, 4, None),
        (3, 100_000, 100, 4, None),
        (0, -60, None, 0, 120),  # a machine's clock that was set back
    ],
)
def test_what_has_come(
    step: int, after: float, percent: int | None, following: int, next_minutes: float | None
) -> None:
    told = next((one for one in LADDER if one.percent == percent), None)
    next_at = START + next_minutes * MINUTE if next_minutes is not None else None
    found = clocks.climb(START, START + 240 * MINUTE, step, START + after * MINUTE)
    assert found == Climb(told, following, next_at)


def test_looking_often_or_seldom_ends_at_the_same_step() -> None:
    """However often somebody looks, each step is told once, or a higher one instead."""
    due = START + timedelta(hours=48)
    for every in (1, 7, 60, 611, 1500, 4000):
        step, heard = 0, list[Step]()
        for minute in range(0, 3 * 48 * 60, every):
            found = clocks.climb(START, due, step, START + minute * MINUTE)
            step = found.step
            heard += [found.told] if found.told else []
        assert step == len(LADDER)
        assert heard == sorted(set(heard), key=lambda one: one.percent)
        assert heard[-1] == LADDER[-1]


WHO = [
    ("whoever has it", WHOLE, all_see, ((11,), (11, 14), (11, 14, 21, 22, 23), (11, 14, 21, 22, 23))),
    (
        "nobody has it",
        replace(WHOLE, officer=None),
        all_see,
        ((11, 12, 13, 14),) * 2 + ((11, 12, 13, 14, 21, 22, 23),) * 2,
    ),
    ("the head has it", replace(WHOLE, officer=HEAD), all_see, ((14,), (14,), (14, 21, 22, 23), (14, 21, 22, 23))),
    ("no head", replace(WHOLE, heads=()), all_see, ((11,),) + ((11, 21, 22, 23),) * 3),
    (
        "no officer in the office",
        replace(WHOLE, officer=None, members=(), heads=()),
        all_see,
        ((21, 22, 23),) * 4,
    ),
    ("no office at all", Circle(desk_role=(31,)), all_see, ((31,),) * 4),
    ("nobody at all", Circle(), all_see, ((),) * 4),
    (
        "a desk without a head",
        replace(WHOLE, desk_heads=()),
        all_see,
        ((11,), (11, 14), (11, 14, 21, 22, 23), (11, 14, 21, 22, 23, 31)),
    ),
    (
        "whoever has it may not see it",
        WHOLE,
        blind(11),
        ((12, 13, 14), (12, 13, 14), (12, 13, 14, 21, 22, 23), (12, 13, 14, 21, 22, 23)),
    ),
    ("the head may not see it", WHOLE, blind(14), ((11,),) + ((11, 21, 22, 23),) * 3),
    ("one of the desk may not see it", WHOLE, blind(21), ((11,), (11, 14), (11, 14, 22, 23), (11, 14, 22, 23))),
    ("the whole office may not see it", WHOLE, blind(*MEMBERS, HEAD), ((21, 22, 23),) * 4),
    ("nobody may see it", WHOLE, lambda staff: False, ((),) * 4),
    ("an emergency at night", replace(WHOLE, alone=True), all_see, ((11, 21, 22, 23),) + ((11, 14, 21, 22, 23),) * 3),
    (
        "with the national desk",
        replace(WHOLE, office=NATIONAL, officer=None, members=(21, 22, 23), heads=(23,)),
        all_see,
        ((21, 22, 23),) * 4,
    ),
]


@pytest.mark.parametrize(("circle", "sees", "expected"), [row[1:] for row in WHO], ids=[row[0] for row in WHO])
def test_who_is_told_at_each_step(
    circle: Circle, sees: Callable[[int], bool], expected: tuple[tuple[int, ...], ...]
) -> None:
    assert tuple(clocks.told(step.told, circle, sees) for step in LADDER) == expected


def test_the_ladder_only_grows() -> None:
    for lower, higher in pairwise(LADDER):
        assert set(lower.told) < set(higher.told)
    assert set(LADDER[-1].told) == {ASSIGNEE, HEADS, NATIONAL_DESK, SUPERVISORS}


HEIRS = [
    ("a member's goes to the head", WHOLE, all_see, Holder(OFFICE, HEAD)),
    ("nobody's goes to the head", replace(WHOLE, officer=None), all_see, Holder(OFFICE, HEAD)),
    ("the head's goes to the desk", replace(WHOLE, officer=HEAD), all_see, Holder(NATIONAL, None)),
    (
        "a head's is not passed between heads",
        replace(WHOLE, officer=HEAD, heads=(HEAD, DEPUTY)),
        all_see,
        Holder(NATIONAL, None),
    ),
    ("without a head, to the desk", replace(WHOLE, heads=()), all_see, Holder(NATIONAL, None)),
    ("a head who may not see it gets nothing", WHOLE, blind(HEAD), Holder(NATIONAL, None)),
    ("the next head may", replace(WHOLE, heads=(HEAD, DEPUTY)), blind(HEAD), Holder(OFFICE, DEPUTY)),
    ("without a desk it stays", replace(WHOLE, heads=(), national=None), all_see, Holder(OFFICE, 11)),
    ("without any office", Circle(), all_see, Holder(None, None)),
    (
        "the desk's own member's, to its head",
        replace(WHOLE, office=NATIONAL, officer=21, heads=(CHIEF,)),
        all_see,
        Holder(NATIONAL, CHIEF),
    ),
    (
        "the desk's own head's, to all of it",
        replace(WHOLE, office=NATIONAL, officer=CHIEF, heads=(CHIEF,)),
        all_see,
        Holder(NATIONAL, None),
    ),
]


@pytest.mark.parametrize(("circle", "sees", "expected"), [row[1:] for row in HEIRS], ids=[row[0] for row in HEIRS])
def test_who_has_it_after_a_breach(circle: Circle, sees: Callable[[int], bool], expected: Holder) -> None:
    assert clocks.heir(circle, sees) == expected


def test_which_states_stop_which_clock() -> None:
    """A worker who is waited for still has a promise; what is over has none."""
    assert set(clocks.STOPS) == set(KINDS)
    assert set(clocks.STOPS[ADDRESSED]) == set(STATUSES) - set(OPEN)
    assert set(clocks.STOPS[RECEIVED]) == set(STATUSES) - {"filed", "reopened"}
    assert "waiting" not in clocks.STOPS[ADDRESSED]


def test_what_was_found_must_be_said_and_short() -> None:
    clocks.check_finding("ក" * clocks.REASON_LIMIT)
    for empty in ("", " \n\t"):
        with pytest.raises(Empty):
            clocks.check_finding(empty)
    with pytest.raises(TooLong):
        clocks.check_finding("ក" * (clocks.REASON_LIMIT + 1))
