"""The two clocks of a complaint, in real hours, and the ladder of notices beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

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


STOPS: Mapping[str, tuple[str, ...]] = {
    RECEIVED: ("received", "in_hand", "waiting", "addressed", "referred", "closed", "withdrawn"),
    ADDRESSED: ("addressed", "referred", "closed", "withdrawn"),
}
"""In which states of the complaint each clock has stopped. Waiting for the worker stops only the first."""
