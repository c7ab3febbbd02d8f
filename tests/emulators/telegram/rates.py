"""How fast a bot may send: sliding windows, never buckets, and slots promised ahead to calls that are held."""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right, insort

from tests.emulators.clock import Clock

from .errors import too_many
from .state import Chat
from .switches import Limits, Switches

_ROUNDING = 1e-6  # unix times as floats are good to a fraction of this


def earliest(times: list[float], limit: int, span: float, at: float) -> float:
    """The first moment from `at` on when one more keeps every `span` seconds at `limit` or fewer (`times` sorted)."""
    while not _fits(times, limit, span, at):
        place = bisect_right(times, at - span + _ROUNDING)  # the first one that leaves the window after `at`
        at = times[place] + span
    return at


def _fits(times: list[float], limit: int, span: float, at: float) -> bool:
    place = bisect_right(times, at)
    if place < limit and len(times) < limit:
        return True
    if place == len(times):
        return at - times[place - limit] >= span - _ROUNDING
    around = [*times[max(0, place - limit) : place], at, *times[place : place + limit]]
    return all(last - first >= span - _ROUNDING for first, last in zip(around, around[limit:], strict=False))


class Rates:
    """The windows of one bot. `limits_on=False` turns them all off, for measuring something else."""

    def __init__(self, clock: Clock, limits: Limits, switches: Switches, seed: int) -> None:
        self.on = True
        self._clock, self._limits, self._switches = clock, limits, switches
        self._all: list[float] = []
        self._uploads: dict[int, float] = {}
        self._random = random.Random(seed)

    def reserve(self, chat: Chat, paid: bool, count: int = 1) -> float:
        """Seconds this send is held before it goes; raises 429 when flood waits would exceed the hold."""
        if not self.on:
            return 0.0
        now = self._clock.now()
        at = now
        total = self._limits.paid_per_second if paid else self._limits.per_second
        mine = chat.sent_at
        self._forget(self._all, now - 1.0)
        if mine:
            self._forget(mine, now - 60.0)
        while True:
            start = at
            at = earliest(self._all, total, 1.0, at)
            if mine:
                if chat.kind != "private":
                    at = earliest(mine, self._limits.group_per_minute, 60.0, at)
                burst = self._switches.chat_burst
                at = earliest(mine, burst, float(burst), at)
            if at == start:
                break
        wait = at - now
        if wait > self._limits.hold_seconds:
            raise too_many(math.ceil(wait - 1e-6))
        for _ in range(count):
            insort(self._all, at)
            insort(mine, at)
        return wait

    def reserve_upload(self, size: int) -> float:
        """Seconds a big upload waits: same-sized ones are spaced; -1 when the backlog is over 5 s (answer 429)."""
        if not self.on or size <= self._limits.big_upload_bytes:
            return 0.0
        now = self._clock.now()
        free_at = max(now, self._uploads.get(size, now))
        if free_at - now > 5.0:
            return -1.0
        self._uploads[size] = free_at + self._random.uniform(0.2, 0.9)
        return free_at - now

    @staticmethod
    def _forget(times: list[float], before: float) -> None:
        if times and times[0] <= before:
            del times[: bisect_left(times, before)]
