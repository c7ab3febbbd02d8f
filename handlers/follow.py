"""Follow a complaint: the list, one complaint's page, adding to it, disagreeing with the answer, rating it."""

from dataclasses import replace
from typing import Any

from bot.dialog.events import Back, Event, Started, Tapped, Typed
from bot.dialog.facts import Complaint, Facts
from bot.dialog.flow import Page
from bot.dialog.form import BACK, MENU, RESUMED, picked
from bot.dialog.questions import DONE_LABEL, Collect, Kept, Unclear, worth_keeping
from bot.dialog.says import Choice, Param, Reference, Say, State, Turn, Words, _
from bot.domain.clocks import ADDRESS_WITHIN
from bot.domain.complaints import (
    DISAGREEABLE,
    RATINGS,
    AddToComplaint,
    FileComplaint,
    RateComplaint,
    ReopenComplaint,
    after_addition,
    may_write_first,
)
from bot.domain.receipts import SendReceipt
from handlers.categories import emergency
from handlers.emergency import IN_DANGER, SOS_HERE
from handlers.standing import RATED, STATUS, disagreeable, named, rateable, standing

LISTED = 8
ADDING = Collect(
    key="parts", ask=_("Write, speak or send photos to add to {reference}. Press Done when you have finished.")
)
DISAGREEING = _(
    "Tell why you do not agree with the answer to {reference}. Write, speak or send photos, then press Done. "
    "The complaint is opened again, once, and its 48 hours begin anew."
)
ONCE = Say(
    _("You have disagreed with this once already, so I cannot open it again. You can still add words: they are read.")
)
OPEN_ALREADY = Say(_("This complaint is open. What you add is read by the officer who has it."))
DISAGREE_LABEL = _("I do not agree")


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


def see(reference: str) -> Choice:
    return Choice(f"follow:see={reference}", _("See my complaint"))


def onward(one: Complaint) -> tuple[Choice, ...]:
    """After something was done."""
    return (see(one.reference), *disagree(one), MENU)


def disagree(one: Complaint) -> tuple[Choice, ...]:
    return (Choice(f"follow:disagree={one.reference}", DISAGREE_LABEL),) if disagreeable(one) else ()


def one_page(one: Complaint, facts: Facts) -> Say:
    rate = _("How did it help?") if one.rating is None else _("Change my rating")
    choices = (
        *((Choice(f"follow:add={one.reference}", _("Add something")),) if one.status != "withdrawn" else ()),
        *disagree(one),
        *((Choice(f"follow:rate={one.reference}", rate),) if rateable(one) else ()),
        Choice(f"follow:receipt={one.reference}", _("Receipt")),
        Choice("follow:list", _("All my complaints")),
        MENU,
    )
    told = standing(one, facts)
    said = Say(told.text, told.params, choices)
    return in_danger(said) if one.is_open and emergency(one.category, facts) else said


def filed(command: FileComplaint, facts: Facts) -> Turn:
    """The end of every conversation that files: the reference, and the promise."""
    told = _(
        "✅ Your complaint has been sent.\n"
        "Reference: {reference}\n"
        "A labour sub-committee must answer within {hours}: by {due}.\n"
        "I will write to you here. You can ask or add something at any time."
    )
    if not may_write_first(command.contact):
        told = _(
            "✅ Your complaint has been sent.\n"
            "Reference: {reference}\n"
            "A labour sub-committee must answer within {hours}: by {due}.\n"
            "I will not write to you here first. Write to me when it is safe: then I show you what came."
        )
    params: dict[str, Param] = {
        "reference": Reference(command.reference),
        "hours": ADDRESS_WITHIN,
        "due": facts.now + ADDRESS_WITHIN,
    }
    said = Say(told, params, (see(command.reference), MENU))
    if emergency(command.category, facts):
        said = in_danger(said)
    return Turn(None, (said,), (command,), goto=f"follow:sent={command.reference}")


def in_danger(said: Say) -> Say:
    return Say(IN_DANGER, {"told": Say(said.text, said.params)}, (SOS_HERE, *said.choices))


def add_page(state: State, facts: Facts) -> Say:
    draft = tuple(state.get("draft", ()))
    done = (Choice(f"follow:done={state['reference']}", DONE_LABEL),) if draft else ()
    ask = DISAGREEING if state.get("disagree") else str(ADDING.ask)
    return Say(ask, {"reference": Reference(state["reference"])}, (*done, BACK, MENU))


def rate_page(one: Complaint) -> Say:
    choices = tuple(Choice(f"follow:rate{n}={one.reference}", *RATED[n]) for n in RATINGS)
    return Say(
        _("How did we help you with {reference}?"), {"reference": Reference(one.reference)}, (*choices, BACK, MENU)
    )


def current(state: State, facts: Facts) -> Say:
    one = facts.complaint(state.get("reference", ""))
    if one is None:
        return the_list(facts)
    if state.get("sent"):
        return Say(_("Complaint {reference}"), {"reference": Reference(one.reference)}, onward(one))
    if state.get("rating"):
        return rate_page(one)
    return add_page(state, facts) if state.get("adding") else one_page(one, facts)


def shown(state: State, facts: Facts, *before: Say) -> Turn:
    return Turn(state, (*before, current(state, facts)))


