"""What codes are called in the console, where officers read about workers in the third person."""

from collections.abc import Mapping

from bot.dialog.says import Text, _
from handlers.countries import FIRST, MORE, UNLISTED
from handlers.officer import STATUS as STATES

STATUS: Mapping[str, Text] = STATES

VIEWS: Mapping[str, Text] = {
    "open": _("Still open"),
    "overdue": _("Overdue"),
    "receiving": _("Not received in time"),
    "unassigned": _("Nobody has it"),
    "mine": _("Mine"),
    "waiting": _("Waiting for the worker"),
    "all": _("All"),
}
URGENCY: Mapping[str, Text] = {"emergency": _("Emergency"), "high": _("Urgent"), "normal": _("Normal")}
CHANNELS: Mapping[str, Text] = {"telegram": _("Telegram"), "messenger": _("Messenger"), "phone": _("Web chat")}
LANGUAGES: Mapping[str, Text] = {"km": _("Khmer language"), "en": _("English language")}
ABOUT: Mapping[str, Text] = {
    "employer": _("An employer"),
    "agency": _("An agency or broker"),
    "official": _("An official"),
    "other": _("Someone else, or no one"),
}
BEHALF: Mapping[str, Text] = {
    "self": _("Themselves"),
    "relative": _("A relative or friend of the writer"),
    "group": _("A group of workers"),
}
SAFE: Mapping[str, Text] = {
    "yes": _("Safe for now"),
    "no": _("Not safe now"),
    "other": _("It is about another person"),
}
CONTACT: Mapping[str, Text] = {
    "chat": _("In the chat"),
    "call": _("By phone"),
    "relative": _("Through someone they trust"),
    "wait": _("Do not write first: the worker will"),
}
KINDS: Mapping[str, Text] = {
    "photo": _("Photo"),
    "voice": _("Voice message"),
    "video": _("Video"),
    "file": _("File"),
    "place": _("Location"),
}
REFUSED: Mapping[str, Text] = {
    "too_big": _("The file was larger than 20 MB, so it was not taken."),
    "kind": _("This kind of file is not accepted."),
    "gone": _("The platform no longer had the file."),
    "host": _("The file did not come from the platform, so it was not fetched."),
}
ANOTHER = _("Another country")
COUNTRIES: Mapping[str, Text] = {
    **{one.code: one.label for one in (*FIRST, *MORE) if one.code not in ("more", "other")},
    UNLISTED: ANOTHER,
}


def country(code: str, told: str = "") -> Text:
    """A country's name; one that is not in the list as the worker wrote it."""
    return told if told and code == UNLISTED else COUNTRIES.get(code, code)


ROLES: Mapping[str, Text] = {
    "administrator": _("Administrator"),
    "desk": _("National desk"),
    "head": _("Head of sub-committee"),
    "member": _("Member"),
    "official": _("Ministry official"),
    "assessor": _("Assessor"),
    "auditor": _("Auditor"),
}
