"""The web application: the pages and webhooks it is given, and the service's life around them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI

from bot import pages


def make_app(
    alive: Callable[[], AbstractAsyncContextManager[object]], routers: Sequence[tuple[APIRouter, str]]
) -> FastAPI:
    """`alive` opens the service at start and closes it at the end; each router comes with its prefix."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with alive():
            yield

    app = FastAPI(title="Chumnuoy", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(pages.router)
    for router, prefix in routers:
        app.include_router(router, prefix=prefix)
    return app
