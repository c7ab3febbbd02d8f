"""A running service between both platforms, shared by the tests of one file: Telegram's library takes seconds to load.

Tests that use it run in the file's own loop (`pytest.mark.asyncio(loop_scope="module")`), each with people of its own.
"""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.app.trip import Trip, trip

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def village(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> AsyncIterator[Trip]:
    """On SQLite."""
    folder = tmp_path_factory.mktemp("village")
    shutil.copyfile(_sqlite_template, folder / "chumnuoy.sqlite")
    async with trip(folder, f"sqlite:///{folder}/chumnuoy.sqlite") as there:
        yield there


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=BOTH)
async def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trip]:
    """On SQLite, then on PostgreSQL."""
    folder = tmp_path_factory.mktemp("town")
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), folder / "chumnuoy.sqlite")
        async with trip(folder, f"sqlite:///{folder}/chumnuoy.sqlite") as there:
            yield there
        return
    databases = request.getfixturevalue("_postgresql_databases")
    url = databases.create()
    async with trip(folder, url) as there:
        yield there
    databases.drop(url)
