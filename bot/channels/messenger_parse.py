"""What the Messenger Platform posts to the webhook, read into arrivals; pure.

Source: Messenger Platform, "Webhooks" and its reference of events (Graph API v26.0).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.base import Arrival, Counters, File, Malformed, file_id
from bot.dialog.events import Contact, Event, Kind, Located, Sent, Started, Tapped, Typed, Unreadable
from bot.text.khmer import clean, to_ascii_digits

NAME = "messenger"
GET_STARTED = "GET_STARTED"
WINDOW = timedelta(hours=24)
"""How long we may write after something that opens the window."""
SKEW_MS = 300_000
"""A time further ahead of our clock than this is no time of the platform's."""
KINDS: Mapping[str, Kind] = {"image": "photo", "audio": "voice", "video": "video", "file": "file"}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CODE = re.compile(r"[a-z_]+:[!-~]*")
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{5,20}")
_SHAPE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
_NOT_OURS = frozenset({"delivery", "read", "account_linking", "message_edit", "messaging_feedback", "app_roles"})

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """One item, understood. `opens`: it lets us write for 24 hours."""

    event_id: str
    events: tuple[Event, ...] = ()
    files: tuple[File, ...] = ()
    opens: bool = True
    reply_to: str = ""


class Ignored(Exception):
    """Nothing for us; the argument is the kind it is counted under."""


def arrivals(notification: object, page_id: str, now: datetime, counters: Counters) -> list[Arrival]:
    """Everything the people of this Page did, in the order given.

    Raises Malformed when this is no notification. One item that cannot be read is left out and counted instead: a
    refused notification comes again with all that is in it, and after an hour of refusals nothing comes any more.
    """
    if not isinstance(notification, dict):
        raise Malformed("not an object")
    if notification.get("object") != "page":
        counters.ignore("object")
        return []
    found = []
    for entry in _objects(notification, "entry"):
        for name in ("standby", "changes"):
            for _ in _objects(entry, name):
                counters.ignore(name)
        for item in _objects(entry, "messaging"):
            try:
                if str(entry.get("id", page_id)) != page_id:
                    raise Ignored("other_page")
                found.append(_arrival(item, page_id, now))
            except Ignored as nothing:
                counters.ignore(str(nothing))
            except _SHAPE:
                counters.ignore("unreadable")
    return found


def _objects(holder: Json, name: str) -> Iterator[Json]:
    given = holder.get(name, [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise Malformed(name)
    return iter(given)


def _arrival(item: Json, page_id: str, now: datetime) -> Arrival:
    kind = next((name for name in _READERS if name in item), "")
    if not kind:
        raise Ignored(next((name for name in item if name in _NOT_OURS), "other"))
    sender = (item.get("sender") or {}).get("id")
    if not sender or sender == page_id:  # a visitor of a web page whom we can't write to yet; an echo
        raise Ignored("echo" if sender else kind)
    ms = item["timestamp"]
    at = now if ms > now.timestamp() * 1000 + SKEW_MS else _EPOCH + timedelta(milliseconds=ms)
    reading = _READERS[kind](item[kind], _word(sender), ms)
    return Arrival(
        channel=NAME,
        event_id=reading.event_id,
        external_id=_word(sender),
        at=at,
        events=reading.events,
        files=reading.files,
        window_until=at + WINDOW if reading.opens else None,
        reply_to=reading.reply_to,
    )


def _word(value: object) -> str:
    """An id of the platform: something that can be a key."""
    if not isinstance(value, str) or not value or not (value.isascii() and value.isprintable()):
        raise TypeError
    return value


def _is_code(payload: object) -> bool:
    return isinstance(payload, str) and _CODE.fullmatch(payload) is not None


# --- one reader for each kind of item ---------------------------------------------------------------------------------


def _message(part: Json, sender: str, ms: float) -> Reading:
    for name in ("is_echo", "is_deleted"):
        if part.get(name):
            raise Ignored(name.removeprefix("is_"))
    mid, text = _word(part["mid"]), clean(part.get("text") or "")
    if part.get("quick_reply"):
        return Reading(mid, (_quick_reply(part["quick_reply"]["payload"], text),))
    read = [_attachment(mid, index, one) for index, one in enumerate(part.get("attachments") or [])]
    files = tuple(file for _, file in read if file is not None)
    answered = part.get("reply_to")
    to = answered.get("mid") if isinstance(answered, dict) else ""
    return Reading(
        mid, _with_text([event for event, _ in read], text), files, reply_to=to if isinstance(to, str) else ""
    )


def _quick_reply(payload: str, text: str) -> Event:
    """A tap is a message. The button that asks for the phone number has the number for its payload."""
    if _is_code(payload):
        return Tapped(payload)
    if _PHONE.fullmatch(to_ascii_digits(payload.strip())):
        return Contact(clean(payload), own=True)
    return Typed(text) if text else Unreadable("quick_reply")


def _attachment(mid: str, index: int, given: Json) -> tuple[Event, File | None]:
    kind, payload = str(given["type"]), given.get("payload") or {}
    if kind == "sticker" or "sticker_id" in payload:  # until 2026-08-30 a sticker was an image with an id
        return Unreadable("sticker"), None
    if kind == "location":
        latitude, longitude = (float(payload["coordinates"][name]) for name in ("lat", "long"))
        inside = -90 <= latitude <= 90 and -180 <= longitude <= 180
        return (Located(latitude, longitude) if inside else Unreadable(kind)), None
    if kind in KINDS and payload.get("url"):
        file = File(file_id(NAME, mid, index), KINDS[kind], {"url": str(payload["url"])})
        return Sent(file.kind, file.id), file
    return Unreadable(kind), None


def _with_text(events: Sequence[Event], text: str) -> tuple[Event, ...]:
    """The first file takes the text as its caption; what we cannot use matters only when there is nothing else."""
    useful = [event for event in events if not isinstance(event, Unreadable)]
    if text:
        for place, event in enumerate(useful):
            if isinstance(event, Sent):
                useful[place] = replace(event, caption=text)
                break
        else:
            useful.append(Typed(text))
    return tuple(useful) or tuple(events[:1]) or (Unreadable("message"),)


def _postback(part: Json, sender: str, ms: float) -> Reading:
    event_id = _word(part["mid"]) if part.get("mid") else f"postback:{sender}:{ms}"
    payload, ref = part.get("payload"), (part.get("referral") or {}).get("ref")
    if payload == GET_STARTED or ref:
        return Reading(event_id, (Started(clean(ref or "")),))
    return Reading(event_id, (Tapped(str(payload)) if _is_code(payload) else Unreadable("postback"),))


def _referral(part: Json, sender: str, ms: float) -> Reading:
    return Reading(f"referral:{sender}:{ms}", (Started(clean(part.get("ref") or "")),))


def _optin(part: Json, sender: str, ms: float) -> Reading:
    """Allows what it asks for and nothing more: it does not open the window."""
    return Reading(f"optin:{sender}:{ms}", (Started(clean(part.get("ref") or "")),), opens=False)


def _reaction(part: Json, sender: str, ms: float) -> Reading:
    """A reaction opens the window; taking it back does not."""
    action = _word(part["action"])
    return Reading(f"reaction:{_word(part['mid'])}:{sender}:{ms}:{action}", opens=action == "react")


_READERS: Mapping[str, Callable[[Any, str, float], Reading]] = {
    "message": _message,
    "postback": _postback,
    "reaction": _reaction,
    "referral": _referral,
    "optin": _optin,
}
