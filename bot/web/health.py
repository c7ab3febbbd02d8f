"""For whoever watches the service: alive, ready, figures."""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest

from bot.app.service import Service
from storage import outbox
from storage.migrating import is_current

DEPTH = Gauge("chumnuoy_outbox", "Requests not yet sent", ["channel", "state"])
IGNORED = Gauge("chumnuoy_ignored_updates", "Updates of kinds that are not used", ["channel", "kind"])


def router(service: Service) -> APIRouter:
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> Response:
        return Response("alive", media_type="text/plain")

    @routes.get("/readyz")
    async def readyz() -> Response:
        """200 when the database answers and has today's schema."""
        try:
            current = await asyncio.wait_for(service.db.read(is_current), 5)
        except Exception:
            return Response("the database does not answer", 503, media_type="text/plain")
        if not current:
            return Response("the database needs `chumnuoy migrate`", 503, media_type="text/plain")
        return Response("ready", media_type="text/plain")

    @routes.get("/metrics")
    async def metrics() -> Response:
        DEPTH.clear()
        for channel, state, count in await service.db.read(outbox.depth):
            DEPTH.labels(channel, state).set(count)
        for name, one in service.channels.items():
            for kind, count in getattr(getattr(one, "counters", None), "ignored", {}).items():
                IGNORED.labels(name, kind).set(count)
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return routes
