"""The officers' console: pages for staff, on the same commands as the chat."""

from fastapi import APIRouter, Request, Response

from bot.app.engine import Engine
from bot.app.service import Service
from bot.console import (
    account,
    audit,
    auth,
    canned,
    complaint,
    complaint_forms,
    complaints,
    figures,
    files,
    incidents,
    live,
    notices,
    offices,
    presence,
    receipt,
    sign_in,
    staff,
)
from bot.console.pages import TEMPLATES, Desk, Guarded
from bot.pages import Pages


class Console(APIRouter):
    """The console's routes, without their prefix `/console`."""

    def __init__(self, service: Service, engine: Engine) -> None:
        super().__init__(route_class=Guarded, include_in_schema=False)
        desk = Desk(service, engine, Pages(TEMPLATES, service.catalogues))
        entrance = auth.Entrance(desk)
        self._live = live.Live(service)
        sign_in.routes(self, desk, entrance)
        account.routes(self, desk, entrance)
        staff.routes(self, desk, entrance)
        complaints.routes(self, desk, entrance)
        complaint.routes(self, desk, entrance)
        complaint_forms.routes(self, desk, entrance)
        presence.routes(self, desk, entrance)
        canned.routes(self, desk, entrance)
        figures.routes(self, desk, entrance)
        files.routes(self, desk, entrance)
        receipt.routes(self, desk, entrance)
        offices.routes(self, desk, entrance)
        live.routes(self, desk, entrance, self._live)
        notices.routes(self, desk, entrance)
        incidents.routes(self, desk, entrance)
        audit.routes(self, desk, entrance)

        @self.get("/{path:path}")
        async def nowhere(request: Request, path: str) -> Response:
            raise desk.problem("missing", request, await entrance.required(request))

    def stop(self) -> None:
        """End the open live pages: a server that is to end waits for its answers, and these have no end."""
        self._live.stop()


def router(service: Service, engine: Engine) -> Console:
    """Mount it with the prefix `/console`; call its `stop` before the server waits for open connections."""
    return Console(service, engine)
