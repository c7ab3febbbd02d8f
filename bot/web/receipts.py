"""Whether a receipt is genuine, for anybody who holds it; whoever holds none learns nothing here."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy import Connection

from bot.app.receipts import ASKED_AT, by_code, category_words, keys_text, public_keys
from bot.app.service import Service
from bot.dialog.says import Text, _
from bot.domain.receipts import (
    Changed,
    Cut,
    Foreign,
    Huge,
    NotGenuine,
    NothingFound,
    OfAnother,
    OtherKey,
    OtherVersion,
    Several,
    Statement,
    check,
    read_code,
)
from bot.pages import Pages, language_of
from bot.text import khmer, reference
from bot.web.public import SAFE, TEMPLATES

LONGEST = 4000
"""Characters of a receipt given here: a whole message from a chat."""
HEADERS = {
    **SAFE,
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
WHY: Mapping[type[NotGenuine], Text] = {
    NothingFound: _("There is no receipt in what was given. It begins with CHUMNUOY1."),
    Huge: _("That is far longer than a receipt. Please give only its signed line."),
    OtherVersion: _("It is a receipt of a version that we do not know."),
    Cut: _("The signed line is not whole: a piece of it is missing. Please copy all of it."),
    Foreign: _("There is a sign in the signed line that no receipt has. Please copy it again."),
    Changed: _("The signature does not fit: it was changed, or we never signed it."),
    OtherKey: _("It is signed with a key that is not ours."),
    Several: _("There is more than one receipt in it. Please check one at a time."),
    OfAnother: _("This receipt is of another complaint than the reference says."),
}
WRONG_CODE: Text = _("The reference and the check code do not belong together, or there is no such receipt.")
NEEDS_REFERENCE: Text = _("With a check code the reference is needed too. Both are on the paper.")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`said` is what was signed, when it is genuine; else `why` tells what is wrong with it."""

    said: Statement | None = None
    why: Text = ""


def router(service: Service) -> APIRouter:
    routes, pages = APIRouter(include_in_schema=False), Pages(TEMPLATES, service.catalogues)

    async def judged(given: str, written: str) -> Verdict:
        """By the signed line alone, or by the reference and the check code of the paper."""
        code, named = read_code(given), reference.read(written)
        if code is None:
            try:
                return Verdict(genuine(given, named, await service.db.read(public_keys)))
            except NotGenuine as error:
                return Verdict(why=WHY[type(error)])
        if named is None:
            return Verdict(why=NEEDS_REFERENCE)

        def look(connection: Connection) -> Statement | None:
            found = by_code(connection, named, code)
            return found.statement if found else None

        said = await service.db.read(look)
        return Verdict(said, "" if said else WRONG_CODE)

    async def page(request: Request, written: str) -> Response:
        given = request.query_params.get("s", "")
        if len(given) > LONGEST or len(written) > LONGEST:
            verdict, given, written = Verdict(why=WHY[Huge]), "", ""
        else:
            given, written = khmer.clean(given), khmer.clean(written)
            verdict = await judged(given, written) if given else Verdict()
        said = verdict.said
        return pages.show(
            "receipt.html",
            request,
            language_of(request),
            headers=HEADERS,
            said=said,
            kind=category_words(service.book, said.category) if said else "",
            why=verdict.why,
            given=given,
            written=written,
            at=ASKED_AT,
            demo=service.settings.demo,
        )

    @routes.get(ASKED_AT)
    async def asked(request: Request) -> Response:
        return await page(request, request.query_params.get("reference", ""))

    @routes.get(ASKED_AT + "/key")
    async def key() -> Response:
        """What `chumnuoy verify --keys` reads."""
        return PlainTextResponse(await service.db.read(keys_text), headers={"cache-control": "no-cache"})

    @routes.get(ASKED_AT + "/{written}")
    async def one(request: Request, written: str) -> Response:
        return await page(request, written)

    return routes


def genuine(given: str, named: str | None, keys: Mapping[str, bytes]) -> Statement:
    """What the signed line says; no complaint is looked up for it. Raises NotGenuine."""
    said = check(given, keys, LONGEST)
    if named is not None and named != said.reference:
        raise OfAnother
    return said
