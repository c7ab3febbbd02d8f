"""The processes of a measurement, and what each of them has used."""

import contextlib
import json
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.processes import family, free_port, kill_family, stat_fields, wait_until
from tests.support.service import REPOSITORY, TICKS_PER_SECOND

PYTHON = [sys.executable, "-m"]


@dataclass(frozen=True)
class Load:
    """What one run of the load client gave. Times to the answer in milliseconds; `cpu` is the server's, in seconds."""

    events: int
    seconds: float
    p50: float
    p99: float
    cpu: float
    rss_before: float
    rss_after: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_ms(self) -> float:
        return self.cpu * 1000 / self.events


def cpu_seconds(pid: int) -> float:
    """Of the process and its living children."""
    return sum(sum(map(int, stat_fields(one)[11:13])) for one in family(pid)) / TICKS_PER_SECOND


def rss(pid: int) -> float:
    """Resident memory in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(pid)


def load(folder: Path, port: int, pid: int, connections: int, conversations: list[list[bytes]]) -> Load:
    """Drive the server `pid` on `port`; anything but 200 is a failure."""
    file = folder / "load.pickle"
    file.write_bytes(pickle.dumps(conversations[::-1]))
    before, cpu = rss(pid), cpu_seconds(pid)
    command = [*PYTHON, "tests.bench.load", str(port), str(connections), str(file)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY).stdout)
    if set(told["answers"]) != {"200"}:
        raise RuntimeError(f"not everything was taken: {told['answers']}")
    used = cpu_seconds(pid) - cpu
    return Load(told["events"], told["seconds"], told["p50"], told["p99"], used, before, rss(pid))


@contextlib.contextmanager
def platforms(people: int) -> Iterator[dict[str, str]]:
    """Both emulators in one process; the settings that lead there."""
    process = subprocess.Popen([*PYTHON, "tests.bench.platforms", str(people)], stdout=subprocess.PIPE, cwd=REPOSITORY)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        kill_family(process)


@contextlib.contextmanager
def peer(name: str, api: str) -> Iterator[tuple[int, int]]:
    """A plain bot; its port and process id."""
    import urllib.error
    import urllib.request

    port = free_port()
    process = subprocess.Popen([*PYTHON, "tests.bench.peers", name, str(port), api], cwd=REPOSITORY)

    def ready() -> bool:
        with contextlib.suppress(OSError):
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).status == 200)
        return False

    try:
        wait_until(ready, f"{name} is ready", 120)
        yield port, process.pid
    finally:
        kill_family(process)


def send(channel: str, rows: int, where: dict[str, str], database_url: str) -> dict[str, Any]:
    """Rows sent by one process."""
    command = [*PYTHON, "tests.bench.sending", channel, str(rows), json.dumps(where), database_url]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY).stdout)
    if told["recorded"] != rows:
        raise RuntimeError(f"not everything was recorded: {told}")
    return told


def wait_for(condition: Any, seconds: float) -> float:
    """How long it took."""
    began = time.perf_counter()
    wait_until(condition, "the outbox is empty", seconds)
    return time.perf_counter() - began
