"""What a request to Telegram may carry, and what its answer means: one of the few things a send may end in."""

import json
import mimetypes
from typing import Any

from bot.channels.base import ACK, EDIT, FetchLater, FetchRefused
from bot.domain.delivery import Outcome, PauseChannel, Refused, RetryAt, Sent, Unknown, Unreachable

PHOTO_BYTES = 10 << 20
PHOTO_TYPES = ("", "image/jpeg", "image/png", "image/webp")
"""What sendPhoto takes; another picture (HEIC, GIF) goes as a file, which is better than not at all."""
CONFIG_PAUSE = 60.0
"""Seconds between tries while the token or the address is wrong: nothing is lost, and a person is told."""
RATE_PAUSE = 5.0
"""Seconds when a 429 does not say how many."""
CONFLICT_PAUSE = 5.0
"""Seconds before asking for updates again: within 3 s of a conflict Telegram itself waits before it answers."""
POLL_PAUSE = 30.0
"""Most seconds before asking for updates again after another fault."""

_ENDINGS = {"image/jpeg": ".jpg", "audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "video/mp4": ".mp4"}
_USUAL = {"photo": ".jpg", "voice": ".ogg", "video": ".mp4"}
_HARMLESS = {
    ACK: ("query is too old", "query id is invalid"),
    EDIT: ("message is not modified", "message to edit not found", "message can't be edited", "message_id_invalid"),
}
"""Refusals of a tap's echo after which there is nothing left to do."""

JSON_BODY = {"content-type": "application/json"}


class Denied(Exception):
    """Telegram answered with an error; `status` is its `error_code`, `retry_after` is in seconds."""

    def __init__(self, status: int, description: str, retry_after: float = 0) -> None:
        super().__init__(f"{status} {description}")
        self.status, self.description, self.retry_after = status, description, retry_after

    @property
    def passing(self) -> bool:
        """Whether the same request may be taken later."""
        return self.status == 429 or self.status >= 500


class NotReached(Exception):
    """The request never left: no connection was made."""


class Lost(Exception):
    """The request left, but no answer that can be read came back."""


def file_as(kind: str, mime: str, size: int) -> tuple[str, str]:
    """The kind to send a file as, and its name: nothing of the sender's, but an ending a phone can open it by."""
    if kind == "photo" and (mime not in PHOTO_TYPES or size > PHOTO_BYTES):
        kind = "file"
    return kind, kind + (_ENDINGS.get(mime) or mimetypes.guess_extension(mime) or _USUAL.get(kind, ".bin"))


NO_ANSWER = (Denied, NotReached, Lost)


def result_of(status: int, raw: bytes, retry_after: str = "") -> Any:
    """The `result` of an answer; `retry_after` is the header. Raises Denied or Lost."""
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = {}  # a proxy's page
    if not isinstance(answer, dict):
        answer = {}
    if answer.get("ok") is True:
        return answer.get("result")
    if status < 300 and "error_code" not in answer:
        raise Lost("unreadable answer")
    seconds = (answer.get("parameters") or {}).get("retry_after") or retry_after
    code = int(answer.get("error_code") or status)
    raise Denied(
        code, str(answer.get("description") or f"HTTP {status}"), float(seconds) if str(seconds).isdigit() else 0
    )


def outcome_of(error: Denied, what: str) -> Outcome:
    """The code decides; the words only where one code means several things, for they change between servers."""
    said = error.description.lower()
    if error.status == 400 and any(words in said for words in _HARMLESS.get(what, ())):
        return Sent()
    match error.status:
        case 429:
            return PauseChannel("rate", error.retry_after or RATE_PAUSE)
        case 401 | 404:
            return PauseChannel("token", CONFIG_PAUSE, alarm=True)
        case 409:
            return PauseChannel("conflict", CONFIG_PAUSE, alarm=True)
        case status if 300 <= status < 400:
            return PauseChannel("redirect", CONFIG_PAUSE, alarm=True)
        case 403 if "deactivated" in said:
            return Unreachable("gone")
        case 403 if "blocked" in said:
            return Unreachable("blocked")
        case 403:
            return Unreachable("unavailable")
        case 400 if "chat not found" in said or "peer_id_invalid" in said:
            return Unreachable("gone")
        case status if status >= 500:
            return RetryAt(f"http {status}")
    return Refused(error.description[:200])


def no_answer(error: NotReached | Lost, what: str) -> Outcome:
    """A tap's echo is not worth a second try that may repeat it."""
    if isinstance(error, NotReached):
        return RetryAt(str(error))
    return Sent() if what in _HARMLESS else Unknown(str(error))


def fetch_fault(error: Denied) -> FetchRefused | FetchLater:
    """What a refused getFile means. A wrong token loses no file: it is asked for again."""
    said = error.description.lower()
    if error.status != 400 or "temporarily" in said:
        return FetchLater(f"http {error.status}")
    return FetchRefused("too_big" if "too big" in said else "gone")


def check_download(status: int) -> None:
    """Raises FetchRefused or FetchLater unless the file follows. A redirect would leave Telegram's own host."""
    if 300 <= status < 400:
        raise FetchRefused("host")
    if status == 404:
        raise FetchRefused("gone")
    if status != 200:
        raise FetchLater(f"http {status}")


def poll_pause(error: Exception, faults: int) -> float:
    """Seconds before asking for updates again, after `faults` failures in a row."""
    if isinstance(error, Denied) and error.status == 409:
        return CONFLICT_PAUSE
    if isinstance(error, Denied) and error.retry_after:
        return error.retry_after
    return min(2.0 ** (faults - 1), POLL_PAUSE)
