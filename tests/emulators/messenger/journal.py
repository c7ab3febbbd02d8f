"""What the service asked of the platform, kept byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .calls import Upload


@dataclass(slots=True)
class Request:
    """One HTTP request and how it was answered; status 0 when the answer was never sent."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    json: Any
    files: dict[str, Upload]
    status: int
    at: float
    answer: Any = None


@dataclass(slots=True)
class Sent:
    """One message the platform accepted."""

    mid: str
    psid: str
    message: dict[str, Any]
    messaging_type: str
    tag: str | None
    at: float

    @property
    def text(self) -> str | None:
        """The plain text, if it has one."""
        text = self.message.get("text")
        return text if isinstance(text, str) else None
