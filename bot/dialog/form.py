"""A form: a list of questions whose position is derived from the answers, never stored."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bot.dialog.events import Back, Event, Started, Tapped, Typed
from bot.dialog.facts import Facts
from bot.dialog.questions import KEEP, KEEP_LABEL, SKIP, Answered, Answers, Collect, Kept, Part, Question, worth_keeping
from bot.dialog.says import Choice, Say, State, Text, Turn, _
from bot.text import khmer

BACK = Choice("go:back", _("Back"), nav=True)
MENU = Choice("go:menu", _("Menu"), nav=True)
CANCEL = Choice("go:cancel", _("Cancel"), nav=True)
LEFT = "left"
"""The key under which `finish` finds parts that no question asks for any more."""

SEND_LABEL = _("Send it")
EDIT_LABEL = _("Change something")

STALE = Say(_("That button is from an earlier message."))
RESUMED = Say(_("You began this before. I have kept what you told me."))


def picked(text: str, choices: Iterable[Choice], facts: Facts) -> Choice | None:
    """The choice that was typed by its number (navigation has none) or by its label, short or long."""
    shown = list(choices)
    numbered = [choice for choice in shown if not choice.nav]
    number = khmer.number(text)
    if number is not None:
        return numbered[number - 1] if 1 <= number <= len(numbered) else None
    return next((choice for choice in shown if facts.hears(text, choice.label, choice.short)), None)


def unfinished(state: State) -> bool:
    """Whether anything that a person told stands in it: answers, parts, or either of them set aside."""
    return any(state.get(held) for held in ("answers", "draft", "early", "kept"))


@dataclass(frozen=True, slots=True)
class Form:
    """Questions, a review, and what finishing means. A Form is a Flow."""

    name: str
    starts_with: tuple[Text, ...]
    questions: tuple[Question, ...]
    review: Text
    finish: Callable[[Answers, Facts], Turn]
    adopts: str = ""
    """The key of the Collect question that takes what a person sent before the form began."""
    is_open: bool = False

    def start(self, facts: Facts, state: State | None = None) -> Turn:
        """Begin, or go on where an unfinished one was left."""
        begun = unfinished(state or {})
        fresh: dict[str, Any] = dict(state) if begun and state else {"answers": {}, "draft": []}
        if facts.loose and self.adopts:
            fresh["early"] = [*fresh.get("early", ()), *facts.loose]
        tidy = self._tidied(fresh, facts)
        return Turn(tidy, ((RESUMED,) if begun else ()) + (self._ask(tidy, facts),))

    def advance(self, state: State, event: Event, facts: Facts) -> Turn:
        tidy = self._tidied(state, facts)
        if isinstance(event, Back):
            return self._back(tidy, facts)
        if isinstance(event, Started):
            return Turn(tidy, (self._ask(tidy, facts),))
        if isinstance(event, Typed):
            choice = picked(event.text, self._ask(tidy, facts).choices, facts)
            if choice and not choice.ask and choice.code.startswith(self.name + ":"):
                event = Tapped(choice.code)
        if isinstance(event, Tapped):
            return self._tapped(tidy, event, facts)
        question = self.position(tidy, facts)
        if question is None or tidy.get("page"):
            return Turn(tidy, (CHOOSE_HERE, self._ask(tidy, facts)), understood=False)
        return self._heard(tidy, question, event, facts)

    def position(self, state: State, facts: Facts) -> Question | None:
        """The first question that applies and has no answer; None when it is time to review."""
        answers = state["answers"]
        return next((one for one in self.questions if one.when(answers, facts) and one.key not in answers), None)

    def _tapped(self, state: dict[str, Any], event: Tapped, facts: Facts) -> Turn:
        key, _sign, code = event.code.removeprefix(self.name + ":").partition("=")
        question = self.position(state, facts)
        if question is None and key == "review" and code == "send":
            return self.finish(state["answers"] | {LEFT: self._left(state)}, facts)
        if question is None and key == "review" and code == "edit":
            paged = state | {"page": "edit"}
            return Turn(paged, (self._ask(paged, facts),))
        if question is None and key == "edit" and any(one.key == code for one in self._answered(state, facts)):
            forgotten = self._tidied(self._forgotten(state, code), facts)
            return Turn(forgotten, (self._ask(forgotten, facts),))
        if question is None or key != question.key:
            return Turn(state, (STALE, self._ask(state, facts)))
        if code == KEEP and key in state.get("kept", {}):
            return self._answer(state, question, state["kept"][key], facts)
        if code == SKIP and question.optional and not state["draft"]:
            return self._answer(state, question, None, facts)
        return self._heard(state, question, event, facts)

    def _heard(self, state: dict[str, Any], question: Question, event: Event, facts: Facts) -> Turn:
        heard = question.hear(event, state["answers"], tuple(state["draft"]), facts)
        if isinstance(heard, Answered):
            return self._answer(state, question, heard.value, facts)
        if isinstance(heard, Kept):
            grown = state | {"draft": list(heard.draft)}
            asked = self._ask(grown, facts)
            return Turn(grown, (Say(heard.say.text, heard.say.params, asked.choices),))
        early = worth_keeping(event) if self.adopts else []
        if early:  # somebody tells more than was asked: never lost, and given to the question that wants it
            told = state | {"early": [*state.get("early", ()), *early]}
            return Turn(told, (NOTED, self._ask(told, facts)))
        return Turn(state, (heard.say, self._ask(state, facts)), understood=False)

    def _answer(self, state: dict[str, Any], question: Question, value: Any, facts: Facts) -> Turn:
        kept = {key: was for key, was in state.get("kept", {}).items() if key != question.key}
        answered = state | {"answers": state["answers"] | {question.key: value}, "draft": [], "kept": kept}
        tidy = self._tidied(answered, facts)
        return Turn(tidy, (*question.then(tidy["answers"], facts), self._ask(tidy, facts)))

    def _back(self, state: dict[str, Any], facts: Facts) -> Turn:
        if state.get("page"):
            paged = state | {"page": ""}
            return Turn(paged, (self._ask(paged, facts),))
        answered = self._answered(state, facts)
        if not answered:
            return Turn(state, goto="go:menu")
        question = self.position(state, facts)
        if state["draft"] and question:
            state = state | {"draft": [], "kept": state.get("kept", {}) | {question.key: state["draft"]}}
        forgotten = self._tidied(self._forgotten(state, answered[-1].key), facts)
        return Turn(forgotten, (self._ask(forgotten, facts),))

    def _left(self, state: State) -> list[Part]:
        """Parts that no question asks for any more: they are sent all the same, since somebody sent them to us."""
        aside = state.get("kept", {})
        collected = [aside.get(one.key) or () for one in self.questions if isinstance(one, Collect)]
        return [part for parts in (*collected, state.get("early", ())) for part in parts]

    def _forgotten(self, state: dict[str, Any], key: str) -> dict[str, Any]:
        """Without that answer; it is kept aside, so that it can be given again with one tap."""
        question = next(one for one in self.questions if one.key == key)
        gone = (key, *question.forgets)
        was = {one: state["answers"][one] for one in gone if state["answers"].get(one)}
        left = {one: value for one, value in state["answers"].items() if one not in gone}
        return state | {"answers": left, "page": "", "kept": state.get("kept", {}) | was}

    def _answered(self, state: State, facts: Facts) -> list[Question]:
        return [one for one in self.questions if one.key in state["answers"] and one.when(state["answers"], facts)]

    def _tidied(self, state: State, facts: Facts) -> dict[str, Any]:
        """Stored answers re-read through today's form; what no longer fits is set aside and asked again."""
        stored = state.get("answers") or {}
        answers: dict[str, Any] = {}
        for question in self.questions:
            if question.key not in stored or not question.when(answers, facts):
                continue
            if question.read(stored[question.key], answers, facts):
                answers[question.key] = stored[question.key]
        lost = {key: value for key, value in stored.items() if key not in answers and value}
        kept = dict(state.get("kept") or {}) | lost
        tidy: dict[str, Any] = {
            "answers": answers,
            "draft": list(state.get("draft") or ()),
            "page": state.get("page") or "",
            "kept": kept,
        }
        question_now = self.position(tidy, facts)
        if question_now:
            tidy["page"] = ""
        early = list(state.get("early") or ())
        if isinstance(question_now, Collect):
            tidy["draft"] = [*(kept.pop(question_now.key, None) or ()), *tidy["draft"]]
        if early and question_now and question_now.key == self.adopts:
            tidy["draft"], early = [*tidy["draft"], *early], []
        return tidy | ({"early": early} if early else {})

    def _ask(self, state: State, facts: Facts) -> Say:
        """Today's question with its choices, the edit list, or the review."""
        question = self.position(state, facts)
        answers = state["answers"]
        if question is None:
            return self._edit_list(state, facts) if state.get("page") == "edit" else self._review(state, facts)
        draft = tuple(state["draft"])
        asked = question.asked(answers, facts)
        choices = [
            Choice(f"{self.name}:{question.key}={option.code}", option.label, option.short, ask=ask)
            for option, ask in question.options(answers, draft, facts)
        ]
        kept = state.get("kept", {}).get(question.key)
        if kept and not draft and question.read(kept, answers, facts):
            choices.insert(0, Choice(f"{self.name}:{question.key}={KEEP}", KEEP_LABEL))
        if draft and isinstance(question, Collect):
            asked = Say("{lines}", {"lines": (asked, DRAFTED)})
        nav = (BACK, MENU) if self._answered(state, facts) else (MENU,)
        return Say(asked.text, asked.params, (*asked.choices, *choices, *nav))

    def _review(self, state: State, facts: Facts) -> Say:
        answers = state["answers"]
        lines = tuple(
            Say(
                _("{title}: {answer}"), {"title": Say(one.title), "answer": one.shown(answers[one.key], answers, facts)}
            )
            for one in self._answered(state, facts)
            if one.title
        )
        choices = (Choice(f"{self.name}:review=send", SEND_LABEL), Choice(f"{self.name}:review=edit", EDIT_LABEL))
        return Say("{title}\n\n{lines}", {"title": Say(self.review), "lines": lines}, (*choices, CANCEL, BACK))

    def _edit_list(self, state: State, facts: Facts) -> Say:
        choices = tuple(
            Choice(f"{self.name}:edit={one.key}", one.title) for one in self._answered(state, facts) if one.title
        )
        return Say(_("What would you like to change?"), {}, (*choices, BACK))


CHOOSE_HERE = Say(_("Please choose one of these. You can tap it or type its number."))
NOTED = Say(_("I have kept that for your complaint."))
DRAFTED = Say(_("I have kept what you have sent so far."))
