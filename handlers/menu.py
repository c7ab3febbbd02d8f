"""The main menu, and what to do with words that came before any question."""

from bot.dialog.events import Back, Event, Sent, Started, Typed
from bot.dialog.facts import Facts
from bot.dialog.flow import Page
from bot.dialog.form import picked
from bot.dialog.questions import FILE_LIMIT, TOO_BIG, summary, worth_keeping
from bot.dialog.says import Choice, Reference, Say, State, Turn, _
from handlers.emergency import SOS

HELD_LIMIT = 50
FULL = Say(_("I hold many messages of yours already. Please choose first what they are for."))

COMPLAINT = Choice("complaint:start", _("File a complaint"))
FOLLOW = Choice("follow:start", _("My complaints"))
PERSON = Choice("person:start", _("Talk to an officer"))
HELP = Choice("help:start", _("Help"))
LANGUAGE = Choice("language:start", _("ភាសា / Language"))


def shown(facts: Facts) -> Say:
    """The menu; or, when something is held, what it might be for. Nothing is glued to a complaint unasked."""
    if not facts.loose:
        return Say(_("What can I do for you?"), {}, (SOS, COMPLAINT, FOLLOW, PERSON, HELP, LANGUAGE))
    lines = [Say(_("I have kept this: {what}"), {"what": summary(list(facts.loose))})]
    unfinished = [one for one in facts.complaints if one.is_open]
    add: tuple[Choice, ...] = ()
    if len(unfinished) == 1:
        lines.append(Say(_("Your open complaint: {reference}"), {"reference": Reference(unfinished[0].reference)}))
        add = (Choice(f"follow:add={unfinished[0].reference}", _("Add it to my complaint"), _("Add to complaint")),)
    elif unfinished:
        add = (Choice("follow:start", _("Add it to one of my complaints"), _("Add to one")),)
    lines.append(Say(_("What is it for?")))
    return Say(
        "{lines}",
        {"lines": tuple(lines)},
        (
            *add,
            Choice("complaint:start", _("A new complaint")),
            PERSON,
            Choice("go:drop", _("Nothing, forget it"), _("Forget it")),
            SOS,
        ),
    )


def begin(facts: Facts, state: State) -> Turn:
    return Turn({}, (shown(facts),))


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    if isinstance(event, Started | Back):
        return begin(facts, state)
    if isinstance(event, Typed):
        choice = picked(event.text, shown(facts).choices, facts)
        if choice:
            return Turn({}, goto=choice.code)
    if isinstance(event, Sent) and (event.size or 0) > FILE_LIMIT:
        return Turn({}, (TOO_BIG, shown(facts)))
    parts = tuple(worth_keeping(event))
    if len(facts.loose) + len(parts) > HELD_LIMIT:
        return Turn({}, (FULL, shown(facts)))
    if parts:
        return Turn({}, keep=parts)
    return Turn({}, (Say(_("I did not understand that.")), shown(facts)), understood=False)


menu = Page("menu", (), begin, go_on)
