"""What a send may end in, and what to do about it: retry, hold, pause; pure."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LIVE, ALERT, NOTICE, REMINDER = 0, 1, 2, 3
"""Lanes: a live reply, an alert, an officer's or system notice, a reminder."""

GIVE_UP_AFTER = 12
"""Tries of one request; with the pauses below, a little over five hours."""
PAUSES = (1, 2, 5, 15, 30, 60, 300, 600, 1800, 3600, 7200)
"""Seconds before try 2, 3, …"""


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform took it; `platform_id` is its message id."""

    platform_id: str = ""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Not now: try again, this request only, as the policy says, but not before `seconds`."""

    why: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class PauseChannel:
    """Nothing may go out on this channel for `seconds`; `alarm`: a person must look at it."""

    why: str
    seconds: float
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Blocked, gone, or outside the window: hold everything until the person writes."""

    why: Literal["blocked", "gone", "window", "unavailable"]


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform will never take this request: our bug or a setting. Tell staff."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It was sent, but the answer was lost: it may or may not have arrived."""

    why: str


Outcome = Sent | RetryAt | PauseChannel | Unreachable | Refused | Unknown

State = Literal["queued", "sent", "held", "dead"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The row's next state; `not_before` for a queued one."""

    state: State
    not_before: datetime
    why: str = ""


def decide(outcome: Outcome, *, lane: int, tries: int, now: datetime) -> Decision:
    """What becomes of a row after a try. `tries` counts this one. An `Unknown` reminder is not sent again."""
    match outcome:
        case Sent():
            return Decision("sent", now)
        case Unreachable(why):
            return Decision("held", now, why)
        case Refused(why):
            return Decision("dead", now, why)
        case PauseChannel(why, seconds, _alarm):
            return Decision("queued", now + timedelta(seconds=seconds), why)
        case Unknown(why) if lane == REMINDER:
            return Decision("dead", now, why)
        case RetryAt(why) | Unknown(why) if tries >= GIVE_UP_AFTER:
            return Decision("dead", now, why)
        case RetryAt(why) | Unknown(why):
            asked = outcome.seconds or 0 if isinstance(outcome, RetryAt) else 0
            pause = max(asked, PAUSES[min(max(tries, 1), len(PAUSES)) - 1])
            return Decision("queued", now + timedelta(seconds=pause), why)


class Window:
    """A sliding window: at most `limit` in any `seconds`; platforms count this way, not as a bucket.

    Lanes after the first may use only `limit - reserve`, so that a live reply never waits behind an alert.
    """

    def __init__(self, limit: int, seconds: float, reserve: int = 0) -> None:
        self.limit, self.seconds, self.reserve = limit, seconds, reserve
        self._spent: deque[float] = deque()

    def wait(self, now: float, lane: int = LIVE) -> float:
        """Seconds until one more may go; 0 when it may go at once. Times are a monotonic clock's."""
        while self._spent and self._spent[0] <= now - self.seconds:
            self._spent.popleft()
        room = self.limit - (self.reserve if lane != LIVE else 0)
        if len(self._spent) < room:
            return 0.0
        return self._spent[len(self._spent) - room] + self.seconds - now

    def spend(self, now: float) -> None:
        self._spent.append(now)

    @property
    def idle(self) -> bool:
        return not self._spent
