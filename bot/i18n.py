"""The two languages: catalogues, and a Say made into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po

from bot.dialog.facts import LANGUAGES
from bot.dialog.says import Choice, Param, Reference, Say, Text, Words
from bot.text import khmer, reference
from bot.text.fit import Button

FOLDER = Path(__file__).resolve().parent.parent / "locales"
HOME = ZoneInfo("Asia/Phnom_Penh")
ZONES: Mapping[str, str] = {
    "TH": "Asia/Bangkok",
    "KR": "Asia/Seoul",
    "JP": "Asia/Tokyo",
    "MY": "Asia/Kuala_Lumpur",
    "SG": "Asia/Singapore",
    "VN": "Asia/Ho_Chi_Minh",
    "TW": "Asia/Taipei",
    "HK": "Asia/Hong_Kong",
    "LA": "Asia/Vientiane",
    "SA": "Asia/Riyadh",
    "KW": "Asia/Kuwait",
    "QA": "Asia/Qatar",
}
"""The zone a person's times are shown in, by the country they told us; the IANA time zone database's names."""


@lru_cache(maxsize=32)
def zone_of(country: str) -> tzinfo:
    return ZoneInfo(ZONES[country]) if country in ZONES else HOME


class Catalogues:
    """Both languages' texts, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._texts: dict[str, dict[str, str]] = {}
        for language in LANGUAGES:
            with (folder / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
                found = read_po(file, locale=language)
            self._texts[language] = {str(entry.id): str(entry.string) for entry in found if entry.id and entry.string}

    def text(self, source: str, language: str) -> str:
        """The text in a language; the source where it has none."""
        return self._texts[language].get(source, source)

    def spoken(self, label: Text) -> tuple[str, ...]:
        """Every spelling of a label: both languages, and the source."""
        if isinstance(label, Words):
            return (label.km, label.en)
        return (*(texts.get(label, label) for texts in self._texts.values()), label)

    def words(self, text: Text, language: str) -> str:
        if isinstance(text, Words):
            return text.km if language == "km" else text.en
        return self.text(text, language)


@dataclass(frozen=True, slots=True)
class Renderer:
    """A Say in one language, with times in one zone."""

    catalogues: Catalogues
    language: str
    zone: tzinfo = HOME

    def say(self, say: Say) -> str:
        """Parameters are filled in, never interpreted: a person's words may hold any brace."""
        template = self.catalogues.words(say.text, self.language)
        if not say.params or isinstance(say.text, Words):
            return template
        shown = {name: self.param(value) for name, value in say.params.items()}
        return "".join(
            literal + (shown.get(name, "") if name is not None else "")
            for literal, name, _spec, _conversion in Formatter().parse(template)
        )

    def param(self, value: Param) -> str:
        match value:
            case Say():
                return self.say(value)
            case tuple():
                return "\n".join(self.say(one) for one in value)
            case Words() | str():
                return value if isinstance(value, str) else self.catalogues.words(value, self.language)
            case Reference(code):
                return reference.show(code)
            case datetime():
                return khmer.moment(value.astimezone(self.zone), self.language)
            case timedelta():
                return khmer.duration(value, self.language)
            case _:
                return khmer.to_khmer_digits(str(value)) if self.language == "km" else str(value)

    def buttons(self, choices: tuple[Choice, ...]) -> list[Button]:
        """Numbered in the order they can be typed; navigation has no number."""
        made, number = [], 0
        for choice in choices:
            if not choice.nav:
                number += 1
            made.append(
                Button(
                    code=choice.code,
                    label=self.catalogues.words(choice.label, self.language),
                    short=self.catalogues.words(choice.short, self.language) if choice.short else "",
                    number=None if choice.nav else number,
                    ask=choice.ask,
                )
            )
        return made
