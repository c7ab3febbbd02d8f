"""Where the platforms call: checked, parsed, made durable; 200 only after the commit."""

import asyncio
import logging
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from prometheus_client import Counter

from bot.app.engine import Engine
from bot.app.service import Service
from bot.channels.base import Arrival, Forbidden, Malformed

log = logging.getLogger(__name__)

LIMIT = 1024 * 1024
EVENTS = Counter("chumnuoy_events", "Events taken from the platforms", ["channel", "result"])


class TooLarge(Exception):
    """The body is over 1 MiB."""


async def body_of(request: Request) -> bytes:
    """The raw body; raises TooLarge without reading on."""
    if int(request.headers.get("content-length") or 0) > LIMIT:
        raise TooLarge
    whole = bytearray()
    async for piece in request.stream():
        whole += piece
        if len(whole) > LIMIT:
            raise TooLarge
    return bytes(whole)


async def receive_all(engine: Engine, arrivals: Sequence[Arrival]) -> None:
    """People beside one another; one person's arrivals in the order of the platform's clock."""
    if len(arrivals) == 1:
        await _receive(engine, arrivals[0])
        return
    people: dict[str, list[Arrival]] = {}
    for arrival in sorted(arrivals, key=lambda one: one.at):
        people.setdefault(arrival.external_id, []).append(arrival)
    await asyncio.gather(*(_in_order(engine, theirs) for theirs in people.values()))


async def _in_order(engine: Engine, arrivals: Sequence[Arrival]) -> None:
    for arrival in arrivals:
        await _receive(engine, arrival)


async def _receive(engine: Engine, arrival: Arrival) -> None:
    fresh = await engine.receive(arrival)
    EVENTS.labels(arrival.channel, "taken" if fresh else "again").inc()


def router(service: Service, engine: Engine) -> APIRouter:
    routes = APIRouter()

    async def hear(name: str, request: Request) -> Response:
        channel = service.channels.get(name)
        if channel is None:
            return Response("not configured", 404)
        try:
            arrivals = channel.parse(await body_of(request), request.headers)
        except TooLarge:
            EVENTS.labels(name, "too_large").inc()
            return Response("the body is over 1 MiB", 413)
        except Forbidden:
            EVENTS.labels(name, "forbidden").inc()
            return Response("not signed by the platform", 403)
        except Malformed:
            EVENTS.labels(name, "malformed").inc()
            return Response("not JSON of the expected shape", 400)
        if not arrivals:
            EVENTS.labels(name, "ignored").inc()
        try:
            await receive_all(engine, arrivals)
        except Exception as error:
            EVENTS.labels(name, "failed").inc()
            log.error("an event could not be stored", extra={"channel": name, "why": repr(error)[:300]})
            return Response("try again", 503, {"retry-after": "2"})
        return Response(status_code=200)

    async def telegram(request: Request) -> Response:
        return await hear("telegram", request)

    async def messenger(request: Request) -> Response:
        return await hear("messenger", request)

    # Plain routes: FastAPI's own would solve dependencies, of which there are none, for every event.
    routes.add_route("/webhooks/telegram", telegram, ["POST"])
    routes.add_route("/webhooks/messenger", messenger, ["POST"])

    @routes.get("/webhooks/messenger")
    async def verify(request: Request) -> Response:
        channel = service.channels.get("messenger")
        answer = channel.verify(request.query_params) if channel and hasattr(channel, "verify") else None
        return Response(answer, media_type="text/plain") if answer is not None else Response("forbidden", 403)

    return routes
