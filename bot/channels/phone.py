"""The phone channel: a chat on a web page of our own, with nobody's platform between the person and the service."""

import asyncio
import contextlib
import hashlib
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any

from bot.channels.base import Arrival, FetchRefused, Forbidden, Malformed, Parcel, Rate
from bot.clock import Clock, now
from bot.dialog.events import Contact, Event, Located, Started, Tapped, Typed, Unreadable
from bot.domain.delivery import Outcome, Sent
from bot.text.fit import Limits
from bot.text.khmer import clean

NAME = "phone"
COOKIE = "phone"
LIMITS = Limits(text=4000, label=60, buttons=20, per_row=2, code_bytes=64)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_CODE = re.compile(r"[!-~]{1,64}")
_SHORT = 200
"""Most characters of a phone number, a name or a link's word."""


def external_id(token: str) -> str:
    """Who holds this cookie, as the database knows them: it never holds the cookie itself. Raises Forbidden."""
    if not _TOKEN.fullmatch(token):
        raise Forbidden("no phone cookie")
    return hashlib.sha256(token.encode()).hexdigest()


def sender(headers: Mapping[str, str]) -> str:
    """The external id of whoever sent these headers (names in lower case). Raises Forbidden."""
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError as error:
        raise Forbidden("unreadable cookies") from error
    return external_id(cookie.value if cookie else "")


def event_id(person: str, id: object) -> str:
    """The page's own id of an event (a UUID), made unique among all phones. Raises Malformed."""
    try:
        return f"{person}:{uuid.UUID(str(id))}"
    except ValueError as error:
        raise Malformed("id must be a UUID") from error


class Hub:
    """Wakes the open pages of a person, in this process; pages open elsewhere look for themselves each second."""

    def __init__(self) -> None:
        self._bells: dict[str, set[asyncio.Event]] = {}
        self.closing = False

    def ring(self, person: str) -> None:
        for bell in self._bells.get(person, ()):
            bell.set()

    @contextlib.contextmanager
    def listen(self, person: str) -> Iterator[asyncio.Event]:
        """A bell that is set when something was sent, and when the service closes."""
        bell = asyncio.Event()
        self._bells.setdefault(person, set()).add(bell)
        try:
            yield bell
        finally:
            self._bells[person].discard(bell)
            if not self._bells[person]:
                del self._bells[person]

    @property
    def listeners(self) -> int:
        return sum(map(len, self._bells.values()))

    def close(self) -> None:
        """End every open stream: a server waits for its connections before it stops."""
        self.closing = True
        for person in list(self._bells):
            self.ring(person)


class Phone:
    """A Channel. `send` only rings: a page reads what was delivered to it from the outbox."""

    name = NAME
    limits = LIMITS
    rate = Rate(per_second=10_000, reserve=0, chat_limit=1000, chat_seconds=1.0, at_once=200)

    def __init__(self, clock: Clock = now) -> None:
        self._clock = clock
        self.hub = Hub()

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Arrival]:
        """One JSON event: `{"id": uuid, "kind": "text" | "tap" | "place" | "contact" | "start", …}`."""
        person = sender(headers)
        try:
            said = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Malformed("the body must be JSON") from error
        if not isinstance(said, dict):
            raise Malformed("the body must be a JSON object")
        read = _KINDS.get(str(said.get("kind")))
        if read is None:
            raise Malformed(f"kind must be one of {', '.join(_KINDS)}")
        return (
            Arrival(
                channel=self.name,
                event_id=event_id(person, said.get("id")),
                external_id=person,
                at=self._clock(),
                events=(read(said),),
            ),
        )

    def echo(self, arrival: Arrival) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return ()

    async def send(self, parcel: Parcel) -> Outcome:
        self.hub.ring(parcel.to)
        return Sent(platform_id=str(parcel.row))

    async def fetch(self, source: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """Nothing is left to fetch: a phone's file is stored while it is sent."""
        nothing: tuple[bytes, ...] = ()
        for piece in nothing:
            yield piece
        raise FetchRefused("gone")

    async def open(self) -> None:
        self.hub.closing = False

    async def close(self) -> None:
        self.hub.close()


def _text(said: Mapping[str, Any]) -> Event:
    words = clean(_string(said, "text"))
    return Typed(words) if words else Unreadable("empty")


def _tap(said: Mapping[str, Any]) -> Event:
    code = _string(said, "code")
    if not _CODE.fullmatch(code):
        raise Malformed("code must be 1 to 64 ASCII signs")
    return Tapped(code)


def _place(said: Mapping[str, Any]) -> Event:
    return Located(_degrees(said, "latitude", 90), _degrees(said, "longitude", 180))


def _contact(said: Mapping[str, Any]) -> Event:
    """The person typed it, so nobody vouches that it is theirs."""
    phone = clean(_string(said, "phone"))[:_SHORT]
    if not phone:
        raise Malformed("phone must not be empty")
    return Contact(phone, clean(_string(said, "name", ""))[:_SHORT])


def _start(said: Mapping[str, Any]) -> Event:
    return Started(clean(_string(said, "payload", ""))[:_SHORT])


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "text": _text,
    "tap": _tap,
    "place": _place,
    "contact": _contact,
    "start": _start,
}


def _string(said: Mapping[str, Any], name: str, default: object = None) -> str:
    value = said.get(name, default)
    if not isinstance(value, str):
        raise Malformed(f"{name} must be a string")
    return value


def _degrees(said: Mapping[str, Any], name: str, most: float) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= most:  # NaN is not either
        raise Malformed(f"{name} must be a number from -{most} to {most}")
    return float(value)
