"""The routing table: where a complaint goes, what is wrong with a table, and what a new one changes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fingerprint import fingerprint
from bot.domain.routing import (
    ABOUTS,
    MISCONDUCT,
    NATIONAL,
    SUBCOMMITTEE,
    Case,
    ExampleUnreadable,
    Line,
    Office,
    Routed,
    Rule,
    changes,
    check_rules,
    complained_of,
    matches,
    read_example,
    route,
    write_example,
)

DESK, TH, KR, KH = Office(1, NATIONAL, "KH"), Office(2, SUBCOMMITTEE, "TH"), Office(3, SUBCOMMITTEE, "KR"), Office(
    4, SUBCOMMITTEE, "KH"
)  # fmt: skip
OFFICES = (DESK, TH, KR, KH)
WAGES = Case("TH", "WAGE_UNPAID", "employer")
BRIBE = Case("TH", MISCONDUCT, "official")

COUNTRIES = st.sampled_from(["TH", "KR", "KH", "JP"])
CATEGORIES = st.sampled_from(["WAGE_UNPAID", "NON_DEPLOYMENT", MISCONDUCT])
PROVINCES = st.sampled_from(["", "កំពង់ចាម", "កំពង់ចាម\u200b", "ព្រៃវែង", "Battambang", "battambang "])
CASES = st.builds(
    Case, COUNTRIES, CATEGORIES, st.sampled_from(ABOUTS), PROVINCES, st.one_of(st.none(), st.integers(1, 6))
)
MADE_OFFICES = st.lists(
    st.tuples(st.sampled_from([SUBCOMMITTEE, SUBCOMMITTEE, NATIONAL]), COUNTRIES, st.booleans()), max_size=6
).map(lambda found: [Office(number, *one) for number, one in enumerate(found, 1)])
ANY = st.just("")


def made_rules(examples: st.SearchStrategy[Case | None]) -> st.SearchStrategy[list[Rule]]:
    one = st.tuples(
        st.integers(0, 7), ANY | COUNTRIES, ANY | PROVINCES, ANY | CATEGORIES, ANY | st.sampled_from(ABOUTS), examples
    )
    return st.lists(one, max_size=8).map(lambda found: [Rule(number, *rule) for number, rule in enumerate(found, 1)])


@given(CASES, made_rules(st.none()), MADE_OFFICES)
def test_a_complaint_is_routed(case: Case, rules: Sequence[Rule], offices: Sequence[Office]) -> None:
    """Never to an office complained of, never to one that is not active; the first rule that can; else the desk."""
    routed = route(case, rules, offices)
    known = {office.id: office for office in offices}
    if routed.office is not None:
        assert known[routed.office].active
        assert not complained_of(case, known[routed.office])
    able = [
        rule
        for rule in rules
        if matches(rule, case)
        and rule.office_id in known
        and known[rule.office_id].active
        and not complained_of(case, known[rule.office_id])
    ]
    if able:
        assert routed == Routed(able[0].office_id, able[0].id)
    else:
        assert routed.rule is None
        desks = [one.id for one in offices if one.kind == NATIONAL and one.active and not complained_of(case, one)]
        assert routed.office == (desks[0] if desks else None)


@given(CASES, made_rules(st.none()), MADE_OFFICES, st.data())
def test_an_official_of_a_country_is_never_judged_there(
    case: Case, rules: Sequence[Rule], offices: Sequence[Office], data: st.DataObject
) -> None:
    about = data.draw(st.sampled_from([replace(case, about="official"), replace(case, category=MISCONDUCT)]))
    routed = route(replace(about, about_office=None), rules, offices)
    there = {office.id for office in offices if office.country == case.country and office.kind != NATIONAL}
    assert routed.office not in there


@given(made_rules(st.none() | CASES.map(lambda case: replace(case, about_office=None))), MADE_OFFICES)
def test_a_table_without_faults_takes_its_own_test_lines(rules: Sequence[Rule], offices: Sequence[Office]) -> None:
    verdicts = check_rules(rules, offices)
    assert [one.rule for one in verdicts] == list(rules)
    for one in verdicts:
        assert one.goes == (route(one.rule.example, rules, offices) if one.rule.example else None)
        if not one.faults:
            assert one.reached
        if one.reached:
            assert not {fault.what for fault in one.faults}, "what a test line reaches is not unreachable"


@given(CASES.map(lambda case: replace(case, about_office=None)), made_rules(st.none()), MADE_OFFICES)
def test_what_is_called_unreachable_takes_nothing(case: Case, rules: Sequence[Rule], offices: Sequence[Office]) -> None:
    dead = {one.rule.id for one in check_rules(rules, offices) if {f.what for f in one.faults} - {"no_example"}}
    assert route(case, rules, offices).rule not in dead


def faults(*rules: Rule, offices: Sequence[Office] = OFFICES) -> list[list[tuple[str, int]]]:
    return [[(fault.what, fault.by) for fault in one.faults] for one in check_rules(rules, offices)]


def test_each_fault_is_told() -> None:
    good = Rule(1, 2, "TH", example=WAGES)
    assert faults(good) == [[]]
    assert faults(replace(good, office_id=9)) == [[("unknown_office", 0), ("example_elsewhere", 0)]]
    asleep = replace(TH, active=False)
    assert faults(good, offices=(DESK, asleep)) == [[("inactive_office", 0), ("example_elsewhere", 0)]]
    assert faults(replace(good, about="official", example=BRIBE)) == [[("about_itself", 0), ("example_elsewhere", 0)]]
    assert faults(good, replace(good, id=2))[1] == [("duplicate", 1), ("example_elsewhere", 1)]
    narrow = Rule(2, 2, "TH", category="WAGE_UNPAID", example=WAGES)
    assert faults(good, narrow)[1] == [("unreachable", 1), ("example_elsewhere", 1)]
    assert faults(replace(good, example=None)) == [[("no_example", 0)]]
    assert faults(replace(good, example=Case("KR", "WAGE_UNPAID", "employer"))) == [[("example_unlike", 0)]]
    early = Rule(1, 4, about="employer", example=Case("KR", "DEBT", "employer"))
    assert faults(early, replace(good, id=2))[1] == [("example_elsewhere", 1)]


def test_a_rule_behind_the_office_complained_of_can_be_reached() -> None:
    """Complaints about officials in Thailand pass the office in Thailand, and go on to the rule after it."""
    first, second = Rule(1, 2, "TH", example=WAGES), Rule(2, 4, "TH", example=BRIBE)
    assert faults(first, second) == [[], []]
    debt = replace(second, about="employer", category="DEBT", example=Case("TH", "DEBT", "employer"))
    assert faults(first, debt)[1][0] == ("unreachable", 1)
    asleep = replace(TH, active=False)
    assert faults(first, replace(second, example=WAGES), offices=(DESK, asleep, KH))[1] == []


@given(CASES)
def test_a_test_line_is_kept_as_json(case: Case) -> None:
    assert read_example(write_example(case)) == replace(case, about_office=None)
    assert read_example(write_example(None)) is None


@pytest.mark.parametrize("text", ["x", "[]", "3", '{"country": 3}', '{"country": "' + "x" * 200 + '"}', "[" * 100_000])
def test_what_is_no_test_line_is_refused(text: str) -> None:
    with pytest.raises(ExampleUnreadable):
        read_example(text)


def test_changes_are_told() -> None:
    thailand, korea, agency = Line("th", "TH"), Line("kr", "KR"), Line("kh", about="agency")
    assert changes([thailand, korea], [thailand, korea]) == []
    assert changes([thailand], [thailand, korea]) == [("added", korea)]
    assert changes([thailand, korea], [korea]) == [("removed", thailand)]
    elsewhere = replace(thailand, office="kh")
    assert changes([thailand, korea], [elsewhere, korea]) == [("changed", elsewhere)]
    moved = changes([thailand, korea, agency], [agency, thailand, korea])
    assert moved == [("moved", agency)]
    assert fingerprint([thailand, korea]) != fingerprint([korea, thailand])
    assert fingerprint((thailand,)) == fingerprint([replace(thailand)])
