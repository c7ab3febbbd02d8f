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
    """One of the person's own complaints.

    `due_at`: until when it must be addressed, `stopped` once that clock no longer runs. `receive_by`: until when an
    officer must have received it, None once one has. `broken_at`: when a promise was last broken. `office` has it;
    `waiting_since`: the worker is waited for.
    """

    reference: str
    category: str
    status: str
    filed_at: datetime
    due_at: datetime
    first_answer_at: datetime | None = None
    entries: tuple[Entry, ...] = ()
    office: Words | None = None
    received_at: datetime | None = None
    receive_by: datetime | None = None
    stopped: bool = False
    waiting_since: datetime | None = None
    broken_at: datetime | None = None
    reopened: int = 0
    rating: int | None = None

    @property
    def is_open(self) -> bool:
        return self.status not in ("closed", "withdrawn")

    def time_left(self, now: datetime) -> timedelta:
        """Negative once the promise is broken."""
        return self.due_at - now


@dataclass(frozen=True, slots=True)
class Person:
    """Who is writing; `name`, `phone` and `country` are empty until told.

    `word`: once chosen, what comes unasked is held until they write it; `held`: how many such messages wait.
    """

    language: str = "km"
    name: str = ""
    phone: str = ""
    country: str = ""
    word: str = ""
    held: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint as an officer sees it in their own chat: never who it is from. `newest`: the thread's last line.

    Not `at_once`: the worker asked not to be written to first, so what is said to them waits until they write.
    """

    reference: str
    category: str
    status: str
    due_at: datetime
    answered: bool
    may_work: bool
    at_once: bool = True
    newest: int = 0
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Officer:
    """The officer whose chat this is. `cases`: of their unread notices; `case`: the one that the event is about.

    `heard`: reply (to a notice, with the answer's words), unlink, or nothing. `overtaken`: another officer answered
    since this one was asked for words. `event`: names what arrived, so that it is carried out once.
    """

    id: int
    cases: tuple[Case, ...] = ()
    case: Case | None = None
    heard: str = ""
    overtaken: bool = False
    event: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """A code typed to link an officer's chat: `state` is good, wrong or many (too many wrong ones).

    `plainly`: with the command, so that a wrong one is answered; else it may be any word of a worker.
    """

    code: str
    state: str
    plainly: bool


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
    officer: Officer | None = None
    offered: Offered | None = None

    def hears(self, text: str, *labels: Text) -> bool:
        """Whether what was typed is one of these labels, in any language and spelling."""
        heard = khmer.comparable(text)
        return bool(heard) and any(
            heard == khmer.comparable(spelling) for label in labels if label for spelling in self.spoken(label)
        )

    def complaint(self, reference: str) -> Complaint | None:
        return next((one for one in self.complaints if one.reference == reference), None)
