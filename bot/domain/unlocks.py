"""Looks at what a worker wanted hidden: two officers, a reason, two hours."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.errors import ReasonMissing, TooLong

ASKED, APPROVED, REFUSED = "asked", "approved", "refused"
OPEN_FOR = timedelta(hours=24)
"""How long a request may wait for the second officer."""
SHOWN_FOR = timedelta(hours=2)
"""How long the one who asked then sees it."""
REASON_LIMIT = 500
"""Code points in the reason."""


@dataclass(frozen=True, slots=True)
class AskUnlock:
    """An officer asks to see who complained. A second time, while it is open, changes nothing."""

    reference: str
    reason: str
    staff: int


@dataclass(frozen=True, slots=True)
class DecideUnlock:
    """A second officer lets the first look, or not. `unlock`: the request's id."""

    reference: str
    unlock: int
    approve: bool
    staff: int


def check_reason(reason: str) -> None:
    """Raise ReasonMissing or TooLong."""
    if not reason.strip():
        raise ReasonMissing
    if len(reason) > REASON_LIMIT:
        raise TooLong
