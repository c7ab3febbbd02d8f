"""What a person can do in a chat, whatever the platform."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["photo", "voice", "video", "file"]


@dataclass(frozen=True, slots=True)
class Typed:
    """Words, already cleaned by `bot.text.khmer.clean`."""

    text: str


@dataclass(frozen=True, slots=True)
class Tapped:
    """A button: its code (`form:question=code`, ASCII, at most 64 bytes)."""

    code: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A file: `file` is the id of our attachment row, `size` is in bytes when the platform told it."""

    kind: Kind
    file: str
    size: int | None = None
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Located:
    """A place in WGS 84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Contact:
    """A phone number shared by a button; `own` when the platform vouches that it is the sender's."""

    phone: str
    name: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """The person opened the chat: /start, Get Started, a link; `payload` is the link's word."""

    payload: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that holds nothing we can use: a sticker, a poll, a game."""

    what: str = ""


@dataclass(frozen=True, slots=True)
class Back:
    """The person asked for the step before; made by the router, never by a channel."""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Nothing came for a while; made by the scheduler."""


Event = Typed | Tapped | Sent | Located | Contact | Started | Unreadable | Back | TimedOut
