"""The database: whole synchronous transactions, run on database threads."""

import asyncio
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Engine, Table, TextClause, bindparam, create_engine, event, text

T = TypeVar("T")
Work = Callable[[Connection], T]

GROUP = 64
"""Most transactions that share one commit on SQLite."""
AT_ONCE = 40
"""Most rows that one INSERT carries."""
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
        pool_size=pool,
        max_overflow=0,
        pool_timeout=4,
        query_cache_size=2000,
        connect_args={"connect_timeout": 3, "options": "-c statement_timeout=30000 -c timezone=UTC"},
    )


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """`await write(fn)` runs `fn(connection)` as one whole transaction; `await read(fn)` never writes."""

    def __init__(self, url: str, *, pool: int = POOL) -> None:
        self.url = url
        self.engine = make_engine(url, pool=pool)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._readers = ThreadPoolExecutor(READERS if self.is_sqlite else pool, "database")
        self._writer = _GroupCommit(self.engine) if self.is_sqlite else None

    async def write(self, work: Work[T]) -> T:
        if self._writer is not None:
            return await asyncio.wrap_future(self._writer.submit(work))
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(self._whole, work))

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(self._whole, work))

    def write_now(self, work: Work[T]) -> T:
        """The same for callers with no event loop: commands, tests."""
        return self._writer.submit(work).result() if self._writer is not None else self._whole(work)

    def read_now(self, work: Work[T]) -> T:
        return self._whole(work)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    def _whole(self, work: Work[T]) -> T:
        with self.engine.begin() as connection:
            return work(connection)


@lru_cache(maxsize=256)
def _insertion(dialect: Dialect, table: Table, names: tuple[str, ...], count: int) -> TextClause:
    """As text: SQLAlchemy compiles an INSERT of several rows anew each time."""
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    rows = ", ".join("(" + ", ".join(f":{name}_{row}" for name in names) + ")" for row in range(count))
    typed = [bindparam(f"{name}_{row}", type_=table.c[name].type) for row in range(count) for name in names]
    return text(f"INSERT INTO {quote(table.name)} ({columns}) VALUES {rows}").bindparams(*typed)  # noqa: S608  # our own names


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns, in one statement a piece; their ids are not asked for.

    Not by `executemany`: psycopg pipelines it, and two fifths of the samples of an event under a profiler fell into its
    wait. The HTTP benchmark has not confirmed that this way is quicker there; see `make bench`.
    """
    for start in range(0, len(rows), AT_ONCE):
        piece = rows[start : start + AT_ONCE]
        values = {f"{name}_{index}": value for index, row in enumerate(piece) for name, value in row.items()}
        connection.execute(_insertion(connection.dialect, table, tuple(piece[0]), len(piece)), values)


class _GroupCommit:
    """SQLite's one writer: transactions that wait together are committed together, each behind a savepoint."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(writes=True)
        self._queue: queue.SimpleQueue[tuple[Work[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> Future[T]:
        future: Future[T] = Future()
        self._queue.put((work, future))
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
            self._commit(batch)
            if over:
                return

    def _commit(self, batch: list[tuple[Work[Any], "Future[Any]"]]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        failed: list[tuple[Future[Any], Exception]] = []
        try:
            with self._engine.connect() as connection, connection.begin():
                raw: Any = connection.connection.driver_connection
                for work, future in batch:
                    if not future.set_running_or_notify_cancel():  # nobody waits any more; from here on it can't be
                        continue
                    raw.execute("SAVEPOINT one")
                    try:
                        done.append((future, work(connection)))
                    except Exception as error:  # the caller gets it; the others of the batch go on
                        raw.execute("ROLLBACK TO one")
                        failed.append((future, error))
                    raw.execute("RELEASE one")
        except Exception as error:
            for _work, future in batch:
                if future.running() or (not future.cancelled() and future.set_running_or_notify_cancel()):
                    future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)
        for future, failure in failed:
            future.set_exception(failure)
