"""The console for each of these tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from bot.app import staffing
from bot.console import auth
from tests.console.desk import Browser, Desk, open_desk

QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1),))
"""The same algorithm with less work, for tests that sign in often."""


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A running console with one officer."""
    monkeypatch.setattr(auth, "SLOWEST", 0.0)
    monkeypatch.setattr(auth, "PASSWORDS", QUICK)
    monkeypatch.setattr(auth, "NOBODY", QUICK.hash("nobody"))
    monkeypatch.setattr(staffing, "PASSWORDS", QUICK)
    async with open_desk(tmp_path) as opened:
        yield opened


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[Browser]:
    """An officer's browser, signed in."""
    async with desk.browser() as opened:
        assert (await opened.sign_in()).status == 303
        yield opened
