"""The two clocks of a complaint, in real hours, and the ladder of notices beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import Empty, TooLong

RECEIVED, ADDRESSED = "received", "addressed"
KINDS = (RECEIVED, ADDRESSED)
EMERGENCY = "emergency"
RECEIVE_WITHIN = timedelta(hours=4)
RECEIVE_WITHIN_EMERGENCY = timedelta(minutes=15)
ADDRESS_WITHIN = timedelta(hours=48)
"""Strategic Plan 2024-2028, mechanism 5: received and addressed within 48 hours. The others are this service's own."""

ASSIGNEE, HEADS, NATIONAL_DESK, SUPERVISORS = "assignee", "heads", "national_desk", "supervisors"


@dataclass(frozen=True, slots=True)
class Step:
    """At this share of the time (percent), these are told; a breach also reassigns and opens an incident."""

    percent: int
    told: tuple[str, ...]

    @property
    def is_breach(self) -> bool:
        return self.percent >= 100


LADDER: tuple[Step, ...] = (
    Step(50, (ASSIGNEE,)),
    Step(75, (ASSIGNEE, HEADS)),
    Step(90, (ASSIGNEE, HEADS, NATIONAL_DESK)),
    Step(100, (ASSIGNEE, HEADS, NATIONAL_DESK, SUPERVISORS)),
)
"""Member, head of sub-committee, national desk, supervisor: whoever was told before hears again at each step."""


def within(kind: str, urgency: str) -> timedelta:
    if kind == ADDRESSED:
        return ADDRESS_WITHIN
    return RECEIVE_WITHIN_EMERGENCY if urgency == EMERGENCY else RECEIVE_WITHIN


def step_at(started_at: datetime, due_at: datetime, step: int) -> datetime | None:
    """When the step of that number is due; None after the last."""
    if step >= len(LADDER):
        return None
    return started_at + (due_at - started_at) * LADDER[step].percent / 100


@dataclass(frozen=True, slots=True)
class Climb:
    """What has come by now: the step to tell (None: none yet), the number of the one after it and its moment."""

    told: Step | None
    step: int
    next_at: datetime | None


def climb(started_at: datetime, due_at: datetime, step: int, now: datetime) -> Climb:
    """From the step that is next, up to now. Of several that came at once, the highest says it all."""
    reached = step
    while (moment := step_at(started_at, due_at, reached)) is not None and moment <= now:
        reached += 1
    return Climb(LADDER[reached - 1] if reached > step else None, reached, step_at(started_at, due_at, reached))


@dataclass(frozen=True, slots=True)
class Circle:
    """Who may be told of one complaint, as ids of officers who may work: all of `office`, and of the national desk.

    `officer` has it. `alone`: an emergency that comes while the office is closed.
    """

    office: int | None = None
    officer: int | None = None
    members: tuple[int, ...] = ()
    heads: tuple[int, ...] = ()
    national: int | None = None
    desk: tuple[int, ...] = ()
    desk_heads: tuple[int, ...] = ()
    desk_role: tuple[int, ...] = ()
    alone: bool = False


Sees = Callable[[int], bool]


def told(names: Sequence[str], circle: Circle, sees: Sees) -> tuple[int, ...]:
    """The ids of whom to tell, each once, in order; only who `sees` the complaint.

    Whoever is not there is stood in for by the next above: nobody has it, all of the office; an office without a head,
    the national desk; a desk with nobody, its supervisors. So somebody always hears, if there is anybody at all.
    """

    def of(*groups: Sequence[int]) -> set[int]:
        """The first group in which anybody may see it."""
        return next((found for group in groups if (found := {one for one in group if sees(one)})), set())

    supervisors = (circle.desk_heads, circle.desk_role)
    desk = (circle.desk, *supervisors)
    groups: Mapping[str, Sequence[Sequence[int]]] = {
        ASSIGNEE: ((circle.officer,) if circle.officer is not None else (), circle.members, *desk),
        HEADS: (circle.heads, *desk),
        NATIONAL_DESK: desk,
        SUPERVISORS: supervisors,
    }
    wanted = {*names, NATIONAL_DESK} if circle.alone else set(names)
    return tuple(sorted(set().union(*(of(*groups[name]) for name in wanted))))


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a complaint: an office, and an officer of it or all of them (None)."""

    office: int | None
    officer: int | None


def heir(circle: Circle, sees: Sees) -> Holder:
    """Who has it after a breach: from a member to a head, from a head (or with none) to the whole national desk."""
    if circle.officer not in circle.heads:
        for head in circle.heads:
            if sees(head):
                return Holder(circle.office, head)
    if circle.national is not None:
        return Holder(circle.national, None)
    return Holder(circle.office, circle.officer)


REASON_LIMIT = 500
"""Code points of what was found about a broken promise."""


@dataclass(frozen=True, slots=True)
class CloseIncident:
    """Somebody looked into a broken promise; `reason`: what they found, in their own words."""

    incident: int
    reason: str
    staff: int


def check_finding(reason: str) -> None:
    """Raise Empty or TooLong."""
    if not reason.strip():
        raise Empty
    if len(reason) > REASON_LIMIT:
        raise TooLong


STOPS: Mapping[str, tuple[str, ...]] = {
    RECEIVED: ("received", "in_hand", "waiting", "addressed", "referred", "closed", "withdrawn"),
    ADDRESSED: ("addressed", "referred", "closed", "withdrawn"),
}
"""In which states of the complaint each clock has stopped. Waiting for the worker stops only the first."""
