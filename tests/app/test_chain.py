"""The chain of the audit: whatever is done to the table behind the service's back is found, with its row's number."""

import hashlib
import io
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, text

from bot.app import audit as app
from bot.app.export import complaints as export
from bot.domain.audit import BEGINNING, OFFICER, SYSTEM, Act, Fault, digest
from storage import audit
from storage.columns import KEYRING
from storage.db import Database
from tests.support.service import SECRET_KEYS

PHNOM_PENH = timezone(timedelta(hours=7))
AT = datetime(2026, 11, 22, 8, 30, 15, 123456, tzinfo=UTC)
HASHED = ("at", "actor", "staff_id", "place", "action", "subject_kind", "subject", "before", "after")
"""In this order, after the row's number and before the digest of the row before it; see docs/security.md."""


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    KEYRING.use([SECRET_KEYS])
    with closing(Database(database_url)) as opened:
        yield opened


def act(index: int) -> Act:
    at = AT + timedelta(seconds=index)
    return Act(at, OFFICER, "change_status", 7, "192.0.2.1", "complaint", f"K7Q29MX{index % 10}", "", '{"status": "x"}')


FIRST = "2c103f0d06687f8e0d01be00c3480b41e40204ac2496443a4eb4d433961cdbdc"
"""Of `act(0)` as the first row."""


