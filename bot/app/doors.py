"""What happens at the console's door, each in one transaction with its record: tries, sessions, signing out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.domain import factors
from bot.domain.audit import OFFICER, SYSTEM, Act, told
from storage import audit, staff

IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
HALF_WAY = timedelta(minutes=10)
"""Time to give the code after the password."""
TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
REFUSED_EVERY = timedelta(minutes=10)
REFUSED_MOST = 30
"""Refused cookies of one place that are recorded in that time: anybody can make them up."""

PASSED, WRONG, LOCKED, GONE = "passed", "wrong", "locked", "gone"


@dataclass(frozen=True, slots=True)
class Visit:
    """When, and from where: the client's address, and what browser it says it is."""

    at: datetime
    place: str = ""
    agent: str = ""


def record(
    connection: Connection,
    visit: Visit,
    action: str,
    staff_id: int | None,
    kind: str,
    subject: str,
    before: Any = None,
    after: Any = None,
) -> None:
    """Into the audit: codes and ids only, never a password or a code."""
    actor = OFFICER if staff_id is not None else SYSTEM
    act = Act(visit.at, actor, action, staff_id, visit.place, kind, subject, told(before), told(after))
    audit.append(connection, act)


def mark(digest: str) -> str:
    """What a session is called in the audit and in forms: enough of its digest to tell it from any other."""
    return digest[:16]


def claim(connection: Connection, login: str, visit: Visit) -> tuple[Any | None, bool]:
    """Count a try. The officer's row, whose password is now to be looked at; else None, and whether it is locked."""
    row = staff.claim_try(connection, login, visit.at, TRIES, LOCKED_FOR)
    if row is not None:
        return row, False
    known = staff.by_login(connection, login)
    if known is None or not known.active:
        return None, False
    record(connection, visit, "sign_in_locked", known.id, "staff", login)
    return None, True


def failed(connection: Connection, login: str, hidden: str, visit: Visit) -> None:
    """A wrong password, or a login that is nobody's: that may be anything, so only `hidden` is recorded of it."""
    known = staff.by_login(connection, login)
    tries = {"tries": known.failures} if known and known.active else None
    record(
        connection,
        visit,
        "sign_in_failed",
        known.id if known else None,
        "staff",
        login if known else hidden,
        None,
        tries,
    )


def right(connection: Connection, row: Any) -> None:
    """The password was right. Where a code must follow, the tries before it stay counted."""
    if row.totp_at is None:
        staff.change(connection, row.id, failures=0, locked_until=None)
    else:
        staff.take_back_try(connection, row.id)


def enter(
    connection: Connection, seen: Any, better: str | None, visit: Visit, *, digest: str, csrf: str, old: str
) -> str:
    """A session for whoever gave the right password: whole, or half when a code must follow.

    `seen`: the row whose password was looked at; it may have changed since. `better`: a fresher hash of it. `old`: the
    digest of the session that the browser brought along, which ends. `passed`, `wrong` (half), or `gone`.
    """
    row = staff.one(connection, seen.id, lock=True)
    if row is None or not row.active or row.password != seen.password:
        return GONE
    right(connection, row)
    if better:
        staff.change(connection, row.id, password=better)
    whole = row.totp_at is None
    staff.end_session(connection, old)
    staff.open_session(
        connection,
        digest=digest,
        staff_id=row.id,
        csrf=csrf,
        created_at=visit.at,
        seen_at=visit.at,
        expires_at=visit.at + (IDLE if whole else HALF_WAY),
        passed=whole,
        place=visit.place,
        agent=visit.agent,
    )
    if whole:
        record(connection, visit, "sign_in", row.id, "session", mark(digest), None, {"by": "password"})
    return PASSED if whole else WRONG


def pass_second(connection: Connection, digest: str, typed: str, visit: Visit) -> str:
    """A code, or a recovery code, for a half session: `passed`, `wrong`, `locked` or `gone`."""
    owner = staff.session_of(connection, digest)
    row = staff.one(connection, owner, lock=True) if owner is not None else None
    session = staff.session(connection, digest, visit.at)
    if row is None or session is None or row.totp_at is None:
        return GONE
    if session.passed:  # the same form, sent twice
        return PASSED
    if row.locked_until and row.locked_until > visit.at:
        record(connection, visit, "sign_in_locked", row.id, "staff", row.login)
        return LOCKED
    step = factors.step_of(row.totp, typed, visit.at)
    if step is not None and staff.claim_step(connection, row.id, step):
        by = "code"
    elif step is None and staff.claim_recovery(connection, row.id, factors.digest(typed), visit.at):
        by = "recovery"
        left = staff.recovery_left(connection, row.id)
        record(connection, visit, "recovery_used", row.id, "staff", row.login, None, {"left": left})
    else:
        tries = staff.count_failure(connection, row, visit.at, TRIES, LOCKED_FOR)
        why = {"tries": tries, "why": "wrong" if step is None else "used"}
        record(connection, visit, "second_factor_failed", row.id, "staff", row.login, None, why)
        return LOCKED if tries >= TRIES else WRONG
    staff.pass_session(connection, digest, visit.at, visit.at + IDLE)
    staff.change(connection, row.id, failures=0, locked_until=None)
    record(connection, visit, "sign_in", row.id, "session", mark(digest), None, {"by": by})
    return PASSED


def touch(connection: Connection, digest: str, began: datetime, now: datetime) -> None:
    """Being used keeps a session alive, up to its longest life."""
    staff.touch_session(connection, digest, now, min(now + IDLE, began + LONGEST))


def leave(connection: Connection, officer: int, digest: str, visit: Visit) -> None:
    staff.end_session(connection, digest)
    record(connection, visit, "sign_out", officer, "session", mark(digest))


def refuse(connection: Connection, digest: str, visit: Visit) -> None:
    """A cookie that is no live session is recorded once in a while, and not without end from one place."""
    if not may_record_refused(connection, digest, visit):
        return
    whose = staff.session_of(connection, digest)
    known = {"known": whose is not None}
    record(connection, visit, "session_refused", whose, "session", mark(digest), None, known)


def may_record_refused(connection: Connection, digest: str, visit: Visit) -> bool:
    since = visit.at - REFUSED_EVERY
    if audit.times(connection, "session_refused", since, subject=mark(digest)):
        return False
    return audit.times(connection, "session_refused", since, place=visit.place) < REFUSED_MOST


def revoke(connection: Connection, officer: int, marked: str, own: str, visit: Visit) -> int:
    """End the officer's session of this mark, or with no mark all but their own (a digest); how many that were."""
    live = staff.sessions(connection, officer, visit.at)
    chosen = [one for one in live if (mark(one.digest) == marked if marked else one.digest != own)]
    for one in chosen:
        staff.end_session(connection, one.digest)
        record(connection, visit, "session_revoked", officer, "session", mark(one.digest))
    return len(chosen)
