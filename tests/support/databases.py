"""A migrated database for each test: a copied file for SQLite, a copied template for PostgreSQL."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.missing import missing_tool
from tests.support.postgresql import Databases, PostgresServer

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def _postgresql_server() -> Iterator[PostgresServer | None]:
    """The run's own server; None when TEST_DATABASE_URL names another."""
    if os.environ.get("TEST_DATABASE_URL"):
        yield None
        return
    server = PostgresServer(fsync=os.environ.get("TEST_POSTGRESQL_FSYNC", "on") != "off")
    with contextlib.closing(server):
        server.start()
        yield server


@pytest.fixture
def postgresql_server(_postgresql_server: PostgresServer | None) -> Iterator[PostgresServer]:
    """The run's PostgreSQL, to stop and start again on the same port. It is running again after the test."""
    if _postgresql_server is None:
        raise missing_tool("a PostgreSQL to stop and start", "unset TEST_DATABASE_URL")
    _postgresql_server.start()
    yield _postgresql_server
    _postgresql_server.start()


@pytest.fixture(scope="session")
def _postgresql_databases(_postgresql_server: PostgresServer | None) -> Iterator[Databases]:
    from storage.migrating import upgrade

    url = os.environ["TEST_DATABASE_URL"] if _postgresql_server is None else _postgresql_server.url()
    with contextlib.closing(Databases(url, upgrade)) as databases:
        yield databases


@pytest.fixture
def postgresql_url(_postgresql_databases: Databases) -> Iterator[str]:
    """The address of a migrated, empty PostgreSQL database of this test alone."""
    url = _postgresql_databases.create()
    yield url
    _postgresql_databases.drop(url)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from storage.migrating import upgrade

    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    upgrade(f"sqlite:///{path}")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a migrated, empty SQLite file of this test alone."""
    path = tmp_path / "chumnuoy.sqlite"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of this test alone; the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