def by_the_book(number: int, values: dict[str, object], previous: str) -> str:
    """The digest as anybody can compute it, with nothing of the service's."""
    line = [number, *(values[name] for name in HASHED), previous]
    return hashlib.sha256(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def told(act: Act) -> dict[str, object]:
    """Its values as they are hashed."""
    values = {name: getattr(act, name) for name in HASHED}
    return {**values, "at": act.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")}


def fill(db: Database, count: int) -> None:
    def work(connection: Connection) -> None:
        for index in range(count):
            audit.append(connection, act(index))

    db.write_now(work)


def by_hand(db: Database, *statements: str) -> None:
    """What somebody with the database's password does."""

    def work(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    db.write_now(work)


def found(db: Database, noted: tuple[int, str] | None = None) -> list[tuple[str, int, int]]:
    return [(one.what, one.first, one.last) for one in app.verify(db, noted=noted).faults]


def digest_at(db: Database, number: int) -> str:
    link = db.read_now(lambda c: audit.link(c, number))
    assert link is not None
    return link.hash


def test_an_untouched_chain_is_sound(db: Database) -> None:
    assert app.verify(db) == app.Verdict(0, 0, "")
    fill(db, 12)
    verdict = app.verify(db)
    assert verdict.sound
    assert (verdict.rows, verdict.number, verdict.digest) == (12, 12, digest_at(db, 12))
    assert app.verify(db, noted=(7, digest_at(db, 7))).sound


def test_each_digest_is_what_anybody_computes(db: Database) -> None:
    odd = Act(AT.astimezone(PHNOM_PENH), SYSTEM, "breach_clock", None, "", "", 'ក"\\\n', '{"a": 1}', "é\u2028😀")
    fill(db, 3)
    db.write_now(lambda connection: audit.append(connection, odd))
    previous = "0" * 64
    for number, one in enumerate((act(0), act(1), act(2), odd), 1):
        made = by_the_book(number, told(one), previous)
        assert (digest_at(db, number), digest(number, one, previous)) == (made, made)
        previous = made
    assert db.read_now(audit.head) == audit.Head(4, previous)
    assert by_the_book(1, told(act(0)), "0" * 64) == FIRST, "a digest that was written down once stays what it is"
    columns = set(audit.AUDIT.c.keys())
    assert columns == {"id", *HASHED, "previous", "hash"}, "a new column is to be hashed too"


SWAP = tuple(f"UPDATE audit SET id = {then} WHERE id = {now}" for now, then in ((3, -1), (6, 3), (-1, 6)))
CHANGED = {
    "at": "'2026-11-22 00:00:00.000000+00:00'",
    "actor": "'system'",
    "staff_id": "8",
    "place": "place || ' '",
    "action": "'add_note'",
    "subject_kind": "'page'",
    "subject": "'OTHER'",
    "before": "'{}'",
    "after": "replace(after, 'x', 'y')",
    "previous": "'f'",
    "hash": "'f'",
}
"""Another value for each column."""
SWAP_CONTENT = (
    "UPDATE audit SET subject = 'SWAPPED' WHERE id = 3",
    "UPDATE audit SET subject = (SELECT subject FROM audit WHERE id = 3) WHERE id = 6",
)


@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        *(([f"UPDATE audit SET {name} = {value} WHERE id = 5"], [("changed", 5, 5)])
          for name, value in CHANGED.items()),
        (["UPDATE audit SET staff_id = NULL WHERE id = 1"], [("changed", 1, 1)]),
        (["UPDATE audit SET place = place || ' ' WHERE id = 10"], [("changed", 10, 10)]),
        (["UPDATE audit SET actor = 'system' WHERE id IN (4, 5, 6, 9)"], [("changed", 4, 6), ("changed", 9, 9)]),
        (["DELETE FROM audit WHERE id = 4"], [("removed", 4, 4)]),
        (["DELETE FROM audit WHERE id = 1"], [("removed", 1, 1)]),
        (["DELETE FROM audit WHERE id = 10"], [("removed", 10, 10)]),
        (["DELETE FROM audit WHERE id > 7"], [("removed", 8, 10)]),
        (["DELETE FROM audit WHERE id IN (2, 3, 6)"], [("removed", 2, 3), ("removed", 6, 6)]),
        (["DELETE FROM audit"], [("removed", 1, 10)]),
        (SWAP, [("changed", 3, 3), ("changed", 6, 6)]),
        (SWAP_CONTENT, [("changed", 3, 3), ("changed", 6, 6)]),
        (["UPDATE audit_head SET hash = 'f'"], [("head", 10, 10)]),
        (["UPDATE audit_head SET last = 12"], [("removed", 11, 12)]),
        (["UPDATE audit_head SET last = 8"], [("head", 8, 8), ("inserted", 9, 10)]),
        (["DELETE FROM audit_head"], [("head", 10, 10)]),
        (
            ["DELETE FROM audit WHERE id = 3", "UPDATE audit SET at = at WHERE id = 4",
             "UPDATE audit SET place = '' WHERE id = 8", "UPDATE audit_head SET hash = 'f'"],
            [("removed", 3, 3), ("changed", 8, 8), ("head", 10, 10)],
        ),
    ],
    ids=lambda value: value[0][:60] if isinstance(value[0], str) else "",
)  # fmt: skip
def test_what_was_done_by_hand_is_found(
    db: Database, statements: list[str], faults: list[tuple[str, int, int]]
) -> None:
    fill(db, 10)
    by_hand(db, *statements)
    assert found(db) == faults


def test_every_column_is_tried() -> None:
    assert {"id", *CHANGED} == set(audit.AUDIT.c.keys())


def rewrite(db: Database, number: int, *, on: int = 0, subject: str = "REWRITTEN") -> None:
    """What somebody does who knows how digests are made: the row fits itself again, and so do `on` rows after it."""

    def work(connection: Connection) -> None:
        for at in range(number, number + on + 1):
            link = audit.link(connection, at)
            before = audit.link(connection, at - 1)
            assert link is not None
            assert link.act is not None
            changed = {"number": at, "subject": subject if at == number else link.act.subject}
            previous = before.hash if before else BEGINNING
            made = by_the_book(at, {**told(link.act), "subject": changed["subject"]}, previous)
            connection.execute(
                text("UPDATE audit SET subject = :subject, previous = :previous, hash = :hash WHERE id = :number"),
                {**changed, "previous": previous, "hash": made},
            )

    db.write_now(work)


def test_a_row_with_a_new_digest_does_not_fit_the_next(db: Database) -> None:
    fill(db, 10)
    rewrite(db, 4)
    assert found(db) == [("unfit", 4, 5)]
    rewrite(db, 4, on=3)
    assert found(db) == [("unfit", 7, 8)], "the seam moves to where the rewriting ended"
    rewrite(db, 10)
    assert found(db) == [("unfit", 7, 8), ("head", 10, 10)]


def test_a_chain_that_was_rewritten_whole_is_found_by_a_digest_written_down(db: Database) -> None:
    fill(db, 10)
    noted = [(number, digest_at(db, number)) for number in (3, 10)]
    rewrite(db, 4, on=6)
    by_hand(db, "UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE id = 10)")
    assert found(db) == [], "the chain alone cannot know"
    assert found(db, noted[0]) == [], "what was written down before it still stands"
    assert found(db, noted[1]) == [("noted", 10, 10)]
    by_hand(db, "DELETE FROM audit", "DELETE FROM audit_head")
    assert found(db) == []
    assert found(db, noted[0]) == [("noted", 3, 3)]


def test_a_row_that_was_put_in(db: Database) -> None:
    fill(db, 3)
    copied = ", ".join(("previous", "hash", *audit.CONTENT))
    for number in (0, 4):
        by_hand(db, f"INSERT INTO audit (id, {copied}) SELECT {number}, {copied} FROM audit WHERE id = 2")
    assert found(db) == [("inserted", 0, 0), ("inserted", 4, 4)]


def test_a_row_that_cannot_be_read_is_a_changed_one(db: Database) -> None:
    """A moment that is none; the other rows are looked at all the same."""
    fill(db, 6)
    wrong = "'no moment'" if db.is_sqlite else "'infinity'"
    by_hand(db, f"UPDATE audit SET at = {wrong} WHERE id = 2", "DELETE FROM audit WHERE id = 5")
    assert found(db) == [("changed", 2, 2), ("removed", 5, 5)]
    if db.is_sqlite:
        by_hand(db, "UPDATE audit SET place = CAST(X'FF' AS TEXT) WHERE id = 3")
        assert found(db) == [("changed", 2, 3), ("removed", 5, 5)]


def test_all_faults_are_counted_and_the_first_ones_told(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(db, 40)
    monkeypatch.setattr(app, "MOST_FAULTS", 5)
    monkeypatch.setattr(app, "PAGE", 7)
    by_hand(db, "DELETE FROM audit WHERE id % 4 = 0")
    verdict = app.verify(db)
    assert [one.first for one in verdict.faults] == [4, 8, 12, 16, 20]
    assert verdict.more == 5
    assert verdict.rows == 30


def test_the_newest_rows_alone(db: Database) -> None:
    fill(db, 30)
    by_hand(db, "UPDATE audit SET place = '' WHERE id = 5", "UPDATE audit SET place = '' WHERE id = 25")
    verdict = db.read_now(lambda c: app.verify_newest(c, 10))
    assert (verdict.rows, verdict.faults) == (10, (Fault("changed", 25, 25),))
    assert db.read_now(lambda c: app.verify_newest(c, 25)).faults == (Fault("changed", 25, 25),), "row 5 is before it"
    whole = (Fault("changed", 5, 5), Fault("changed", 25, 25))
    assert db.read_now(lambda c: app.verify_newest(c, 100)).faults == whole
    rewrite(db, 20)
    assert Fault("unfit", 20, 21) in db.read_now(lambda c: app.verify_newest(c, 10)).faults, "with the row before"


def test_what_is_recorded_during_the_walk_is_no_fault(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(db, 20)
    monkeypatch.setattr(app, "PAGE", 6)

    def read(work: Callable[[Connection], object]) -> object:
        answered = db.read_now(work)
        fill(db, 1)
        return answered

    verdict = app.examine(read)
    assert verdict.sound
    assert verdict.rows >= 20
    assert app.verify(db).sound


def test_a_transaction_that_fails_leaves_no_gap(db: Database) -> None:
    fill(db, 2)

    def fails(connection: Connection) -> None:
        audit.append(connection, act(3))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        db.write_now(fails)
    fill(db, 1)
    verdict = app.verify(db)
    assert verdict.sound
    assert verdict.number == 3


def test_two_services_at_once_make_one_chain(postgresql_url: str) -> None:
    """Also from nothing, when both of them begin it."""
    KEYRING.use([SECRET_KEYS])
    each, problems = 150, list[BaseException]()
    start = threading.Barrier(2)

    def service() -> None:
        try:
            with closing(Database(postgresql_url)) as db:
                start.wait(10)
                for index in range(each):
                    fill(db, 1 + index % 2)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=service) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    with closing(Database(postgresql_url)) as db:
        verdict = app.verify(db)
        assert verdict.sound
        assert verdict.rows == verdict.number == 2 * (each // 2 * 3)


def test_ten_thousand_rows_in_flat_memory(db: Database) -> None:
    rows = 10_000

    def work(connection: Connection) -> None:
        previous, made = BEGINNING, list[dict[str, object]]()
        for number in range(1, rows + 1):
            one = act(number)
            made.append({"id": number, **{name: getattr(one, name) for name in audit.CONTENT}, "previous": previous})
            previous = str(made[-1].setdefault("hash", by_the_book(number, told(one), previous)))
        connection.execute(audit.AUDIT.insert(), made)
        connection.execute(audit.AUDIT_HEAD.insert(), {"id": 1, "last": rows, "hash": previous})

    db.write_now(work)
    app.verify(db)  # what is loaded once is no growth
    tracemalloc.start()
    try:
        assert db.read_now(lambda c: app.verify_newest(c, 2000)).sound
        fifth = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        verdict = app.verify(db)
        whole = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert verdict.sound
    assert verdict.rows == rows
    assert whole < 1.5 * fifth + 100_000, (fifth, whole)


def test_an_export_is_recorded_before_it_leaves(db: Database) -> None:
    out = io.StringIO()
    assert export(db, out) == 0
    [row] = db.read_now(lambda c: audit.listed(c, audit.Wanted()))
    assert (row.actor, row.action, row.place) == (SYSTEM, "export_complaints", "command line")
    assert row.after == '{"format": "jsonl"}'
    assert app.verify(db).sound
