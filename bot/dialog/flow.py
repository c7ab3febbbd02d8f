"""What a conversation is to the engine: a Flow starts, and advances by one event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.dialog.events import Event
from bot.dialog.facts import Facts
from bot.dialog.says import State, Text, Turn


class Flow(Protocol):
    """`starts_with`: labels and slash commands that begin it. `is_open`: its buttons work from anywhere."""

    @property
    def name(self) -> str: ...

    @property
    def starts_with(self) -> tuple[Text, ...]: ...

    @property
    def is_open(self) -> bool: ...

    def start(self, facts: Facts, state: State | None = None) -> Turn: ...

    def advance(self, state: State, event: Event, facts: Facts) -> Turn: ...


@dataclass(frozen=True, slots=True)
class Page:
    """A hand-written Flow made of two functions."""

    name: str
    starts_with: tuple[Text, ...]
    begin: Callable[[Facts, State], Turn]
    go_on: Callable[[State, Event, Facts], Turn]
    is_open: bool = True

    def start(self, facts: Facts, state: State | None = None) -> Turn:
        return self.begin(facts, state or {})

    def advance(self, state: State, event: Event, facts: Facts) -> Turn:
        return self.go_on(state, event, facts)
