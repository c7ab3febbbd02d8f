"""The chain of the audit: what is hashed, so that a removed or changed row shows, and the walk that finds it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

BEGINNING = "0" * 64
"""What the first row names as the one before it."""
OFFICER, WORKER, SYSTEM = "officer", "worker", "system"
ACTORS = (OFFICER, WORKER, SYSTEM)

OPEN_COMPLAINT, OPEN_FILE, LIST, SEARCH = "open_complaint", "open_file", "list_complaints", "search_complaints"
READ_AUDIT, CHECK_AUDIT, DOWNLOAD_AUDIT = "read_audit", "check_audit", "download_audit"
PRINT, RECEIPT, FIGURES, EXPORT = "print_complaint", "make_receipt", "download_figures", "export_complaints"
FORBIDDEN = "forbidden"
"""Reading is recorded too; what changes a complaint is recorded by its command's name."""
LOOKS = frozenset((OPEN_COMPLAINT, OPEN_FILE, LIST, SEARCH, READ_AUDIT))
"""Of these, the same look again within a minute is one row."""


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


def told(values: object) -> str:
    """What `before` and `after` are kept as; nothing is the empty text."""
    return json.dumps(values, sort_keys=True) if values else ""


def digest(number: int, act: Act, previous: str) -> str:
    """SHA-256, in hexadecimal, over the row's number, its content and the digest of the row before it."""
    whole = [
        *(number, act.at.astimezone(UTC).isoformat(timespec="microseconds"), act.actor, act.staff_id, act.place),
        *(act.action, act.subject_kind, act.subject, act.before, act.after, previous),
    ]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


CHANGED, REMOVED, INSERTED, UNFIT, HEAD, NOTED = "changed", "removed", "inserted", "unfit", "head", "noted"


@dataclass(frozen=True, slots=True)
class Link:
    """A row as it lies in the table; `act` None: what is there cannot even be read."""

    number: int
    act: Act | None
    previous: str = ""
    hash: str = ""

    @property
    def sound(self) -> bool:
        """Whether its content is what its digest was made of."""
        if self.act is None:
            return False
        try:
            return digest(self.number, self.act, self.previous) == self.hash
        except (TypeError, ValueError, AttributeError, OverflowError):  # a moment or a text that none of ours can be
            return False


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the rows from `first` to `last`, both inclusive.

    changed: not what its digest says. removed: not there. inserted: none of the chain's. unfit: each is right in
    itself, but the later does not name the earlier, so one was rewritten. head: the newest row is not the one that the
    head names. noted: it has not the digest that somebody wrote down.
    """

    what: str
    first: int
    last: int


class Walk:
    """Takes the rows in their order and says what is wrong with each; it keeps one row in mind, however many come.

    `after` and `hash`: the row before the first one; an empty hash is compared with nothing.
    """

    def __init__(self, after: int = 0, hash: str = BEGINNING) -> None:
        self.number, self.rows = after, 0
        self._hash = hash

    def step(self, link: Link) -> list[Fault]:
        self.rows += 1
        if link.number <= 0:
            return [Fault(INSERTED, link.number, link.number)]
        faults, before = list[Fault](), self.number
        if link.number > before + 1:
            faults.append(Fault(REMOVED, before + 1, link.number - 1))
            self._hash = ""
        if not link.sound:
            faults.append(Fault(CHANGED, link.number, link.number))
        elif self._hash and link.previous != self._hash:
            faults.append(Fault(UNFIT, max(before, 1), link.number))
        self.number, self._hash = link.number, link.hash if link.sound else ""
        return faults

    def end(self, last: int, hash: str) -> list[Fault]:
        """What the head said before the walk began; it is only compared with a row that was right."""
        if self.number < last:
            return [Fault(REMOVED, self.number + 1, last)]
        return [Fault(HEAD, last, last)] if self._hash and self._hash != hash else []
