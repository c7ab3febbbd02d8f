"""The time an emulator lives in: the real one, or one that a test moves by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Clock:
    """The real time: unix seconds that never go backwards while the process lives."""

    def __init__(self) -> None:
        self._base = time.time() - time.monotonic()

    def now(self) -> float:
        return self._base + time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        """The result of `work`, or `TimeoutError` once `seconds` of this clock have passed."""
        async with asyncio.timeout(seconds):
            return await work


class TestClock(Clock):
    """A time that stands still until a test calls `advance()` (or `await passes()`)."""

    __test__ = False  # not a test class, whatever its name says to pytest

    def __init__(self, start: float = 1_795_300_000.0) -> None:
        self._now = start
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    @property
    def sleepers(self) -> int:
        """How many are asleep, so that a test can wait until the thing it tests has gone to sleep."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    def advance(self, seconds: float) -> None:
        """Move on at once and wake whoever was due; they run when the test next awaits."""
        target = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= target:
            self._wake_first()
        self._now = target

    def skip(self) -> float:
        """Move on to whoever is due first; the seconds that took."""
        seconds = max(0.0, min(due for due, _, future in self._sleepers if not future.done()) - self._now)
        self.advance(seconds)
        return seconds

    async def passes(self, seconds: float, settle: float = 0.01) -> None:
        """Move on from one sleeper to the next, giving each `settle` real seconds to act before time goes on."""
        target = self._now + seconds
        await asyncio.sleep(settle)
        while self._sleepers and self._sleepers[0][0] <= target:
            self._now = max(self._now, self._sleepers[0][0])
            self._wake_first()
            if not self._sleepers or self._sleepers[0][0] > self._now:
                await asyncio.sleep(settle)
        self._now = target
        await asyncio.sleep(settle)

    async def within(self, seconds: float, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        alarm = asyncio.ensure_future(self.sleep(seconds))
        try:
            await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise TimeoutError
            return task.result()
        finally:
            for one in (task, alarm):
                if not one.done():
                    one.cancel()

    def _wake_first(self) -> None:
        _, _, future = heapq.heappop(self._sleepers)
        if not future.done():
            future.set_result(None)
