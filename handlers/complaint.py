"""File a complaint: the form, and what sending it means."""

from bot.dialog.facts import Facts
from bot.dialog.form import LEFT, Form
from bot.dialog.parse import phone, words
from bot.dialog.questions import Answers, Choose, Collect, Option, Write
from bot.dialog.says import Say, Turn, _
from bot.domain.complaints import FileComplaint
from handlers.categories import category_of, groups, in_group, is_emergency, tell
from handlers.countries import FIRST, MORE, UNLISTED
from handlers.emergency import numbers, remembered, steps
from handlers.follow import filed

ABOUT = (
    Option("employer", _("The employer or boss"), _("Employer")),
    Option("agency", _("An agency or broker"), _("Agency or broker")),
    Option("official", _("An official"), _("An official")),
    Option("other", _("Someone else, or no one"), _("Someone else")),
)
BEHALF = (
    Option("self", _("For myself"), _("For myself")),
    Option("relative", _("For a relative or friend"), _("For a relative")),
    Option("group", _("For a group of workers"), _("For a group")),
)
SAFE = (
    Option("yes", _("Yes, I am safe for now"), _("Yes, safe")),
    Option("no", _("No, I am not safe"), _("No, not safe")),
    Option("other", _("It is about another person"), _("Another person")),
)
IDENTITY = (
    Option("named", _("Yes, they may see my name"), _("Yes, my name")),
    Option("hidden", _("No, keep my name hidden"), _("No, hide my name")),
)
CONTACT = (
    Option("chat", _("Here in this chat"), _("In this chat")),
    Option("call", _("Call me by phone"), _("Call me")),
    Option("relative", _("Through someone I trust"), _("Someone I trust")),
    Option("wait", _("Do not contact me; I will write first"), _("I will write")),
)


def country_of(answers: Answers) -> str:
    """ISO code; empty while it is not known."""
    country = answers.get("country", "")
    if country == "more":
        country = answers.get("country_more", "")
    return UNLISTED if country == "other" else str(country or "")


def urgent(answers: Answers, facts: Facts) -> bool:
    return is_emergency(answers, facts)


def calm(answers: Answers, facts: Facts) -> bool:
    return not is_emergency(answers, facts)


def first_aid(answers: Answers, facts: Facts) -> tuple[Say, ...]:
    """An emergency: what to do now, and the numbers at once when we know where the person was last."""
    if not is_emergency(answers, facts):
        return ()
    known = country_of(answers) or remembered(facts)
    return (steps(), numbers(known, facts)) if known else (steps(),)


def numbers_there(answers: Answers, facts: Facts) -> tuple[Say, ...]:
    country = country_of(answers)
    if not country or not is_emergency(answers, facts) or country == remembered(facts):
        return ()
    return (numbers(country, facts),)


def enough(answers: Answers, facts: Facts) -> int:
    """One word is enough from someone in danger; otherwise a sentence, so that an officer can act on it."""
    return 1 if is_emergency(answers, facts) else 10


def wants_phone(answers: Answers, facts: Facts) -> bool:
    return answers.get("contact") in ("call", "relative")


QUESTIONS = (
    Choose(key="group", ask=_("What is it about?"), among=groups),
    Choose(
        key="category",
        title=_("What happened"),
        ask=_("Which of these is closest?"),
        among=in_group,
        when=lambda answers, facts: len(in_group(answers, facts)) > 1,
        then=first_aid,
        forgets=("group",),
    ),
    Choose(
        key="country", title=_("Country"), ask=_("In which country did it happen?"), among=FIRST, then=numbers_there
    ),
    Choose(
        key="country_more",
        title=_("Country"),
        ask=_("Which country?"),
        among=MORE,
        when=lambda answers, facts: answers.get("country") == "more",
        then=numbers_there,
    ),
    Write(
        key="country_name",
        title=_("Country"),
        ask=_("Please write the name of the country."),
        parse=words(2, 60),
        when=lambda answers, facts: answers.get("country_more") == "other",
    ),
    Choose(key="safe", title=_("Safe now"), ask=_("Are you safe now?"), among=SAFE, when=urgent),
    Collect(
        key="place",
        title=_("Place"),
        ask=_("Where are you? Share your location, or write the place. You may skip this."),
        when=urgent,
        optional=True,
        place=True,
    ),
    Choose(key="about", title=_("About"), ask=_("Who is it about?"), among=ABOUT, when=calm),
    Write(
        key="about_name",
        title=_("Their name"),
        ask=_("What is their name, or the company's? You may skip this."),
        parse=words(1, 200),
        when=lambda answers, facts: calm(answers, facts) and answers.get("about") in ("employer", "agency", "official"),
        optional=True,
    ),
    Choose(key="behalf", title=_("For"), ask=_("Who is this complaint for?"), among=BEHALF, when=calm),
    Collect(key="story", title=_("Your words"), ask=tell, least=enough),
    Collect(
        key="evidence",
        title=_("Papers"),
        ask=_("Do you have photos, papers, a recording or a location to add? Send them now, or skip."),
        when=calm,
        optional=True,
        place=True,
    ),
    Choose(
        key="identity",
        title=_("Name shown"),
        ask=_("May the sub-committee see your name? You will get an answer either way."),
        among=IDENTITY,
    ),
    Write(
        key="name",
        title=_("Name"),
        ask=_("What is your name?"),
        parse=words(2, 100),
        when=lambda answers, facts: answers.get("identity") == "named",
    ),
    Choose(key="contact", title=_("Contact"), ask=_("What is the safe way to reach you?"), among=CONTACT),
    Write(
        key="phone",
        title=_("Phone"),
        ask=_("Which phone number is safe to call?"),
        parse=phone(country_of),
        shares="contact",
        share_label=_("Share my number"),
        when=wants_phone,
    ),
)


def file_it(answers: Answers, facts: Facts) -> Turn:
    """The command, and then the reference with the time by which it must be addressed (see `follow`)."""
    command = FileComplaint(
        reference=facts.reference,
        category=category_of(answers),
        country=country_of(answers),
        country_name=answers.get("country_name") or "",
        about=answers.get("about") or "other",
        about_name=answers.get("about_name") or "",
        behalf=answers.get("behalf") or ("relative" if answers.get("safe") == "other" else "self"),
        identity=answers["identity"],
        name=answers.get("name") or "",
        contact=answers["contact"],
        phone=answers.get("phone") or "",
        safe=answers.get("safe") or "",
        parts=tuple(answers["story"]),
        evidence=(*(answers.get("place") or ()), *(answers.get("evidence") or ()), *(answers.get(LEFT) or ())),
    )
    return filed(command, facts)


complaint = Form(
    name="complaint",
    starts_with=(_("File a complaint"), "/complaint", "complaint", "ដាក់បណ្តឹង", "ប្តឹង"),
    questions=QUESTIONS,
    review=_("Please check what you told me:"),
    finish=file_it,
    adopts="story",
)
