"""Reading what a person typed: a value, or a Problem that says what to do."""

from collections.abc import Callable, Mapping
from typing import Any

import phonenumbers

from bot.dialog.facts import Facts
from bot.dialog.says import Say, _
from bot.text import khmer

Answers = Mapping[str, Any]
Parse = Callable[[str, Answers, Facts], str]


class Problem(Exception):
    """What was sent does not answer the question."""

    def __init__(self, say: Say) -> None:
        super().__init__(say.text)
        self.say = say


def words(least: int, most: int) -> Parse:
    """Plain words of `least` to `most` clusters."""

    def parse(text: str, answers: Answers, facts: Facts) -> str:
        size = khmer.count(text)
        if size < least:
            raise Problem(Say(_("Please write a little more.")))
        if size > most:
            raise Problem(Say(_("That is too long here. Please write at most {most} letters."), {"most": most}))
        return text

    return parse


def phone(country_of: Callable[[Answers], str]) -> Parse:
    """E.164 (`+85512345678`) where it can be read, else the digits as written; 6 to 15 digits.

    A number without its country's code is read as one of the country in question, then as a Cambodian one.
    """

    def parse(text: str, answers: Answers, facts: Facts) -> str:
        kept = "".join(sign for sign in khmer.to_ascii_digits(text) if sign in "+0123456789")
        if not 6 <= len(kept.lstrip("+")) <= 15:
            raise Problem(Say(_("I cannot read that as a phone number. Please write it like +855 12 345 678.")))
        for region in filter(None, (country_of(answers), facts.person.country, "KH")):
            try:
                number = phonenumbers.parse(kept, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return kept

    return parse
