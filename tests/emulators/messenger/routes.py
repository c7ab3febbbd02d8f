"""Which call is which, who may make it, and batches of calls."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from . import media, pages, send, templates
from .calls import Call, decode, read
from .errors import GraphError, invalid, no_object, required
from .signing import appsecret_proof

if TYPE_CHECKING:
    from .server import MessengerEmulator

BATCH = 50
OLDEST, NEWEST = 22, 26
V21_DIES = 1_800_489_600.0  # 2027-01-21


def kind_of(call: Call) -> str:
    """The name faults are scripted by."""
    if not call.node:
        return "batch"
    if call.edge == "messages":
        return "messages" if "message" in call.params else "actions"
    names = {"message_attachments": "attachments", "messenger_profile": "profile", "message_templates": "templates"}
    return names.get(call.edge, call.edge or "person")


def admit(fb: MessengerEmulator, call: Call) -> None:
    """Version, token, proof: before anything else."""
    newest = NEWEST + 1 if fb.switches.v27_exists else NEWEST
    oldest = OLDEST if fb.clock.now() >= V21_DIES else OLDEST - 1
    if (call.version is None and call.node) or (call.version is not None and not oldest <= call.version <= newest):
        raise GraphError(2500, f"Unknown path components: {call.path}")
    if call.token is None or not hmac.compare_digest(call.token.encode(), fb.page_token.encode()):
        raise GraphError(190)
    proof = call.params.get("appsecret_proof")
    if proof is None and not fb.require_appsecret_proof:
        return
    if not hmac.compare_digest(str(proof), appsecret_proof(fb.app_secret, call.token)):
        raise GraphError(100, fb.switches.appsecret_proof_text)


async def answer(fb: MessengerEmulator, call: Call) -> Any:
    """Do what the call asks."""
    node, edge, method = call.node, call.edge, call.method
    if not node:
        return await _batch(fb, call)
    if not edge and node not in ("me", fb.page_id) and method == "GET":
        return pages.person(fb, call)
    if node not in ("me", fb.page_id):
        raise no_object(method, node)
    if edge == "messages" and method == "POST":
        return await send.send(fb, call)
    if edge == "message_attachments" and method == "POST":
        return await media.upload(fb, call)
    if edge == "messenger_profile" and method in ("GET", "POST", "DELETE"):
        fb.rates.profile(fb.clock.now())
        profile = {"GET": fb.profile.get, "POST": fb.profile.post, "DELETE": fb.profile.delete}
        return profile[method](call)
    routes = {
        ("subscribed_apps", "POST"): pages.subscribe,
        ("subscribed_apps", "GET"): pages.subscriptions,
        ("subscribed_apps", "DELETE"): pages.unsubscribe,
        ("message_templates", "POST"): templates.create,
        ("message_templates", "GET"): templates.listing,
        ("message_templates", "DELETE"): templates.delete,
    }
    if (edge, method) in routes:
        return routes[edge, method](fb, call)
    if not edge and method == "GET":
        return {"name": fb.page_name, "id": fb.page_id}
    raise GraphError(2500, f"Unknown path components: /{edge}")


async def _batch(fb: MessengerEmulator, call: Call) -> list[dict[str, Any]]:
    """Up to 50 calls in one; each has its own code and its own body, a string."""
    if "batch" not in call.params or call.method != "POST":
        raise required("batch")
    items = decode(call.params["batch"], "batch")
    if not isinstance(items, list):
        raise invalid("Param batch must be an array.")
    if len(items) > BATCH:
        text = f"Too many requests in batch message. Maximum batch size is {BATCH}"
        raise GraphError(None, text, kind="GraphBatchException")
    results = []
    for index, item in enumerate(items):
        status, body = await _one(fb, call, item, fb.switches.batch_counts_each or index == 0)
        headers = [{"name": "Content-Type", "value": "text/javascript; charset=UTF-8"}]
        results.append({"code": status, "headers": headers, "body": json.dumps(body)})
    return results


async def _one(fb: MessengerEmulator, outer: Call, item: dict[str, Any], counted: bool) -> tuple[int, Any]:
    try:
        path = "/" + str(item.get("relative_url", "")).lstrip("/")
        if not path.startswith("/v"):
            path = f"/v{outer.version or NEWEST}.0{path}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        inner = read(str(item.get("method", "GET")).upper(), path, headers, str(item.get("body", "")).encode())
        names = str(item.get("attached_files", "")).split(",")
        attached = [outer.files[name] for name in names if name in outer.files]
        inner.files = {"filedata": attached[0]} if attached else {}
        inner.token = inner.token or dict(parse_qsl(path.partition("?")[2])).get("access_token") or outer.token
        inner.counted = counted
        if "appsecret_proof" in outer.params:
            inner.params.setdefault("appsecret_proof", outer.params["appsecret_proof"])
        admit(fb, inner)
        return 200, await answer(fb, inner)
    except GraphError as refusal:
        return refusal.http_status(fb.switches), refusal.body(fb.next_trace())
