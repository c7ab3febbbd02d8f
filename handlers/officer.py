"""An officer's own chat: linking it with a code, taking, reading and answering the complaints they were told of."""

import re

from bot.dialog.events import Back, Event, Tapped, Typed
from bot.dialog.facts import Case, Facts, Officer
from bot.dialog.flow import Page
from bot.dialog.form import MENU
from bot.dialog.says import Choice, Reference, Say, State, Turn, Words, _
from bot.domain.complaints import OPEN, REPLY_LIMIT, TAKEABLE, AcknowledgeComplaint, AnswerComplaint, WriteToWorker
from bot.domain.people import LinkOfficer, RefuseCode, ShowCase, UnlinkOfficer
from bot.text import khmer, reference
from handlers.standing import AUTHORS, KINDS

STATUS = {
    "filed": _("New"),
    "received": _("Received"),
    "in_hand": _("In hand"),
    "waiting": _("Waiting for the worker"),
    "addressed": _("Answered"),
    "referred": _("Referred"),
    "reopened": _("Reopened"),
    "closed": _("Closed"),
    "withdrawn": _("Withdrawn"),
}
"""What officers call the states, here and in the console."""

SAID_SHOWN = 600
"""Of each line, in code points; the whole of it is in the console."""
LINKED = Say(
    _(
        "This chat is now yours as an officer. What you are told of complaints comes here too.\n"
        "To end that, write /unlink."
    )
)
WRONG = Say(_("That code is wrong, or its ten minutes are over. Make a new one on your account page in the console."))
TOO_MANY = Say(_("Too many wrong codes came from this chat. Please wait an hour."))
UNLINKED = Say(_("This chat is no longer linked to you as an officer."), {}, (MENU,))
NOT_YOURS = Say(_("That complaint is not yours to see, or not any more."), {}, (MENU,))
NOTHING_OPEN = Say(_("Nothing that you were told of is waiting."), {}, (MENU,))
TOO_LONG = Say(_("That is longer than an answer may be. Please write it shorter."))
OVERTAKEN = Say(_("Another officer answered meanwhile. Your words were not sent: read the complaint first."))
WORDS_ONLY = Say(_("Only words can be sent from here. Files are sent from the console."))
TAKEN = _("You have complaint {reference} now. The worker is told that an officer received it.")
TAKEN_KEPT = _("You have complaint {reference} now. The worker reads so when they write again.")
TAKEN_ALREADY = _("Complaint {reference} was received already.")
SENT = {
    "answer": _("Your answer to {reference} was sent to the worker."),
    "word": _("Your words about {reference} were sent to the worker. The 48 hours go on."),
}
KEPT = {
    "answer": _("Your answer to {reference} is kept. The worker reads it when they write again."),
    "word": _(
        "Your words about {reference} are kept. The worker reads them when they write again. The 48 hours go on."
    ),
}
"""Where the worker's chat is not their safe contact."""
ASK = {
    "answer": _("Write your answer to {reference}. Your next message goes to the worker as it is."),
    "word": _(
        "Write to the worker about {reference}: a question, or how it goes. It is no answer yet, so the 48 hours go on."
        " Your next message goes to them as it is."
    ),
}
NOT_SAFE = Say(
    _(
        "The worker’s chat is not their safe contact: what you write is kept, and they read it when they write again. "
        "How to reach them safely stands in the console."
    )
)

