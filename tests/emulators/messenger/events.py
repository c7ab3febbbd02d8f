"""The bodies of webhook events, exactly as the platform writes them; pure functions."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

ALL_FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_referrals",
    "messaging_optins",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "message_echoes",
    "standby",
    "message_template_status_update",
    "messaging_handovers",
    "messaging_account_linking",
    "message_edits",
    "messaging_feedback",
    "feed",
)
DEFAULT_FIELDS = ALL_FIELDS[:10]

EMOJI = {
    "love": "\u2764",
    "smile": "\U0001f606",
    "wow": "\U0001f62e",
    "sad": "\U0001f622",
    "angry": "\U0001f620",
    "like": "\U0001f44d",
    "dislike": "\U0001f44e",
}


def item(sender: str, recipient: str, at: int, **what: Any) -> Json:
    """One element of `messaging`: who, to whom, when (ms), and the thing itself."""
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at, **what}


def text_message(
    mid: str, text: str, quick_reply: str | None = None, reply_to: str | None = None, own: bool = False
) -> Json:
    """`message` for typed text, or for a tap on a quick reply."""
    message: Json = {"mid": mid, "text": text}
    if quick_reply is not None:
        message["quick_reply"] = {"payload": quick_reply}
    if reply_to is not None:
        message["reply_to"] = {"mid": reply_to, "is_self_reply": own}
    return message


def attachment_message(mid: str, kind: str, payload: Json) -> Json:
    """`message` for one attachment."""
    return {"mid": mid, "attachments": [{"type": kind, "payload": payload}]}


def location_message(mid: str, lat: float, long: float) -> Json:
    """`message` for a shared place."""
    return attachment_message(mid, "location", {"coordinates": {"lat": lat, "long": long}})


def referral(ref: str, source: str = "SHORTLINK", ad_id: str | None = None) -> Json:
    """`referral`, on its own or inside a postback."""
    body: Json = {"ref": ref, "source": source, "type": "OPEN_THREAD"}
    if ad_id is not None:
        body["ad_id"] = ad_id
    return body


def postback(mid: str, title: str, payload: str, ref: Json | None = None) -> Json:
    """`postback` for a button, the menu, an ice breaker or Get Started."""
    body: Json = {"mid": mid, "title": title, "payload": payload}
    if ref is not None:
        body["referral"] = ref
    return body


def reaction(mid: str, name: str, action: str) -> Json:
    """`reaction` to a message."""
    return {
        "reaction": name if name in EMOJI else "other",
        "emoji": EMOJI.get(name, name),
        "action": action,
        "mid": mid,
    }


def envelope(page_id: str, at: int, items: list[tuple[str, Json]]) -> Json:
    """The whole notification: one entry per event, under `messaging`, `standby` or `changes`."""
    return {"object": "page", "entry": [{"id": page_id, "time": at, where: [event]} for where, event in items]}


def to_bytes(notification: Json, escape_slashes: bool) -> bytes:
    r"""ASCII JSON with lower-case \uXXXX escapes, as the platform signs it."""
    text = json.dumps(notification, ensure_ascii=True, separators=(",", ":"))
    return (text.replace("/", "\\/") if escape_slashes else text).encode("ascii")
