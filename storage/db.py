"""The database: whole synchronous transactions, run on database threads."""

import asyncio
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event

T = TypeVar("T")
Item = TypeVar("Item")
Work = Callable[[Connection], T]
Together = Callable[[Connection, Sequence[Item]], Sequence[T]]

GROUP = 64
"""Most transactions that share one commit."""
LIMITS = "-c statement_timeout=30000 -c lock_timeout=2000 -c timezone=UTC"
"""Of a connection to PostgreSQL: a row that another process holds for two seconds must not hold up everybody."""
READERS = 4
POOL = 8


def make_engine(url: str, *, pool: int = POOL) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://…`; psycopg 3 is meant by the latter."""
    if url.startswith("sqlite"):
        engine = create_engine(
            url, pool_size=READERS + 1, connect_args={"check_same_thread": False, "timeout": 15}, query_cache_size=2000
        )
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    full = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(
        full,
        pool_size=pool + 1,  # and the writer's
        max_overflow=0,
        pool_timeout=4,
        query_cache_size=2000,
        connect_args={"connect_timeout": 3, "options": LIMITS},
    )


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """`await write(fn)` runs `fn(connection)` as one whole transaction; `await read(fn)` never writes.

    `fn` may be run a second time after everything its first run did was rolled back, so it changes nothing else.
    """

    def __init__(self, url: str, *, pool: int = POOL) -> None:
        self.url = url
        self.engine = make_engine(url, pool=pool)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._readers = ThreadPoolExecutor(READERS if self.is_sqlite else pool, "database")
        self._writer = _GroupCommit(self.engine, None if self.is_sqlite else self._readers)

    async def write(self, work: Work[T]) -> T:
        return await self.write_together(_each, work)

    async def write_together(self, work: Together[Item, T], item: Item) -> T:
        """Like `write`, for work that does for several what it does for one: those that wait together are one call."""
        return await asyncio.wrap_future(self._writer.submit(work, item))

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(_whole, self.engine, work))

    def write_now(self, work: Work[T]) -> T:
        """The same for callers with no event loop: commands, tests."""
        return self._writer.submit(_each, work).result()

    def read_now(self, work: Work[T]) -> T:
        return _whole(self.engine, work)

    def close(self) -> None:
        self._writer.close()
        self._readers.shutdown(wait=True)
        self.engine.dispose()


def _each(connection: Connection, works: Sequence[Work[T]]) -> list[T]:
    return [work(connection) for work in works]


def _whole(engine: Engine, work: Work[T]) -> T:
    with engine.begin() as connection:
        return work(connection)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; their ids are not asked for. No row is nothing to do."""
    if rows:
        connection.execute(table.insert(), list(rows))


Job = tuple[Together[Any, Any], Any, "Future[Any]"]


class _GroupCommit:
    """The writer of this process: transactions that wait together are committed together.

    A batch in which one fails is rolled back and taken apart: each is then tried alone, so that none suffers for
    another's fault, or for a row that somebody else holds. `apart` are threads for that, where the database can write
    in several at once. See docs/decisions/0006-one-writer.md.
    """

    def __init__(self, engine: Engine, apart: ThreadPoolExecutor | None) -> None:
        self._engine = engine.execution_options(writes=True)
        self._apart = apart
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Together[Item, T], item: Item) -> Future[T]:
        future: Future[T] = Future()
        self._queue.put((work, item, future))
        return future

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, over = [first], False
            while len(batch) < GROUP and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    over = True
                    break
                batch.append(following)
            # From here on nobody can take a job back; who waits no more has done so already.
            self._commit([job for job in batch if job[2].set_running_or_notify_cancel()])
            if over:
                return

    def _commit(self, batch: list[Job]) -> None:
        results: list[Any] = []
        began = False
        try:
            with self._engine.begin() as connection:
                began = True
                for work, jobs in groupby(batch, key=itemgetter(0)):
                    asked = [item for _work, item, _future in jobs]
                    results += [one for _item, one in zip(asked, work(connection, asked), strict=True)]
        except Exception as error:
            if began and 1 < len(batch) != len(results) and not getattr(error, "connection_invalidated", False):
                self._take_apart(batch)
            else:  # the database is gone, or the commit failed, or there is nobody else
                for _work, _item, future in batch:
                    future.set_exception(error)
            return
        for (_work, _item, future), result in zip(batch, results, strict=True):
            future.set_result(result)

    def _take_apart(self, batch: list[Job]) -> None:
        for job in batch:
            if self._apart is not None:
                self._apart.submit(self._commit, [job])
            else:
                self._commit([job])
