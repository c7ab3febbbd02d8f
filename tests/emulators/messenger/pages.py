"""The smaller edges: a person's profile, and which events the Page's app receives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .calls import Call
from .errors import GraphError, invalid, no_object, required
from .events import ALL_FIELDS

if TYPE_CHECKING:
    from .server import MessengerEmulator

NEEDS = {
    "first_name": "user_profile",
    "last_name": "user_profile",
    "name": "user_profile",
    "profile_pic": "user_profile",
    "gender": "user_gender",
    "locale": "user_locale",
    "timezone": "user_timezone",
}


def person(fb: MessengerEmulator, call: Call) -> dict[str, Any]:
    """GET /{PSID}?fields=…: only what the app was granted; nothing at all is an empty object."""
    found = fb.persons.get(call.node)
    if found is None:
        raise no_object("GET", call.node)
    if found.phone_only:
        raise GraphError(fb.switches.phone_only_code, "No profile available for this user.", 2018218)
    names = call.list("fields") if "fields" in call.params else ["first_name", "last_name", "profile_pic", "id"]
    values: dict[str, Any] = {
        "first_name": found.first_name,
        "last_name": found.last_name,
        "name": f"{found.first_name} {found.last_name}".strip(),
        "profile_pic": f"{fb.url}/cdn/pic-{found.psid}",
        "gender": "male",
        "locale": found.locale,
        "timezone": found.timezone,
    }
    answer = {}
    for name in names:
        if name != "id" and name not in values:
            raise invalid(f"Tried accessing nonexisting field ({name})")
        if name in values and NEEDS[name] in fb.features:
            answer[name] = values[name]
    return {**answer, "id": found.psid} if answer else {}


def subscribe(fb: MessengerEmulator, call: Call) -> dict[str, Any]:
    """POST /{page}/subscribed_apps: starts (or starts again) the events of these fields."""
    if not call.params.get("subscribed_fields"):
        raise required("subscribed_fields")
    fields = call.list("subscribed_fields")
    for index, name in enumerate(fields):
        if name not in ALL_FIELDS:
            raise invalid(f"Param subscribed_fields[{index}] must be one of {{{', '.join(ALL_FIELDS)}}}")
    fb.webhook.subscribe(set(fields))
    return {"success": True}


def subscriptions(fb: MessengerEmulator, call: Call) -> dict[str, Any]:
    """GET /{page}/subscribed_apps: empty once the platform has unsubscribed the app."""
    if not fb.webhook.fields:
        return {"data": []}
    app = {"link": "https://example.org/", "name": "Emulated app", "id": fb.app_id}
    return {"data": [{**app, "subscribed_fields": [name for name in ALL_FIELDS if name in fb.webhook.fields]}]}


def unsubscribe(fb: MessengerEmulator, call: Call) -> dict[str, Any]:
    """DELETE /{page}/subscribed_apps."""
    fb.webhook.fields = set()
    return {"success": True}
