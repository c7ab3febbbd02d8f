"""The conversations in a terminal, without any platform or database: `chumnuoy play`."""

import secrets
from datetime import timedelta
from typing import Any, TextIO

from bot.app.books import shipped_book
from bot.clock import Clock, now
from bot.dialog.events import Event, Located, Sent, Started, Typed
from bot.dialog.facts import Complaint, Entry, Facts, Person
from bot.dialog.router import Session
from bot.domain.complaints import AddToComplaint, FileComplaint
from bot.domain.people import DeleteMyData
from bot.i18n import Catalogues, Renderer, zone_of
from bot.text import khmer, reference
from bot.text.fit import Limits, fit
from handlers import ROUTER

SCREEN = Limits(text=4000, label=60, buttons=20)


class Terminal:
    """One person's session and complaints, in memory."""

    def __init__(self, language: str, clock: Clock = now) -> None:
        self.session = Session(language=language)
        self.complaints: list[Complaint] = []
        self._catalogues, self._book, self._clock = Catalogues(), shipped_book(), clock
        self._country = ""

    def hear(self, event: Event) -> list[str]:
        """What the service answers, rendered; buttons as lines."""
        facts = Facts(
            now=self._clock(),
            person=Person(language=self.session.language, country=self._country),
            reference=reference.make(secrets.randbits(35)),
            complaints=tuple(self.complaints),
            book=self._book,
            spoken=self._catalogues.spoken,
        )
        routed = ROUTER.route(Session.from_json(self.session.to_json()), event, facts)
        self.session = routed.session
        for command in routed.commands:
            self._carry_out(command, facts)
        renderer = Renderer(self._catalogues, self.session.language, zone_of(self._country))
        shown = []
        for index, say in enumerate(routed.says):
            buttons = renderer.buttons(say.choices) if index == len(routed.says) - 1 else []
            for bubble in fit(renderer.say(say), buttons, SCREEN, self.session.language):
                rows = ["   ".join(f"[{button.label}]" for button in row) for row in bubble.buttons]
                shown.append("\n".join([bubble.text, *rows]))
        return shown

    def _carry_out(self, command: Any, facts: Facts) -> None:
        match command:
            case FileComplaint():
                self._country = command.country
                filed = Complaint(
                    command.reference, command.category, "filed", facts.now, facts.now + timedelta(hours=48)
                )
                self.complaints.insert(0, filed)
                self._add(command.reference, (*command.parts, *command.evidence), facts)
            case AddToComplaint():
                self._add(command.reference, command.parts, facts)
            case DeleteMyData():
                self.complaints.clear()

    def _add(self, wanted: str, parts: Any, facts: Facts) -> None:
        lines = tuple(
            Entry(facts.now, "worker", part.get("text", ""), part.get("kind", "place" if "place" in part else "text"))
            for part in parts
        )
        self.complaints = [
            Complaint(one.reference, one.category, one.status, one.filed_at, one.due_at, None, (*one.entries, *lines))
            if one.reference == wanted
            else one
            for one in self.complaints
        ]


def understood(line: str) -> Event:
    """`:photo`, `:voice`, `:file` and `:place` stand for what cannot be typed."""
    if line in (":photo", ":voice", ":video", ":file"):
        return Sent(line[1:], secrets.token_hex(4), 1000)  # type: ignore[arg-type]  # one of the four kinds
    if line == ":place":
        return Located(13.7563, 100.5018)
    return Typed(khmer.clean(line))


def play_here(language: str, source: TextIO, out: TextIO) -> None:
    """Until the end of the input."""
    terminal = Terminal(language)
    out.writelines(text + "\n\n" for text in terminal.hear(Started()))
    out.flush()
    for line in source:
        out.write("".join(text + "\n\n" for text in terminal.hear(understood(line.strip()))))
        out.flush()
