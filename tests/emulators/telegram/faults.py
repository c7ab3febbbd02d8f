"""Faults a test scripts: refusals, lost answers, slowness and being down."""

from __future__ import annotations

from collections import deque
from typing import Any

from .errors import ApiError


class Faults:
    """What will go wrong next, by method; the name "*" is any method."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.down = False
        self._refusals: dict[str, deque[ApiError]] = {}
        self._lost: dict[str, int] = {}

    def fail_next(
        self, method: str, status: int, description: str, parameters: dict[str, Any] | None = None, times: int = 1
    ) -> None:
        queue = self._refusals.setdefault(method.lower(), deque())
        queue.extend(ApiError(status, description, parameters) for _ in range(times))

    def drop_answer_next(self, method: str, times: int = 1) -> None:
        self._lost[method.lower()] = self._lost.get(method.lower(), 0) + times

    def refusal(self, method: str) -> ApiError | None:
        if not self._refusals:
            return None
        for name in (method, "*"):
            queue = self._refusals.get(name)
            if queue:
                return queue.popleft()
        return None

    def loses_answer(self, method: str) -> bool:
        if not self._lost:
            return False
        for name in (method, "*"):
            if self._lost.get(name, 0) > 0:
                self._lost[name] -= 1
                return True
        return False
