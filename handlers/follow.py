"""Follow a complaint: the list, one complaint's status and thread, and adding words or files to it."""

from bot.dialog.events import Back, Event, Started, Tapped, Typed
from bot.dialog.facts import Complaint, Facts
from bot.dialog.flow import Page
from bot.dialog.form import BACK, MENU, RESUMED, picked
from bot.dialog.questions import DONE_LABEL, Collect, Kept, Unclear, worth_keeping
from bot.dialog.says import Choice, Reference, Say, State, Turn, Words, _
from bot.domain.clocks import ADDRESS_WITHIN
from bot.domain.complaints import AddToComplaint
from bot.text import khmer

LISTED = 8
THREAD_SHOWN = 8
STATUS = {
    "filed": _("sent, not yet opened"),
    "received": _("received"),
    "in_hand": _("being handled"),
    "waiting": _("waiting for your answer"),
    "addressed": _("answered"),
    "referred": _("handed to another office"),
    "reopened": _("you disagreed; it is being looked at again"),
    "closed": _("closed"),
    "withdrawn": _("withdrawn"),
}
AUTHORS = {"worker": _("You"), "officer": _("Officer"), "system": _("Chumnuoy")}
KINDS = {
    "photo": _("a photo"),
    "voice": _("a voice message"),
    "video": _("a video"),
    "file": _("a file"),
    "place": _("a location"),
}
ADDING = Collect(
    key="parts", ask=_("Write, speak or send photos to add to {reference}. Press Done when you have finished.")
)


def the_list(facts: Facts) -> Say:
    if not facts.complaints:
        return Say(
            _("You have no complaint with us yet."),
            {},
            (Choice("complaint:start", _("File a complaint")), MENU),
        )
    listed = facts.complaints[:LISTED]
    lines = tuple(
        Say(
            _("{number}. {reference}: {category}. {status}"),
            {
                "number": number,
                "reference": Reference(one.reference),
                "category": named(one, facts),
                "status": Say(STATUS[one.status]),
            },
        )
        for number, one in enumerate(listed, 1)
    )
    choices = tuple(Choice(f"follow:see={one.reference}", shown_reference(one)) for one in listed)
    return Say("{title}\n{lines}", {"title": Say(_("Your complaints:")), "lines": lines}, (*choices, MENU))


def shown_reference(one: Complaint) -> Words:
    shown = f"{one.reference[:4]}-{one.reference[4:]}"
    return Words(shown, shown)


def named(one: Complaint, facts: Facts) -> Words:
    category = facts.book.categories.get(one.category)
    return category.name if category else Words(one.category, one.category)


def clock(one: Complaint, facts: Facts) -> Say:
    """The worker sees the 48 hours, kept or broken."""
    if one.first_answer_at:
        return Say(_("First answered: {at}"), {"at": one.first_answer_at})
    left = one.time_left(facts.now)
    if not one.is_open:
        return Say(_("Filed: {at}"), {"at": one.filed_at})
    if left.total_seconds() >= 0:
        return Say(_("⏳ Time left for an answer: {left} (by {due})"), {"left": left, "due": one.due_at})
    return Say(_("⚠ The 48 hours ended {late} ago and there is no answer yet. It is marked overdue."), {"late": -left})


def one_page(one: Complaint, facts: Facts) -> Say:
    lines = [
        Say(_("Complaint {reference}"), {"reference": Reference(one.reference)}),
        Say("{category}", {"category": named(one, facts)}),
        Say(_("Filed: {at}"), {"at": one.filed_at}),
        Say(_("Status: {status}"), {"status": Say(STATUS[one.status])}),
        *((clock(one, facts),) if one.is_open else ()),
    ]
    for entry in one.entries[-THREAD_SHOWN:]:
        words = Say("{text}", {"text": khmer.cut(entry.text, 600, "chars")})
        if entry.kind == "status":
            words = Say(STATUS.get(entry.text, "{text}"), {"text": entry.text})
        elif entry.kind != "text":
            words = Say(KINDS.get(entry.kind, KINDS["file"]))
        lines.append(
            Say("\n— {who} · {at}\n{words}", {"who": Say(AUTHORS[entry.author]), "at": entry.at, "words": words})
        )
    choices = (
        *((Choice(f"follow:add={one.reference}", _("Add something")),) if one.status != "withdrawn" else ()),
        Choice("follow:list", _("My complaints")),
        MENU,
    )
    return Say("{lines}", {"lines": tuple(lines)}, choices)


def sent_page(reference: str, facts: Facts) -> Say:
    """The closing words of every filing: the reference, and the promise."""
    return Say(
        _(
            "✅ Your complaint has been sent.\n"
            "Reference: {reference}\n"
            "A labour sub-committee must answer within {hours}: by {due}.\n"
            "I will write to you here. You can ask or add something at any time."
        ),
        {"reference": Reference(reference), "hours": ADDRESS_WITHIN, "due": facts.now + ADDRESS_WITHIN},
        (Choice(f"follow:see={reference}", _("See my complaint")), MENU),
    )


