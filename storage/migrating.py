"""Bring a database's schema to today's, or back; Alembic without its ini file."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.db import make_engine

FOLDER = Path(__file__).resolve().parent / "migrations"


def config(connection: Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["connection"] = connection
    return made


def upgrade(url: str, revision: str = "head") -> None:
    """To the newest revision, or to an older one. What is to be sealed on the way needs the keys: `KEYRING.use`."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    _run(url, lambda made: command.upgrade(made, revision))


def downgrade(url: str, revision: str = "base") -> None:
    _run(url, lambda made: command.downgrade(made, revision))


def is_current(connection: Connection) -> bool:
    """Whether the database has today's schema."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest


def _run(url: str, run: Callable[[Config], None]) -> None:
    engine = make_engine(url, pool=1).execution_options(writes=True)
    try:
        with engine.begin() as connection:
            run(config(connection))
    finally:
        engine.dispose()
