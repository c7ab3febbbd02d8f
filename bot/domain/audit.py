"""The chain of the audit: what is hashed, so that a removed or changed row shows."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

BEGINNING = "0" * 64
"""What the first row names as the one before it."""
OFFICER, WORKER, SYSTEM = "officer", "worker", "system"


@dataclass(frozen=True, slots=True)
class Act:
    """What is recorded. `before` and `after` are JSON of codes and ids, never of anybody's words."""

    at: datetime
    actor: str
    action: str
    staff_id: int | None = None
    place: str = ""
    subject_kind: str = ""
    subject: str = ""
    before: str = ""
    after: str = ""


def digest(number: int, act: Act, previous: str) -> str:
    """SHA-256, in hexadecimal, over the row's number, its content and the digest of the row before it."""
    whole = [
        *(number, act.at.astimezone(UTC).isoformat(timespec="microseconds"), act.actor, act.staff_id, act.place),
        *(act.action, act.subject_kind, act.subject, act.before, act.after, previous),
    ]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
