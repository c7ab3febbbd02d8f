"""Passwords that are hashed and checked in no time, for tests of something else."""

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1),))
"""The same algorithm with less work."""


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the door and at the command line; a wrong password is answered at once, too."""
    from bot.app import staffing
    from bot.console import auth

    monkeypatch.setattr(auth, "SLOWEST", 0.0)
    monkeypatch.setattr(auth, "PASSWORDS", QUICK)
    monkeypatch.setattr(auth, "NOBODY", QUICK.hash("nobody"))
    monkeypatch.setattr(staffing, "PASSWORDS", QUICK)
