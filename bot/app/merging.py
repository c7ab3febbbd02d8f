"""Complaints of one case put together, and taken apart again."""

from bot.app.context import Context
from bot.domain.complaints import MergeComplaint, UnmergeComplaint
from bot.domain.errors import NotMergeable
from bot.domain.reach import WORK
from bot.domain.routing import Case
from storage import complaints, merging
from storage.complaints import Found


def merge(command: MergeComplaint, context: Context) -> None:
    """One points to the other; words, workers and clocks stay apart. Never a chain, never past what one may see."""
    context.reach(command.staff, WORK)
    if command.reference == command.into:
        raise NotMergeable
    pair = sorted((command.reference, command.into))  # one order of locking, whoever merges which into which
    found = {one: context.complaint(one, command.staff, WORK) for one in pair}
    this, main = found[command.reference], found[command.into]
    now = merging.into(context.connection, this.id)
    if now == main.id:
        return
    if (
        now is not None
        or merging.into(context.connection, main.id) is not None
        or merging.has_others(context.connection, this.id)
        or bar(this) != bar(main)
        or "withdrawn" in (this.status, main.status)
    ):
        raise NotMergeable
    complaints.change(context.connection, this.id, context.now, merged_into_id=main.id)
    complaints.change(context.connection, main.id, context.now)  # live pages show it


def unmerge(command: UnmergeComplaint, context: Context) -> None:
    found = context.complaint(command.reference, command.staff, WORK)
    main = merging.into(context.connection, found.id)
    if main is None:
        return
    complaints.change(context.connection, found.id, context.now, merged_into_id=None)
    complaints.change(context.connection, main, context.now)


def bar(found: Found) -> tuple[int | None, str]:
    """Who may not see it: the office complained of, or any of that country. Equal bars hide from the same officers."""
    case = Case(found.country, found.category, found.about, about_office=found.about_office_id)
    return found.about_office_id, found.country if case.about_an_official and not found.about_office_id else ""