def add_page(state: State, facts: Facts) -> Say:
    draft = tuple(state.get("draft", ()))
    done = (Choice(f"follow:done={state['reference']}", DONE_LABEL),) if draft else ()
    return Say(str(ADDING.ask), {"reference": Reference(state["reference"])}, (*done, BACK, MENU))


def current(state: State, facts: Facts) -> Say:
    one = facts.complaint(state.get("reference", ""))
    if one is None:
        return the_list(facts)
    if state.get("sent"):
        seen = Choice(f"follow:see={one.reference}", _("See my complaint"))
        return Say(_("Complaint {reference}"), {"reference": Reference(one.reference)}, (seen, MENU))
    return add_page(state, facts) if state.get("adding") else one_page(one, facts)


def begin(facts: Facts, state: State) -> Turn:
    """The list; or what was being added when the person went elsewhere."""
    if state.get("draft"):
        return Turn(state, (RESUMED, current(state, facts)))
    return Turn({"at": "list"}, (the_list(facts),))


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    if isinstance(event, Started):
        return Turn(state or {"at": "list"}, (current(state, facts),))
    if isinstance(event, Back):
        return back(state, facts)
    if isinstance(event, Typed):
        choice = picked(event.text, current(state, facts).choices, facts)
        if choice and not choice.code.startswith("follow:"):
            return Turn(state, goto=choice.code)
        if choice:
            event = Tapped(choice.code)
    if isinstance(event, Tapped):
        return tapped(state, event, facts)
    if state.get("adding") and facts.complaint(state["reference"]):
        return heard(state, event, facts)
    parts = tuple(worth_keeping(event))
    if parts:
        return Turn(state, keep=parts, goto="go:menu")
    return Turn(state, (Say(_("Please choose one of these.")), current(state, facts)), understood=False)


def back(state: State, facts: Facts) -> Turn:
    if state.get("draft"):
        asked = Say(_("You have not sent this yet. Press Done to send it, or Cancel to throw it away."))
        return Turn(state, (asked, current(state, facts)))
    if state.get("adding"):
        seen = {"reference": state["reference"]}
        return Turn(seen, (current(seen, facts),))
    if state.get("reference"):
        return begin(facts, {})
    return Turn(None, goto="go:menu")


def tapped(state: State, event: Tapped, facts: Facts) -> Turn:
    action, _sign, reference = event.code.removeprefix("follow:").partition("=")
    one = facts.complaint(reference)
    draft = list(state.get("draft", ())) if state.get("reference") == reference else []
    if state.get("draft") and action in ("see", "add") and state.get("reference") != reference:
        return back(state, facts)
    if action == "sent" and reference == facts.reference:
        return Turn({"reference": reference, "sent": True}, (sent_page(reference, facts),))
    if action == "see" and one:
        seen = {"reference": reference} | ({"draft": draft, "adding": True} if draft else {})
        return Turn(seen, (one_page(one, facts),))
    if action == "add" and one and one.status != "withdrawn":
        adding = {"reference": reference, "adding": True, "draft": [*draft, *facts.loose]}
        return Turn(adding, (current(adding, facts),))
    if action == "done" and one and draft:
        return finished(one, draft, facts)
    if action == "list" and not state.get("draft"):
        return begin(facts, {})
    return Turn(state or {"at": "list"}, (current(state, facts),), understood=bool(action == "list"))


def heard(state: State, event: Event, facts: Facts) -> Turn:
    result = ADDING.hear(event, {}, tuple(state.get("draft", ())), facts)
    match result:
        case Kept(draft, say):
            grown = {**state, "draft": list(draft)}
            return Turn(grown, (Say(say.text, say.params, current(grown, facts).choices),))
        case Unclear(say):
            return Turn(state, (say, current(state, facts)), understood=False)
        case _:
            return Turn(state, (current(state, facts),), understood=False)


def finished(one: Complaint, draft: list[object], facts: Facts) -> Turn:
    said = Say(
        _("Added to {reference}. The sub-committee will see it."),
        {"reference": Reference(one.reference)},
        (Choice(f"follow:see={one.reference}", _("See my complaint")), MENU),
    )
    command = AddToComplaint(one.reference, tuple(draft))  # type: ignore[arg-type]  # parts come from JSON
    return Turn({"reference": one.reference}, (said,), (command,))


follow = Page(
    "follow", (_("My complaints"), "/complaints", _("Write back"), "status", "បណ្តឹងរបស់ខ្ញុំ", "ស្ថានភាព"), begin, go_on
)
