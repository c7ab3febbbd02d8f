"""From a session and an event to a turn: global words first, then the flow the person is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.dialog.events import Back, Event, Started, Tapped, TimedOut, Typed
from bot.dialog.facts import Facts
from bot.dialog.flow import Flow
from bot.dialog.form import MENU, STALE, picked, unfinished
from bot.dialog.questions import Part, worth_keeping
from bot.dialog.says import Choice, Say, State, Text, Turn, _
from bot.text import khmer

PATIENCE = 3
"""Misreadings in a row before the menu or a person is offered."""

WORDS: tuple[tuple[str, tuple[Text, ...]], ...] = (
    ("go:menu", (_("Menu"), "/menu", "/start", "menu", "មេនុយ")),
    ("go:back", (_("Back"), "/back", "0", "ថយ")),
    ("go:cancel", (_("Cancel"), "/cancel", "ឈប់ធ្វើ")),
    ("go:stop", (_("Stop"), "/stop", "ឈប់")),
)

PERSON = Choice("person:start", _("Talk to an officer"), nav=True)
DISCARD = Choice("go:discard", _("Yes, throw it away"))
RESUME = Choice("go:resume", _("No, keep it"))
STOPPED = Say(
    _("All right, I will be quiet. Nothing you told me is lost. Write to me any time, day or night."), {}, (MENU,)
)
LOST = Say(_("I am sorry, I do not follow. You can go to the menu, or write to an officer who will read it."))
CONFIRM_CANCEL = Say(
    _("Throw away what you have told me here? Nothing has been sent to anyone yet."), {}, (DISCARD, RESUME)
)
DISCARDED = Say(_("Thrown away. Nothing was sent."))
FORGOTTEN = Say(_("Forgotten."))


@dataclass(frozen=True, slots=True)
class Session:
    """Where a person is: the flow, each flow's own unfinished state, and what came before any flow wanted it.

    `album`: the platform's name of the album that the last file belonged to.
    """

    language: str = "km"
    flow: str = ""
    states: Mapping[str, State] = field(default_factory=dict)
    loose: tuple[Part, ...] = ()
    misread: int = 0
    asking: str = ""
    album: str = ""

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Session":
        """Unknown keys of another release are ignored."""
        known = {key: value for key, value in (stored or {}).items() if key in cls.__dataclass_fields__}
        return cls(**known | {"loose": tuple(known.get("loose") or ())})

    @property
    def state(self) -> State:
        return self.states.get(self.flow) or {}


@dataclass(frozen=True, slots=True)
class Routed:
    """The new session, what to say and which commands to carry out."""

    session: Session
    says: tuple[Say, ...] = ()
    commands: tuple[Any, ...] = ()

    def then(self, later: "Routed") -> "Routed":
        return Routed(later.session, self.says + later.says, self.commands + later.commands)


class Router:
    """The flows in the order their words are tried; `menu`, `welcome`, `discreet` and `officer` must be among them."""

    def __init__(self, flows: Sequence[Flow]) -> None:
        self.flows = {flow.name: flow for flow in flows}

    def route(self, session: Session, event: Event, facts: Facts) -> Routed:
        """Never raises for anything a person can send; always says something, except to a time-out."""
        if isinstance(event, TimedOut):
            return Routed(session)
        if session.flow not in self.flows:
            session = replace(session, flow="", asking="")
        aside = self._aside(session, event, facts)
        if aside and aside.says:
            return Routed(replace(session, flow=session.flow or "menu"), aside.says, aside.commands)
        routed = self._global(session, event, facts) or self._local(session, event, facts)
        if aside:
            routed = replace(routed, commands=(*aside.commands, *routed.commands))
        return routed if routed.says else routed.then(self._reask(routed.session, facts))

    def _aside(self, session: Session, event: Event, facts: Facts) -> Turn | None:
        """What is heard wherever a person is, and leaves them there: their word, or what only officers write."""
        if not isinstance(event, Typed):
            return None
        elsewhere = session.flow != "discreet"  # where the flow about it hears it itself
        if facts.person.word and elsewhere and khmer.comparable(event.text) == facts.person.word:
            return self.flows["discreet"].advance({}, Tapped("discreet:show"), facts)
        if facts.offered or (facts.officer and facts.officer.heard):
            return self.flows["officer"].advance({}, event, facts)
        return None

    def _global(self, session: Session, event: Event, facts: Facts) -> Routed | None:
        """What works anywhere, so that no flow can trap a person; None when it is not one of those."""
        if isinstance(event, Started) and session.flow:
            return self._begin(session, "menu", facts)
        code = event.code if isinstance(event, Tapped) else ""
        if isinstance(event, Typed):
            code = self._word(session, event.text, facts)
        match code.partition(":")[::2]:
            case "go", "menu":
                return self._begin(session, "menu", facts)
            case "go", "back" if session.flow:
                return self._local(session, Back(), facts)
            case "go", "cancel":
                return self._cancel(session, facts)
            case "go", "stop":
                return Routed(replace(session, flow="menu", asking=""), (STOPPED,))
            case "go", "drop":
                return Routed(session, (FORGOTTEN,)).then(self._begin(replace(session, loose=()), "menu", facts))
            case "go", "discard" if session.asking == "cancel":
                cleared = without(session, session.flow)
                return Routed(cleared, (DISCARDED,)).then(self._begin(cleared, "menu", facts))
            case "go", "resume" if session.asking == "cancel":
                return self._reask(replace(session, asking=""), facts)
            case name, "start" if name in self.flows:
                return self._begin(session, name, facts)
        return None

    def _word(self, session: Session, text: str, facts: Facts) -> str:
        """The code of the global word that was typed, or an empty string."""
        if session.asking == "cancel":
            choice = picked(text, CONFIRM_CANCEL.choices, facts)
            if choice:
                return choice.code
        for code, words in WORDS:
            if facts.hears(text, *words):
                return code
        starts = (flow.name for flow in self.flows.values() if facts.hears(text, *flow.starts_with))
        return next((f"{name}:start" for name in starts), "")

    def _local(self, session: Session, event: Event, facts: Facts) -> Routed:
        """What belongs to the flow the person is in, or to the open flow whose button was tapped."""
        session = replace(session, asking="")
        if not session.flow:
            return self._welcome(session, event, facts)
        if isinstance(event, Tapped):
            aimed = event.code.partition(":")[0]
            if aimed != session.flow and not (aimed in self.flows and self.flows[aimed].is_open):
                return Routed(session, (STALE,)).then(self._reask(session, facts))
            session = replace(session, flow=aimed)
        turn = self.flows[session.flow].advance(session.state, event, replace(facts, loose=session.loose))
        misread = 0 if turn.understood else session.misread + 1
        routed = self._after(replace(session, misread=misread), turn, facts)
        return replace(routed, says=way_out(routed.says)) if misread >= PATIENCE and routed.says else routed

    def _welcome(self, session: Session, event: Event, facts: Facts) -> Routed:
        """A new person: a greeting, and whatever they already said is kept."""
        held = replace(session, loose=(*session.loose, *worth_keeping(event)))
        return self._begin(held, "welcome", facts)

    def _begin(self, session: Session, name: str, facts: Facts) -> Routed:
        moved = replace(session, flow=name, asking="", misread=0)
        turn = self.flows[name].start(replace(facts, loose=session.loose), session.states.get(name))
        return self._after(moved, turn, facts)

    def _cancel(self, session: Session, facts: Facts) -> Routed:
        """Ask first when there is something to lose."""
        if unfinished(session.state):
            return Routed(replace(session, asking="cancel"), (CONFIRM_CANCEL,))
        return self._begin(without(session, session.flow), "menu", facts)

    def _after(self, session: Session, turn: Turn, facts: Facts) -> Routed:
        """The session once a flow has spoken; loose parts that it took into its state are loose no more."""
        held = [*(turn.state or {}).get("draft", ()), *(turn.state or {}).get("early", ())]
        moved = replace(
            without(session, session.flow),
            language=turn.language or session.language,
            loose=(*(part for part in session.loose if part not in held), *turn.keep),
        )
        if turn.state:
            moved = replace(moved, states={**moved.states, session.flow: turn.state})
        if turn.state is None:
            moved = replace(moved, flow="menu")
        routed = Routed(moved, turn.says, turn.commands)
        if not turn.goto:
            return routed
        onward = Tapped(turn.goto)
        return routed.then(self._global(moved, onward, facts) or self._local(moved, onward, facts))

    def _reask(self, session: Session, facts: Facts) -> Routed:
        """Today's question again."""
        here = replace(session, flow=session.flow or "menu")
        turn = self.flows[here.flow].advance(here.state, Started(), replace(facts, loose=here.loose))
        return self._after(here, turn, facts)


def without(session: Session, name: str) -> Session:
    """The session with that flow's unfinished state forgotten."""
    return replace(session, states={flow: state for flow, state in session.states.items() if flow != name})


def way_out(says: tuple[Say, ...]) -> tuple[Say, ...]:
    """After too many misreadings: the question again, with the menu and a person beside it."""
    last = says[-1]
    there = {choice.code for choice in last.choices}
    ways = tuple(way for way in (PERSON, MENU) if way.code not in there)
    return (LOST, replace(last, choices=(*last.choices, *ways)))
