"""Discreet messages: a word the person chooses; until they write it, what comes unasked says nothing."""

from bot.dialog.events import Back, Event, Started, Tapped, Typed
from bot.dialog.facts import Facts
from bot.dialog.flow import Page
from bot.dialog.form import BACK, MENU, picked
from bot.dialog.questions import worth_keeping
from bot.dialog.says import Choice, Say, State, Turn, _
from bot.domain.people import ClearWord, SetWord, ShowHeld
from bot.text import khmer

SHORTEST, LONGEST = 2, 30
ASK = Say(
    _(
        "Does somebody else see this phone? Choose a word. When news comes, I then write only “You have a message.” "
        "and show the news when you write your word.\n"
        "Write your word now: {least} to {most} letters, one that you do not write here otherwise."
    ),
    {"least": SHORTEST, "most": LONGEST},
    (BACK, MENU),
)
ON = Say(
    _("Discreet messages are on: news comes only when you write your word."),
    {},
    (
        Choice("discreet:off", _("Turn it off")),
        Choice("discreet:word", _("Choose another word"), _("Another word")),
        BACK,
        MENU,
    ),
)
SET = Say(
    _("Discreet messages are on. Remember your word, and delete the message with it from this chat. Write it to read."),
    {},
    (MENU,),
)
CLEARED = Say(_("Discreet messages are off. News comes openly again."), {}, (MENU,))
NOT_A_WORD = Say(_("Please write a word of {least} to {most} letters, not a number."), ASK.params)
HERE_IT_IS = Say(_("Here is what came for you:"))
NOTHING_CAME = Say(_("Nothing new has come for you."))


def current(state: State, facts: Facts) -> Say:
    return ON if facts.person.word and not state.get("asking") else ASK


def begin(facts: Facts, state: State) -> Turn:
    return Turn({"at": "word"}, (current({}, facts),))


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    if isinstance(event, Back):
        return Turn(None, goto="help:start")
    if isinstance(event, Typed):
        choice = picked(event.text, current(state, facts).choices, facts)
        event = Tapped(choice.code) if choice else event
    match event:
        case Started():
            return Turn(state or {"at": "word"}, (current(state, facts),))
        case Tapped("discreet:show"):
            return Turn(state or None, (HERE_IT_IS if facts.person.held else NOTHING_CAME,), (ShowHeld(),))
        case Tapped("discreet:off") if facts.person.word:
            return Turn(None, (CLEARED,), (ClearWord(),))
        case Tapped("discreet:word" | "discreet:off"):
            return Turn({"asking": True}, (ASK,))
        case Tapped(code) if not code.startswith("discreet:"):
            return Turn(state, goto=code)
        case Typed(text) if current(state, facts) is ASK:
            return chosen(text, state)
    parts = tuple(worth_keeping(event))
    return Turn(state or {"at": "word"}, (current(state, facts),), understood=False, keep=parts)


def chosen(text: str, state: State) -> Turn:
    word = khmer.comparable(text)
    if not SHORTEST <= khmer.count(word) <= LONGEST or khmer.number(word) is not None or "\n" in text:
        return Turn(state, (NOT_A_WORD, ASK), understood=False)
    return Turn(None, (SET,), (SetWord(word),))


discreet = Page(
    "discreet",
    (_("Discreet messages"), "/discreet", "discreet", "សារសម្ងាត់", "ប្រើពាក្យសម្ងាត់"),
    begin,
    go_on,
)
