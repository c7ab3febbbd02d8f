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
        "Write your word now: {least} to {most} letters without a space, one that you do not write here otherwise."
    ),
    {"least": SHORTEST, "most": LONGEST},
    (BACK, MENU),
)
SURE = _(
    "Your word is: {word}\n"
    "News comes only when you write it. What stands under “My complaints” can be read without it.\n"
    "Shall I use this word?"
)
YES = Choice("discreet:yes", _("Yes, use this word"), _("Yes, use it"))
OTHER = Choice("discreet:word", _("Choose another word"), _("Another word"))
ON = Say(
    _(
        "You use discreet messages: news comes only when you write your word. What stands under “My complaints” can be "
        "read without it."
    ),
    {},
    (Choice("discreet:off", _("Stop discreet messages"), _("Stop it")), OTHER, BACK, MENU),
)
PROVE = Say(
    _(
        "Write your word first, so that I know it is you. If you have forgotten it, what came can still be read under "
        "“My complaints”."
    ),
    {},
    (BACK, MENU),
)
NOT_YOUR_WORD = Say(_("That is not your word."))
SET = Say(
    _("You use discreet messages now. Remember your word, and delete the messages with it from this chat."),
    {},
    (MENU,),
)
CLEARED = Say(_("Discreet messages have ended. News comes openly again."), {}, (MENU,))
NOT_A_WORD = Say(_("Please write one word of {least} to {most} letters, without a space, not a number."), ASK.params)
HERE_IT_IS = Say(_("Here is what came for you:"))
NOTHING_CAME = Say(_("Nothing new has come for you."))


def current(state: State, facts: Facts) -> Say:
    if state.get("word"):
        return Say(SURE, {"word": str(state["word"])}, (YES, OTHER, BACK, MENU))
    if state.get("proving") and facts.person.word:
        return PROVE
    return ON if facts.person.word and not state.get("asking") else ASK


def begin(facts: Facts, state: State) -> Turn:
    return Turn({"at": "word"}, (current({}, facts),))


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    if isinstance(event, Back):
        return Turn(None, goto="help:start")
    if isinstance(event, Typed):
        choice = picked(event.text, current(state, facts).choices, facts)
        event = Tapped(choice.code) if choice else event
    if isinstance(event, Typed) and not state.get("proving") and is_theirs(event.text, facts):
        event = Tapped("discreet:show")
    match event:
        case Started():
            return Turn(state or {"at": "word"}, (current(state, facts),))
        case Tapped("discreet:show"):
            return Turn(state or None, (HERE_IT_IS if facts.person.held else NOTHING_CAME,), (ShowHeld(),))
        case Tapped("discreet:off" | "discreet:word" as wanted) if facts.person.word and not state.get("asking"):
            return Turn({"proving": wanted}, (PROVE,))
        case Tapped("discreet:word" | "discreet:off"):
            return Turn({"asking": True}, (ASK,))
        case Tapped("discreet:yes") if state.get("word"):
            return Turn(None, (SET,), (SetWord(str(state["word"])),))
        case Tapped(code) if not code.startswith("discreet:"):
            return Turn(state, goto=code)
        case Typed(text) if current(state, facts) is PROVE:
            return proven(text, state, facts)
        case Typed(text) if state.get("asking") or current(state, facts) is ASK:
            return chosen(text, state, facts)
    parts = tuple(worth_keeping(event))
    return Turn(state or {"at": "word"}, (current(state, facts),), understood=False, keep=parts)


def is_theirs(text: str, facts: Facts) -> bool:
    """Whether that is the word they chose."""
    return bool(facts.person.word) and khmer.comparable(text) == facts.person.word


def proven(text: str, state: State, facts: Facts) -> Turn:
    if not is_theirs(text, facts):
        return Turn(state, (NOT_YOUR_WORD, PROVE), understood=False)
    if state["proving"] == "discreet:off":
        return Turn(None, (CLEARED,), (ClearWord(),))
    return Turn({"asking": True}, (ASK,))


def chosen(text: str, state: State, facts: Facts) -> Turn:
    """A word that might do is shown once more: a wrong letter would hide the news from its owner too."""
    word = khmer.comparable(text)
    one = len(text.split()) == 1
    if not one or len(word) < SHORTEST or khmer.count(word) > LONGEST or khmer.number(word) is not None:
        return Turn(state, (NOT_A_WORD, ASK), understood=False)
    sure = {"asking": True, "word": word}
    return Turn(sure, (current(sure, facts),))


discreet = Page(
    "discreet",
    (_("Discreet messages"), "/discreet", "discreet", "សារសម្ងាត់", "ប្រើពាក្យសម្ងាត់"),
    begin,
    go_on,
)
