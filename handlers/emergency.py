"""What to do now, and the verified numbers: shared by every conversation that meets an emergency."""

from dataclasses import replace

from bot.dialog.facts import Facts, Line
from bot.dialog.says import Choice, Say, Words, _
from bot.domain.routing import HOME
from bot.text import khmer

SOS = Choice("sos:start", _("🆘 I need help now"), _("🆘 Help me now"))
SOS_HERE = replace(SOS, nav=True)
"""Beside other buttons, in what comes unasked: it carries no number."""
IN_DANGER = _("{told}\nIf you are in danger now, press 🆘 below or write SOS.")


def steps() -> Say:
    """What to do first, before any question."""
    return Say(
        _(
            "🆘 If you are in danger now:\n"
            "• If you can, go where other people are.\n"
            "• Call one of the numbers I give you. They are verified.\n"
            "• If you cannot speak, write to me here. One word at a time is enough.\n"
            "• If someone may read this phone, delete these messages."
        )
    )


def remembered(facts: Facts) -> str:
    """The country whose numbers may be shown unasked. Not Cambodia's: abroad, its short numbers reach nobody."""
    return "" if facts.person.country == HOME else facts.person.country


def numbers(country: str, facts: Facts) -> Say:
    """The verified lines for a country, each with when it was last checked; never an unverified one."""
    lines = facts.book.lines(country)
    local = facts.book.emergency.get(country, ())
    opening = _("Numbers to call:") if local else _("I have no verified local number for that country. You can call:")
    return Say("{opening}\n{lines}", {"opening": Say(opening), "lines": tuple(called(line) for line in lines)})


def called(line: Line) -> Say:
    """One line to call."""
    phones = " · ".join(line.phones)
    if line.checked:
        dated = Words(khmer.day(line.checked, "km"), khmer.day(line.checked, "en"))
        return Say(
            _("☎ {phones}: {name} (as of {checked})"),
            {"phones": phones, "name": line.name, "checked": dated},
        )
    return Say(_("☎ {phones}: {name}"), {"phones": phones, "name": line.name})
