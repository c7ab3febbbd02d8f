"""POST /{page}/messages: every rule between a request and a message on somebody's screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import media, templates
from .calls import Call
from .chat import Content, Seen
from .content import Checker
from .errors import GraphError, coded, invalid, required
from .journal import Sent
from .person import Person

if TYPE_CHECKING:
    from .server import MessengerEmulator

DAY = 86400.0
HUMAN_AGENT_DAYS = 7
TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
DEAD_TAGS = {"CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE"}
TAGS = ("HUMAN_AGENT", "CUSTOMER_FEEDBACK")
ACTIONS = ("typing_on", "typing_off", "mark_seen", "react", "unreact")
PARAMS = {
    "recipient",
    "message",
    "messaging_type",
    "tag",
    "sender_action",
    "notification_type",
    "persona_id",
    "appsecret_proof",
    "payload",
    "reply_to",
}
RECIPIENTS = {"id", "user_ref", "one_time_notif_token"}


async def send(fb: MessengerEmulator, call: Call) -> dict[str, Any]:
    """A message or a sender action."""
    now = fb.clock.now()
    if call.counted:
        fb.rates.call(now)
    for name in call.params:
        if name not in PARAMS:
            raise invalid(f'Unexpected key "{name}" on param "body".')
    recipient = call.object("recipient")
    action = call.params.get("sender_action")
    if "message" not in call.params:
        if action is None:
            raise GraphError(100, subcode=2018015)
        return _act(fb, _person(fb, recipient), str(action))
    if action is not None:
        raise GraphError(100, subcode=2018014)
    if call.counted:
        fb.rates.volume(now)
    return await _message(fb, call, recipient, now)


async def _message(fb: MessengerEmulator, call: Call, recipient: dict[str, Any], now: float) -> dict[str, Any]:
    person = _person(fb, recipient)
    message = call.object("message")
    kind, tag = _kind(fb, call)
    content = Checker(fb.switches).message(message, "filedata" in call.files)
    _may_reach(fb, person)
    token = recipient.get("one_time_notif_token")
    if token is None:
        _may_send(fb, person, kind, tag, content, now)
    if (content.utility is not None) != (kind == "UTILITY"):
        raise invalid("messaging_type UTILITY and a utility message template require each other")
    if content.utility is not None:
        content.text = templates.render(fb, content)
    _count(fb, call, person, content, now)
    stored = await fb.media.take(content.media, call.files.get("filedata")) if content.media is not None else None
    if token is not None:
        fb.one_time_tokens.pop(token, None)
    mid = _arrives(fb, person, content, stored, Sent(fb.next_mid(), person.psid, message, kind, tag, now))
    answer = {"message_id": mid} if "user_ref" in recipient else {"recipient_id": person.psid, "message_id": mid}
    if stored is not None and stored.usable_as_id and "attachment_id" not in (content.media or {}):
        answer["attachment_id"] = stored.id
    return answer


def _arrives(fb: MessengerEmulator, person: Person, content: Content, stored: media.Stored | None, sent: Sent) -> str:
    """The message is on the screen, in the journal, and told back as delivery and echo."""
    seen = Seen(
        sent.mid,
        sent.at,
        content.text,
        content.quick_replies,
        content.buttons,
        content.cards,
        (media.seen(stored),) if stored is not None else (),
        sent.message,
        sent.messaging_type,
        sent.tag,
        content.one_time_payload,
    )
    person.receives(seen)
    if fb.keep_journal:
        fb.sends.append(sent)
    fb.sent_count += 1
    fb.echo(person, seen, sent.message, fb.app_id)
    return sent.mid


def _person(fb: MessengerEmulator, recipient: dict[str, Any]) -> Person:
    keys = set(recipient)
    if len(keys) != 1 or not keys <= RECIPIENTS:
        raise invalid("Param recipient must contain exactly one of id, user_ref")
    if "user_ref" in recipient:
        person = fb.user_refs.get(str(recipient["user_ref"]))
    elif "one_time_notif_token" in recipient:
        if not fb.switches.one_time_notification:
            raise invalid("Param recipient must contain exactly one of id, user_ref")
        person = fb.one_time_tokens.get(str(recipient["one_time_notif_token"]))
    else:
        person = fb.persons.get(str(recipient["id"]))
    if person is None:
        raise GraphError(100, subcode=2018001)
    return person


def _kind(fb: MessengerEmulator, call: Call) -> tuple[str, str | None]:
    """messaging_type and tag, checked against each other."""
    kind, tag = call.params.get("messaging_type"), call.params.get("tag")
    if tag in DEAD_TAGS:
        raise GraphError(100, subcode=1893061)
    if kind is None:
        if fb.switches.messaging_type_required:
            raise required("messaging_type")
        kind = "MESSAGE_TAG" if tag else "RESPONSE"
    if kind not in TYPES:
        raise invalid(f"Param messaging_type must be one of {{{', '.join(TYPES)}}}")
    if kind == "MESSAGE_TAG" and tag is None:
        raise required("tag")
    if tag is not None and (kind != "MESSAGE_TAG" or tag not in TAGS):
        raise invalid(f"Param tag must be one of {{{', '.join(TAGS)}}}, with messaging_type MESSAGE_TAG")
    return str(kind), tag


def _may_reach(fb: MessengerEmulator, person: Person) -> None:
    """Standing between this app and this person, whatever the message."""
    if not fb.app_live and not person.has_role:
        raise GraphError(200, subcode=2018028)
    if person.owner is not None and person.owner != fb.app_id:
        raise coded(fb.switches.thread_owner_as)
    if person.blocked:
        raise coded(fb.switches.blocked_as)
    if person.unavailable:
        raise GraphError(10, subcode=2018108)


def _may_send(fb: MessengerEmulator, person: Person, kind: str, tag: str | None, content: Content, now: float) -> None:
    """The 24-hour window, and the two ways around it."""
    if kind == "UTILITY":
        return
    silent_for = float("inf") if person.last_at is None else now - person.last_at
    if tag is None:
        if silent_for > DAY and now > person.window_until:
            raise coded(fb.switches.closed_window_as)
        return
    if tag == "CUSTOMER_FEEDBACK" and content.template_type != "customer_feedback":
        raise invalid("Tag CUSTOMER_FEEDBACK can only be used with the customer feedback template")
    if tag == "HUMAN_AGENT" and "human_agent" not in fb.features:
        raise coded(fb.switches.human_agent_not_granted_as)
    if silent_for > HUMAN_AGENT_DAYS * DAY:
        raise coded(fb.switches.closed_window_as)


def _count(fb: MessengerEmulator, call: Call, person: Person, content: Content, now: float) -> None:
    if not call.counted:
        return
    if content.media is not None and content.media["type"] in ("audio", "video"):
        fb.rates.media(now)
    fb.rates.thread(person.rate, now)
    fb.rates.daily(now, fb.engaged)


def _act(fb: MessengerEmulator, person: Person, action: str) -> dict[str, Any]:
    if action not in ACTIONS:
        raise invalid(f"Param sender_action must be one of {{{', '.join(ACTIONS)}}}")
    _may_reach(fb, person)
    person.sees_action(action)
    return {"recipient_id": person.psid}
