"""The clocks of every complaint counted again from the audit trail alone, and what the ladder should have told."""

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

RECEIVED, ADDRESSED = "received", "addressed"
UNOPENED = ("filed", "reopened")
ANSWERED = ("addressed", "referred", "closed", "withdrawn")
PERCENTS = (50, 75, 90, 100)


@dataclass
class Hand:
    """One clock, as the trail tells."""

    kind: str
    start: datetime
    due: datetime
    stop: datetime | None = None


@dataclass
class Story:
    """One complaint, as the trail tells. `holders`: (since, office, officer); `breaches`: (at, kind, start, office)."""

    urgent: bool
    status: str = ""
    answered: bool = False
    clocks: list[Hand] = field(default_factory=list)
    holders: list[tuple[datetime, int | None, int | None]] = field(default_factory=list)
    breaches: list[tuple[datetime, str, datetime, int | None]] = field(default_factory=list)

    @property
    def office(self) -> int | None:
        return self.holders[-1][1]

    def start(self, at: datetime, *kinds: str) -> None:
        self.halt(at, *kinds)
        for kind in kinds:
            quick = timedelta(minutes=15) if self.urgent else timedelta(hours=4)
            self.clocks.append(Hand(kind, at, at + (timedelta(hours=48) if kind == ADDRESSED else quick)))

    def halt(self, at: datetime, *kinds: str) -> None:
        for one in self.clocks:
            if one.kind in kinds and one.stop is None:
                one.stop = at

    def take(self, act: Any) -> None:
        """One row of the trail."""
        after = json.loads(act.after) if act.after else {}
        before, self.status = self.status, after.get("status", self.status)
        if act.action == "breach_clock":
            self.breaches.append((act.at, after["clock"], datetime.fromisoformat(after["started_at"]), self.office))
        if "office_id" in after or "officer_id" in after:
            _at, office, officer = self.holders[-1] if self.holders else (None, None, None)
            self.holders.append((act.at, after.get("office_id", office), after.get("officer_id", officer)))
        if act.action == "file_complaint":
            self.start(act.at, RECEIVED, ADDRESSED)
        elif act.action == "reopen_complaint":
            self.answered = False
            self.start(act.at, RECEIVED, ADDRESSED)
        elif act.action == "add_to_complaint" or (self.status == before and act.action != "answer_complaint"):
            return
        else:
            self.halt(act.at, *([RECEIVED] if self.status not in UNOPENED else []))
            self.halt(act.at, *([ADDRESSED] if self.status in ANSWERED else []))
            if act.action == "refer_complaint":
                self.start(act.at, RECEIVED)
            again = before in ANSWERED and self.status not in ANSWERED
            self.answered |= act.action == "answer_complaint"
            if again and not self.answered:
                self.start(act.at, ADDRESSED)


def stories(trail: Iterable[Any], urgent: set[str]) -> dict[str, Story]:
    """By reference, from the rows of the audit in their order."""
    told: dict[str, Story] = {}
    for act in trail:
        if act.subject_kind == "complaint":
            told.setdefault(act.subject, Story(act.subject in urgent)).take(act)
    return told


def expected(hand: Hand, ticks: Sequence[datetime]) -> tuple[list[tuple[int, datetime]], datetime | None]:
    """What the ladder tells of a clock when it is looked at then: (percent, at), and when its breach is recorded."""

    def look_after(moment: datetime) -> datetime | None:
        at = bisect_left(ticks, moment)
        return ticks[at] if at < len(ticks) else None

    steps: list[tuple[int, datetime]] = []
    moments = [hand.start + (hand.due - hand.start) * percent / 100 for percent in PERCENTS]
    while not steps or steps[-1][0] < PERCENTS[-1]:
        coming = moments[PERCENTS.index(steps[-1][0]) + 1] if steps else moments[0]
        tick = look_after(coming)
        if tick is None or (hand.stop is not None and hand.stop <= tick):
            late = hand.stop is not None and hand.stop > hand.due
            return steps, look_after(hand.stop) if late and hand.stop is not None else None
        steps.append((max(one for one, moment in zip(PERCENTS, moments, strict=True) if moment <= tick), tick))
    return steps, steps[-1][1]


def outcome(promises: Iterable[tuple[int | None, str, datetime, datetime | None]], now: datetime) -> Counter[Any]:
    """How many of each (office, kind, kept|late|running); a promise is (office, kind, due, stop)."""
    found: Counter[Any] = Counter()
    for office, kind, due, stop in promises:
        how = "running" if stop is None and due >= now else "kept" if stop is not None and stop <= due else "late"
        found[office, kind, how] += 1
    return found
