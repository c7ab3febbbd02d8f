"""The receipt of a complaint as a paper, for an officer who may see the complaint."""

import asyncio

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from bot.app.receipts import Receipt, pdf_of, statement_of
from bot.console.auth import Entrance
from bot.console.pages import Desk
from bot.domain.audit import RECEIPT
from bot.text import reference
from storage import caseload


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/complaints/{code}/receipt.pdf`."""
    service = desk.service

    @to.get("/complaints/{code}/receipt.pdf")
    async def receipt(request: Request, code: str) -> Response:
        officer = await entrance.required(request)
        wanted = reference.read(code) or ""

        def sign(connection: Connection) -> Receipt | None:
            found = caseload.one(connection, officer.reach, wanted)
            return statement_of(connection, found.reference, service.clock()) if found else None

        found = await service.db.write(sign)  # the first receipt of all makes the key
        if found is None:
            raise desk.problem("missing", request, officer)
        await desk.looked(request, officer, RECEIPT, "complaint", found.statement.reference)
        paper = await asyncio.to_thread(pdf_of, found, service.book, service.catalogues, service.settings.public_url)
        name = f"receipt-{reference.show(found.statement.reference)}.pdf"
        headers = {
            "content-disposition": f'inline; filename="{name}"',
            "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            "cache-control": "private, no-store",
        }
        return Response(paper, media_type="application/pdf", headers=headers)
