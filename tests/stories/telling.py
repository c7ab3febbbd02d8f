"""Runs a story: every turn through JSON, every answer rendered in a language and fitted to a channel's limits."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.app.books import shipped_book
from bot.dialog.events import Contact, Event, Located, Sent, Started, Tapped, Typed, Unreadable
from bot.dialog.facts import Complaint, Entry, Facts, Person
from bot.dialog.router import Routed, Session
from bot.dialog.says import Reference, Say, Words
from bot.domain.clocks import RECEIVE_WITHIN
from bot.domain.complaints import (
    AddToComplaint,
    AnswerComplaint,
    ChangeStatus,
    FileComplaint,
    RateComplaint,
    ReopenComplaint,
    after_addition,
)
from bot.domain.people import ClearWord, DeleteMyData, SetWord, ShowHeld
from bot.i18n import Catalogues, Renderer
from bot.text import khmer
from bot.text.fit import Bubble, Limits, fit
from handlers import ROUTER

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
OFFICE = Words("អនុគណៈកម្មការ (សាកល្បង)", "Sub-committee (demo)")
REFERENCES = ("K7Q29MXD", "0000000N", "7H3KJ8W2")
CATALOGUES = Catalogues()
BOOK = shipped_book()
CHANNELS = {
    "telegram": Limits(text=4096, label=60, buttons=100),
    "messenger": Limits(text=2000, label=20, buttons=13, code_bytes=1000),
    "phone": Limits(text=4000, label=60, buttons=20),
}
STRUCTURE = re.compile(r"\{[a-z]+\}")


@dataclass
class Worker:
    """One person in memory: the session survives each turn only as JSON."""

    language: str
    stored: str = "{}"
    now: datetime = NOW
    country: str = ""
    complaints: tuple[Complaint, ...] = ()
    filed: int = 0
    word: str = ""
    held: int = 0

    def facts(self) -> Facts:
        return Facts(
            now=self.now,
            person=Person(country=self.country, word=self.word, held=self.held),
            reference=REFERENCES[self.filed % len(REFERENCES)],
            complaints=self.complaints,
            book=BOOK,
            spoken=CATALOGUES.spoken,
        )

    def does(self, event: Event) -> Routed:
        routed = ROUTER.route(Session.from_json(json.loads(self.stored)), event, self.facts())
        self.stored = json.dumps(routed.session.to_json())
        for command in routed.commands:
            self._carry_out(command)
        return routed

    def _carry_out(self, command: Any) -> None:
        match command:
            case FileComplaint():
                self.filed += 1
                self.country = command.country
                due = self.now + timedelta(hours=48)
                made = Complaint(command.reference, command.category, "filed", self.now, due, office=OFFICE)
                made = replace(made, receive_by=self.now + RECEIVE_WITHIN)
                self.complaints = (self._grown(made, (*command.parts, *command.evidence)), *self.complaints)
            case AddToComplaint():
                one = self._grown(self._one(command.reference), command.parts)
                self._put(replace(one, status=after_addition(one.status), waiting_since=None))
            case ReopenComplaint():
                one = self._noted(self._grown(self._one(command.reference), command.parts), "reopened", "worker")
                due = self.now + timedelta(hours=48)
                self._put(replace(one, reopened=one.reopened + 1, due_at=due, first_answer_at=None, rating=None))
            case RateComplaint():
                self._put(replace(self._one(command.reference), rating=command.rating))
            case AnswerComplaint():
                one = self._one(command.reference)
                said = Entry(self.now, "officer", command.text)
                first, got = one.first_answer_at or self.now, one.received_at or self.now
                one = replace(one, status="addressed", first_answer_at=first, received_at=got, receive_by=None)
                self._put(replace(one, entries=(*one.entries, said)))
                self.held += bool(self.word)
            case ChangeStatus():
                one = self._noted(self._one(command.reference), command.status, "officer")
                waiting = self.now if command.status == "waiting" else None
                self._put(replace(one, received_at=one.received_at or self.now, receive_by=None, waiting_since=waiting))
                self.held += bool(self.word)
            case SetWord():
                self.word = command.word
            case ShowHeld() | ClearWord():
                self.word, self.held = self.word if isinstance(command, ShowHeld) else "", 0
            case DeleteMyData():
                self.complaints, self.word, self.held = (), "", 0

    def _one(self, reference: str) -> Complaint:
        return next(one for one in self.complaints if one.reference == reference)

    def _put(self, now: Complaint) -> None:
        self.complaints = tuple(now if one.reference == now.reference else one for one in self.complaints)

    def _noted(self, one: Complaint, status: str, author: str) -> Complaint:
        return replace(one, status=status, entries=(*one.entries, Entry(self.now, author, status, "status")))

    def _grown(self, one: Complaint, parts: Any) -> Complaint:
        more = tuple(Entry(self.now, "worker", part.get("text", ""), kind_of(part)) for part in parts)
        return replace(one, entries=(*one.entries, *more))


def kind_of(part: Any) -> str:
    return "text" if "text" in part else "place" if "place" in part else str(part["kind"])


def event_of(line: str, language: str) -> Event:
    """`[Label]` types a label in the language, `#2` a number (Khmer digits in Khmer), `tap:code`, `photo`, `voice` …"""
    word, _space, rest = line.partition(" ")
    if line.startswith("[") and line.endswith("]"):
        return Typed(CATALOGUES.text(line[1:-1], language))
    if line.startswith("#"):
        return Typed(khmer.to_khmer_digits(line[1:]) if language == "km" else line[1:])
    if line.startswith("tap:"):
        return Tapped(line.removeprefix("tap:"))
    simple: dict[str, Event] = {
        "start": Started(rest),
        "photo": Sent("photo", "p" + (rest or "1"), 50_000),
        "voice": Sent("voice", "v" + (rest or "1"), 30_000),
        "file": Sent("file", "f" + (rest or "1"), 30_000),
        "huge": Sent("file", "h1", 50 * 1024 * 1024),
        "place": Located(13.75, 100.5),
        "contact": Contact("+66812345678", "Dara", own=True),
        "sticker": Unreadable("sticker"),
    }
    return simple.get(word.removeprefix(":")) if word.startswith(":") else Typed(line)  # type: ignore[return-value]  # a wrong word fails the story


def outline(say: Say) -> Iterator[str]:
    """A say as ids: the text where it says anything itself, then what it holds."""
    if isinstance(say.text, Words):
        yield f"“{say.text.en}”"
    elif STRUCTURE.sub("", say.text).strip(" \n:•—·."):
        yield say.text.replace("\n", "⏎")
    for name, value in say.params.items():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Say):
                yield from ("  " + line for line in outline(one))
            else:
                yield f"  {name}={plain(one)}"


def plain(value: Any) -> str:
    match value:
        case Words():
            return f"“{value.en}”"
        case Reference():
            return value.code
        case datetime():
            return value.isoformat()
        case _:
            return str(value).replace("\n", "⏎")


def told(routed: Routed) -> Iterator[str]:
    for say in routed.says:
        yield from ("< " + line for line in outline(say))
    if routed.says[-1].choices:
        yield "< | " + " ".join(choice.code for choice in routed.says[-1].choices)
    for command in routed.commands:
        yield f"! {command!r}"


def bubbles(routed: Routed, language: str, limits: Limits) -> list[Bubble]:
    """What the channel would be asked to send."""
    renderer = Renderer(CATALOGUES, language)
    made: list[Bubble] = []
    for index, say in enumerate(routed.says):
        buttons = renderer.buttons(say.choices) if index == len(routed.says) - 1 else []
        made += fit(renderer.say(say), buttons, limits, language)
    return made


def play(script: str, language: str) -> Iterator[tuple[str, list[str], Routed | None]]:
    """(the person's line, what was told, the turn) for each `> ` line; other lines are kept as they are."""
    person = Worker(language, json.dumps({"language": language, "flow": ""}))
    for line in script.splitlines():
        if line.startswith("> "):
            routed = person.does(event_of(line[2:], language))
            yield line, list(told(routed)), routed
        elif line.startswith("~ "):
            person.now += timedelta(hours=float(line.split()[1]))
            yield line, [], None
        elif line.startswith("officer: "):
            words = line.removeprefix("officer: ")
            person._carry_out(AnswerComplaint(person.complaints[0].reference, words, 1))
            yield line, [], None
        elif line.startswith("desk: "):
            person._carry_out(ChangeStatus(person.complaints[0].reference, line.removeprefix("desk: "), "a reason", 1))
            yield line, [], None
        elif not line.startswith(("< ", "! ")):
            yield line, [], None
