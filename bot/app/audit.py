"""The audit outside of commands: what was read and what was refused is recorded, and the whole chain is examined."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TextIO

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.app.service import Service
from bot.dialog.says import _
from bot.domain.audit import (
    CHANGED,
    FORBIDDEN,
    HEAD,
    INSERTED,
    LOOKS,
    NOTED,
    OFFICER,
    SYSTEM,
    Act,
    Fault,
    Link,
    Walk,
    told,
)
from bot.text import reference
from storage import audit
from storage.db import Database, Work

COMMAND_LINE = "command line"
"""The place of what is done there."""
AGAIN = timedelta(minutes=1)
"""The same look by the same officer within this time is one row."""
REFRESHED = timedelta(hours=12)
"""A page that looks again by itself was opened before, in this session: the longest that one lives."""
PLACE_MOST, SUBJECT_MOST, PATH_MOST = 64, 200, 200
PAGE = 1000
"""Rows of the chain that memory holds at a time."""
MOST_FAULTS = 1000
"""Faults that are told one by one; neighbours of one kind are one fault."""
FIRST = -(2**63)


async def note_read(
    service: Service,
    officer_id: int,
    place: str,
    action: str,
    subject_kind: str,
    subject: str,
    after: Mapping[str, Any] | None = None,
    *,
    live: bool = False,
) -> None:
    """Record that an officer read something, before it is shown to them: what cannot be recorded is not shown.

    `after` holds codes and numbers only; of words that were searched for, their length. The same look (see `LOOKS`)
    from the same place within a minute is one row. `live`: the page looks again by itself, so nothing is recorded when
    the officer opened it before; a first look that calls itself a refresh is recorded all the same.
    """
    now = service.clock()
    act = acted(now, action, officer_id, place, subject_kind, subject, after)
    if live and await service.db.read(lambda c: audit.recorded_since(c, act, now - REFRESHED)):
        return

    def work(connection: Connection) -> None:
        if action not in LOOKS or not audit.recorded_since(connection, act, now - AGAIN):
            audit.append(connection, act)

    await service.db.write(work)


async def note_forbidden(
    service: Service, officer_id: int, place: str, method: str, path: str, named: str = ""
) -> None:
    """Record that an officer tried what is not theirs: by its address, or by a complaint `named` in a form."""
    code = named or next(filter(None, map(reference.read, path.split("/"))), "")
    said = {"method": method[:10], "path": path[:PATH_MOST]}
    kind, subject = ("complaint", code) if code else ("page", path)
    act = acted(service.clock(), FORBIDDEN, officer_id, place, kind, subject, said)
    await service.db.write(lambda connection: audit.append(connection, act))


def note_system(db: Database, now: datetime, action: str, subject_kind: str, after: Mapping[str, Any]) -> None:
    """Record what somebody did at the command line, before it is done."""
    act = replace(acted(now, action, None, COMMAND_LINE, subject_kind, "", after), actor=SYSTEM)
    db.write_now(lambda connection: audit.append(connection, act))


def acted(
    now: datetime,
    action: str,
    officer_id: int | None,
    place: str,
    subject_kind: str,
    subject: str,
    after: Mapping[str, Any] | None,
) -> Act:
    """An act as the table can keep it: nothing too long, no sign that a database refuses."""
    where, about = plain(place, PLACE_MOST), plain(subject, SUBJECT_MOST)
    return Act(now, OFFICER, action, officer_id, where, subject_kind, about, "", told(after))


def plain(text: str, most: int) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:most])


# --- the chain ---


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk over the chain found. `rows` were looked at; the head says `number` and `digest`.

    `faults`: the first ones, in their order; `more`: how many are not among them.
    """

    rows: int
    number: int
    digest: str
    faults: Sequence[Fault] = ()
    more: int = 0

    @property
    def sound(self) -> bool:
        return not self.faults


def verify(db: Database, *, noted: tuple[int, str] | None = None) -> Verdict:
    """Walk the whole chain, in pages, while others go on writing. `noted`: a number and a digest written down."""
    return examine(db.read_now, noted=noted)


def verify_newest(connection: Connection, rows: int) -> Verdict:
    """The same for the last rows only; the one before them is taken as it is."""
    return examine(lambda work: work(connection), newest=rows)


