"""What carrying out a command needs besides the command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.app.post import Post
from bot.dialog.facts import Book
from bot.domain.audit import OFFICER, SYSTEM, WORKER, Act, told
from bot.domain.errors import NotFound, NotYours
from bot.domain.reach import Reach
from storage import audit, caseload, complaints, offices
from storage.complaints import Found
from storage.people import Here


@dataclass(frozen=True, slots=True)
class Context:
    """`here` is the worker's address; None when an officer acts, or the service itself. `place`: where from."""

    connection: Connection
    now: datetime
    book: Book
    post: Post
    here: Here | None = None
    channel: str = ""
    language: str = "km"
    place: str = ""
    public_url: str = ""
    drop_files: Callable[[list[str]], None] = lambda ids: None

    @property
    def worker(self) -> Here:
        if self.here is None:
            raise NotFound
        return self.here

    def reach(self, staff: int | None, what: str) -> Reach | None:
        """Whose complaints the officer may touch; None (everything) for the service itself. Raises NotYours."""
        if staff is None:
            return caseload.EVERYTHING
        found = offices.reach(self.connection, staff)
        if not found.may(what):
            raise NotYours
        return found

    def complaint(self, reference: str, staff: int | None, what: str) -> Found:
        """A complaint that the officer may do this with, locked. Raises NotYours or NotFound."""
        reach = self.reach(staff, what)
        found = complaints.find(self.connection, reference)
        if found is None or not caseload.may_see(self.connection, reach, found.id):
            raise NotFound
        return found

    def record(
        self, action: str, kind: str, subject: str, *, staff: int | None = None, before: Any = None, after: Any = None
    ) -> None:
        """Into the audit: codes and ids only."""
        actor = OFFICER if staff is not None else WORKER if self.here is not None else SYSTEM
        act = Act(self.now, actor, action, staff, self.place, kind, subject, told(before), told(after))
        audit.append(self.connection, act)
