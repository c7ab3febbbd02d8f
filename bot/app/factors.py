"""An officer's own password and second factor: offered, confirmed, turned off, each in one transaction."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyotp
from cryptography.fernet import InvalidToken
from sqlalchemy import Connection

from bot.app.doors import Visit, record
from bot.domain import factors
from bot.domain.errors import NotYours
from bot.domain.reach import SECOND_FACTOR
from storage import linking, staff
from storage.columns import KEYRING

OFFERED_FOR = timedelta(minutes=30)


def new_secret() -> str:
    """160 bits in base32, as RFC 4226 wants them."""
    return pyotp.random_base32()


def new_recovery_codes() -> list[str]:
    """Each opens the door once; shown once, kept as digests."""
    made = (
        "".join(secrets.choice(factors.SIGNS) for _ in range(factors.LENGTH)) for _ in range(factors.RECOVERY_CODES)
    )
    return [factors.groups(one, "-") for one in made]


def offer(secret: str, digest: str, now: datetime) -> str:
    """The secret on its way through a form of this session, sealed: nothing is stored until a code confirms it."""
    whole = [secret, digest, now.timestamp()]
    return KEYRING.seal(json.dumps(whole).encode()).decode()


def offered(sealed: str, digest: str, now: datetime) -> str | None:
    """The secret that `offer` sealed for this session not long ago."""
    try:
        secret, whose, at = json.loads(KEYRING.unseal(sealed.encode()))
    except (InvalidToken, ValueError, TypeError):
        return None
    fresh = 0 <= now.timestamp() - at <= OFFERED_FOR.total_seconds()
    return str(secret) if whose == digest and fresh else None


def confirm(
    connection: Connection, officer: int, secret: str, typed: str, codes: Sequence[str], own: str, visit: Visit
) -> bool:
    """In force when the code is right; then all other sessions end, and only these recovery codes count."""
    row = staff.one(connection, officer, lock=True)
    step = factors.step_of(secret, typed, visit.at)
    if row is None or step is None or (row.totp == secret and step <= row.totp_step):
        return False
    staff.change(connection, officer, totp=secret, totp_at=visit.at, totp_step=step)
    staff.put_recovery(connection, officer, [factors.digest(code) for code in codes])
    staff.end_sessions(connection, officer, but=own)
    record(connection, visit, "second_factor_set", officer, "staff", row.login, _factor(row), {"second_factor": True})
    return True


def renew_recovery(connection: Connection, officer: int, codes: Sequence[str], visit: Visit) -> bool:
    """New recovery codes instead of the old; False when no second factor is in force."""
    row = staff.one(connection, officer, lock=True)
    if row is None or row.totp_at is None:
        return False
    staff.put_recovery(connection, officer, [factors.digest(code) for code in codes])
    record(connection, visit, "recovery_renewed", officer, "staff", row.login, None, {"left": len(codes)})
    return True


def turn_off(connection: Connection, officer: int, own: str, visit: Visit) -> None:
    """All other sessions end. Raises NotYours for a role that cannot work without one."""
    row = staff.one(connection, officer, lock=True)
    if row is None or row.role in SECOND_FACTOR:
        raise NotYours
    if row.totp_at is None:
        return
    staff.change(connection, officer, totp=None, totp_at=None)
    staff.put_recovery(connection, officer, ())
    staff.end_sessions(connection, officer, but=own)
    record(connection, visit, "second_factor_off", officer, "staff", row.login, _factor(row), {"second_factor": False})


def change_password(connection: Connection, seen: Any, hashed: str, own: str, visit: Visit) -> bool:
    """All other sessions end. False when the password that was looked at (`seen`) is no longer the officer's."""
    row = staff.one(connection, seen.id, lock=True)
    if row is None or row.password != seen.password:
        return False
    staff.change(connection, row.id, password=hashed, password_at=visit.at)
    staff.end_sessions(connection, row.id, but=own)
    record(connection, visit, "password_changed", row.id, "staff", row.login)
    return True


def unlink_chat(connection: Connection, officer: int, visit: Visit) -> None:
    """The officer's own chat is an ordinary one again; a code that was offered links nothing any more."""
    row = staff.one(connection, officer, lock=True)
    if row is None or (row.address_id is None and row.link_code is None):
        return
    linking.unlink(connection, officer)
    record(connection, visit, "unlink_chat", officer, "staff", str(officer))


def _factor(row: Any) -> dict[str, bool]:
    return {"second_factor": row.totp_at is not None}
