"""The schema on both databases: there and back, the same as the models; moments aware, words sealed, keys rotating."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, Engine, LargeBinary, insert, inspect, select, text, type_coerce
from sqlalchemy.exc import StatementError

from storage import filters, migrating, people, staff
from storage.columns import KEYRING, Moment, Sealed, SealedJson
from storage.db import make_engine
from storage.models import METADATA
from storage.people import ADDRESS, PERSON

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
NAME = "ចាន់ សុភា"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url, pool=2)
    KEYRING.use([OLD])
    yield made
    made.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def columns(engine: Engine) -> dict[str, list[tuple[str, str, bool]]]:
    """Name, type and whether it may be empty, of every column."""
    found = inspect(engine)
    return {
        name: [(one["name"], str(one["type"]), bool(one["nullable"])) for one in found.get_columns(name)]
        for name in sorted(tables(engine))
    }


def written(engine: Engine, work: Callable[[Connection], Any]) -> Any:
    with engine.execution_options(writes=True).begin() as connection:
        return work(connection)


def test_up_down_and_up_again(database_url: str, engine: Engine) -> None:
    first = columns(engine)
    assert set(first) == set(METADATA.tables)
    migrating.downgrade(database_url)
    engine.dispose()
    assert tables(engine) == set()
    with engine.begin() as connection:
        assert not migrating.is_current(connection)
    migrating.upgrade(database_url)
    engine.dispose()
    assert columns(engine) == first
    with engine.begin() as connection:
        assert migrating.is_current(connection)
    migrating.upgrade(database_url)  # once more changes nothing
    assert columns(engine) == first


PLAIN = "INSERT INTO saved_filter (staff_id, name, query) VALUES (1, :name, :query)"


def test_filters_from_before_they_were_sealed_are_kept(database_url: str, engine: Engine) -> None:
    plain = {"name": "ថៃ", "query": "q=ប៉ាស្ព័រ&status=all"}

    def there() -> Any:
        return written(engine, lambda c: c.execute(text("SELECT name, query FROM saved_filter")).one())

    migrating.downgrade(database_url, "0003")
    names = {"login": "dara", "name_km": "ដារ៉ា", "name_en": "Dara", "password": "-", "role": "desk"}
    written(engine, lambda c: staff.add(c, **names, created_at=NOON))
    written(engine, lambda c: c.execute(text(PLAIN), plain))
    migrating.upgrade(database_url)
    (kept,) = written(engine, lambda c: filters.of_officer(c, 1))
    assert (kept.name, kept.query) == (plain["name"], plain["query"])
    assert not any("ប៉ាស្ព័រ".encode() in bytes(sealed) for sealed in there())
    engine.dispose()
    migrating.downgrade(database_url, "0003")
    assert there()._mapping == plain


def test_the_migrated_schema_is_the_models(engine: Engine) -> None:
    """A change of a model without its migration is red."""
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": METADATA})
        assert compare_metadata(context, METADATA) == []


def test_every_datetime_is_a_moment_and_every_blob_is_sealed() -> None:
    for table in METADATA.sorted_tables:
        for column in table.columns:
            kind = column.type
            if isinstance(kind, LargeBinary) or "DATETIME" in str(kind).upper():
                assert isinstance(kind, Moment | Sealed | SealedJson), f"{table.name}.{column.name}"


def new_person(connection: Connection, created_at: datetime, **more: Any) -> int:
    values = {"language": "km", "country": "", "created_at": created_at, **more}
    return int(connection.execute(insert(PERSON).values(**values).returning(PERSON.c.id)).scalar_one())


def test_naive_moments_are_refused(engine: Engine) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="naive datetime"):
        written(engine, lambda connection: new_person(connection, naive))
    with pytest.raises(StatementError, match="naive datetime"):
        written(engine, lambda connection: connection.execute(select(PERSON).where(PERSON.c.created_at < naive)).all())
    assert written(engine, lambda connection: connection.execute(select(PERSON)).all()) == []


def test_moments_come_back_aware_in_utc_and_whole(engine: Engine) -> None:
    bangkok = NOON.astimezone(timezone(timedelta(hours=7)))
    person = written(engine, lambda connection: new_person(connection, bangkok))
    row = written(engine, lambda connection: connection.execute(select(PERSON).where(PERSON.c.id == person)).one())
    assert row.created_at == NOON
    assert row.created_at.tzinfo is UTC
    assert str(row.created_at) == "2026-11-22 12:00:00.123456+00:00"


def raw_name(connection: Connection, person: int) -> bytes:
    column = type_coerce(PERSON.c.name, LargeBinary)
    return bytes(connection.execute(select(column).where(PERSON.c.id == person)).scalar_one())


def name(connection: Connection, person: int) -> str:
    return str(connection.execute(select(PERSON.c.name).where(PERSON.c.id == person)).scalar_one())


def test_keys_rotate(engine: Engine) -> None:
    older = written(engine, lambda connection: new_person(connection, NOON, name=NAME))
    KEYRING.use([NEW, OLD])
    newer = written(engine, lambda connection: new_person(connection, NOON, name=NAME))
    for person, key in ((older, OLD), (newer, NEW)):
        raw = written(engine, partial(raw_name, person=person))
        assert NAME.encode() not in raw
        assert Fernet(key).decrypt(raw).decode() == NAME
        assert written(engine, partial(name, person=person)) == NAME
    KEYRING.use([NEW])
    assert written(engine, partial(name, person=newer)) == NAME
    with pytest.raises(InvalidToken):
        written(engine, partial(name, person=older))
    KEYRING.use([OTHER])
    with pytest.raises(InvalidToken):
        written(engine, partial(name, person=newer))


def test_the_same_words_are_sealed_differently_each_time(engine: Engine) -> None:
    """Who can read the disk cannot even tell that two people wrote the same."""
    both = [written(engine, lambda connection: new_person(connection, NOON, name=NAME)) for _ in range(2)]
    raw = {written(engine, partial(raw_name, person=person)) for person in both}
    assert len(raw) == 2


def test_a_session_is_sealed_json(engine: Engine) -> None:
    session = {"flow": "complaint", "states": {"complaint": {"draft": [{"text": NAME}], "n": 1}}, "loose": []}

    def work(connection: Connection) -> bytes:
        here = people.enter(connection, "telegram", "7001", NOON)
        people.save(connection, [people.Stand(here.address_id, session, None)], NOON)
        assert people.enter(connection, "telegram", "7001", NOON).session == session
        return bytes(connection.execute(select(type_coerce(ADDRESS.c.session, LargeBinary))).scalar_one())

    raw = written(engine, work)
    assert NAME.encode() not in raw
    assert b"complaint" not in raw


def test_rows_that_others_need_cannot_go(engine: Engine) -> None:
    """Foreign keys hold on SQLite as well."""
    written(engine, lambda connection: people.enter(connection, "telegram", "7001", NOON))
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        written(engine, lambda connection: connection.execute(text("delete from person")))
