"""Complaints: what may be done to one, its states, and the 48 hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.errors import Empty, NotAllowed, ReasonMissing, TooLong

STATUSES = ("filed", "received", "in_hand", "waiting", "addressed", "referred", "closed", "reopened", "withdrawn")
OPEN = ("filed", "received", "in_hand", "waiting", "reopened")
"""Somebody has still to do something before the promise is kept."""
DISAGREEABLE = ("addressed", "referred", "closed")
"""The worker may disagree with it, once."""
TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "filed": ("received", "in_hand", "waiting", "addressed", "closed"),
    "received": ("in_hand", "waiting", "addressed", "closed"),
    "in_hand": ("waiting", "addressed", "closed"),
    "waiting": ("in_hand", "addressed", "closed"),
    "addressed": ("in_hand", "closed"),
    "referred": ("received", "in_hand", "waiting", "addressed", "closed"),
    "closed": ("in_hand",),
    "reopened": ("received", "in_hand", "waiting", "addressed", "closed"),
    "withdrawn": (),
}
"""What an officer may set. `referred` comes of a referral, `reopened` of a worker who disagrees."""
REFERABLE = ("filed", "received", "in_hand", "waiting", "reopened")
RATEABLE = ("addressed", "closed")
"""The worker may say how it helped."""
RATINGS = (1, 2, 3, 4, 5)
NEEDS_REASON = ("waiting", "closed")
REPLY_LIMIT = 4000
"""Code points in one officer's reply."""
REASON_LIMIT = 500
"""Code points in the reason of a change; the worker reads it."""
NOTE_LIMIT = 4000
"""Code points in one internal note."""
TAKEABLE = ("filed", "reopened", "referred")
"""Nobody has said yet that they have it."""
NAMED = "named"
"""The worker lets their name be seen; by anything else they are anonymous to staff."""
CHAT, CALL, RELATIVE = "chat", "call", "relative"
CALLS = (CALL, RELATIVE)
"""Ways of contact for which a phone number was asked."""


@dataclass(frozen=True, slots=True)
class FileComplaint:
    """A worker's complaint. `parts` are the story's, `evidence` the papers'; see `bot.dialog.questions.Part`."""

    reference: str
    category: str
    country: str
    about: str
    behalf: str
    identity: str
    contact: str
    parts: tuple[Mapping[str, Any], ...]
    evidence: tuple[Mapping[str, Any], ...] = ()
    country_name: str = ""
    about_name: str = ""
    name: str = ""
    phone: str = ""
    safe: str = ""


@dataclass(frozen=True, slots=True)
class AddToComplaint:
    """More words or files from the worker."""

    reference: str
    parts: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class AnswerComplaint:
    """An officer's own words; `attachments` are ids of kept files. `once`: a repeated form makes one reply.

    `seen`: the newest line of the thread that its writer had read; None does not ask whether another was faster.
    """

    reference: str
    text: str
    staff: int
    attachments: tuple[str, ...] = field(default=())
    once: str = ""
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class WriteToWorker(AnswerComplaint):
    """Words that are no answer yet, such as a question: the clock of addressing goes on."""


@dataclass(frozen=True, slots=True)
class AcknowledgeComplaint:
    """A named officer has it: what stops the clock of receiving. A second time changes nothing."""

    reference: str
    staff: int


@dataclass(frozen=True, slots=True)
class AssignComplaint:
    """Give it to an officer of its office, or back to all of them (None). `seen`: who had it on the page."""

    reference: str
    officer: int | None
    staff: int
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class ReferComplaint:
    """To another office, with an owner there (None: its head). A referral keeps the promise of an answer."""

    reference: str
    office: int
    reason: str
    staff: int
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class ReopenComplaint:
    """The worker disagrees with the answer, once, in their own words."""

    reference: str
    parts: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class RateComplaint:
    """How the worker found it, 1 to 5; the last one counts."""

    reference: str
    rating: int


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """An officer moves a complaint along."""

    reference: str
    status: str
    reason: str
    staff: int


@dataclass(frozen=True, slots=True)
class AddNote:
    """Between officers, never to the worker. The same words again by the same officer are one note."""

    reference: str
    text: str
    staff: int


@dataclass(frozen=True, slots=True)
class MergeComplaint:
    """It belongs to the case of another complaint (`into`, a reference); each keeps its worker and its clocks."""

    reference: str
    into: str
    staff: int


@dataclass(frozen=True, slots=True)
class UnmergeComplaint:
    """It is a case of its own again. A second time changes nothing."""

    reference: str
    staff: int


def shows_name(identity: str) -> bool:
    """Whether officers may see who complained."""
    return identity == NAMED


def may_write_first(contact: str) -> bool:
    """Whether news may come unasked. It may not to whoever wants to be reached through another, or not at all: somebody
    else may read the chat, so news waits until the worker writes.
    """
    return contact in (CHAT, CALL)


def shows_phone(contact: str) -> bool:
    """Whether officers may see the number: whoever gave one to be called agreed to that, also without a name."""
    return contact in CALLS


def check_status(now: str, then: str, reason: str) -> None:
    """Raise NotAllowed, ReasonMissing or TooLong."""
    if then not in TRANSITIONS.get(now, ()):
        raise NotAllowed
    check_reason(reason, needed=then in NEEDS_REASON)


def check_reason(reason: str, *, needed: bool = True) -> None:
    """Raise ReasonMissing or TooLong."""
    if needed and not reason.strip():
        raise ReasonMissing
    if len(reason) > REASON_LIMIT:
        raise TooLong


def check_reply(text: str, attachments: tuple[str, ...]) -> None:
    """Raise Empty or TooLong."""
    if not text.strip() and not attachments:
        raise Empty
    if len(text) > REPLY_LIMIT:
        raise TooLong


def check_note(text: str) -> None:
    """Raise Empty or TooLong."""
    if not text.strip():
        raise Empty
    if len(text) > NOTE_LIMIT:
        raise TooLong


def after_reply(status: str) -> str:
    """An officer's own answer addresses an open complaint; a closed one stays closed."""
    return "addressed" if status in (*OPEN, "referred") else status


def after_words(status: str) -> str:
    """Who writes to the worker has received the complaint; more is not said by that."""
    return "received" if status in TAKEABLE else status


def after_addition(status: str) -> str:
    """Words from the worker bring a complaint that waited for them, or was answered, back into hand."""
    return "in_hand" if status in ("waiting", "addressed") else status
