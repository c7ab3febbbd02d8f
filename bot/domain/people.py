"""What may be done about a person: language, deletion."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """`km` or `en`."""

    language: str


@dataclass(frozen=True, slots=True)
class DeleteMyData:
    """Erase what this person told us: names, numbers, words, files, and where to reach them."""
