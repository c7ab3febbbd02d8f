"""Ready answers: words in both languages with fields that each complaint fills in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.complaints import REPLY_LIMIT
from bot.domain.errors import Empty, TooLong, UnknownField

FIELDS = ("reference", "category", "due", "office")
"""What may stand in braces."""
TITLE_LIMIT = 100
"""Code points in a title."""
FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class SaveCanned:
    """A new ready answer (`canned` None), or one changed. `seen`: the digest of what the page showed."""

    title_km: str
    title_en: str
    body_km: str
    body_en: str
    staff: int
    canned: int | None = None
    seen: str = ""


@dataclass(frozen=True, slots=True)
class SwitchCanned:
    """Offered to officers, or no longer."""

    canned: int
    active: bool
    staff: int


def unknown(text: str) -> list[str]:
    """Fields of a text that nothing fills in, in its order."""
    return [name for name in FIELD.findall(text) if name not in FIELDS]


def check(command: SaveCanned) -> None:
    """Raise Empty, TooLong or UnknownField."""
    texts = (command.title_km, command.title_en, command.body_km, command.body_en)
    if not all(text.strip() for text in texts):
        raise Empty
    if max(len(text) for text in texts[:2]) > TITLE_LIMIT or max(len(text) for text in texts[2:]) > REPLY_LIMIT:
        raise TooLong
    if any(unknown(text) for text in texts):
        raise UnknownField


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in, once: braces in a value stay what they are, as does an unknown field."""
    return FIELD.sub(lambda found: values.get(found.group(1), found.group(0)), text)