def begin(facts: Facts, state: State) -> Turn:
    """What was being added when the person went elsewhere; or the one open complaint; or the list."""
    if state.get("draft"):
        return shown(state, facts, RESUMED)
    unfinished = [one for one in facts.complaints if one.is_open]
    return shown({"reference": unfinished[0].reference} if len(unfinished) == 1 else {"at": "list"}, facts)


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    if isinstance(event, Started):
        return shown(state or {"at": "list"}, facts)
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
        return shown(
            state, facts, Say(_("You have not sent this yet. Press Done to send it, or Cancel to throw it away."))
        )
    if state.get("adding") or state.get("rating"):
        return shown({"reference": state["reference"]}, facts)
    if state.get("reference"):
        return shown({"at": "list"}, facts)
    return Turn(None, goto="go:menu")


def tapped(state: State, event: Tapped, facts: Facts) -> Turn:
    action, _sign, reference = event.code.removeprefix("follow:").partition("=")
    one = facts.complaint(reference)
    draft = list(state.get("draft", ())) if state.get("reference") == reference else []
    elsewhere = state.get("draft") and state.get("reference") != reference
    if elsewhere and (action in ("see", "add", "disagree") or action.startswith("rate")):
        return back(state, facts)
    if action == "sent" and reference == facts.reference:
        return Turn({"reference": reference, "sent": True})
    if action == "list" and not state.get("draft"):
        return shown({"at": "list"}, facts)
    if one is None:
        return Turn(state or {"at": "list"}, (current(state, facts),), understood=action == "list")
    turn = opened(action, state, one, draft, facts) or carried_out(action, state, one, draft, facts)
    return turn or Turn(state or {"at": "list"}, (current(state, facts),), understood=False)


def opened(action: str, state: State, one: Complaint, draft: list[Any], facts: Facts) -> Turn | None:
    """A page of one complaint; None when that page is not (any more) to be had."""
    reference = one.reference
    match action:
        case "see":
            return Turn(state if draft else {"reference": reference}, (one_page(one, facts),))
        case "add" if one.status != "withdrawn":
            return shown({"reference": reference, "adding": True, "draft": [*draft, *facts.loose]}, facts)
        case "disagree" if disagreeable(one):
            parts = [*draft, *facts.loose]
            return shown({"reference": reference, "adding": True, "disagree": True, "draft": parts}, facts)
        case "disagree" if one.status != "withdrawn" and not draft:
            return shown({"reference": reference}, facts, ONCE if one.status in DISAGREEABLE else OPEN_ALREADY)
        case "rate" if rateable(one) and not draft:
            return shown({"reference": reference, "rating": True}, facts)
    return None


def carried_out(action: str, state: State, one: Complaint, draft: list[Any], facts: Facts) -> Turn | None:
    """A command; None when it is not (any more) possible."""
    match action:
        case "done" if draft:
            return finished(state, one, draft, facts)
        case "receipt":
            coming = _("I send you the receipt of {reference}. Keep it: any office can check it.")
            return done(state, one, coming, SendReceipt(one.reference))
        case "rate1" | "rate2" | "rate3" | "rate4" | "rate5" if rateable(one):
            return rated(state, one, int(action[-1]))
    return None


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


def finished(state: State, one: Complaint, draft: list[Any], facts: Facts) -> Turn:
    """Done: the parts are added; with a disagreement that is still open to them, the complaint opens again."""
    if state.get("disagree") and disagreeable(one):
        again = _(
            "Your complaint {reference} is open again. A labour sub-committee must answer within {hours}: by {due}."
        )
        then, due = replace(one, status="reopened", reopened=one.reopened + 1), facts.now + ADDRESS_WITHIN
        return done({}, then, again, ReopenComplaint(one.reference, tuple(draft)), hours=ADDRESS_WITHIN, due=due)
    told = _("Added to {reference}. The sub-committee will see it.")
    if one.status == "closed":
        told = _("Added to {reference}. The sub-committee will see it. The complaint itself stays closed.")
    return done({}, replace(one, status=after_addition(one.status)), told, AddToComplaint(one.reference, tuple(draft)))


def rated(state: State, one: Complaint, rating: int) -> Turn:
    """The last one counts."""
    thanks = _("Thank you. You said of {reference}: {rating}.")
    return done(state, one, thanks, RateComplaint(one.reference, rating), rating=Say(RATED[rating][0]))


def done(state: State, then: Complaint, told: str, command: object, **more: Param) -> Turn:
    """Say that it is done, and what can be done next; a draft of words that is under way is left as it is."""
    said = Say(told, {"reference": Reference(then.reference), **more}, onward(then))
    kept = state if state.get("draft") else {"reference": then.reference, "sent": True}
    return Turn(kept, (said,), (command,))


follow = Page(
    "follow",
    (
        _("My complaints"),
        "/complaints",
        _("Write back"),
        _("Where is my complaint?"),
        "status",
        "complaint status",
        "my complaint",
        "បណ្តឹងរបស់ខ្ញុំ",
        "ស្ថានភាព",
        "ស្ថានភាពបណ្តឹង",
        "បណ្តឹងខ្ញុំដល់ណា",
        "បណ្តឹងខ្ញុំដល់ណាហើយ",
        "បណ្តឹងរបស់ខ្ញុំដល់ណាហើយ",
    ),
    begin,
    go_on,
)
