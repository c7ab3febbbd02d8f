"""Talk to an officer: a message that is filed as a complaint an officer sorts."""

from bot.dialog.facts import Facts
from bot.dialog.form import LEFT, Form
from bot.dialog.questions import Answers, Collect
from bot.dialog.says import Say, Turn, _
from bot.domain.complaints import FileComplaint
from handlers.categories import OTHER
from handlers.emergency import called
from handlers.follow import filed


def ask(answers: Answers, facts: Facts) -> Say:
    """The ministry's own numbers too, for whoever would rather call."""
    opening = _(
        "Write or speak to an officer here. Send as many messages as you like, then press Done. "
        "An officer reads it and answers within 48 hours."
    )
    if not facts.book.ministry:
        return Say(opening)
    return Say(
        "{opening}\n\n{call}\n{lines}",
        {
            "opening": Say(opening),
            "call": Say(_("You can also call:")),
            "lines": tuple(called(line) for line in facts.book.ministry),
        },
    )


def send_it(answers: Answers, facts: Facts) -> Turn:
    command = FileComplaint(
        reference=facts.reference,
        category=OTHER,
        country=facts.person.country,
        about="other",
        behalf="self",
        identity="hidden",
        contact="chat",
        parts=(*answers["message"], *(answers.get(LEFT) or ())),
    )
    return filed(command, facts)


person = Form(
    name="person",
    starts_with=(_("Talk to an officer"), "/officer", "officer", "និយាយជាមួយមនុស្ស"),
    questions=(Collect(key="message", title=_("Your words"), ask=ask, least=lambda answers, facts: 2),),
    review=_("Please check your message to the officer:"),
    finish=send_it,
    adopts="message",
)
