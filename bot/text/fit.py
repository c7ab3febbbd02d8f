"""A message made to fit a channel: text in as many bubbles as it takes, buttons short enough, nothing left unsaid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from bot.text.clusters import SMALLEST_LIMIT, Unit, count, cut, fits, is_visible, size, split
from bot.text.khmer import to_khmer_digits

SHORT_LABEL = 14
"""Clusters of a label that may share a row; a longer one would be cut off on a small phone."""


class EmptyMessageError(ValueError):
    """A message with buttons needs a text: no channel sends buttons alone."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class EmptyLabelError(ValueError):
    """A button needs a label that can be seen."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class LongCodeError(ValueError):
    """A button's code is longer than the channel gives back whole."""

    def __init__(self, code: str, most: int) -> None:
        super().__init__(f"{self.__doc__} {size(code, 'bytes')} bytes, {most} allowed: {code}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel takes in one request. Sources: Telegram Bot API; Messenger Platform, Send API."""

    text: int  # in `unit`
    label: int  # in `unit`
    buttons: int  # most buttons on one message
    unit: Unit = "utf16"
    code_bytes: int = 64  # most bytes of a button's code
    caption: int = 1024  # in `unit`; for whoever sends a picture
    per_row: int = 2  # most short buttons on one row

    def __post_init__(self) -> None:
        if min(self.text, self.label) < SMALLEST_LIMIT:
            raise ValueError(f"a text and a label need room for {SMALLEST_LIMIT} units")


@dataclass(frozen=True, slots=True)
class Button:
    """One thing a person may tap. `label` is the full text; in a Bubble it is what the button shows."""

    code: str
    label: str
    short: str = ""  # for narrow channels; may be empty
    number: int | None = None  # what a person may type instead; None for navigation
    ask: Literal["", "contact", "location"] = ""  # what the button asks the phone for


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Bubble:
    """Exactly one platform request; `buttons` are rows."""

    text: str
    buttons: Rows = ()


def fit(text: str, buttons: Sequence[Button], limits: Limits, lang: str) -> list[Bubble]:
    """The bubbles, in order, that say `text` within `limits`; the last one carries the buttons.

    A numbered button shows its number before its label. When a label had to be shortened, or a button had to go, the
    numbered buttons' full labels are listed below the text, so that each can still be read and chosen by typing its
    number. When there are too many buttons, navigation stays first; navigation that goes is listed too. Neither text
    nor buttons: no bubbles. Raises EmptyMessageError, EmptyLabelError and LongCodeError, all ValueError.
    """
    _check(text, buttons, limits)
    kept = _kept(buttons, limits.buttons)
    shown = {place: replace(buttons[place], label=_shown(buttons[place], limits, lang)) for place in kept}
    pieces = split(text.strip(), limits.text, limits.unit)
    listed = _list(buttons, shown, lang)
    if listed:
        together = f"{pieces[-1]}\n\n{listed}"
        # The list stays whole beside its buttons when one bubble can hold it.
        pieces[-1:] = (
            [together]
            if fits(together, limits.text, limits.unit)
            else [pieces[-1], *split(listed, limits.text, limits.unit)]
        )
    if not pieces:
        return []
    rows = _rows([shown[place] for place in kept], limits.per_row)
    return [*(Bubble(piece) for piece in pieces[:-1]), Bubble(pieces[-1], rows)]


def _check(text: str, buttons: Sequence[Button], limits: Limits) -> None:
    if buttons and not is_visible(text):
        raise EmptyMessageError
    for button in buttons:
        if not is_visible(button.label):
            raise EmptyLabelError
        if size(button.code, "bytes") > limits.code_bytes:
            raise LongCodeError(button.code, limits.code_bytes)


def _kept(buttons: Sequence[Button], most: int) -> list[int]:
    """The places of the buttons that stay, at most `most`: navigation before the rest, each in its order."""
    navigation = [place for place, button in enumerate(buttons) if button.number is None]
    numbered = [place for place, button in enumerate(buttons) if button.number is not None]
    return sorted([*navigation, *numbered][: max(most, 0)])


def _shown(button: Button, limits: Limits, lang: str) -> str:
    """What the button shows: the full label, else the short one, else the label cut; each with its number."""
    full = _full(button, lang)
    short = _numbered(button, button.short, lang)
    if fits(full, limits.label, limits.unit):
        return full
    if is_visible(button.short) and fits(short, limits.label, limits.unit):
        return short
    return cut(full, limits.label, limits.unit)


def _full(button: Button, lang: str) -> str:
    return _numbered(button, button.label, lang)


def _numbered(button: Button, label: str, lang: str) -> str:
    label = " ".join(label.split())
    return label if button.number is None else f"{_digits(button.number, lang)} {label}"


def _digits(number: int, lang: str) -> str:
    return to_khmer_digits(number) if lang == "km" else str(number)


def _list(buttons: Sequence[Button], shown: Mapping[int, Button], lang: str) -> str:
    """One line for each numbered button, then for each navigation button that went; empty when every label is whole."""
    whole = {place for place, now in shown.items() if now.label == _full(buttons[place], lang)}
    numbered = [(place, button) for place, button in enumerate(buttons) if button.number is not None]
    lines = []
    if any(place not in whole for place, _ in numbered):
        lines = [f"{_digits(b.number or 0, lang)}. {' '.join(b.label.split())}" for _, b in numbered]
    gone = [b for place, b in enumerate(buttons) if b.number is None and place not in shown]
    return "\n".join([*lines, *(f"• {_full(b, lang)}" for b in gone)])


def _rows(buttons: Sequence[Button], per_row: int) -> Rows:
    numbered = [button for button in buttons if button.number is not None]
    navigation = [button for button in buttons if button.number is None]
    return (*_packed(numbered, per_row), *_packed(navigation, per_row))


def _packed(buttons: Sequence[Button], per_row: int) -> Iterator[tuple[Button, ...]]:
    """Rows in order: up to `per_row` short labels side by side, each long label alone."""
    row: list[Button] = []
    for button in buttons:
        short = _is_short(button.label)
        if row and (not short or len(row) >= per_row):
            yield tuple(row)
            row = []
        if short:
            row.append(button)
        else:
            yield (button,)
    if row:
        yield tuple(row)


@lru_cache(maxsize=2048)
def _is_short(label: str) -> bool:
    # Remembered: the same few labels are laid out all day, and counting clusters is most of the work.
    return len(label) <= SHORT_LABEL or count(label) <= SHORT_LABEL
