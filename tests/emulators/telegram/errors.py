"""How the Bot API says no: one exception that becomes the error envelope, and the shapes of its text."""

from __future__ import annotations

import json
from typing import Any


class ApiError(Exception):
    """The Bot API refused a request; `code` is both `error_code` and the HTTP status."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> bytes:
        envelope: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            envelope["parameters"] = self.parameters
        return json.dumps(envelope, separators=(",", ":")).encode()


def _lowered(text: str) -> str:
    """The server lower-cases a first letter unless the second is upper-case or `_` (BUTTON_DATA_INVALID stays)."""
    if len(text) > 1 and (text[1].isupper() or text[1] == "_"):
        return text
    return text[:1].lower() + text[1:]


def bad(text: str, parameters: dict[str, Any] | None = None) -> ApiError:
    return ApiError(400, "Bad Request: " + _lowered(text), parameters)


def forbidden(text: str) -> ApiError:
    return ApiError(403, "Forbidden: " + _lowered(text))


def too_many(retry_after: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


METHOD_NOT_FOUND = "Not Found: method not found"
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
CONFLICT_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
CONFLICT_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
CONFLICT_SET_WEBHOOK = "Conflict: terminated by setWebhook request"
