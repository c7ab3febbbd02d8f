"""Migrations and columns on both databases: up, down, up again; the models' schema; aware moments; keys that rotate."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import StatementError

from storage import leases, people, seeding
from storage.centres import CENTRE
from storage.columns import KEYRING
from storage.db import Database, make_engine
from storage.migrating import downgrade, is_current, upgrade
from storage.models import METADATA
from storage.people import ADDRESS, PERSON
from tests.support.service import SECRET_KEYS

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = make_engine(url, pool=1)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    KEYRING.use([SECRET_KEYS])
    made = Database(database_url, pool=2)
    yield made
    made.close()


def tables_of(url: str) -> set[str]:
    with engine_of(url) as engine:
        return set(inspect(engine).get_table_names())


def test_up_down_and_up_again(database_url: str) -> None:
    everything = set(METADATA.tables) | {"alembic_version"}
    assert tables_of(database_url) == everything
    downgrade(database_url)
    assert tables_of(database_url) == {"alembic_version"}
    upgrade(database_url)
    assert tables_of(database_url) == everything
    with engine_of(database_url) as engine, engine.connect() as connection:
        assert is_current(connection)


def test_the_migrated_schema_is_the_models_schema(database_url: str) -> None:
    with engine_of(database_url) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_database_without_schema_is_not_current(tmp_path: Path) -> None:
    with engine_of(f"sqlite:///{tmp_path}/empty.sqlite") as engine, engine.connect() as connection:
        assert not is_current(connection)


def test_moments_are_aware_and_come_back_in_utc(db: Database) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=7)))
    here = db.write_now(lambda connection: people.enter(connection, "phone", "a", local))
    stored = db.read_now(lambda connection: connection.scalar(select(ADDRESS.c.created_at)))
    assert stored is not None
    assert (stored, stored.tzinfo, here.is_new) == (NOW, UTC, True)
    with pytest.raises(StatementError, match="naive"):
        db.write_now(lambda connection: people.enter(connection, "phone", "b", NOW.replace(tzinfo=None)))


def test_what_is_sealed_cannot_be_read_and_keys_rotate(db: Database) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    KEYRING.use([old])
    here = db.write_now(lambda connection: people.enter(connection, "phone", "a", NOW))
    db.write_now(lambda connection: people.remember(connection, here.person_id, name="សុខា", phone="+66812345678"))
    raw = db.read_now(lambda connection: connection.execute(text("SELECT name, phone FROM person")).one())
    assert "សុខា".encode() not in bytes(raw.name)
    assert b"812345678" not in bytes(raw.phone)
    KEYRING.use([new, old])
    name = select(PERSON.c.name)
    assert db.read_now(lambda connection: connection.scalar(name)) == "សុខា"
    db.write_now(lambda connection: people.remember(connection, here.person_id, name="បុប្ផា"))
    KEYRING.use([new])
    assert db.read_now(lambda connection: connection.scalar(name)) == "បុប្ផា"
    with pytest.raises(InvalidToken):
        db.read_now(lambda connection: connection.scalar(select(PERSON.c.phone)))
    KEYRING.use([SECRET_KEYS])


def test_seeding_may_be_repeated_and_refreshes(db: Database) -> None:
    first = db.write_now(seeding.load)
    db.write_now(lambda connection: connection.execute(CENTRE.update().values(phones="changed by hand")))
    assert db.write_now(seeding.load) == first == 51
    rows = db.read_now(lambda connection: connection.execute(select(CENTRE)).all())
    assert len(rows) == 51
    assert not any(row.phones == "changed by hand" for row in rows)


def test_a_failed_transaction_takes_nothing_of_its_batch_with_it(db: Database) -> None:
    """On SQLite several transactions share a commit; one that fails is rolled back alone."""

    def fails(connection: object) -> None:
        people.enter(connection, "phone", "lost", NOW)  # type: ignore[arg-type]  # a Connection
        raise LookupError

    futures = []
    if db.is_sqlite:
        writer = db._writer
        assert writer is not None
        for name in ("one", "two", "three"):
            futures.append(writer.submit(lambda connection, name=name: people.enter(connection, "phone", name, NOW)))  # type: ignore[misc]  # a default binds the loop's name
            futures.append(writer.submit(fails))  # type: ignore[arg-type]  # never returns
        results = [future.exception() for future in futures]
        assert [type(result) for result in results] == [type(None), LookupError] * 3
    else:
        for name in ("one", "two", "three"):
            db.write_now(lambda connection, name=name: people.enter(connection, "phone", name, NOW))  # type: ignore[misc]  # as above
            with pytest.raises(LookupError):
                db.write_now(fails)
    names = db.read_now(lambda connection: list(connection.scalars(select(ADDRESS.c.external_id))))
    assert sorted(names) == ["one", "three", "two"]


def test_a_lease_has_one_holder_until_it_lapses(db: Database) -> None:
    length = timedelta(seconds=12)

    def take(who: str, at: datetime) -> bool:
        return db.write_now(lambda connection: leases.acquire(connection, "send:telegram", who, at, length))

    assert take("a", NOW)
    assert not take("b", NOW + timedelta(seconds=11))
    assert take("a", NOW + timedelta(seconds=11))
    assert not take("b", NOW + timedelta(seconds=22))
    assert take("b", NOW + timedelta(seconds=24))
    assert not take("a", NOW + timedelta(seconds=24))
    db.write_now(lambda connection: leases.release(connection, "send:telegram", "b"))
    assert take("a", NOW + timedelta(seconds=24))
