"""How many calls the Page may make: sliding windows and the daily quota."""

from __future__ import annotations

from collections import deque

from .errors import coded
from .switches import Limits, Switches

DAY_MINUTES = 1440


class Window:
    """At most so many calls in so many seconds, sliding."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def full(self, now: float, size: int, seconds: float) -> bool:
        """Would one more call be too many?"""
        times = self._times
        while times and times[0] <= now - seconds:
            times.popleft()
        return len(times) >= size

    def add(self, now: float) -> None:
        """Count one call."""
        self._times.append(now)

    def trim(self, size: int) -> None:
        """Keep the newest few."""
        while len(self._times) > size:
            self._times.popleft()


class Rates:
    """Counts calls and refuses those above the limits."""

    def __init__(self, limits: Limits, switches: Switches) -> None:
        self.limits = limits
        self.switches = switches
        self.sent_today = 0
        self._calls = Window()
        self._media = Window()
        self._volume = Window()
        self._profile = Window()
        self._minutes: deque[list[int]] = deque()

    def call(self, now: float) -> None:
        """Any call on the messages edge."""
        size = self.limits.calls_per_second
        if size is None:
            return
        if self._calls.full(now, size, 1.0):
            raise coded(self.switches.rate_as)
        self._calls.add(now)

    def media(self, now: float) -> None:
        """A message carrying audio or video."""
        size = self.limits.media_per_second
        if size is None:
            return
        if self._media.full(now, size, 1.0):
            raise coded(self.switches.rate_as)
        self._media.add(now)

    def volume(self, now: float) -> None:
        """The high-volume rule: attempts count too, so only a pause helps."""
        per_second = self.limits.high_volume_per_second
        if per_second is None:
            return
        size = int(per_second * self.limits.high_volume_seconds)
        over = self._volume.full(now, size, self.limits.high_volume_seconds)
        self._volume.add(now)
        self._volume.trim(size)
        if over:
            raise coded(self.switches.high_volume_as)

    def daily(self, now: float, engaged: int) -> None:
        """200 messages per engaged person in rolling 24 hours."""
        per_person = self.limits.daily_per_engaged
        if per_person is None:
            return
        minute = int(now // 60)
        minutes = self._minutes
        while minutes and minutes[0][0] <= minute - DAY_MINUTES:
            self.sent_today -= minutes.popleft()[1]
        if self.sent_today >= per_person * max(1, engaged):
            raise coded(self.switches.quota_as)
        if not minutes or minutes[-1][0] != minute:
            minutes.append([minute, 0])
        minutes[-1][1] += 1
        self.sent_today += 1

    def thread(self, window: Window, now: float) -> None:
        """One conversation; the platform has such a limit but gives no number."""
        size = self.limits.per_thread_per_second
        if size is None:
            return
        if window.full(now, size, 1.0):
            raise coded(self.switches.rate_as)
        window.add(now)

    def profile(self, now: float) -> None:
        """The Messenger Profile API."""
        size = self.limits.profile_calls
        if size is None:
            return
        if self._profile.full(now, size, self.limits.profile_seconds):
            raise coded(self.switches.profile_rate_as)
        self._profile.add(now)

    def usage(self, engaged: int) -> int:
        """Percent of the daily quota used, for the usage headers."""
        per_person = self.limits.daily_per_engaged
        return 0 if per_person is None else min(100, self.sent_today * 100 // max(1, per_person * engaged))
