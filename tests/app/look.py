"""Looks into the database and the files of a running service, with its keys."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Executable, select

from bot.app.files import Files
from storage.attachments import ATTACHMENT
from storage.columns import KEYRING
from storage.complaints import COMPLAINT, ENTRY
from storage.db import make_engine
from storage.inbox import INBOX
from storage.outbox import OUTBOX
from storage.people import ADDRESS, PERSON
from tests.support.service import SECRET_KEYS

__all__ = ["ADDRESS", "ATTACHMENT", "COMPLAINT", "ENTRY", "INBOX", "OUTBOX", "PERSON", "Look"]


class Look:
    """`with Look(url) as look:` reads rows, unsealed."""

    def __init__(self, url: str, keys: Sequence[str] = (SECRET_KEYS,)) -> None:
        KEYRING.use(keys)
        self._engine = make_engine(url, pool=1)

    def __enter__(self) -> "Look":
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def rows(self, statement: Executable) -> list[Any]:
        with self._engine.begin() as connection:
            return list(connection.execute(statement))

    def change(self, statement: Executable) -> None:
        """For what only time could do."""
        self.work(lambda connection: connection.execute(statement))

    def work(self, work: Callable[[Connection], object]) -> None:
        """One transaction."""
        with self._engine.execution_options(writes=True).begin() as connection:
            work(connection)

    def address(self, channel: str, external_id: str) -> Any:
        """The one address of a person, with `person_id`; fails when there is none or there are two."""
        here = ADDRESS.c.channel == channel, ADDRESS.c.external_id == external_id
        (row,) = self.rows(select(ADDRESS).where(*here))
        return row

    def outbox(self, channel: str, external_id: str) -> list[Any]:
        """Everything queued or sent to a person, oldest first."""
        address = self.address(channel, external_id)
        return self.rows(select(OUTBOX).where(OUTBOX.c.address_id == address.id).order_by(OUTBOX.c.id))

    def complaints(self, channel: str, external_id: str) -> list[Any]:
        address = self.address(channel, external_id)
        mine = COMPLAINT.c.person_id == address.person_id
        return self.rows(select(COMPLAINT).where(mine).order_by(COMPLAINT.c.id))

    def thread(self, reference: str) -> list[Any]:
        found = select(COMPLAINT.c.id).where(COMPLAINT.c.reference == reference).scalar_subquery()
        return self.rows(select(ENTRY).where(ENTRY.c.complaint_id == found).order_by(ENTRY.c.id))

    def files(self, channel: str, external_id: str) -> list[Any]:
        address = self.address(channel, external_id)
        mine = ATTACHMENT.c.address_id == address.id
        return self.rows(select(ATTACHMENT).where(mine).order_by(ATTACHMENT.c.created_at))


def content_of(folder: Path, file: str) -> bytes:
    """A kept file's bytes, unsealed."""
    return Files(str(folder / "files")).load(file)


def raw_bytes(folder: Path) -> bytes:
    """Everything the service has written to disk in its folder, one after the other, but its log."""
    return b"\n".join(
        path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".log"
    )
