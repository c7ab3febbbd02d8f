"""What the service says: text ids, parameters and choices, never rendered text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Ask = Literal["", "contact", "location"]
State = Mapping[str, Any]
"""A flow's own state: JSON values only."""


def _(text: str) -> str:
    """Mark an English source text for the catalogues; the text itself is its id."""
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """A text that comes from data (a category, a centre), in both languages."""

    km: str
    en: str


Text = str | Words
"""A message id of the catalogues, or words from data."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A complaint's reference, shown as `K7Q2-9MXD`."""

    code: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A button. `short` is for narrow channels; `nav` choices (back, menu) carry no number."""

    code: str
    label: Text
    short: Text = ""
    nav: bool = False
    ask: Ask = ""


@dataclass(frozen=True, slots=True)
class Say:
    """One thing to say. A raw `str` parameter is somebody's own words and is never translated."""

    text: Text
    params: Mapping[str, "Param"] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


Param = str | int | float | datetime | timedelta | Words | Reference | Say | tuple[Say, ...]
"""A tuple of says is shown as lines."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a flow answers.

    `state` None: the flow is over. `goto`: a choice's code to go on with, as if it were tapped. `language`: the
    person chose one (`km` or `en`). `keep`: parts no question asked for, to be held until one does.
    """

    state: State | None
    says: tuple[Say, ...] = ()
    commands: tuple[Any, ...] = ()
    understood: bool = True
    goto: str = ""
    language: str = ""
    keep: tuple[Mapping[str, Any], ...] = ()
