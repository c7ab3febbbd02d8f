"""A writer that is kept busy for a moment: what is written meanwhile waits, and so becomes one batch."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import Connection

from storage.db import Database


@contextmanager
def busy(db: Database) -> Iterator[None]:
    begun, go_on = threading.Event(), threading.Event()

    def wait(_connection: Connection) -> None:
        begun.set()
        go_on.wait(10)

    with ThreadPoolExecutor(1) as other:
        other.submit(db.write_now, wait)
        begun.wait(10)
        try:
            yield
        finally:
            go_on.set()