_LINK = re.compile(r"/link(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_BUTTON = re.compile(r"officer:[a-z]+=([0-9A-Z]{8})")


def code_in(text: str) -> tuple[str, bool] | None:
    """(the code, whether it was typed with /link); None when it is neither."""
    asked = _LINK.fullmatch(text)
    if asked:
        return reference.read(asked[1] or "") or "", True
    code = reference.read(text)
    return (code, False) if code else None


def is_about(code: str) -> str:
    """The complaint that a button's code names; empty when it is no button of an officer's."""
    found = _BUTTON.fullmatch(code)
    return found[1] if found else ""


def buttons(case: Case) -> tuple[Choice, ...]:
    """What an officer may do with a notice; it comes unasked, so its buttons carry no numbers."""
    take = (Choice(f"officer:take={case.reference}", _("I take it"), nav=True),) if case.status in TAKEABLE else ()
    answer = Choice(f"officer:answer={case.reference}", _("Answer"), nav=True)
    word = Choice(f"officer:word={case.reference}", _("Only write or ask"), nav=True)
    show = Choice(f"officer:show={case.reference}", _("Show"), nav=True)
    return (*take, answer, word, show) if case.may_work else (show,)


def notice(case: Case, what: Say, facts: Facts) -> Say:
    """What an officer reads in their chat: what happened, the kind and the time left; nothing of what was told."""
    told = {"what": what, "case": line(case, facts)}
    return Say("🔔 {what}\n{case}", told, buttons(case) if case.status in OPEN else ())


def line(case: Case, facts: Facts) -> Say:
    """Reference, kind, state and time left."""
    category = facts.book.categories.get(case.category)
    named = category.name if category else Words(case.category, case.category)
    state = Say(STATUS[case.status])
    told = Say(
        _("{reference}: {category}. {status}"),
        {"reference": Reference(case.reference), "category": named, "status": state},
    )
    left = case.due_at - facts.now
    if case.answered or case.status not in OPEN:
        return told
    if left.total_seconds() >= 0:
        return Say("{told}\n{left}", {"told": told, "left": Say(_("⏳ Time left: {left}"), {"left": left})})
    return Say("{told}\n{left}", {"told": told, "left": Say(_("⚠ The 48 hours ended {late} ago."), {"late": -left})})


def page(case: Case, facts: Facts) -> Say:
    """Its words, asked for by a button: never who it is from."""
    lines = [line(case, facts)]
    for entry in case.entries:
        words = Say("{text}", {"text": khmer.cut(entry.text, SAID_SHOWN, "chars")})
        if entry.kind not in ("text", "status"):
            words = Say(KINDS.get(entry.kind, KINDS["file"]))
        elif entry.kind == "status":
            words = Say(STATUS.get(entry.text, "{text}"), {"text": entry.text})
        who = Say(_("Worker") if entry.author == "worker" else AUTHORS[entry.author])
        lines.append(Say("\n— {who} · {at}\n{words}", {"who": who, "at": entry.at, "words": words}))
    return Say("{lines}", {"lines": tuple(lines)}, (*buttons(case), MENU))


def begin(facts: Facts, state: State) -> Turn:
    if facts.officer is None:
        return Turn(None, goto="go:menu")
    cases = facts.officer.cases
    if not cases:
        return Turn({"at": "list"}, (NOTHING_OPEN,))
    choices = tuple(Choice(f"officer:show={one.reference}", shown(one)) for one in cases)
    lines = tuple(line(one, facts) for one in cases)
    return Turn({"at": "list"}, (Say("{lines}", {"lines": lines}, (*choices, MENU)),))


def shown(case: Case) -> Words:
    return Words(reference.show(case.reference), reference.show(case.reference))


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    if isinstance(event, Typed) and facts.offered:
        return linking(facts)
    officer = facts.officer
    if officer is None or isinstance(event, Back):
        return Turn(None, goto="go:menu")
    if officer.heard == "unlink":
        return Turn(None, (UNLINKED,), (UnlinkOfficer(officer.id),))
    if isinstance(event, Tapped):
        return tapped(state, event.code, officer, facts)
    if isinstance(event, Typed) and (officer.heard == "reply" or state.get("answering")):
        return answered(state, event.text, officer)
    if state.get("answering"):
        return Turn(state, (WORDS_ONLY,), understood=False)
    return begin(facts, state)


def linking(facts: Facts) -> Turn:
    offered = facts.offered
    if offered is None or (offered.state != "good" and not offered.plainly):
        return Turn(None, (), (RefuseCode(),) if offered and offered.state == "wrong" else ())
    if offered.state == "good":
        return Turn(None, (LINKED,), (LinkOfficer(offered.code),))
    if offered.state == "many":
        return Turn(None, (TOO_MANY,))
    return Turn(None, (WRONG,), (RefuseCode(),))


def tapped(state: State, code: str, officer: Officer, facts: Facts) -> Turn:
    case, action = officer.case, code.removeprefix("officer:").partition("=")[0]
    if case is None:
        return Turn(None, (NOT_YOURS,))
    about = {"reference": Reference(case.reference)}
    if action == "take" and case.may_work:
        if case.status not in TAKEABLE:
            return Turn(None, (Say(TAKEN_ALREADY, about, (*buttons(case), MENU)),))
        said = Say(TAKEN if case.at_once else TAKEN_KEPT, about, (*buttons(case)[1:], MENU))
        return Turn(None, (said,), (AcknowledgeComplaint(case.reference, officer.id),))
    if action in ("answer", "word") and case.may_work:
        asked = {"answering": case.reference, "newest": case.newest, "as": action}
        return Turn(asked, (*(() if case.at_once else (NOT_SAFE,)), Say(ASK[action], about, (MENU,))))
    if action == "show":
        return Turn({"seen": case.reference}, (page(case, facts),), (ShowCase(case.reference, officer.id),))
    return Turn(None, (NOT_YOURS,))


def answered(state: State, text: str, officer: Officer) -> Turn:
    case = officer.case
    if case is None or not case.may_work:
        return Turn(None, (NOT_YOURS,))
    if len(text) > REPLY_LIMIT:
        return Turn(state or None, (TOO_LONG,), understood=False)
    if officer.overtaken:
        return Turn(None, (Say(OVERTAKEN.text, {}, (*buttons(case), MENU)),))
    what = "answer" if officer.heard == "reply" else str(state.get("as") or "answer")
    told = (SENT if case.at_once else KEPT)[what]
    said = Say(told, {"reference": Reference(case.reference)}, (buttons(case)[-1], MENU))
    kind = WriteToWorker if what == "word" else AnswerComplaint
    return Turn(None, (said,), (kind(case.reference, text, officer.id, once=officer.event),))


officer = Page("officer", ("/desk",), begin, go_on)
