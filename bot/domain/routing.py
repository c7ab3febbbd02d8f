"""Which sub-committee a complaint goes to: rules in order, and never the post complained of."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import DomainError
from bot.text import khmer

NATIONAL = "national"
SUBCOMMITTEE = "subcommittee"
HOME = "KH"
ABOUT_OFFICIAL = "official"
ABOUTS = ("employer", "agency", ABOUT_OFFICIAL, "other")
MISCONDUCT = "OFFICIAL_MISCONDUCT"


@dataclass(frozen=True, slots=True)
class Office:
    """A labour sub-committee, or the national desk. `country`: where it sits, as an ISO code."""

    id: int
    kind: str
    country: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """Empty means any. `province` is compared as Khmer text is; `about` is employer, agency, official or other.

    `example`: the test line, a complaint that this rule must take.
    """

    id: int
    office_id: int
    country: str = ""
    province: str = ""
    category: str = ""
    about: str = ""
    example: "Case | None" = None


@dataclass(frozen=True, slots=True)
class Case:
    """What routing looks at. `about_office`: the office complained of, once somebody has said which."""

    country: str
    category: str
    about: str
    province: str = ""
    about_office: int | None = None

    @property
    def about_an_official(self) -> bool:
        return self.about == ABOUT_OFFICIAL or self.category == MISCONDUCT


@dataclass(frozen=True, slots=True)
class Routed:
    """`office` None: there is no office at all that may have it. `rule` None: no rule took it."""

    office: int | None
    rule: int | None = None


def complained_of(case: Case, office: Office) -> bool:
    """Whether the complaint is about this office, or may be: a worker rarely knows which post an official is of."""
    if case.about_office is not None:
        return case.about_office == office.id
    return case.about_an_official and office.kind != NATIONAL and office.country == case.country


def matches(rule: Rule, case: Case | Rule) -> bool:
    """Whether the rule's conditions hold for a complaint; or wherever another rule's do."""
    return (
        rule.country in ("", case.country)
        and rule.category in ("", case.category)
        and rule.about in ("", case.about)
        and (not rule.province or khmer.comparable(rule.province) == khmer.comparable(case.province))
    )


def route(case: Case, rules: Sequence[Rule], offices: Sequence[Office]) -> Routed:
    """The first rule whose office may have it; else the national desk."""
    may = {office.id: office for office in offices if office.active and not complained_of(case, office)}
    for rule in rules:
        if rule.office_id in may and matches(rule, case):
            return Routed(rule.office_id, rule.id)
    return Routed(next((office.id for office in may.values() if office.kind == NATIONAL), None))


# --- the table as it is kept, written and compared ------------------------------------------------------------------

CONDITIONS = ("country", "province", "category", "about")
MOST_RULES = 200
NOTE_LIMIT = PROVINCE_LIMIT = 120
"""Code points."""


class ExampleUnreadable(DomainError):
    """That is no test line."""


@dataclass(frozen=True, slots=True)
class Line:
    """A rule as it is written: its office by its code, which stays when the database is another."""

    office: str
    country: str = ""
    province: str = ""
    category: str = ""
    about: str = ""
    note: str = ""
    example: Case | None = None


def write_example(case: Case | None) -> str:
    """A test line as JSON of the four conditions; empty when there is none."""
    return json.dumps({name: getattr(case, name) for name in CONDITIONS}, ensure_ascii=False) if case else ""


def read_example(text: str) -> Case | None:
    """Its reverse. Raises ExampleUnreadable."""
    if not text:
        return None
    try:
        found = json.loads(text)
        values = {name: found.get(name, "") for name in CONDITIONS}
    except (ValueError, AttributeError, RecursionError):
        raise ExampleUnreadable from None
    if not all(isinstance(value, str) and len(value) <= PROVINCE_LIMIT for value in values.values()):
        raise ExampleUnreadable
    return Case(**values)


def changes(before: Sequence[Line], after: Sequence[Line]) -> list[tuple[str, Line]]:
    """What a new table does to the old: `added`, `changed` (same conditions), `moved` or `removed`, with the rule."""
    was, will = _keyed(before), _keyed(after)
    blocks = difflib.SequenceMatcher(None, list(was), list(will), autojunk=False).get_matching_blocks()
    stayed = {key for block in blocks for key in list(will)[block.b : block.b + block.size]}
    found: list[tuple[str, Line]] = []
    for key, line in will.items():
        if key not in was:
            found.append(("added", line))
        elif was[key] != line:
            found.append(("changed", line))
        elif key not in stayed:
            found.append(("moved", line))
    return found + [("removed", line) for key, line in was.items() if key not in will]


def _keyed(lines: Sequence[Line]) -> dict[tuple[str, ...], Line]:
    """By the conditions, and which of those with the same conditions it is."""
    made: dict[tuple[str, ...], Line] = {}
    for line in lines:
        conditions = (line.country, khmer.comparable(line.province), line.category, line.about)
        number = 0
        while (*conditions, str(number)) in made:
            number += 1
        made[(*conditions, str(number))] = line
    return made


# --- what is wrong with a table -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, as a code; `at`: the rule's or the line's number; `by`: the rule that is why, 0 the desk."""

    what: str
    at: int = 0
    by: int = 0
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the test line of a rule goes (None: there is none), and what is wrong with the rule."""

    rule: Rule
    goes: Routed | None
    faults: tuple[Fault, ...] = ()

    @property
    def reached(self) -> bool:
        return self.goes is not None and self.goes.rule == self.rule.id


def check_rules(rules: Sequence[Rule], offices: Sequence[Office]) -> list[Verdict]:
    """Each rule tried with its test line, in the order of the table. A rule's `id` is its number there, from 1.

    Faults: unknown_office, inactive_office, about_itself (every complaint it takes is about its own office), duplicate,
    unreachable (an earlier rule takes everything it takes), no_example, example_unlike (the rule's own conditions do
    not take its test line), example_elsewhere (another takes it).
    """
    known = {office.id: office for office in offices}
    return [_verdict(rule, rules[:index], rules, known) for index, rule in enumerate(rules)]


def _verdict(rule: Rule, earlier: Sequence[Rule], rules: Sequence[Rule], known: Mapping[int, Office]) -> Verdict:
    found: list[Fault] = []
    office = known.get(rule.office_id)
    if office is None:
        found.append(Fault("unknown_office", rule.id))
    elif not office.active:
        found.append(Fault("inactive_office", rule.id))
    elif _only_about(rule, office):
        found.append(Fault("about_itself", rule.id))
    twin = next((one for one in earlier if one.office_id == rule.office_id and _same(one, rule)), None)
    over = next((one for one in earlier if _takes_all_of(one, rule, known)), None)
    if twin is not None:
        found.append(Fault("duplicate", rule.id, twin.id))
    elif over is not None:
        found.append(Fault("unreachable", rule.id, over.id))
    if rule.example is None:
        return Verdict(rule, None, (*found, Fault("no_example", rule.id)))
    goes = route(rule.example, rules, list(known.values()))
    if not matches(rule, rule.example):
        found.append(Fault("example_unlike", rule.id, goes.rule or 0))
    elif goes.rule != rule.id:
        found.append(Fault("example_elsewhere", rule.id, goes.rule or 0))
    return Verdict(rule, goes, tuple(found))


def _same(one: Rule, other: Rule) -> bool:
    return matches(one, other) and matches(other, one)


def _may_be_about(rule: Rule, office: Office) -> bool:
    """Whether a complaint that the rule takes can be about that office."""
    official = rule.about in ("", ABOUT_OFFICIAL) or rule.category in ("", MISCONDUCT)
    return office.kind != NATIONAL and rule.country in ("", office.country) and official


def _only_about(rule: Rule, office: Office) -> bool:
    official = rule.about == ABOUT_OFFICIAL or rule.category == MISCONDUCT
    return office.kind != NATIONAL and rule.country == office.country and official


def _takes_all_of(earlier: Rule, rule: Rule, known: Mapping[int, Office]) -> bool:
    """What is about the earlier rule's office passes on to this one, unless its office is of the same country."""
    first, second = known.get(earlier.office_id), known.get(rule.office_id)
    if first is None or not first.active or not matches(earlier, rule):
        return False
    passes = second is None or second.kind == NATIONAL or second.country != first.country
    return not (_may_be_about(rule, first) and passes)
