"""The chain's walk alone, and the words for what it finds."""

import re
from datetime import UTC, datetime, timedelta

from bot.app import audit as app
from bot.domain.audit import BEGINNING, OFFICER, Act, Fault, Link, Walk, digest

AT = datetime(2026, 11, 22, 8, 30, 15, 123456, tzinfo=UTC)


def act(index: int) -> Act:
    at = AT + timedelta(seconds=index)
    return Act(at, OFFICER, "change_status", 7, "192.0.2.1", "complaint", f"K7Q29MX{index}", "", '{"status": "x"}')


def test_the_walk_alone() -> None:
    walk = Walk()
    one, two = act(1), act(2)
    first = digest(1, one, BEGINNING)
    assert walk.step(Link(1, one, BEGINNING, first)) == []
    assert walk.step(Link(2, two, first, digest(2, two, first))) == []
    assert walk.end(2, digest(2, two, first)) == []
    assert walk.end(2, "f") == [Fault("head", 2, 2)]
    assert walk.end(4, "f") == [Fault("removed", 3, 4)]
    assert Walk().step(Link(1, one, "f", digest(1, one, "f"))) == [Fault("unfit", 1, 1)]
    assert not Link(1, None).sound
    assert not Link(1, Act(AT, OFFICER, "x", place=b"bytes"), BEGINNING, first).sound  # type: ignore[arg-type]  # as a hand may put it into SQLite


def test_every_fault_has_words() -> None:
    several = {"changed", "removed", "inserted", "unfit"}
    for what in ("changed", "removed", "inserted", "unfit", "head", "noted"):
        assert "7" in app.in_words(Fault(what, 7, 7))
        if what in several:
            assert {"7", "9"} <= set(re.findall(r"\d", app.in_words(Fault(what, 7, 9))))
