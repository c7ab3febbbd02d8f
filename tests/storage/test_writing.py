"""Transactions that share a commit: what one of them does wrong, or waits for, is nobody else's loss."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from functools import partial

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from storage.db import Database, Work
from tests.support.busy import busy

TAKE = "INSERT INTO lease (name, holder, until) VALUES (:name, :holder, '2026-11-22 00:00:00+00:00')"


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def put(name: str, connection: Connection) -> str:
    connection.execute(text(TAKE), {"name": name, "holder": "a"})
    return name


def there(db: Database) -> set[str]:
    return db.read_now(lambda connection: set(connection.scalars(text("SELECT name FROM lease"))))


async def together(db: Database, *works: Work[object]) -> list[object]:
    with busy(db):
        waiting = [asyncio.ensure_future(db.write(work)) for work in works]
        await asyncio.sleep(0.05)
    return list(await asyncio.gather(*waiting, return_exceptions=True))


async def test_a_batch_is_one_commit(db: Database) -> None:
    commits: list[int] = []

    def counted(number: int, connection: Connection) -> int:
        commits.append(id(connection))
        return number

    assert await together(db, *(partial(counted, number) for number in range(20))) == list(range(20))
    assert len(set(commits)) == 1, "one connection, one transaction"


async def test_what_waits_together_is_one_call(db: Database) -> None:
    calls: list[list[int]] = []

    def doubled(_connection: Connection, numbers: Sequence[int]) -> list[int]:
        calls.append(list(numbers))
        if 13 in numbers:
            raise ValueError("not that one")
        return [2 * number for number in numbers]

    with busy(db):
        waiting = [asyncio.ensure_future(db.write_together(doubled, number)) for number in (1, 2, 3)]
        await asyncio.sleep(0.05)
    assert await asyncio.gather(*waiting) == [2, 4, 6]
    assert calls == [[1, 2, 3]]
    with busy(db):
        waiting = [asyncio.ensure_future(db.write_together(doubled, number)) for number in (1, 13, 3)]
        await asyncio.sleep(0.05)
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [results[0], type(results[1]), results[2]] == [2, ValueError, 6], "and each alone, when one fails"


async def test_the_fault_of_one_is_its_own(db: Database) -> None:
    def refused(connection: Connection) -> None:
        put("of the refused", connection)
        raise ValueError("refused")

    results = await together(db, partial(put, "first"), refused, partial(put, "last"), partial(put, "first"))
    assert results[0] == "first"
    assert results[2] == "last"
    assert [type(result).__name__ for result in (results[1], results[3])] == ["ValueError", "IntegrityError"]
    assert there(db) == {"first", "last"}


async def test_who_waits_no_more_is_left_out(db: Database) -> None:
    with busy(db):
        gone = asyncio.ensure_future(db.write(partial(put, "gone")))
        kept = asyncio.ensure_future(db.write(partial(put, "kept")))
        await asyncio.sleep(0.05)
        gone.cancel()
        await asyncio.sleep(0)
    assert await kept == "kept"
    assert there(db) == {"kept"}


async def test_a_row_held_elsewhere_holds_up_only_who_wants_it(postgresql_url: str) -> None:
    one, other = Database(postgresql_url), Database(postgresql_url)
    held = text("UPDATE lease SET holder = 'b' WHERE name = 'held'")
    one.write_now(partial(put, "held"))
    try:
        with other.engine.begin() as connection:
            connection.execute(held)
            results = await together(one, partial(put, "first"), lambda each: each.execute(held), partial(put, "last"))
        assert results[0] == "first"
        assert isinstance(results[1], OperationalError)
        assert "lock timeout" in str(results[1])
        assert results[2] == "last"
        assert one.write_now(lambda each: each.execute(held).rowcount) == 1, "and later it may"
    finally:
        one.close()
        other.close()


async def test_two_services_that_want_each_others_rows(postgresql_url: str) -> None:
    """PostgreSQL ends one of the two batches; both come through all the same."""
    one, other = Database(postgresql_url), Database(postgresql_url)
    for name in ("left", "right"):
        one.write_now(partial(put, name))
    meet = threading.Barrier(2, timeout=10)

    def add(name: str, connection: Connection) -> None:
        connection.execute(text("UPDATE lease SET holder = holder || 'x' WHERE name = :name"), {"name": name})

    def met(_connection: Connection) -> None:
        if not meet.broken:
            try:
                meet.wait()
            except threading.BrokenBarrierError:
                return
            meet.abort()

    try:
        results = await asyncio.gather(
            together(one, partial(add, "left"), met, partial(add, "right")),
            together(other, partial(add, "right"), met, partial(add, "left")),
        )
        assert [*results[0], *results[1]] == [None] * 6
        names = one.read_now(lambda each: list(each.execute(text("SELECT name, holder FROM lease ORDER BY name"))))
        assert [tuple(row) for row in names] == [("left", "axx"), ("right", "axx")]
    finally:
        one.close()
        other.close()
