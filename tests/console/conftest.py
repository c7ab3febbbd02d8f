"""The console for each of these tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.desk import Browser, Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path, quick_passwords: None) -> AsyncIterator[Desk]:
    """A running console with one officer."""
    async with open_desk(tmp_path) as opened:
        yield opened


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[Browser]:
    """An officer's browser, signed in."""
    async with desk.browser() as opened:
        assert (await opened.sign_in()).status == 303
        yield opened
