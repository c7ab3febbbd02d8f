"""The HTTP door: reads a request, lets the scripted faults have their way, answers, and keeps the journal."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from aiohttp import web

from . import control, routes
from .calls import Call, read
from .errors import GraphError
from .journal import Request
from .media import MIB

if TYPE_CHECKING:
    from .server import MessengerEmulator

LARGEST_REQUEST = 64 * MIB


def runner(fb: MessengerEmulator) -> web.ServerRunner:
    """The server, not yet listening: no router, no middleware, so that a message costs little."""
    loop = asyncio.get_running_loop()

    def make(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_REQUEST)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await _serve(fb, request)

    return web.ServerRunner(web.Server(handle, request_factory=make, access_log=None), shutdown_timeout=0.1)


async def _serve(fb: MessengerEmulator, request: web.BaseRequest) -> web.StreamResponse:
    path = request.raw_path
    body = await request.read()
    if path.startswith("/emulator/"):
        return await control.serve(fb, request.method, path, body)
    if fb.faults.down:
        return _hang_up(request)
    if fb.faults.delay:
        await fb.clock.sleep(fb.faults.delay)
    if path.startswith("/cdn/"):
        return _cdn(fb, path)
    call: Call | None = None
    lost = False
    try:
        call = read(request.method, path, request.headers, body)
        routes.admit(fb, call)
        kind = routes.kind_of(call)
        refusal = fb.faults.refusal(kind) if fb.faults.refusals else None
        if refusal is not None:
            raise refusal
        status, answer = 200, await routes.answer(fb, call)
        lost = bool(fb.faults.lost) and fb.faults.loses(kind)
    except GraphError as refusal:
        status, answer = refusal.http_status(fb.switches), refusal.body(fb.next_trace())
    if fb.keep_journal:
        _write_down(fb, request, body, call, 0 if lost else status, answer)
    return _hang_up(request) if lost else _json(fb, status, answer)


def _write_down(
    fb: MessengerEmulator, request: web.BaseRequest, body: bytes, call: Call | None, status: int, answer: Any
) -> None:
    path = request.raw_path.partition("?")[0]
    query, parsed, files = (call.query, call.json, call.files) if call is not None else ({}, None, {})
    now = fb.clock.now()
    fb.requests.append(Request(request.method, path, query, body, parsed, files, status, now, answer))


def _json(fb: MessengerEmulator, status: int, answer: Any) -> web.Response:
    usage = f'{{"call_count":{fb.rates.usage(fb.engaged)},"total_cputime":0,"total_time":0}}'
    headers = {"Content-Type": "application/json; charset=UTF-8", "X-App-Usage": usage, "X-Page-Usage": usage}
    return web.Response(body=json.dumps(answer).encode(), status=status, headers=headers)


def _hang_up(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _cdn(fb: MessengerEmulator, path: str) -> web.Response:
    name, _, query = path.removeprefix("/cdn/").partition("?")
    stored = fb.media.fetch(name, parse_qs(query).get("oh", [None])[0])
    if stored is None:
        return web.Response(status=403, text="URL signature mismatch")
    return web.Response(body=stored.data, headers={"Content-Type": stored.mime})
