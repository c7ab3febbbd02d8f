"""Help: what this service does, and the words that work anywhere."""

from bot.dialog.events import Back, Event, Started, Typed
from bot.dialog.facts import Facts
from bot.dialog.flow import Page
from bot.dialog.form import MENU, picked
from bot.dialog.questions import worth_keeping
from bot.dialog.says import Choice, Say, State, Turn, _
from handlers.emergency import called

TEXT = Say(
    _(
        "I can take your complaint to a labour sub-committee, day and night. They must answer within 48 hours.\n\n"
        "• Tap a button, or type its number.\n"
        "• You can write, speak, or send photos.\n"
        "• Write “menu”, “back”, “cancel” or “SOS” at any time.\n"
        "• It is free. Your name is shown only if you agree. To help you, two officers together may unlock a hidden "
        "name; the reason is recorded.\n"
        "• This service does not tell anyone where you are or whether you have papers without your consent."
    )
)
CHOICES = (
    Choice("sos:start", _("🆘 I need help now"), _("🆘 Help me now")),
    Choice("complaint:start", _("File a complaint")),
    Choice("person:start", _("Talk to an officer")),
    Choice("discreet:start", _("Discreet messages")),
    Choice("erase:start", _("Delete my data"), _("Delete my words")),
    MENU,
)


def begin(facts: Facts, state: State) -> Turn:
    if not facts.book.ministry:
        return Turn({}, (Say(TEXT.text, {}, CHOICES),))
    lines = tuple(called(line) for line in facts.book.ministry)
    call = Say(_("You can also call:"))
    return Turn({}, (Say("{text}\n\n{call}\n{lines}", {"text": TEXT, "call": call, "lines": lines}, CHOICES),))


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    choice = picked(event.text, CHOICES, facts) if isinstance(event, Typed) else None
    if choice:
        return Turn({}, goto=choice.code)
    if isinstance(event, Started):
        return begin(facts, state)
    parts = tuple(worth_keeping(event))
    return Turn(None, keep=parts, goto="go:menu", understood=bool(parts) or isinstance(event, Back))


help_page = Page("help", (_("Help"), "/help", "ជួយ", "help"), begin, go_on)
