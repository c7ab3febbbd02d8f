"""Reading what a person typed: a value, or a Problem that says what to do."""

from collections.abc import Callable

import phonenumbers

from bot.dialog.facts import Facts
from bot.dialog.says import Say, _
from bot.text import khmer

Parse = Callable[[str, Facts], str]


class Problem(Exception):
    """What was sent does not answer the question."""

    def __init__(self, say: Say) -> None:
        super().__init__(say.text)
        self.say = say


def words(least: int, most: int) -> Parse:
    """Plain words of `least` to `most` clusters."""

    def parse(text: str, facts: Facts) -> str:
        size = khmer.count(text)
        if size < least:
            raise Problem(Say(_("Please write a little more.")))
        if size > most:
            raise Problem(Say(_("That is too long here. Please write at most {most} letters."), {"most": most}))
        return text

    return parse


def phone(text: str, facts: Facts) -> str:
    """E.164 (`+85512345678`) where it can be read, else the digits as written; 6 to 15 digits."""
    kept = "".join(sign for sign in khmer.to_ascii_digits(text) if sign in "+0123456789")
    if not 6 <= len(kept.lstrip("+")) <= 15:
        raise Problem(Say(_("I cannot read that as a phone number. Please write it like +855 12 345 678.")))
    for region in (facts.person.country or "KH", "KH"):
        try:
            number = phonenumbers.parse(kept, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return kept
