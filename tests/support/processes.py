"""Processes that tests start, and that must not outlive them."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ENDED_STATES = frozenset("ZX")  # a zombie holds no memory, socket or file: for a test it has ended


class NotReadyError(Exception):
    """A process that a test started did not become ready."""


class Guard:
    """Kills a process (and removes its folder) should this one die without stopping it, for example by `kill -9`."""

    def __init__(self, pid: int, folder: Path | None = None) -> None:
        script = 'read -r word; [ "$word" = released ] || { kill -9 "$1"; [ -z "$2" ] || rm -rf "$2"; }'
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", script, "guard", str(pid), str(folder or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def release(self) -> None:
        """The process has ended as it should: nothing is left to guard."""
        with contextlib.suppress(BrokenPipeError):
            self._shell.communicate(b"released\n")


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Wait until `ready()` is true; raises NotReadyError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what}: not so after {seconds:.0f} s")
        time.sleep(0.02)


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; raises ProcessLookupError when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None
    return text.rpartition(")")[2].split()


def running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        return stat_fields(pid)[0] not in ENDED_STATES
    except ProcessLookupError:
        return False


def family(pid: int) -> list[int]:
    """The process and everything it started, whatever process group they put themselves in."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(ProcessLookupError):
                children.setdefault(int(stat_fields(int(entry.name))[1]), []).append(int(entry.name))
    found = [pid]
    for member in found:
        found.extend(children.get(member, []))
    return found


def kill_family(process: "subprocess.Popen[bytes]") -> None:
    """`kill -9` the process and all its descendants at once, and wait until they are gone."""
    members = family(process.pid)
    for member in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(running(member) for member in members), "killed processes have ended")
