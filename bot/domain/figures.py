"""What the promise was worth: shares on time, medians and 90th percentiles, computed from the clocks alone."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.domain.clocks import ADDRESSED, RECEIVED
from bot.domain.complaints import RATINGS

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY = 4 * DAY - 7 * HOUR
"""The first Monday of 1970 as it began in Phnom Penh, which is seven hours ahead all year."""
AGES: Sequence[tuple[str, int]] = (("4h", 4 * HOUR), ("24h", DAY), ("48h", 2 * DAY), ("7d", WEEK), ("older", 0))
"""Open complaints by age: up to so many seconds; the last takes the rest."""


class Promise(NamedTuple):
    """One clock. Moments are whole seconds since 1970 UTC; `stopped` is None while it runs."""

    kind: str
    started: int
    due: int
    stopped: int | None
    country: str
    office: int | None
    category: str


@dataclass(frozen=True, slots=True)
class Measure:
    """`known`: promises kept or broken by now; `kept`: in time. `median` and `ninth` are seconds until it was kept,
    in time or not; None when none was. `running`: neither kept nor broken yet.
    """

    known: int
    kept: int
    running: int
    median: int | None
    ninth: int | None

    @property
    def share(self) -> float | None:
        """Kept of known, 0 to 1; None when nothing is known."""
        return self.kept / self.known if self.known else None

    @property
    def broken(self) -> int:
        return self.known - self.kept


@dataclass(frozen=True, slots=True)
class Line:
    """One week, country, office or category. `key` is its code."""

    key: str
    received: Measure
    addressed: Measure


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything of the page; each list in the order it is shown."""

    whole: Line
    weeks: tuple[Line, ...]
    countries: tuple[Line, ...]
    offices: tuple[Line, ...]
    categories: tuple[Line, ...]


def percentile(lengths: Sequence[int], share: float) -> int | None:
    """Nearest rank of sorted lengths: the smallest that at least this share of them does not exceed."""
    return lengths[max(0, math.ceil(share * len(lengths)) - 1)] if lengths else None


def measure(promises: Iterable[Promise], now: int) -> Measure:
    known = kept = running = 0
    took = []
    for one in promises:
        if one.stopped is not None:
            known += 1
            kept += one.stopped <= one.due
            took.append(one.stopped - one.started)
        elif one.due < now:
            known += 1
        else:
            running += 1
    took.sort()
    return Measure(known, kept, running, percentile(took, 0.5), percentile(took, 0.9))


def line(key: str, promises: Iterable[Promise], now: int) -> Line:
    kinds: dict[str, list[Promise]] = {RECEIVED: [], ADDRESSED: []}
    for one in promises:
        kinds[one.kind].append(one)
    return Line(key, measure(kinds[RECEIVED], now), measure(kinds[ADDRESSED], now))


def week_of(moment: int) -> int:
    """The moment its week began: Monday, 00:00 in Phnom Penh."""
    return moment - (moment - MONDAY) % WEEK


def figures(promises: Sequence[Promise], now: int) -> Figures:
    """Weeks newest first; the others by how many promises there were."""

    def lines(key_of: Callable[[Promise], str], *, by_key: bool = False) -> tuple[Line, ...]:
        groups: dict[str, list[Promise]] = {}
        for one in promises:
            groups.setdefault(key_of(one), []).append(one)
        order = sorted(groups, reverse=True) if by_key else sorted(groups, key=lambda key: (-len(groups[key]), key))
        return tuple(line(key, groups[key], now) for key in order)

    return Figures(
        whole=line("", promises, now),
        weeks=lines(lambda one: f"{week_of(one.started):012d}", by_key=True),
        countries=lines(lambda one: one.country),
        offices=lines(lambda one: str(one.office or "")),
        categories=lines(lambda one: one.category),
    )


def by_age(ages: Iterable[int]) -> Mapping[str, int]:
    """How many open complaints are so old (seconds)."""
    found = Counter(next(name for name, most in AGES if age <= most or not most) for age in ages)
    return {name: found[name] for name, _most in AGES}


def by_rating(ratings: Mapping[int, int]) -> Mapping[int, int]:
    """Every rating with its count, the best first."""
    return {rating: ratings.get(rating, 0) for rating in reversed(RATINGS)}
