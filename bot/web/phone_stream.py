"""The stream of an open phone page: what was delivered to this person, as server-sent events."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from bot.channels.phone import NAME, Hub
from storage import outbox
from storage.db import Database
from storage.outbox import Delivered

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between looks at the database: another process may be the sender."""
SOON = (0.0, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3)
"""Seconds between looks after the bell: it rings when a message is sent, a moment before that is recorded."""
HEARTBEAT = 15.0
"""Seconds of silence after which a comment shows proxies, and us, that the connection lives."""
OVERLAP = timedelta(seconds=30)
"""How much later than its own time a row may become visible: the longest a transaction may take."""
FIRST = datetime(1970, 1, 1, tzinfo=UTC)

Gone = Callable[[], Awaitable[bool]]


class News:
    """What one page has not seen yet, in the order of delivery; the page itself drops what it has."""

    def __init__(self, db: Database, person: str, after: int) -> None:
        self._db, self._person, self._after = db, person, after
        self._newest: datetime | None = None
        self._known: dict[int, datetime] = {}

    async def read(self) -> list[Delivered]:
        if self._newest is None:
            self._newest = await self._begin()
        newest = self._newest
        since = newest - OVERLAP if newest > FIRST else FIRST
        known = list(self._known)
        rows = await self._db.read(lambda connection: outbox.news(connection, NAME, self._person, since, known))
        self._known |= {row.id: row.sent_at for row in rows}
        self._newest = max([newest, *(row.sent_at for row in rows)])
        horizon = self._newest - OVERLAP
        self._known = {id: at for id, at in self._known.items() if at >= horizon}
        return rows

    async def _begin(self) -> datetime:
        """A row that is gone (or somebody else's) tells nothing: everything is shown then."""
        if self._after <= 0:
            return FIRST
        found = await self._db.read(lambda connection: outbox.delivered_at(connection, NAME, self._person, self._after))
        if found is None:
            return FIRST
        self._known[self._after] = found
        return found


def shown(row: Delivered) -> str:
    """One message as an event; its id is the outbox row."""
    body = row.body or {}
    data: dict[str, object] = {
        "text": body.get("text") or "",
        "rows": body.get("rows") or [],
        "at": row.sent_at.isoformat(timespec="milliseconds"),
        "language": row.language,
    }
    data |= {name: body[name] for name in ("file", "kind") if body.get(name)}
    if row.human:
        data["human"] = True
    return f"id: {row.id}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def stream(db: Database, hub: Hub, person: str, after: int, gone: Gone) -> AsyncIterator[str]:
    """Until the page is gone or the service closes."""
    news, quiet_since = News(db, person, after), time.monotonic()
    yield "retry: 1500\n: hello\n\n"
    with hub.listen(person) as bell:
        while not hub.closing and not await gone():
            rung = bell.is_set()
            bell.clear()
            for pause in SOON if rung else (0.0,):
                await asyncio.sleep(pause)
                rows = await _read(news)
                for row in rows:
                    yield shown(row)
                if rows:
                    quiet_since = time.monotonic()
                    break
            if time.monotonic() - quiet_since >= HEARTBEAT:
                yield ": here\n\n"
                quiet_since = time.monotonic()
            with suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), LOOK)


async def _read(news: News) -> list[Delivered]:
    """Nothing while the database is away: the page stays connected and hears the rest later."""
    try:
        return await news.read()
    except Exception as error:
        log.warning("a phone waits for the database", extra={"why": repr(error)[:200]})
        return []
