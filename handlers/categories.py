"""The 29 kinds of complaint in seven groups, and what to tell about each."""

from collections.abc import Mapping

from bot.dialog.facts import Facts
from bot.dialog.questions import Answers, Option
from bot.dialog.says import Say, Text, _

OTHER = "OTHER"
GROUPS: Mapping[str, tuple[Text, Text, tuple[str, ...]]] = {
    "danger": (
        _("I am in danger or being hurt"),
        _("In danger"),
        (
            "VIOLENCE",
            "SEXUAL_ABUSE",
            "CONFINEMENT",
            "TRAFFICKING",
            "THREATS",
            "DISCRIMINATION",
            "CONFLICT_DISASTER",
        ),
    ),
    "health": (_("Injury, illness or death"), _("Injury, illness"), ("WORK_ACCIDENT", "ILLNESS", "DEATH")),
    "work": (
        _("Wages and work"),
        _("Wages and work"),
        (
            "WAGE_UNPAID",
            "WAGE_UNDERPAID",
            "OVERTIME_REST",
            "CONTRACT_BREACH",
            "DISMISSAL",
            "HOUSING_FOOD",
            "SOCIAL_SECURITY",
        ),
    ),
    "papers": (
        _("Passport, papers, police or officials"),
        _("Papers, police"),
        ("DOC_RETENTION", "DOC_STATUS", "ARREST", "OFFICIAL_MISCONDUCT"),
    ),
    "agency": (
        _("Agency, broker or debt"),
        _("Agency, debt"),
        ("RECRUIT_FEES", "NON_DEPLOYMENT", "BROKER_FRAUD", "DEBT"),
    ),
    "home": (
        _("Going home, family or a missing person"),
        _("Home and family"),
        ("RETURN_HOME", "MISSING", "FAMILY_CHILD"),
    ),
    OTHER: (_("Something else"), _("Something else"), (OTHER,)),
}

HINTS: Mapping[str, Text] = {
    "employer_name": _("the employer's name"),
    "employer_or_broker": _("the employer's or broker's name"),
    "agency_name": _("the agency's name"),
    "agency_or_broker": _("the agency's or broker's name"),
    "broker_name": _("the broker's name"),
    "official_or_office": _("which official or office"),
    "keep_secret_from": _("from whom it must be kept secret"),
    "lender": _("who lent the money"),
    "when": _("when it happened"),
    "since_when": _("since when"),
    "date_paid": _("when you paid"),
    "date_signed": _("when you signed"),
    "last_contact": _("when you last had contact"),
    "last_country": _("the last country and town"),
    "months_owed": _("how many months are owed"),
    "amount": _("how much money"),
    "amount_paid": _("how much you paid"),
    "amount_owed": _("how much is owed"),
    "agreed_pay": _("the pay that was agreed"),
    "received_pay": _("the pay you received"),
    "deductions": _("what was deducted"),
    "promised": _("what was promised"),
    "actual": _("what it is really like"),
    "hours_per_day": _("hours a day, days a week"),
    "which_document": _("which paper, and who holds it"),
    "document": _("which paper, and its number"),
    "expiry_date": _("when it expires"),
    "destination": _("to which country"),
    "how_contacted": _("how they reached you"),
    "what_was_said": _("what was said, and by whom"),
    "who_did_it": _("who did it"),
    "who": _("who did it"),
    "who_brought": _("who brought you there"),
    "injury": _("the injury"),
    "illness": _("the illness"),
    "hospital": _("which hospital"),
    "hospital_or_police": _("which hospital or police station"),
    "insurance": _("whether there is insurance"),
    "deceased_name": _("the name of the person who died"),
    "name": _("the person's name"),
    "passport_no": _("the passport number, if you know it"),
    "place_of_detention": _("where they are held"),
    "family_phone": _("a phone number of the family"),
    "reason": _("the reason that was given"),
    "reason_given": _("the reason that was given"),
    "final_pay": _("whether the last pay was given"),
    "scheme": _("which insurance or fund"),
    "months_paid": _("how many months were paid in"),
    "number_of_people": _("how many people"),
    "how_many_people": _("how many people"),
    "documents": _("which papers you have"),
    "child_age": _("the child's age"),
    "what_is_needed": _("what you need"),
    "what_is_wrong": _("what is wrong"),
    "monthly_payment": _("how much must be paid each month"),
    "location": _("where you are"),
    "location_pin": _("where you are"),
    "medical_help_needed": _("whether you need a doctor"),
    "can_talk": _("whether you can talk on the phone"),
}
HINTS_SHOWN = 5


def groups(answers: Answers, facts: Facts) -> tuple[Option, ...]:
    return tuple(Option(code, label, short) for code, (label, short, _codes) in GROUPS.items())


def in_group(answers: Answers, facts: Facts) -> tuple[Option, ...]:
    """The categories of the group that was chosen."""
    _label, _short, codes = GROUPS.get(answers.get("group", OTHER), GROUPS[OTHER])
    known = facts.book.categories
    return tuple(Option(code, known[code].name, known[code].short) for code in codes if code in known)


def category_of(answers: Answers) -> str:
    return str(answers.get("category") or OTHER)


def is_emergency(answers: Answers, facts: Facts) -> bool:
    return emergency(category_of(answers), facts)


def emergency(code: str, facts: Facts) -> bool:
    category = facts.book.categories.get(code)
    return category is not None and category.urgency == "emergency"


def tell(answers: Answers, facts: Facts) -> Say:
    """The question for the story, with what helps an officer to act on this kind of case."""
    opening = Say(
        _("Tell me what happened. Write or speak (voice message), in as many messages as you like, then press Done.")
    )
    category = facts.book.categories.get(category_of(answers))
    wanted = list(dict.fromkeys(HINTS[fact] for fact in (category.facts if category else ()) if fact in HINTS))
    if not wanted:
        return opening
    hints = tuple(Say("• {hint}", {"hint": Say(hint)}) for hint in wanted[:HINTS_SHOWN])
    return Say("{opening}\n\n{also}\n{hints}", {"opening": opening, "also": Say(_("It helps to say:")), "hints": hints})
