"""`python -m tests.bench`: events taken, beside two plain bots; messages sent; pages with many complaints. Medians."""

import argparse
import contextlib
import os
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from sqlalchemy import create_engine, text

from storage.migrating import upgrade
from tests.bench import pages, processes
from tests.bench.processes import Load
from tests.bench.workload import COMPLAINT, PEER, SECRET, conversations, peer_conversations
from tests.support.postgresql import Databases, PostgresServer
from tests.support.service import Service

WARM = 20
"""Complaints before each measurement: compiled statements, caches, open connections."""

NewDatabase = Callable[[], str]


@contextlib.contextmanager
def databases(folder: Path) -> Iterator[dict[str, NewDatabase]]:
    """How to get a fresh one of each kind. PostgreSQL runs with fsync, as in production."""
    template = folder / "template.sqlite"
    upgrade(f"sqlite:///{template}")
    with contextlib.closing(sqlite3.connect(template)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    count = iter(range(10_000))

    def sqlite() -> str:
        path = folder / f"bench{next(count)}.sqlite"
        shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    with contextlib.closing(PostgresServer()) as server:
        server.start()
        with contextlib.closing(Databases(server.url(), upgrade)) as made:
            yield {"SQLite": sqlite, "PostgreSQL": made.create}


def take(given: argparse.Namespace, folder: Path, url: str, where: dict[str, str], command: str) -> Load:
    """Complaints through the webhooks. `web` only takes them; `serve` answers them meanwhile as well."""
    env = {"DATABASE_URL": url, "TELEGRAM_WEBHOOK_SECRET": SECRET, **where, "TELEGRAM_RATE": "1000"}
    service = Service(folder, {**env, "PUBLIC_URL": "http://127.0.0.1:9", "PHONE": "0"}, command=command)
    service.start(120)
    try:
        number = len(COMPLAINT) * WARM
        made = conversations(WARM + given.complaints)
        processes.load(folder, service.port, service.process.pid, given.connections, made[:WARM])
        measured = processes.load(folder, service.port, service.process.pid, given.connections, made[WARM:])
        filed = count(url)
        if filed != WARM + given.complaints:
            raise RuntimeError(f"{filed} complaints were filed of {number}")
        return measured
    finally:
        service.kill9()


def count(url: str) -> int:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT count(*) FROM complaint"))
    engine.dispose()
    return int(found or 0)


def peer(given: argparse.Namespace, folder: Path, name: str, where: dict[str, str]) -> Load:
    """As many events; the one that writes everything to a file each time gets fewer, or it would never end."""
    events = len(COMPLAINT) * given.complaints // (10 if name == "ptb" else 1)
    people = min(given.complaints, events // len(PEER))
    with processes.peer(name, where["TELEGRAM_API_URL"]) as (port, pid):
        processes.load(folder, port, pid, given.connections, peer_conversations(WARM, 3))
        rounds = max(1, events // (people * len(PEER)))
        return processes.load(folder, port, pid, given.connections, peer_conversations(people, rounds))


def middle(runs: list[Load]) -> Load:
    return sorted(runs, key=lambda one: one.rate)[len(runs) // 2]


def print_table(head: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join("---" if index == 0 else "--:" for index in range(len(head))) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def events_table(given: argparse.Namespace, folder: Path, new: dict[str, NewDatabase], where: dict[str, str]) -> None:
    measured: list[tuple[str, str, Load]] = []
    for kind, fresh in new.items():
        runs = [take(given, folder, fresh(), where, "web") for _run in range(given.repeat)]
        measured.append((f"Chumnuoy, {kind}: taken", "yes", middle(runs)))
    for kind, fresh in new.items():
        runs = [take(given, folder, fresh(), where, "serve") for _run in range(given.repeat)]
        measured.append((f"Chumnuoy, {kind}: taken, answers being sent", "yes", middle(runs)))
    for name, title, durable in (
        ("aiogram", "aiogram, memory: taken and answered", "no"),
        ("ptb", "python-telegram-bot, pickle: taken and answered", "yes"),
    ):
        if not given.no_peers:
            runs = [peer(given, folder, name, where) for _run in range(given.repeat)]
            measured.append((title, durable, middle(runs)))
    first = measured[0][2]
    rows = [
        [
            *(title, durable, f"{one.rate:.0f}", f"{one.rate / first.rate:.2f}", f"{one.cpu_ms:.2f}"),
            *(f"{1000 / one.cpu_ms:.0f}", f"{one.p50:.0f} / {one.p99:.0f} ms"),
            f"{one.rss_before:.0f} → {one.rss_after:.0f}",
        ]
        for title, durable, one in measured
    ]
    print_table(["events", "durable", "/s", "ratio", "CPU ms", "/s of a core", "p50 / p99", "MiB before → after"], rows)


def sends_table(given: argparse.Namespace, new: dict[str, NewDatabase], where: dict[str, str]) -> None:
    rows = []
    for channel in ("telegram", "messenger"):
        for kind, fresh in new.items():
            runs = [processes.send(channel, given.sends, where, fresh()) for _run in range(given.repeat)]
            rate = median(run["sent"] / run["seconds"] for run in runs)
            cpu = median(run["cpu"] * 1000 / run["sent"] for run in runs)
            rows.append([f"{channel}, {kind}", f"{rate:.0f}", f"{cpu:.2f}", f"{1000 / cpu:.0f}"])
    print_table(["sends, each recorded", "/s", "CPU ms", "/s of a core"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--complaints", type=int, default=500, help=f"each is {len(COMPLAINT)} events")
    parser.add_argument("--connections", type=int, default=48)
    parser.add_argument("--sends", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=("events", "sends", "pages"))
    parser.add_argument("--listed", type=int, default=100_000, help="complaints in the database, for the pages")
    parser.add_argument("--looks", type=int, default=20, help="at each page")
    parser.add_argument("--database", choices=("SQLite", "PostgreSQL"), help="only this one, for the pages")
    parser.add_argument("--no-peers", action="store_true")
    given = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, medians of {given.repeat}\n", flush=True)
    if given.only == "pages":
        with tempfile.TemporaryDirectory(prefix="chumnuoy-bench-") as name, databases(Path(name)) as new:
            asked = {kind: fresh for kind, fresh in new.items() if given.database in (None, kind)}
            pages.table(asked, Path(name), given.listed, given.looks, print_table)
        return
    with (
        tempfile.TemporaryDirectory(prefix="chumnuoy-bench-") as name,
        databases(Path(name)) as new,
        processes.platforms(max(given.sends, given.complaints + WARM)) as where,
    ):
        if given.only != "sends":
            events_table(given, Path(name), new, where)
        if given.only != "events":
            sends_table(given, new, where)


if __name__ == "__main__":
    main()
