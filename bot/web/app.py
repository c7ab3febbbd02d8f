"""The web application: the pages and webhooks it is given."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from bot import pages


def make_app(routers: Sequence[tuple[APIRouter, str]]) -> FastAPI:
    """Each router comes with its prefix. Whoever serves the app opens and closes what is behind it."""
    app = FastAPI(title="Chumnuoy", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(pages.router)
    for router, prefix in routers:
        app.include_router(router, prefix=prefix)
    return app
