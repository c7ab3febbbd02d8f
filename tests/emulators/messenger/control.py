"""A small HTTP door for an emulator in a process of its own: act as a person, read their screen, the counters."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .person import PersonError

if TYPE_CHECKING:
    from .server import MessengerEmulator

MEDIA_VERBS = {"sends_image", "sends_audio", "sends_video", "sends_file", "sends_sticker"}
TAP_VERBS = {"taps", "gets_started", "taps_menu", "taps_ice_breaker", "reacts", "unreacts", "opens_link", "opts_in"}
VERBS = {"sends", "sends_location", "reads", "blocks", "unblocks"} | MEDIA_VERBS | TAP_VERBS


async def serve(fb: MessengerEmulator, method: str, path: str, body: bytes) -> web.Response:
    """POST webhook {"url"}, POST persons/{psid}[/{verb}] {arguments}, GET persons/{psid}, GET state, under /emulator/.

    Bytes are written base64 in `data`.
    """
    parts = path.partition("?")[0].split("/")[2:]
    try:
        given = json.loads(body) if body else {}
        if parts == ["webhook"] and method == "POST":
            return _answer({"verified": await fb.verifies(given["url"])})
        if parts == ["state"]:
            return _answer(_state(fb))
        if parts[0] == "persons" and len(parts) > 1:
            return _answer(await _person(fb, method, parts[1], parts[2:], given))
    except (PersonError, KeyError, TypeError, ValueError) as problem:
        return _answer({"problem": f"{type(problem).__name__}: {problem}"}, 400)
    return _answer({"problem": "no such thing"}, 404)


async def _person(fb: MessengerEmulator, method: str, psid: str, verb: list[str], given: dict[str, Any]) -> Any:
    if method == "POST" and not verb:
        fb.person(psid, **given)
        return {"psid": psid}
    person = fb.person(psid)
    if method == "GET":
        return {"chat": [asdict(seen) for seen in person.chat], "typing": person.typing, "blocked": person.blocked}
    if verb[0] not in VERBS:
        raise KeyError(verb[0])
    if "data" in given:
        given["data"] = base64.b64decode(given["data"])
    return {"mid": await getattr(person, verb[0])(**given)}


def _state(fb: MessengerEmulator) -> dict[str, Any]:
    return {
        "pending": fb.pending,
        "delivered": len(fb.delivered),
        "dropped": len(fb.dropped),
        "sent": fb.sent_count,
        "persons": len(fb.persons),
        "requests": len(fb.requests),
        "disabled": fb.webhook.disabled,
        "subscribed_fields": sorted(fb.webhook.fields),
    }


def _answer(value: Any, status: int = 200) -> web.Response:
    text = json.dumps(value, default=lambda data: base64.b64encode(data).decode())
    return web.Response(text=text, status=status, content_type="application/json")
