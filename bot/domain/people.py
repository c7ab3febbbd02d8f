"""What may be done about a person: language, discreet messages, an officer's own chat, deletion."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """`km` or `en`."""

    language: str


@dataclass(frozen=True, slots=True)
class SetWord:
    """From now on, what comes unasked is held until the person writes this word (as `comparable` makes it)."""

    word: str


@dataclass(frozen=True, slots=True)
class ClearWord:
    """Messages come openly again; what was held comes now."""


@dataclass(frozen=True, slots=True)
class ShowHeld:
    """The person wrote their word: what was held comes now, and the word stays."""


@dataclass(frozen=True, slots=True)
class LinkOfficer:
    """From now on this chat is that of the officer who was given the code."""

    code: str


@dataclass(frozen=True, slots=True)
class RefuseCode:
    """Somebody typed a wrong code here; it counts."""


@dataclass(frozen=True, slots=True)
class UnlinkOfficer:
    """This chat is no officer's any more."""

    staff: int


@dataclass(frozen=True, slots=True)
class ShowCase:
    """An officer reads a complaint's words in their chat."""

    reference: str
    staff: int


@dataclass(frozen=True, slots=True)
class DeleteMyData:
    """Erase what this person told us: names, numbers, words, files, and where to reach them."""
