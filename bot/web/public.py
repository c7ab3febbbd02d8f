"""Pages anybody may read: privacy, and Messenger's data deletion."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from bot.app.service import Service
from bot.pages import Pages, language_of

TEMPLATES = Path(__file__).resolve().parent / "templates"
FORM_LIMIT = 64 * 1024
SAFE = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def router(service: Service) -> APIRouter:
    routes, pages = APIRouter(), Pages(TEMPLATES, service.catalogues)

    @routes.get("/")
    async def home() -> Response:
        return RedirectResponse("/phone" if service.settings.phone_on else "/console", 303)

    @routes.get("/privacy")
    async def privacy(request: Request) -> Response:
        return pages.show("privacy.html", request, language_of(request), headers=SAFE)

    @routes.post("/messenger/data-deletion")
    async def delete(request: Request) -> Response:
        """Meta's callback (platform docs, data deletion): its `user_id` is app-scoped and is no address of ours.

        Nothing is stored under it, so there is nothing to find by it; the page says how to delete from the chat.
        """
        channel = service.channels.get("messenger")
        if channel is None or not hasattr(channel, "deletion"):
            return Response("not configured", 404)
        if int(request.headers.get("content-length") or 0) > FORM_LIMIT:
            return Response("too large", 413)
        form = await request.form()
        user = channel.deletion(str(form.get("signed_request") or ""))
        if user is None:
            return Response("not signed by the platform", 403)
        code = hashlib.sha256(f"{service.settings.messenger_app_secret}:{user}".encode()).hexdigest()[:16]
        base = service.settings.public_url or str(request.base_url).rstrip("/")
        return JSONResponse({"url": f"{base}/messenger/data-deletion?code={code}", "confirmation_code": code})

    @routes.get("/messenger/data-deletion")
    async def deletion_status(request: Request) -> Response:
        code = request.query_params.get("code", "")
        shown = code if code.isalnum() and len(code) <= 32 else ""
        return pages.show("deletion.html", request, language_of(request), headers=SAFE, code=shown)

    return routes