def examine(read: Callable[[Work[Any]], Any], *, newest: int = 0, noted: tuple[int, str] | None = None) -> Verdict:
    """`read` runs a query. The head is read before the rows and again after: what is added meanwhile is no fault."""
    head: audit.Head | None = read(audit.head)
    last = head.last if head else read(audit.newest) or 0
    walk, found, after, stands = Walk(), Faults(), FIRST, noted is None
    if newest and last > newest:
        after = last - newest
        before = next(iter(_page(read, after - 1, after, 1)), None)
        walk = Walk(after, before.hash if before and before.sound else "")
    while page := _page(read, after, last, PAGE):
        for link in page:
            found.add(*walk.step(link))
            stands = stands or (noted == (link.number, link.hash) and link.sound)
        after = page[-1].number
    if head:
        found.add(*walk.end(head.last, head.hash))
    elif walk.rows:
        found.add(Fault(HEAD, last, last))
    there = read(audit.newest) or 0
    head_now: audit.Head | None = read(audit.head)
    if head_now and there > head_now.last:
        found.add(Fault(INSERTED, head_now.last + 1, there))
    if noted and not stands:
        found.add(Fault(NOTED, noted[0], noted[0]))
    return Verdict(walk.rows, last, head.hash if head else "", tuple(found.told), found.more)


class Faults:
    """The first ones; neighbours of one kind are one fault, so that a table that was changed whole is one line."""

    def __init__(self) -> None:
        self.told: list[Fault] = []
        self.more = 0

    def add(self, *faults: Fault) -> None:
        for fault in faults:
            before = self.told[-1] if self.told and not self.more else None
            if before and before.what == fault.what in (CHANGED, INSERTED) and fault.first == before.last + 1:
                self.told[-1] = replace(before, last=fault.last)
            elif len(self.told) < MOST_FAULTS:
                self.told.append(fault)
            else:
                self.more += 1


def _page(read: Callable[[Work[Any]], Any], after: int, last: int, limit: int) -> list[Link]:
    """Some rows; when one of them holds what its columns cannot, each of them alone."""
    try:
        found: list[Link] = read(lambda c: audit.links(c, after, last, limit))
    except (ValueError, TypeError, OverflowError, DBAPIError):  # numbers fail too when the database is away
        return [_alone(read, number) for number in read(lambda c: audit.numbers(c, after, last, limit))]
    return found


def _alone(read: Callable[[Work[Any]], Any], number: int) -> Link:
    try:
        found: Link | None = read(lambda c: audit.link(c, number))
    except (ValueError, TypeError, OverflowError, DBAPIError):
        read(lambda c: audit.numbers(c, number - 1, number, 1))  # raises when the database is away
        found = None
    return found or Link(number, None)


def report(db: Database, out: TextIO, *, noted: tuple[int, str] | None = None) -> bool:
    """For the command line: what the walk found; True when everything is as it was written."""
    verdict = verify(db, noted=noted)
    out.write(f"rows looked at: {verdict.rows}\nnewest row: {verdict.number} {verdict.digest}\n")
    out.writelines(f"WRONG {in_words(fault)}\n" for fault in verdict.faults)
    if verdict.more:
        out.write(f"WRONG and {verdict.more} more places\n")
    if verdict.sound:
        out.write("every row is as it was written\n")
    return verdict.sound


def head_line(db: Database) -> str:
    """Number and digest of the newest row."""
    head: audit.Head | None = db.read_now(audit.head)
    return f"{head.last} {head.hash}" if head else "0"


def in_words(fault: Fault) -> str:
    """For the command line, in English."""
    return FAULTS[fault.what if fault.first == fault.last else f"{fault.what}, several"] % {
        "first": fault.first,
        "last": fault.last,
    }


FAULTS: Mapping[str, str] = {
    "changed": _("Row %(first)s was changed."),
    "changed, several": _("Rows %(first)s to %(last)s were changed."),
    "removed": _("Row %(first)s is missing."),
    "removed, several": _("Rows %(first)s to %(last)s are missing."),
    "inserted": _("Row %(first)s was added by somebody else than this service."),
    "inserted, several": _("Rows %(first)s to %(last)s were added by somebody else than this service."),
    "unfit": _("Row %(first)s does not begin the chain as it must: it was rewritten."),
    "unfit, several": _("Row %(last)s does not follow row %(first)s: one of them was rewritten."),
    "head": _("The chain's head does not name row %(last)s, the newest: one of them was rewritten."),
    "noted": _("Row %(first)s does not have the digest that was written down."),
}
"""What each fault is called; where it can be several rows, that too."""
