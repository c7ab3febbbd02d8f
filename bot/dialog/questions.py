"""The kinds of question a form may ask: choose one, write words, collect parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialog.events import Contact, Event, Located, Sent, Tapped, Typed
from bot.dialog.facts import Facts
from bot.dialog.parse import Parse, Problem
from bot.dialog.says import Ask, Say, Text, _
from bot.text import khmer

Answers = Mapping[str, Any]
Part = Mapping[str, Any]
"""`{"text": …}`, `{"file": id, "kind": …}` or `{"place": [latitude, longitude]}`."""

SKIP, DONE, KEEP, ANEW = "-", ".", "@", "~"
FILE_LIMIT = 20 * 1024 * 1024
PART_LIMIT = 4000
WORDS_LIMIT = 20_000
SENTENCE = 10

SKIP_LABEL = _("Skip")
DONE_LABEL = _("Done")
KEEP_LABEL = _("Keep what I said")
ANEW_LABEL = _("Begin this answer again")
ANEW_SHORT = _("Begin again")
TOO_BIG = Say(_("That file is larger than 20 MB, so I could not take it. Please send a smaller one, or a photo of it."))


@dataclass(frozen=True, slots=True)
class Answered:
    """The question has its answer."""

    value: Any


@dataclass(frozen=True, slots=True)
class Kept:
    """A part was added to the draft."""

    draft: tuple[Part, ...]
    say: Say


@dataclass(frozen=True, slots=True)
class Unclear:
    """Not an answer to this question; `say` tells why."""

    say: Say


Heard = Answered | Kept | Unclear


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose."""

    code: str
    label: Text
    short: Text = ""


def always(answers: Answers, facts: Facts) -> bool:
    return True


def nothing(answers: Answers, facts: Facts) -> tuple[Say, ...]:
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What every question has. `then` says something as soon as it is answered; `forgets` go with it when edited."""

    key: str
    ask: Text | Callable[[Answers, Facts], Say]
    title: Text = ""
    when: Callable[[Answers, Facts], bool] = always
    then: Callable[[Answers, Facts], tuple[Say, ...]] = nothing
    optional: bool = False
    forgets: tuple[str, ...] = ()

    def asked(self, answers: Answers, facts: Facts) -> Say:
        return self.ask(answers, facts) if callable(self.ask) else Say(self.ask)

    def options(self, answers: Answers, draft: tuple[Part, ...], facts: Facts) -> tuple[tuple[Option, Ask], ...]:
        """What can be tapped, in the order of its numbers."""
        return ((Option(SKIP, SKIP_LABEL), ""),) if self.optional else ()

    def hear(self, event: Event, answers: Answers, draft: tuple[Part, ...], facts: Facts) -> Heard:
        raise Problem(PLEASE_CHOOSE)

    def read(self, stored: Any, answers: Answers, facts: Facts) -> bool:
        """Whether a stored answer still answers today's question."""
        return stored is None and self.optional

    def shown(self, answer: Any, answers: Answers, facts: Facts) -> Say:
        """The answer, for the review."""
        return Say("{answer}", {"answer": answer}) if answer else Say(_("(nothing)"))


PLEASE_CHOOSE = Say(_("Please choose one of these. You can tap it or type its number."))


