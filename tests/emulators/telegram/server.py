"""The HTTP side: paths, tokens, bodies and envelopes, one small function per request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aiohttp import web

from .errors import METHOD_NOT_FOUND, ApiError
from .journal import Request
from .methods import METHODS
from .methods_updates import Described, Raw
from .wire import Files, Params, dumps, parse_body

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

_JSON = "application/json"
_TOKEN = re.compile(r"(\d{1,17}):[A-Za-z0-9_-]+")


class BotApi:
    """Answers requests for one bot. `call` is the whole path from parameters to an envelope."""

    def __init__(self, tg: TelegramEmulator) -> None:
        self._tg = tg
        self._prefix = f"/bot{tg.token}/"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        tg = self._tg
        if tg.faults.down:
            return _hang_up(request)
        path, _, query = request.raw_path.partition("?")
        if "%" in path:
            path = unquote(path)
        if not path.startswith(self._prefix):
            return self._elsewhere(request, path)
        if request.method not in ("GET", "POST"):
            return _answer(ApiError(404, "Not Found"))
        if (request.content_length or 0) > tg.limits.upload_bytes + (1 << 20):
            return _answer(ApiError(413, "Request Entity Too Large"), close=True)
        body = await request.content.read() if request.can_read_body else b""
        method = path[len(self._prefix) :].removeprefix("test/")
        if tg.faults.delay:
            await tg.clock.sleep(tg.faults.delay)
        content_type = request.headers.get("Content-Type", "")
        status, answer, retry_after = await self.call(method, query, content_type, body)
        if tg.faults.loses_answer(method.lower()) or tg.faults.down:
            return _hang_up(request)
        headers = {"Retry-After": str(retry_after)} if retry_after else None
        return web.Response(body=answer, status=status, headers=headers, content_type=_JSON)

    async def call(self, method: str, query: str, content_type: str, body: bytes) -> tuple[int, bytes, int]:
        """Status, envelope and the Retry-After seconds (0 for none)."""
        params: Params = {}
        files: Files = {}
        try:
            params, files = parse_body(query, content_type, body)
            status, answer, retry_after = 200, await self.run(method, params, files), 0
        except ApiError as error:
            retry_after = int((error.parameters or {}).get("retry_after", 0))
            status, answer = error.code, error.body()
        self._record(method, params, files, body, status, "http")
        return status, answer, retry_after

    async def run(self, method: str, params: Params, files: Files) -> bytes:
        """The effect of one call and its envelope; raises `ApiError`."""
        tg, name = self._tg, method.lower()
        refusal = tg.faults.refusal(name)
        if refusal is not None:
            raise refusal
        function = METHODS.get(name)
        if function is None:
            raise ApiError(404, METHOD_NOT_FOUND)
        if files and any(len(content) > tg.limits.upload_bytes for _, content in files.values()):
            raise ApiError(413, "Request Entity Too Large")
        result = await function(tg, params, files)
        if isinstance(result, Raw):
            return b'{"ok":true,"result":' + result.result + b"}"
        if isinstance(result, Described):
            return dumps({"ok": True, "result": result.result, "description": result.description})
        return b'{"ok":true,"result":' + dumps(result) + b"}"

    async def execute(self, method: str, params: Params, files: Files, body: bytes) -> None:
        """A call made in the answer to a webhook: done like any other, its result told to nobody."""
        status = 200
        try:
            await self.run(method, params, files)
        except ApiError as error:
            status = error.code
        self._record(method, params, files, body, status, "webhook")

    def _record(self, method: str, params: Params, files: Files, body: bytes, status: int, via: str) -> None:
        tg = self._tg
        tg.journal.add(Request(method, params, files, body, status, tg.clock.now(), via))

    def _elsewhere(self, request: web.BaseRequest, path: str) -> web.Response:
        tg = self._tg
        file_prefix = f"/file/bot{tg.token}/"
        if path.startswith(file_prefix):
            content = tg.files.open(path[len(file_prefix) :])
            if content is None:
                return _answer(ApiError(404, "Not Found: file not found or link expired"))
            return web.Response(body=content, content_type="application/octet-stream")
        for start in ("/bot", "/file/bot"):
            if path.startswith(start) and "/" in path[len(start) :]:
                return _answer(self._refused_token(path[len(start) :].partition("/")[0]))
        return _answer(ApiError(404, "Not Found"))

    def _refused_token(self, token: str) -> ApiError:
        well_formed = _TOKEN.fullmatch(token)
        if well_formed is None and (self._tg.switches.malformed_token_is_404 or not token):
            return ApiError(404, "Not Found")
        if well_formed is None or int(well_formed[1]) == 0:
            return ApiError(401, "Unauthorized: invalid token specified")
        return ApiError(401, "Unauthorized")


def _answer(error: ApiError, close: bool = False) -> web.Response:
    response = web.Response(body=error.body(), status=error.code, content_type=_JSON)
    if close:
        response.force_close()
    return response


def _hang_up(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
