"""Ten thousand random conversations: none raises, each event is answered, and nothing that was kept is lost."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.dialog.events import Contact, Event, Located, Sent, Started, Tapped, Typed, Unreadable
from bot.domain.complaints import AddToComplaint, ChangeStatus, FileComplaint, ReopenComplaint
from bot.domain.people import DeleteMyData
from bot.text import khmer
from tests.stories.telling import CATALOGUES, CHANNELS, Worker, bubbles

WORDS = (
    *("Menu", "Back", "Cancel", "Stop", "Help", "Done", "Skip", "Send it", "Change something", "My complaints"),
    *("All my complaints", "I do not agree", "How did it help?", "Discreet messages", "Turn it off"),
)
SENTENCES = (
    "ថៅកែមិនបើកប្រាក់ខែ",
    "my boss keeps my passport",
    "គេ\u200bវាយ‍ខ្ញុំ",
    "😀🇰🇭 help",
    "x" * 5000,
    "\u202eabc",
    "ក" * 300,
)
Step = tuple[str, Any]
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("number"), st.integers(1, 11)),
    st.tuples(st.just("forward"), st.integers(1, 12)),
    st.tuples(st.just("word"), st.just("Back")),
    st.tuples(st.just("tap"), st.integers(0, 12)),
    st.tuples(st.just("tap"), st.integers(0, 12)),
    st.tuples(st.just("tap"), st.integers(0, 3)),
    st.tuples(st.just("old tap"), st.integers(0, 200)),
    st.tuples(st.just("word"), st.sampled_from(WORDS)),
    st.tuples(st.just("say"), st.sampled_from(SENTENCES)),
    st.tuples(st.just("say"), st.text(max_size=40)),
    st.tuples(st.just("file"), st.sampled_from(("photo", "voice", "video", "file"))),
    st.tuples(st.just("desk"), st.sampled_from(("addressed", "closed", "waiting", "in_hand"))),
    st.tuples(st.just("other"), st.sampled_from(("start", "place", "contact", "sticker", "huge"))),
)


class Conversation:
    """Keeps a ledger of every file and sentence that the service said it kept."""

    def __init__(self, language: str, channel: str) -> None:
        self.language = language
        self.limits = CHANNELS[channel]
        self.person = Worker(language, json.dumps({"language": language, "flow": ""}))
        self.offered: list[str] = []
        self.now: list[str] = []
        self.ledger: set[str] = set()
        self.filed = ""
        self.count = 0

    def event(self, step: Step) -> tuple[Event, str]:
        """The event, and the mark by which its content can be found again."""
        kind, what = step
        self.count += 1
        mark = f"q{self.count}q"
        match kind:
            case "number":
                return Typed(khmer.to_khmer_digits(what) if self.language == "km" else str(what)), ""
            case "tap":
                return Tapped(self.now[what % len(self.now)] if self.now else "go:menu"), ""
            case "old tap":
                return Tapped(self.offered[what % len(self.offered)] if self.offered else "nothing:here=1"), ""
            case "code":
                return Tapped(what), ""
            case "word":
                return Typed(CATALOGUES.text(what, self.language)), ""
            case "say":
                return Typed(khmer.clean(f"{what} {mark}")), mark
            case "file":
                return Sent(what, mark, 1000), mark
        other: dict[str, Event] = {
            "start": Started(),
            "place": Located(1.0, 2.0),
            "contact": Contact("+85512345678"),
            "sticker": Unreadable("sticker"),
            "huge": Sent("file", mark, 10**9),
        }
        return other[what], ""

    def forward(self, steps: int) -> None:
        """Answer so many questions sensibly, so that random steps meet every part of the long form."""
        for _ in range(steps):
            codes = [
                code for code in self.now if code.startswith("complaint:") and not code.endswith(("=?", "=~", "=@"))
            ]
            asked = codes[0].split("=")[0] if codes else ""
            if codes and asked != "complaint:review":
                self.does(("tap", self.now.index(codes[0])))
            else:
                self.does(
                    ("say", "ថៅកែមិនបើកប្រាក់ខែ") if self.now and "go:back" in self.now else ("code", "complaint:start")
                )

    def does(self, step: Step) -> None:
        if step[0] == "forward":
            self.forward(step[1])
            return
        if step[0] == "desk":
            for one in self.person.complaints[:1]:
                self.person._carry_out(ChangeStatus(one.reference, step[1], "a reason", 1))
            return
        event, mark = self.event(step)
        before = json.loads(self.person.stored)
        routed = self.person.does(event)
        assert routed.says, step
        self.now = [choice.code for say in routed.says for choice in say.choices]
        self.offered += self.now
        assert bubbles(routed, routed.session.language, self.limits)
        for command in routed.commands:
            if isinstance(command, FileComplaint | AddToComplaint | ReopenComplaint):
                self.filed += repr(command)
            if isinstance(command, DeleteMyData):
                self.ledger.clear()
        held = self.person.stored + self.filed
        if let_go(event, before, self.person.stored):
            self.ledger = {one for one in self.ledger if one in held}
        assert not [one for one in self.ledger if one not in held], (step, self.ledger)
        if mark and parts_hold(json.loads(self.person.stored), mark):
            self.ledger.add(mark)


def parts_hold(session: dict[str, Any], mark: str) -> bool:
    """Whether a collected part (not a one-line answer, which a new answer may replace) has the mark."""
    held = [session["loose"]]
    for state in session["states"].values():
        held += [state.get("draft"), state.get("early")]
    return mark in json.dumps(held)


def let_go(event: Event, before: dict[str, Any], after: str) -> bool:
    """Whether the person themselves threw something away in this turn."""
    thrown = isinstance(event, Tapped) and (event.code in ("go:drop", "go:discard") or event.code.endswith("=~"))
    confirmed = before.get("asking") == "cancel" and not json.loads(after)["asking"]
    typed = isinstance(event, Typed)  # by number or label: the same words
    return thrown or confirmed or (typed and shrinks(before, json.loads(after)))


def shrinks(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """A typed number or label may be "Forget it" or "Begin again": then, and only then, held parts become none."""
    was = before.get("loose", [])
    if was and not after["loose"] and after["flow"] == "menu":
        return True
    for name, state in before.get("states", {}).items():
        now = after["states"].get(name, {})
        if state.get("draft") and not now.get("draft") and now.get("answers") == state.get("answers") and now:
            return True
    return False


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.sampled_from(("km", "en")), st.sampled_from(sorted(CHANNELS)), st.lists(STEPS, min_size=3, max_size=25))
@example("km", "messenger", [("forward", 7), *[("word", "Back")] * 5, ("number", 2)])  # out of the form and in again
def test_random_conversations(language: str, channel: str, steps: list[Step]) -> None:
    conversation = Conversation(language, channel)
    for step in steps:
        conversation.does(step)
