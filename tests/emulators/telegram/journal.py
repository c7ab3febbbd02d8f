"""What the bot asked for, kept so that a test can compare it byte for byte."""

from __future__ import annotations

import json
from collections import deque
from typing import Any, NamedTuple

from .wire import Files, Params


class Request(NamedTuple):
    """One call as it arrived; `params` are the strings the server read, `body` the raw bytes, `at` the clock."""

    method: str
    params: Params
    files: Files
    body: bytes
    status: int
    at: float
    via: str = "http"  # or "webhook": a call in the answer to an update

    def json(self, name: str) -> Any:
        return json.loads(self.params[name])


class Journal:
    """`record=True` keeps every request, a number the last so many, False none."""

    def __init__(self, record: bool | int) -> None:
        limit = None if record is True else int(record)
        self.keeps = limit != 0
        self.requests: deque[Request] = deque(maxlen=limit)
        self.counts: dict[tuple[str, int], int] = {}

    def add(self, request: Request) -> None:
        key = (request.method, request.status)
        self.counts[key] = self.counts.get(key, 0) + 1
        if self.keeps:
            self.requests.append(request)

    def sent(self, method: str) -> list[Request]:
        name = method.lower()
        return [request for request in self.requests if request.method.lower() == name]