@dataclass(frozen=True, kw_only=True, slots=True)
class Choose(Question):
    """Pick one. The answer is the option's code."""

    among: tuple[Option, ...] | Callable[[Answers, Facts], tuple[Option, ...]]

    def offered(self, answers: Answers, facts: Facts) -> tuple[Option, ...]:
        return self.among(answers, facts) if callable(self.among) else self.among

    def options(self, answers: Answers, draft: tuple[Part, ...], facts: Facts) -> tuple[tuple[Option, Ask], ...]:
        extra = Question.options(self, answers, draft, facts)
        plain: Ask = ""
        return tuple((option, plain) for option in self.offered(answers, facts)) + extra

    def hear(self, event: Event, answers: Answers, draft: tuple[Part, ...], facts: Facts) -> Heard:
        if isinstance(event, Tapped):
            code = event.code.rpartition("=")[2]
            if any(code == option.code for option in self.offered(answers, facts)):
                return Answered(code)
        return Unclear(PLEASE_CHOOSE)

    def read(self, stored: Any, answers: Answers, facts: Facts) -> bool:
        return Question.read(self, stored, answers, facts) or any(
            stored == option.code for option in self.offered(answers, facts)
        )

    def shown(self, answer: Any, answers: Answers, facts: Facts) -> Say:
        for option in self.offered(answers, facts):
            if option.code == answer:
                return Say(option.label)
        return Question.shown(self, None, answers, facts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Write(Question):
    """A few words. The answer is the text as parsed; `shares` offers the phone's own contact button."""

    parse: Parse
    shares: Ask = ""
    share_label: Text = ""

    def options(self, answers: Answers, draft: tuple[Part, ...], facts: Facts) -> tuple[tuple[Option, Ask], ...]:
        share: tuple[tuple[Option, Ask], ...] = ((Option("?", self.share_label), self.shares),) if self.shares else ()
        return share + Question.options(self, answers, draft, facts)

    def hear(self, event: Event, answers: Answers, draft: tuple[Part, ...], facts: Facts) -> Heard:
        said = ""
        if isinstance(event, Typed):
            said = event.text
        elif isinstance(event, Contact) and self.shares == "contact":
            said = event.phone
        elif isinstance(event, Sent):
            said = event.caption
        if not said:
            return Unclear(Say(_("Please write the answer here.")))
        try:
            return Answered(self.parse(said, answers, facts))
        except Problem as problem:
            return Unclear(problem.say)

    def read(self, stored: Any, answers: Answers, facts: Facts) -> bool:
        if stored is None:
            return self.optional
        try:
            self.parse(stored, answers, facts)
        except (Problem, TypeError, AttributeError):
            return False
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Collect(Question):
    """Words, voice messages, photos, files and places, as many messages as it takes, then Done.

    The answer is a list of parts. `least`: clusters of text wanted, unless there is a voice message.
    """

    up_to: int = 20
    least: Callable[[Answers, Facts], int] = lambda answers, facts: 0
    place: bool = False

    def options(self, answers: Answers, draft: tuple[Part, ...], facts: Facts) -> tuple[tuple[Option, Ask], ...]:
        held: tuple[tuple[Option, Ask], ...] = (
            (Option(DONE, DONE_LABEL), ""),
            (Option(ANEW, ANEW_LABEL, ANEW_SHORT), ""),
        )
        first = held if draft else Question.options(self, answers, draft, facts)
        share: tuple[tuple[Option, Ask], ...] = (
            ((Option("?", _("Share my location")), "location"),) if self.place else ()
        )
        return first + share

    def hear(self, event: Event, answers: Answers, draft: tuple[Part, ...], facts: Facts) -> Heard:
        if isinstance(event, Tapped) and event.code.endswith("=" + ANEW):
            return Kept((), Say(_("All right, tell me again from the beginning.")))
        if isinstance(event, Tapped):
            return (
                self._done(draft, self.least(answers, facts))
                if event.code.endswith("=" + DONE)
                else Unclear(PLEASE_CHOOSE)
            )
        if isinstance(event, Sent) and event.size is not None and event.size > FILE_LIMIT:
            return Unclear(TOO_BIG)
        parts = parts_of(event)
        if not parts:
            return Unclear(Say(_("I can take words, a voice message, photos, files or your location.")))
        fresh = [part for part in parts if part not in draft or "text" in part]
        if len(draft) + len(fresh) > self.up_to or letters((*draft, *fresh)) > WORDS_LIMIT:
            return Unclear(Say(_("That is as much as fits here. Press Done; you can add more afterwards.")))
        return Kept((*draft, *fresh), Say(_("Kept. Send more, or press Done.")))

    def _done(self, draft: tuple[Part, ...], least: int) -> Heard:
        if not draft:
            return Unclear(Say(_("Nothing has arrived yet. Please write, speak or send something first.")))
        spoken = any(part.get("kind") in ("voice", "video") for part in draft)
        if not spoken and letters(draft) < least:
            return Unclear(Say(_("Please tell a little more, so that the officer can help. You can also speak.")))
        return Answered(list(draft))

    def read(self, stored: Any, answers: Answers, facts: Facts) -> bool:
        if stored is None or stored == []:
            return self.optional
        return isinstance(stored, list) and all(isinstance(part, Mapping) for part in stored)

    def shown(self, answer: Any, answers: Answers, facts: Facts) -> Say:
        return summary(answer) if answer else Question.shown(self, None, answers, facts)


def parts_of(event: Event) -> list[Part]:
    """What one message adds to a draft; long texts become several parts, so that nothing is cut off."""
    if isinstance(event, Typed):
        return [{"text": piece} for piece in khmer.split(event.text, PART_LIMIT, "chars")]
    if isinstance(event, Sent):
        words: list[Part] = [{"text": piece} for piece in khmer.split(event.caption, PART_LIMIT, "chars")]
        return [{"file": event.file, "kind": event.kind}, *words]
    if isinstance(event, Located):
        return [{"place": [event.latitude, event.longitude]}]
    if isinstance(event, Contact):
        return [{"text": f"{event.name} {event.phone}".strip()}]
    return []


def worth_keeping(event: Event) -> list[Part]:
    """What to hold when no question asked for it: files and places always, words when they are a sentence."""
    if isinstance(event, Sent) and (event.size or 0) > FILE_LIMIT:
        return []
    if isinstance(event, Typed) and khmer.count(event.text) < SENTENCE:
        return []
    return parts_of(event)


def letters(parts: tuple[Part, ...]) -> int:
    return sum(khmer.count(part["text"]) for part in parts if "text" in part)


COUNTED = (
    ("photo", _("Photos: {count}")),
    ("voice", _("Voice messages: {count}")),
    ("video", _("Videos: {count}")),
    ("file", _("Files: {count}")),
)


def summary(parts: list[Part]) -> Say:
    """Parts for a review: the words (shortened), then how many of each kind."""
    text = " ".join(part["text"] for part in parts if "text" in part)
    lines = [Say("{answer}", {"answer": khmer.cut(text, 300, "chars")})] if text else []
    for kind, label in COUNTED:
        count = sum(part.get("kind") == kind for part in parts)
        if count:
            lines.append(Say(label, {"count": count}))
    if any("place" in part for part in parts):
        lines.append(Say(_("Your location")))
    return Say("{lines}", {"lines": tuple(lines)})
