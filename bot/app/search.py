"""Words of complaints into the blind index: read, cut outside the writer's thread, then written."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from sqlalchemy import Connection

from bot.app.service import Service
from bot.text import words
from storage import indexing, search
from storage.db import Database
from storage.indexing import Unindexed

EVERY = 5
"""Seconds between two runs of the schedule."""
BATCH = 24
"""Complaints of one transaction: what comes from workers waits behind it."""
ROUNDS = 40
"""Batches of one run of the schedule."""
MARKED = 500

Cut = tuple[Unindexed, int | None, set[int]]


def cut(read: Sequence[Unindexed]) -> list[Cut]:
    """Each with the token of the whole name it is about, and those of its words."""
    return [(one, key(one.name), tokens(one)) for one in read]


def key(name: str) -> int | None:
    """`about_key`: equal for the same employer or agency, however it was spelled."""
    whole = words.name(name)
    return search.token(whole) if whole else None


def tokens(one: Unindexed) -> set[int]:
    found = words.words(one.name, *one.texts)
    whole = words.name(one.name)
    return {search.token(word) for word in (*found, *([whole] if whole else []))}


def keep(connection: Connection, cuts: Iterable[Cut]) -> int:
    """How many were settled; one that changed meanwhile waits for the next time."""
    return sum(indexing.settle(connection, *one) for one in cuts)


async def index_some(service: Service) -> int:
    """One batch; how many were settled."""
    read = await service.db.read(lambda connection: indexing.waiting(connection, BATCH))
    if not read:
        return 0
    made = await asyncio.to_thread(cut, read)
    return await service.db.write(lambda connection: keep(connection, made))


async def index_waiting(service: Service) -> int:
    """What waits, as far as one run goes."""
    done = 0
    for _round in range(ROUNDS):
        settled = await index_some(service)
        if not settled:
            break
        done += settled
    return done


def reindex(db: Database) -> int:
    """Every complaint anew, after another key became the last: how many. Those that change meanwhile come again."""
    after: int | None = 0
    while after is not None:
        after = db.write_now(partial(indexing.mark, after=after, most=MARKED))
    done = 0
    while read := db.read_now(lambda connection: indexing.waiting(connection, BATCH)):
        made = cut(read)
        done += db.write_now(partial(keep, cuts=made))
    return done
