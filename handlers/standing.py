"""How one complaint stands, as its worker sees it: who has it, both clocks, what happened when, the last words."""

from collections.abc import Iterator
from datetime import datetime

from bot.dialog.facts import Complaint, Entry, Facts
from bot.dialog.says import Reference, Say, Text, Words, _
from bot.domain.complaints import DISAGREEABLE, RATEABLE
from bot.text import khmer

THREAD_SHOWN = 8
EVENTS_SHOWN = 6
STATUS = {
    "filed": _("sent, not yet received"),
    "received": _("received"),
    "in_hand": _("being handled"),
    "waiting": _("waiting for your answer"),
    "addressed": _("answered"),
    "referred": _("handed to another office"),
    "reopened": _("you disagreed; it is being looked at again"),
    "closed": _("closed"),
    "withdrawn": _("withdrawn"),
}
EVENTS = {
    "filed": _("you sent it"),
    "received": _("received by an officer"),
    "in_hand": _("being handled"),
    "waiting": _("the officer asked something of you"),
    "answer": _("an officer answered"),
    "wrote": _("an officer wrote to you"),
    "addressed": _("answered"),
    "referred": _("handed to another office"),
    "reopened": _("you did not agree"),
    "broken": _("the promised time was over"),
    "closed": _("closed"),
    "withdrawn": _("withdrawn"),
}
HANDED = ("referred", "broken")
"""With these it may have gone to another office."""
AUTHORS = {"worker": _("You"), "officer": _("Officer"), "system": _("Chumnuoy")}
KINDS = {
    "photo": _("a photo"),
    "voice": _("a voice message"),
    "video": _("a video"),
    "file": _("a file"),
    "place": _("a location"),
}
RATED: dict[int, tuple[Text, Text]] = {
    1: (_("It did not help at all"), _("Not at all")),
    2: (_("It helped a little"), _("A little")),
    3: (_("It helped somewhat"), _("Somewhat")),
    4: (_("It helped well"), _("Well")),
    5: (_("It helped very well"), _("Very well")),
}


def disagreeable(one: Complaint) -> bool:
    """The worker may disagree with an answer, once."""
    return one.status in DISAGREEABLE and not one.reopened


def rateable(one: Complaint) -> bool:
    return one.status in RATEABLE


def named(one: Complaint, facts: Facts) -> Words:
    category = facts.book.categories.get(one.category)
    return category.name if category else Words(one.category, one.category)


def standing(one: Complaint, facts: Facts) -> Say:
    lines = [
        Say(_("Complaint {reference}"), {"reference": Reference(one.reference)}),
        Say("{category}", {"category": named(one, facts)}),
        *((Say(_("It is with: {office}"), {"office": one.office}),) if one.office else ()),
        Say(_("Status: {status}"), {"status": Say(STATUS[one.status])}),
        *clocks(one, facts.now),
        *happened(one),
        *((Say(_("You said: {rating}"), {"rating": Say(RATED[one.rating][0])}),) if one.rating in RATED else ()),
        *said(one),
    ]
    return Say("{lines}", {"lines": tuple(lines)})


def clocks(one: Complaint, now: datetime) -> Iterator[Say]:
    """Both promises, kept or broken, and whom it waits for."""
    if not one.is_open:
        return
    if one.receive_by:
        kept = one.receive_by >= now
        yield Say(
            _("No officer has received it yet. One must by {due}.")
            if kept
            else _("⚠ An officer had to receive it by {due}, and none has yet."),
            {"due": one.receive_by},
        )
    left = one.time_left(now)
    if one.first_answer_at:
        yield Say(_("First answered: {at}"), {"at": one.first_answer_at})
    elif not one.stopped and left.total_seconds() >= 0:
        yield Say(_("⏳ Time left for an answer: {left} (by {due})"), {"left": left, "due": one.due_at})
    elif not one.stopped:
        yield Say(
            _("⚠ The 48 hours ended {late} ago and there is no answer yet. It is marked overdue."), {"late": -left}
        )
    if one.status == "waiting" and one.waiting_since:
        yield Say(_("⏸ The officer has been waiting for you since {at}."), {"at": one.waiting_since})


def happened(one: Complaint) -> Iterator[Say]:
    """What happened when. Officers have no names here; their office has."""
    found: list[tuple[datetime, str]] = [(one.filed_at, "filed")]
    for entry in one.entries:
        code = entry.text if entry.kind == "status" else spoke(one, entry)
        if code in EVENTS and code != found[-1][1]:
            found.append((entry.at, code))
    if not any(code == "received" for _at, code in found):
        put(found, one.received_at, "received")
    put(found, one.broken_at, "broken")
    handed = max((place for place, (_at, code) in enumerate(found) if code in HANDED), default=0)
    yield Say("\n{title}", {"title": Say(_("What happened:"))})
    shown = range(len(found)) if len(found) <= EVENTS_SHOWN else (0, *range(len(found) - EVENTS_SHOWN + 1, len(found)))
    for place in shown:
        at, code = found[place]
        yield Say("• {what} · {at}", {"at": at, "what": event(code, one.office if place >= handed else None)})


def spoke(one: Complaint, entry: Entry) -> str:
    """What an officer's words were: before the first answer only words; empty for the worker's own."""
    if entry.author != "officer":
        return ""
    return "answer" if one.first_answer_at and entry.at >= one.first_answer_at else "wrote"


def put(found: list[tuple[datetime, str]], moment: datetime | None, code: str) -> None:
    """In its place among what happened."""
    if moment:
        later = (place for place, (at, _code) in enumerate(found) if place and at >= moment)
        found.insert(next(later, len(found)), (moment, code))


def event(code: str, office: Words | None) -> Say:
    """With the office's name where we know which it was then: the one that has it now."""
    if office and code == "received":
        return Say(_("received by an officer of {office}"), {"office": office})
    if office and code == "referred":
        return Say(_("handed to {office}"), {"office": office})
    return Say(EVENTS[code])


def said(one: Complaint) -> Iterator[Say]:
    """The last words of both sides."""
    spoken = [entry for entry in one.entries if entry.kind != "status"]
    for entry in spoken[-THREAD_SHOWN:]:
        words = Say("{text}", {"text": khmer.cut(entry.text, 600, "chars")})
        if entry.kind != "text":
            words = Say(KINDS.get(entry.kind, KINDS["file"]))
        yield Say("\n— {who} · {at}\n{words}", {"who": Say(AUTHORS[entry.author]), "at": entry.at, "words": words})
