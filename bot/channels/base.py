"""The protocol every channel keeps: what arrives, what is sent, and what a send may end in."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.dialog.events import Event, Kind
from bot.domain.delivery import Outcome
from bot.text.fit import Bubble, Limits

MESSAGE, ACK, EDIT = "message", "ack", "edit"
"""Kinds of request: a message; the answer to a tap; the keyboard of a tapped message."""

_FILES = uuid.UUID("6f7d2f0e-6a54-5f0e-8f0e-1f6f9f3c2b11")


class Forbidden(Exception):
    """The request is unsigned or wrongly signed."""


class Malformed(Exception):
    """The body cannot be read."""


class ChannelNotUsable(Exception):
    """The platform does not accept what is set here: a person must mend it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the token, the account or the webhook that is set here is not accepted: {why}")


class FetchRefused(Exception):
    """The file can never be taken; the first argument is the reason: too_big, gone or host."""


class FetchLater(Exception):
    """The platform did not answer; try again."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with an event: its id (also in `Sent.file`), and the channel's own way to fetch it (JSON)."""

    id: str
    kind: Kind
    source: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tap:
    """A tapped button that the platform wants acknowledged. `label` is what the button said."""

    callback: str
    message: str
    label: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing a platform told us.

    `event_id` is unique per channel. `events` is empty for what is no turn (a reaction, a block). `window_until`:
    until when we may write. `suppressed`: why we may no longer write ("blocked"), or an empty string. `album`: what
    the platform calls the album that this file is one of, when it tells of each file separately. `reply_to`: its id
    of our message that this answers.
    """

    channel: str
    event_id: str
    external_id: str
    at: datetime
    events: tuple[Event, ...] = ()
    files: tuple[File, ...] = ()
    window_until: datetime | None = None
    suppressed: str = ""
    tap: Tap | None = None
    album: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request to make. `body` as `body_of` or `Channel.echo` made it; `content` is the file's bytes, if any."""

    row: int
    to: str
    what: str
    body: Mapping[str, Any]
    human: bool
    created_at: datetime
    seen_at: datetime
    window_until: datetime | None = None
    content: bytes | None = None
    mime: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` in all, `reserve` of it for lane 0 only; at most `chat_limit` in `chat_seconds` to one person."""

    per_second: int
    reserve: int
    chat_limit: int = 1000
    chat_seconds: float = 1.0
    at_once: int = 50


class Channel(Protocol):
    """What the service knows of a platform. `parse` and `echo` are pure; `send` and `fetch` do the I/O."""

    name: str
    limits: Limits
    rate: Rate

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Arrival]:
        """Header names are lower case. Raises Forbidden or Malformed; unknown kinds are left out, and counted."""

    def echo(self, arrival: Arrival) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Requests that answer a tap itself: (kind, body)."""

    async def send(self, parcel: Parcel) -> Outcome:
        """Make one request; never raises for what a platform may answer."""

    def fetch(self, source: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """The file's bytes in pieces; raises FetchRefused or FetchLater. Only the platform's own hosts are asked."""

    async def open(self) -> None:
        """Connect, and tell the platform about us (webhook, menus)."""

    async def close(self) -> None: ...


def file_id(channel: str, event_id: str, index: int = 0) -> str:
    """The same file of the same event always has the same id, so a redelivery makes no second one."""
    return uuid.uuid5(_FILES, f"{channel}:{event_id}:{index}").hex


def body_of(bubble: Bubble) -> dict[str, Any]:
    """A bubble as the outbox keeps it."""
    rows = [[{"code": one.code, "label": one.label, "ask": one.ask} for one in row] for row in bubble.buttons]
    return {"text": bubble.text, "rows": rows}


@dataclass(slots=True)
class Counters:
    """What a channel saw and did not use, by kind, for the metrics."""

    ignored: dict[str, int] = field(default_factory=dict)

    def ignore(self, kind: str) -> None:
        self.ignored[kind] = self.ignored.get(kind, 0) + 1
