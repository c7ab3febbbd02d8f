"""Work beside the conversations: fetching files, and what the schedule does once a day; each under a lease."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection

from bot.app import clocks, search
from bot.app.engine import Engine
from bot.app.files import Stored, gather
from bot.app.service import Service
from bot.channels.base import FetchLater, FetchRefused
from bot.dialog.says import Say, _
from storage import attachments, complaints, inbox, leases, outbox, people, staff

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
LOOK = 2.0
AT_ONCE = 4
PAUSES = (2, 10, 30, 120, 600, 3600)
"""Seconds before the next try to fetch a file."""

INBOX_KEPT = timedelta(days=7)
"""Longer than any platform redelivers (Telegram 24 h, Messenger 1 h)."""
OUTBOX_KEPT = timedelta(days=30)

NOT_TAKEN = {
    "too_big": _(
        "One file was larger than 20 MB, so I could not keep it. Please send a smaller one, or a photo of it."
    ),
    "kind": _("I could not keep one file: it is not a photo, a recording, a video or a document. Please send a photo."),
    "gone": _("I could not fetch one file from the chat service. Please send it again."),
    "host": _("I could not fetch one file from the chat service. Please send it again."),
}


class Fetcher:
    """Fetches waiting files: a few at once, the platform's hosts only, up to 20 MB, sniffed, sealed."""

    def __init__(self, service: Service, engine: Engine) -> None:
        self._service, self._engine = service, engine

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                if not await held(self._service, "fetch") or not await self._some():
                    self._service.fetch.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._service.fetch.wait(), LOOK)
            except Exception as error:  # the database is away: what waits is still there afterwards
                log.error("fetching starts over", extra={"why": repr(error)[:200]})
                await asyncio.sleep(LOOK)

    async def _some(self) -> int:
        now = self._service.clock()
        files = await self._service.db.read(lambda connection: attachments.waiting(connection, now, AT_ONCE))
        await asyncio.gather(*(self._one(file) for file in files))
        return len(files)

    async def _one(self, file: attachments.Kept) -> None:
        try:
            stored = await self._stored(file)
        except FetchRefused as refused:
            reason = str(refused.args[0]) if refused.args else "gone"
            await self._service.db.write(lambda connection: self._refuse(connection, file, reason))
            self._service.nudge(file.channel)
            return
        except (FetchLater, OSError) as error:
            if file.tries >= len(PAUSES):
                await self._service.db.write(lambda connection: self._refuse(connection, file, "gone"))
                self._service.nudge(file.channel)
                return
            again = self._service.clock() + timedelta(seconds=PAUSES[file.tries])
            log.warning("a file waits", extra={"file": file.id, "why": repr(error)[:200]})
            await self._service.db.write(
                lambda connection: attachments.later(connection, file.id, file.tries + 1, again)
            )
            return
        await self._service.db.write(lambda connection: self._settle(connection, file, stored))

    async def _stored(self, file: attachments.Kept) -> Stored:
        if file.source and file.source.get("stored"):
            content = await asyncio.to_thread(self._service.files.load, file.id)
        else:
            channel = self._service.channels.get(file.channel)
            if channel is None:
                raise FetchLater("the channel is not configured here")
            content = await gather(channel.fetch(file.source))
        return await asyncio.to_thread(self._service.files.store, file.id, content)

    def _settle(self, connection: Connection, file: attachments.Kept, stored: Stored) -> None:
        attachments.settle(connection, file.id, mime=stored.mime, size=stored.size, digest=stored.digest)
        complaints.file_changed(connection, file.id, self._service.clock())

    def _refuse(self, connection: Connection, file: attachments.Kept, reason: str) -> None:
        """The worker is told, and the thread shows what is missing and why."""
        now = self._service.clock()
        attachments.refuse(connection, file.id, reason)
        complaints.file_changed(connection, file.id, now)
        self._engine.post.notice(connection, file.address_id, Say(NOT_TAKEN[reason]), human=False, now=now)


async def held(service: Service, duty: str) -> bool:
    """Whether this process has the lease on a duty."""
    now = service.clock()
    return await service.db.write(lambda connection: leases.acquire(connection, duty, service.holder, now, LEASE))


class Schedule:
    """APScheduler, in every process; a job runs only where the lease `schedule` is held."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.add_job(self._tidy, "interval", minutes=1, max_instances=1, coalesce=True)
        self._scheduler.add_job(service.refresh_book, "interval", minutes=1, max_instances=1, coalesce=True)
        self._scheduler.add_job(self.climb, "interval", seconds=clocks.EVERY, max_instances=1, coalesce=True)
        self._scheduler.add_job(self._index, "interval", seconds=search.EVERY, max_instances=1, coalesce=True)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    async def climb(self) -> None:
        """The clocks that are due take their steps; two processes at once would do no harm, only work."""
        if await held(self._service, "schedule"):
            await clocks.tick(self._service)

    async def _index(self) -> None:
        """What was said can be found a moment later; never while it is being received."""
        if await held(self._service, "schedule"):
            await search.index_waiting(self._service)

    async def _tidy(self) -> None:
        if not await held(self._service, "schedule"):
            return
        now = self._service.clock()

        def work(connection: Connection) -> None:
            inbox.forget_before(connection, now - INBOX_KEPT)
            outbox.forget_sent_before(connection, now - OUTBOX_KEPT)
            staff.forget_sessions_before(connection, now)
            people.purge(connection, now)

        await self._service.db.write(work)
