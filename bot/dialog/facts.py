"""What a conversation may know: a frozen picture that the shell takes before each turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.dialog.says import Text, Words
from bot.text import khmer

LANGUAGES = ("km", "en")
LOCAL_LINES = 5
"""More numbers than that help nobody in danger."""


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of complaint (`storage/seed/complaint_categories.csv`)."""

    code: str
    name: Words
    short: Words
    urgency: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A verified number to call. `hours` empty: not known; `checked` is the source's date as printed."""

    name: Words
    phones: tuple[str, ...]
    hours: str = ""
    checked: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """Reference data: categories by code, and verified lines by ISO country code, most urgent first."""

    categories: Mapping[str, Category] = field(default_factory=dict)
    emergency: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    ministry: tuple[Line, ...] = ()

    def lines(self, country: str) -> tuple[Line, ...]:
        """A few of the host country's lines, then the ministry's that can be dialled from abroad."""
        return self.emergency.get(country, ())[:LOCAL_LINES] + self.ministry


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a complaint's thread as its worker may see it."""

    at: datetime
    author: str
    text: str = ""
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One of the person's own complaints."""

    reference: str
    category: str
    status: str
    filed_at: datetime
    due_at: datetime
    first_answer_at: datetime | None = None
    entries: tuple[Entry, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.status not in ("closed", "withdrawn")

    def time_left(self, now: datetime) -> timedelta:
        """Negative once the promise is broken."""
        return self.due_at - now


@dataclass(frozen=True, slots=True)
class Person:
    """Who is writing; `name`, `phone` and `country` are empty until told."""

    language: str = "km"
    name: str = ""
    phone: str = ""
    country: str = ""


def spoken_as_is(label: Text) -> tuple[str, ...]:
    """A label's spellings where there is no catalogue: the source text, or both languages of words from data."""
    return (label.km, label.en) if isinstance(label, Words) else (label,)


@dataclass(frozen=True, slots=True)
class Facts:
    """`spoken` gives every spelling of a label (each language); `reference` is fresh and unused.

    `loose` are the parts (see `bot.dialog.questions.Part`) that came before any question asked for them.
    """

    now: datetime
    person: Person = Person()
    reference: str = ""
    complaints: tuple[Complaint, ...] = ()
    book: Book = Book()
    loose: tuple[Mapping[str, Any], ...] = ()
    spoken: Callable[[Text], tuple[str, ...]] = spoken_as_is

    def hears(self, text: str, *labels: Text) -> bool:
        """Whether what was typed is one of these labels, in any language and spelling."""
        heard = khmer.comparable(text)
        return bool(heard) and any(
            heard == khmer.comparable(spelling) for label in labels if label for spelling in self.spoken(label)
        )

    def complaint(self, reference: str) -> Complaint | None:
        return next((one for one in self.complaints if one.reference == reference), None)
