"""First contact, and the choice of language: Khmer unless the person says otherwise."""

from bot.dialog.events import Event, Started, Tapped, Typed
from bot.dialog.facts import Facts
from bot.dialog.flow import Page
from bot.dialog.form import picked
from bot.dialog.questions import worth_keeping
from bot.dialog.says import Choice, Say, State, Turn, _
from bot.domain.people import SetLanguage

CHOICES = (Choice("language:set=km", "ខ្មែរ"), Choice("language:set=en", "English"))
GREETING = Say(
    _(
        "ជម្រាបសួរ! នេះជា «ជំនួយ» សម្រាប់ពលករកម្ពុជានៅក្រៅប្រទេស។ ឥតគិតថ្លៃ។\n"
        "Hello! This is Chumnuoy: help for Cambodian workers abroad. It is free."
    )
)
WHICH = Say(_("តើអ្នកចង់ប្រើភាសាណា? / Which language?"), {}, CHOICES)


def greet(facts: Facts, state: State) -> Turn:
    return Turn({"new": True}, (Say("{lines}", {"lines": (GREETING, WHICH)}, CHOICES),))


def ask(facts: Facts, state: State) -> Turn:
    return Turn({}, (WHICH,))


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    """Anything but a language leads to the menu in Khmer: nobody is held up by this question."""
    if isinstance(event, Started):
        return ask(facts, state)
    choice = picked(event.text, CHOICES, facts) if isinstance(event, Typed) else None
    code = choice.code if choice else event.code if isinstance(event, Tapped) else ""
    if code in {one.code for one in CHOICES}:
        chosen = code.rpartition("=")[2]
        said = Say(_("All right, we speak English.")) if chosen == "en" else Say(_("All right, we speak Khmer."))
        return Turn(None, (said,), (SetLanguage(chosen),), goto="go:menu", language=chosen)
    return Turn(None, keep=tuple(worth_keeping(event)), goto="go:menu")


welcome = Page("welcome", (), greet, go_on)
language = Page("language", (_("ភាសា / Language"), "/language", "language", "ភាសា", "ប្តូរភាសា"), ask, go_on)
