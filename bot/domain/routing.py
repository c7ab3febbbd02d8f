"""Which sub-committee a complaint goes to: rules in order, and never the post complained of."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.text import khmer

NATIONAL = "national"
SUBCOMMITTEE = "subcommittee"
OFFICE_KINDS = (SUBCOMMITTEE, NATIONAL)
HOME = "KH"
ABOUT_OFFICIAL = "official"
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
    """Empty means any. `province` is compared as Khmer text is; `about` is employer, agency, official or other."""

    id: int
    office_id: int
    country: str = ""
    province: str = ""
    category: str = ""
    about: str = ""


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


def matches(rule: Rule, case: Case) -> bool:
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
