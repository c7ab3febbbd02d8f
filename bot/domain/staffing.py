"""What may be done to the list of officers, and why it may be refused."""

import re
from dataclasses import dataclass

from bot.domain.errors import DomainError
from bot.domain.reach import ROLES
from bot.text import khmer

NAME_MOST = 100
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@dataclass(frozen=True, slots=True)
class AddOfficer:
    """`by`: the administrator who does it; None from the command line, here and below."""

    login: str
    name_km: str
    name_en: str
    role: str
    by: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeOfficer:
    """Names and role."""

    officer: int
    name_km: str
    name_en: str
    role: str
    by: int | None = None


@dataclass(frozen=True, slots=True)
class SetActive:
    """An officer who is not active cannot sign in; what they did stays theirs."""

    officer: int
    active: bool
    by: int | None = None


@dataclass(frozen=True, slots=True)
class ResetOfficer:
    """A new first password (given as its hash), or no second factor any more, or both."""

    officer: int
    password: str = ""
    second_factor: bool = False
    by: int | None = None


class BadLogin(DomainError):
    """A sign-in name is 2 to 40 small letters a-z, digits, dots, dashes or underscores."""


class NameMissing(DomainError):
    """Both names are needed, each of at most 100 characters."""


class NoSuchRole(DomainError):
    """There is no such role."""


class LoginTaken(DomainError):
    """That sign-in name is taken."""


class NotYourself(DomainError):
    """An administrator cannot do this to themself."""


class LastAdministrator(DomainError):
    """The last active administrator stays."""


def checked_names(name_km: str, name_en: str, role: str) -> tuple[str, str]:
    """The names as they are kept. Raises NameMissing or NoSuchRole."""
    if role not in ROLES:
        raise NoSuchRole
    names = khmer.clean(name_km).replace("\n", " "), khmer.clean(name_en).replace("\n", " ")
    if not all(0 < len(name) <= NAME_MOST for name in names):
        raise NameMissing
    return names


def checked_login(login: str) -> str:
    """Raises BadLogin."""
    if not LOGIN.fullmatch(login):
        raise BadLogin
    return login
