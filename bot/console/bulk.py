"""Several complaints of the list at once: each is its own command, and those that fail hold up no other."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bot.console import asked
from bot.console.auth import Entrance
from bot.console.forms import number
from bot.console.pages import Desk, Officer, place_of
from bot.dialog.says import Text, _
from bot.domain.complaints import TAKEABLE, AcknowledgeComplaint, AssignComplaint
from bot.domain.errors import DomainError, NotFound, NotServing, NotYours, Overtaken
from bot.domain.reach import ASSIGN, WORK
from bot.text import reference
from storage import listing

MOST = 100
"""Complaints at once."""
LIMIT = 64 * 1024
"""Bytes of the form."""
TAKE, GIVE, ACKNOWLEDGE = "take", "give", "acknowledge"

DONE: Mapping[str, Text] = {
    TAKE: _("Assigned to you:"),
    GIVE: _("Assigned:"),
    ACKNOWLEDGE: _("Marked as received:"),
    "none": _("No complaint was ticked, so nothing was changed."),
    "many": _("More than 100 complaints were ticked, so nothing was changed."),
    "nobody": _("Please choose to whom they are given. Nothing was changed."),
    "saved": _("The list was saved. Its name now stands above the complaints."),
    "unnamed": _("Please give the list a name of 1 to 40 characters. It was not saved."),
    "full": _("You have saved 20 lists already. Delete one first. This one was not saved."),
}
"""What was done, or why nothing was, by its code in the address."""
WHY: Mapping[str, Text] = {
    "overtaken": _("Somebody else was given it in the meantime."),
    "already": _("Somebody received it already."),
    "missing": _("It is not there, or not yours to see."),
    "refused": _("Your role does not allow this."),
    "elsewhere": _("The officer does not serve in its office."),
    "failed": _("It could not be changed. Please open it."),
}
CODES: Mapping[type[DomainError], str] = {
    Overtaken: "overtaken",
    NotFound: "missing",
    NotYours: "refused",
    NotServing: "elsewhere",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A notice above the list. `count`: how many it was done to; `left`: the others, each with the reason."""

    text: Text
    count: int | None
    left: tuple[tuple[str, Text], ...]

    @property
    def is_good(self) -> bool:
        return not self.left and self.count != 0


class Bulk:
    """The form below the ticks."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def act(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, WORK)
        posted = await self._entrance.form(request, officer, LIMIT, 10 * MOST)
        back = asked.read_query(posted.get("back", 4000))
        ticked = dict(one for one in map(tick, posted.all("tick")) if one[0])
        what, to = posted.get("do"), number(posted.get("officer"))
        if what not in (TAKE, GIVE, ACKNOWLEDGE):
            raise self._desk.problem("unreadable", request, officer)
        if what == GIVE and not officer.may(ASSIGN):
            raise self._desk.problem("refused", request, officer)
        wrong = "none" if not ticked else "many" if len(ticked) > MOST else "nobody" if what == GIVE and not to else ""
        if wrong:
            return RedirectResponse(back.telling(did=wrong), 303)
        left = await self._each(request, officer, what, officer.id if what == TAKE else to, ticked)
        told = {"did": f"{what}.{len(ticked) - len(left)}"}
        if left:
            told["left"] = ",".join(f"{code}.{why}" for code, why in left.items())
        return RedirectResponse(back.telling(**told), 303)

    async def _each(
        self, request: Request, officer: Officer, what: str, to: int | None, ticked: Mapping[str, int | None]
    ) -> dict[str, str]:
        """Those that were not done, and why."""
        states = await self._service.db.read(lambda c: listing.states(c, officer.reach, list(ticked)))
        left = dict[str, str]()
        for code, seen in ticked.items():
            if code not in states:
                left[code] = "missing"
                continue
            command: object = AssignComplaint(code, to, officer.id, seen)
            if what == ACKNOWLEDGE:
                if states[code].status not in TAKEABLE:
                    left[code] = "already"
                    continue
                if states[code].officer_id != seen:
                    left[code] = "overtaken"
                    continue
                command = AcknowledgeComplaint(code, officer.id)
            try:
                await self._desk.engine.command(command, place=place_of(request))
            except DomainError as error:
                left[code] = CODES.get(type(error), "failed")
        for code in (code for code, why in left.items() if why in ("missing", "refused")):
            await self._desk.forbidden(request, officer, code)
        return left


def tick(value: str) -> tuple[str, int | None]:
    """`K7Q29MXD.12`: a complaint, and who had it on the page; the reference is empty when it is none."""
    code, _dot, had = value[:60].partition(".")
    return reference.read(code) or "", number(had)


def told(given: Mapping[str, str]) -> Told | None:
    """What an address says was done."""
    what, _dot, how_many = given.get("did", "")[:40].partition(".")
    if what not in DONE:
        return None
    count = number(how_many[:3])
    left = [one.partition(".") for one in given.get("left", "")[:8000].split(",")[:MOST]]
    known = tuple((code, WHY[why]) for code, _dot, why in left if why in WHY and reference.read(code) == code)
    return Told(DONE[what], count, known)


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/complaints/several`."""
    made = Bulk(desk, entrance)
    to.add_api_route("/complaints/several", made.act, methods=["POST"])
