"""Delete my data: say what goes, ask once more, do it."""

from bot.dialog.events import Back, Event, Started, Tapped, Typed
from bot.dialog.facts import Facts
from bot.dialog.flow import Page
from bot.dialog.form import picked
from bot.dialog.says import Choice, Say, State, Turn, _
from bot.domain.people import DeleteMyData

CHOICES = (
    Choice("erase:yes", _("Yes, delete everything"), _("Yes, delete all")),
    Choice("go:menu", _("No, keep it")),
)
WARNING = _(
    "I will erase your name, your phone number, your words and your files, and I will no longer know how to reach you. "
    "Only the kind of complaint, the country and the dates stay, for counting."
)
STILL_OPEN = _("Complaints still open: {count}. They will be withdrawn, and nobody will answer them any more.")
DONE = _(
    "Your data is erased. The messages on this phone are yours to delete: press and hold a message, then delete it. "
    "If you write to me again, we begin anew."
)


def begin(facts: Facts, state: State) -> Turn:
    unfinished = sum(one.is_open for one in facts.complaints)
    lines = [Say(WARNING)]
    if unfinished:
        lines.append(Say(STILL_OPEN, {"count": unfinished}))
    lines.append(Say(_("Shall I delete it?")))
    return Turn({}, (Say("{lines}", {"lines": tuple(lines)}, CHOICES),))


def go_on(state: State, event: Event, facts: Facts) -> Turn:
    if isinstance(event, Back):
        return Turn(None, goto="go:menu")
    choice = picked(event.text, CHOICES, facts) if isinstance(event, Typed) else None
    code = choice.code if choice else event.code if isinstance(event, Tapped) else ""
    if code == "erase:yes":
        return Turn(None, (Say(DONE),), (DeleteMyData(),))
    if choice:
        return Turn({}, goto=choice.code)
    return Turn({}, begin(facts, state).says, understood=isinstance(event, Started))


erase = Page("erase", (_("Delete my data"), "/delete", "delete my data", "លុបទិន្នន័យ"), begin, go_on, is_open=False)
