"""The composition root: everything the running service is made of, put together once."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot import clock as clocks
from bot.app.books import load_book
from bot.app.files import Files
from bot.channels.base import Channel
from bot.dialog.facts import Book
from bot.i18n import Catalogues
from bot.settings import Settings, SettingsError
from storage.columns import KEYRING
from storage.db import Database


@dataclass
class Service:
    """Shared by the web and the workers. `wake[channel]` is set when something was queued for it."""

    settings: Settings
    db: Database
    catalogues: Catalogues
    files: Files
    clock: clocks.Clock = clocks.now
    channels: Mapping[str, Channel] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    wake: dict[str, asyncio.Event] = field(default_factory=dict)
    fetch: asyncio.Event = field(default_factory=asyncio.Event)
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)

    def nudge(self, channel: str) -> None:
        """Tell this process's sender that there is work; others find it within a second."""
        if channel in self.wake:
            self.wake[channel].set()

    async def refresh_book(self) -> None:
        self.book = await load_book(self.db)

    def close(self) -> None:
        self.db.close()


def build(settings: Settings, *, channels: Mapping[str, Channel], clock: clocks.Clock = clocks.now) -> Service:
    """A service with its database and files open; the channels are given, and opened by whoever runs them.

    Raises SettingsError when the place for files cannot be used.
    """
    try:
        files = Files(settings.files_url)
    except Exception as error:  # each kind of place fails in its own way
        raise SettingsError(f"FILES_URL: cannot be used: {' '.join(str(error).split())}") from None
    KEYRING.use(settings.keys)
    service = Service(
        settings=settings,
        db=Database(settings.database_url),
        catalogues=Catalogues(),
        files=files,
        clock=clock,
        channels=channels,
    )
    service.wake.update({name: asyncio.Event() for name in channels})
    return service
