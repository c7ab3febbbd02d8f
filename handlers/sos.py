"""SOS: what to do now and the verified numbers, before any question; then the way to tell us."""

from bot.dialog.events import Back, Event, Started, Tapped, Typed
from bot.dialog.facts import Facts
from bot.dialog.flow import Page
from bot.dialog.form import MENU, NOTED, picked
from bot.dialog.questions import worth_keeping
from bot.dialog.says import Choice, Say, State, Turn, _
from handlers.countries import FIRST, MORE
from handlers.emergency import numbers, remembered, steps

TELL = Choice("complaint:start", _("Tell what happened"))
ELSEWHERE = Choice("sos:where=?", _("I am in another country"), _("Another country"))


def where(facts: Facts) -> Say:
    choices = tuple(Choice(f"sos:where={one.code}", one.label, one.short) for one in FIRST)
    return Say(_("Where are you now? I will give you the right numbers."), {}, (*choices, MENU))


def elsewhere(facts: Facts) -> Say:
    choices = tuple(Choice(f"sos:where={one.code}", one.label, one.short) for one in MORE)
    return Say(_("Which country?"), {}, (*choices, MENU))


def told(country: str, facts: Facts) -> Say:
    """The numbers, with what can be done next."""
    found = numbers(country, facts)
    return Say(found.text, found.params, (TELL, ELSEWHERE, MENU))


def begin(facts: Facts, state: State) -> Turn:
    country = remembered(facts)
    if country:
        return Turn({"country": country}, (steps(), told(country, facts)))
    return Turn({}, (steps(), where(facts)))


def current(state: State, facts: Facts) -> Say:
    country = state.get("country", "")
    if country == "more":
        return elsewhere(facts)
    return told(country, facts) if country else where(facts)


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    if isinstance(event, Started):
        return Turn(state, (current(state, facts),))
    if isinstance(event, Back):
        return Turn(None, goto="go:menu")
    code = event.code if isinstance(event, Tapped) else ""
    if isinstance(event, Typed):
        choice = picked(event.text, current(state, facts).choices, facts)
        code = choice.code if choice else ""
    if code and not code.startswith("sos:"):
        return Turn(state, goto=code)
    country = code.removeprefix("sos:where=")
    if code.startswith("sos:where=") and (country == "?" or country in {one.code for one in (*FIRST, *MORE)}):
        moved = {"country": "" if country == "?" else country}
        return Turn(moved, (current(moved, facts),))
    parts = tuple(worth_keeping(event))
    if parts:
        return Turn(state, (NOTED,), keep=parts, goto="complaint:start")
    return Turn(state, (current(state, facts),), understood=False)


sos = Page(
    "sos",
    (_("🆘 I need help now"), "/sos", "sos", "ជួយបន្ទាន់", "ជួយខ្ញុំផង", "help me now", "អាសន្ន", "emergency", "juy phong"),
    begin,
    go_on,
)
