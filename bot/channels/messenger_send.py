"""A parcel as a request of Messenger's Send API, and what each answer means; pure.

Sources: Messenger Platform, "Send Messages", "Error Codes" (2026-06-25) and the messaging policy (2026-09-28).
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.channels.base import MESSAGE, Parcel
from bot.channels.messenger_parse import WINDOW
from bot.domain.delivery import Outcome, PauseChannel, Refused, RetryAt, Sent, Unknown, Unreachable

HUMAN_AGENT = timedelta(days=7)
"""How long after a person's last sign somebody of the staff, and nobody else, may still answer."""
LONGEST_PAUSE = 3600.0
_TYPES = {"photo": "image", "voice": "audio", "video": "video", "file": "file"}


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes of a file beside the parameters."""

    content: bytes
    mime: str
    name: str


@dataclass(frozen=True, slots=True)
class Request:
    """The parameters of one send, in order. `tagged`: sent by HUMAN_AGENT, outside the 24 hours."""

    params: Mapping[str, Any]
    file: Upload | None = None
    tagged: bool = False


def request(parcel: Parcel, now: datetime, *, plain: bool = False) -> Request | Outcome:
    """What to ask of the platform; an Outcome when there is no use in asking.

    `plain`: a picture, sound or film goes as a mere file, after the platform did not take it for what it is.
    """
    if parcel.what != MESSAGE:
        return Refused(f"there is no {parcel.what} on Messenger")
    text, file = str(parcel.body.get("text") or ""), None
    message: dict[str, Any] = {"text": text}
    if parcel.body.get("file"):
        if text:
            return Refused("text beside a file")
        if not parcel.content:
            return Refused("a file without its bytes")
        file, shown = _upload(parcel.content, parcel.mime, str(parcel.body.get("kind")))
        message = {"attachment": {"type": "file" if plain else shown, "payload": {"is_reusable": False}}}
    means = _means(parcel, now)
    if means is None:
        return Unreachable("window")
    buttons = quick_replies(parcel.body.get("rows") or ())
    if buttons and "tag" not in means:  # the tag is for a person's words only, and buttons are the bot's
        message["quick_replies"] = buttons
    return Request({"recipient": {"id": parcel.to}, **means, "message": message}, file, "tag" in means)


def quick_replies(rows: Sequence[Sequence[Mapping[str, str]]]) -> list[dict[str, str]]:
    """The buttons in order; Messenger has no button for a place, and takes the phone number's name itself."""
    return [_quick_reply(button) for row in rows for button in row if button.get("ask") != "location"]


def _quick_reply(button: Mapping[str, str]) -> dict[str, str]:
    if button.get("ask") == "contact":
        return {"content_type": "user_phone_number"}
    return {"content_type": "text", "title": button["label"], "payload": button["code"]}


def _upload(content: bytes, mime: str, kind: str) -> tuple[Upload, str]:
    """The file, and as what it is shown: the platform refuses a type that is not the content's."""
    mime = mime.partition(";")[0].strip() or "application/octet-stream"
    shown = _TYPES.get(kind, "file")
    name = (kind if kind in _TYPES else "file") + (mimetypes.guess_extension(mime) or ".bin")
    return Upload(content, mime, name), shown if mime.startswith(f"{shown}/") else "file"


def _means(parcel: Parcel, now: datetime) -> dict[str, str] | None:
    """How the platform lets us send this now; None when it does not."""
    if now < (parcel.window_until or parcel.seen_at + WINDOW):
        return {"messaging_type": "RESPONSE"}
    if parcel.human and now < parcel.seen_at + HUMAN_AGENT:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    return None


def to_bytes(params: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8; half a surrogate pair, which no platform takes, becomes a question mark."""
    return json.dumps(params, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


# --- answers ----------------------------------------------------------------------------------------------------------

ANY = -1
RATE, MEDIA = PauseChannel("rate", 60), RetryAt("media")
"""These two need a memory: `RATE` grows, `MEDIA` comes only once for a request."""
DENIED = PauseChannel("permission", 300, alarm=True)
TOKEN = PauseChannel("token", 60, alarm=True)
PROOF = PauseChannel("appsecret_proof", 300, alarm=True)
PAGE = PauseChannel("page", 300, alarm=True)
_RESTRICTED = PauseChannel("restricted", 3600, alarm=True)
_THREAD = RetryAt("thread", 300)
_WINDOW, _GONE, _UNAVAILABLE = Unreachable("window"), Unreachable("gone"), Unreachable("unavailable")

BUSINESS_USE_CASE = range(80001, 80100)
"""Codes of one limit, by product; looked up under the first."""

REACTIONS: Mapping[tuple[int, int | None], Outcome] = {
    # (code, subcode); None: without a subcode, ANY: whatever it is
    (1, ANY): RetryAt("unknown"),
    (2, ANY): RetryAt("temporary"),
    (1200, ANY): RetryAt("temporary"),
    (4, ANY): RATE,
    (17, ANY): RATE,
    (32, ANY): RATE,
    (613, ANY): RATE,
    (80001, ANY): RATE,
    (ANY, 2018338): PauseChannel("abuse", 3600, alarm=True),
    (ANY, 1893063): _RESTRICTED,
    (368, ANY): _RESTRICTED,  # a policy block in the Graph API's general list
    (190, ANY): TOKEN,
    (10, None): DENIED,
    (200, None): DENIED,
    (ANY, 2018028): DENIED,
    (ANY, 2018278): _WINDOW,
    (ANY, 2534022): _WINDOW,
    (ANY, 2018065): _WINDOW,
    (ANY, 2018108): _UNAVAILABLE,
    (ANY, 1545041): _UNAVAILABLE,  # the send-messages page calls it a closed window; either way only they can open it
    (551, ANY): _UNAVAILABLE,
    (ANY, 2018001): _GONE,
    (100, 33): _GONE,
    (2018300, ANY): _THREAD,
    (ANY, 2018300): _THREAD,
    (2018321, ANY): _THREAD,
    (ANY, 2018321): _THREAD,
    (ANY, 1893061): Refused("dead message tag (100/1893061)"),
    (ANY, 2018014): Refused("message beside a sender action (100/2018014)"),
    (ANY, 2018008): MEDIA,
    (ANY, 2018047): MEDIA,
    (ANY, 2018294): MEDIA,
    (ANY, 2018109): MEDIA,
    (ANY, 2018074): MEDIA,
}

WORDS: Sequence[tuple[str, Outcome]] = (
    # Asked only when no subcode told: the texts change between releases.
    ("appsecret_proof", PROOF),
    ("outside of allowed window", _WINDOW),
    ("no matching user", _GONE),
    ("isn't available right now", _UNAVAILABLE),
    ("temporarily restricted", _RESTRICTED),
    ("controlling this thread", _THREAD),
)

STATUSES: Mapping[int, Outcome] = {
    # Without an error of the Graph API in it: something on the way answered.
    408: RetryAt("HTTP 408"),
    413: Refused("HTTP 413"),
    429: RATE,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of the Graph API; `text` may name people and is never logged."""

    status: int
    code: int | None = None
    subcode: int | None = None
    text: str = ""
    trace: str = ""

    def __str__(self) -> str:
        subcode = "" if self.subcode is None else f"/{self.subcode}"
        return f"HTTP {self.status}, graph {self.code}{subcode}, trace {self.trace or 'none'}"


def parsed(body: bytes) -> Mapping[str, Any]:
    """The answer's object; an empty one when it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def fault_in(status: int, answer: Mapping[str, Any]) -> Fault | None:
    """The error that was answered; None for a success."""
    error = answer.get("error")
    if not isinstance(error, dict):
        return None if status < 300 else Fault(status)
    code, subcode = (
        value if isinstance(value, int) else None for value in (error.get("code"), error.get("error_subcode"))
    )
    trace = "".join(sign for sign in str(error.get("fbtrace_id", ""))[:40] if sign.isalnum() or sign in "_-")
    return Fault(status, code, subcode, str(error.get("message", "")), trace)


def outcome_of(answer: Mapping[str, Any], fault: Fault | None, page_id: str) -> Outcome:
    """What became of a send."""
    if fault is not None:
        return reaction(fault, page_id)
    mid = answer.get("message_id")
    return Sent(mid) if isinstance(mid, str) and mid else Unknown("an answer without a message id")


def reaction(fault: Fault, page_id: str) -> Outcome:
    """By code and subcode, then by words, then by code alone, then by HTTP status."""
    code, subcode, text = fault.code, fault.subcode, fault.text.lower()
    if code in BUSINESS_USE_CASE:
        code = BUSINESS_USE_CASE.start
    if (code, subcode) == (100, 33) and page_id in text:  # the Page is what does not exist, not the person
        return PAGE
    keys: list[tuple[int, int | None]] = []
    if subcode is not None:
        keys += [(code if code is not None else ANY, subcode), (ANY, subcode)]
    named = next((REACTIONS[key] for key in keys if key in REACTIONS), None)
    named = named or next((outcome for words, outcome in WORDS if words in text), None)
    if named is not None:
        return named
    if code is None:
        return _by_status(fault.status)
    for key in ((code, subcode), (code, ANY)):
        if key in REACTIONS:
            return REACTIONS[key]
    if fault.status >= 500:
        return _by_status(fault.status)
    return Refused(f"graph {fault.code}" if subcode is None else f"graph {fault.code}/{subcode}")


def _by_status(status: int) -> Outcome:
    if status >= 500:
        return RetryAt(f"HTTP {status}")
    # Not Refused: a proxy in the way or a wrong address would otherwise kill everything that waits.
    return STATUSES.get(status) or PauseChannel(f"HTTP {status}", 300, alarm=True)


class Growing:
    """Pauses of 60 s, 120 s, … one hour, while they do not help; refusals during a pause belong to it."""

    def __init__(self) -> None:
        self._times = 0
        self._until: datetime | None = None

    def pause(self, now: datetime) -> PauseChannel:
        if self._until is None or now >= self._until:
            seconds = min(RATE.seconds * 2**self._times, LONGEST_PAUSE)
            self._times += 1
            self._until = now + timedelta(seconds=seconds)
        return PauseChannel(RATE.why, (self._until - now).total_seconds())

    def calm(self, now: datetime) -> None:
        """Something was taken; what was already on its way when the pause began proves nothing."""
        if self._until is not None and now >= self._until:
            self._times, self._until = 0, None
