"""The service as a process of its own, for tests that kill it, look at it with a browser or measure it."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.processes import Guard, NotReadyError, free_port, kill_family, stat_fields, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
SECRET_KEYS = urlsafe_b64encode(sha256(b"for tests only").digest()).decode()
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")  # nothing else: a developer's TELEGRAM_… must never reach a test


class Service:
    """`chumnuoy serve` (or `web`, or `worker`) in a subprocess, on one port for as long as this object lives.

    `folder` receives the log and is the process's working folder. `env` is all its settings (DATABASE_URL among
    them) beside the defaults below. The methods block: an async test whose own loop must answer meanwhile (an
    emulator runs in it) calls `await asyncio.to_thread(service.start)`. Also a context manager that starts and stops.
    """

    def __init__(
        self,
        folder: Path,
        env: dict[str, str],
        *arguments: str,
        command: str = "serve",
        ready_path: str | None = "/readyz",
        module: str = "bot.cli",
    ) -> None:
        """`ready_path`: the page that answers 200 once the process is ready; None when it serves no pages."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = folder / f"{command}-{self.port}.log"
        self._folder = folder
        self._ready_path = ready_path
        self._command = [sys.executable, "-m", module, command, *arguments]
        self._env = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONUNBUFFERED": "1",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "FILES_URL": str(folder / "files"),
            "SECRET_KEYS": SECRET_KEYS,
            **env,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None

    def set(self, **env: str) -> None:
        """More settings, or other values, from the next start on."""
        self._env.update(env)

    def twin(self, command: str, ready_path: str | None = "/readyz") -> "Service":
        """Another process with the same settings and a port of its own."""
        own = {name: value for name, value in self._env.items() if name not in ("PORT", *INHERITED)}
        return Service(self._folder, own, command=command, ready_path=ready_path)

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The running process."""
        if self._process is None:
            raise RuntimeError("the service was not started")
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """Everything the process has printed so far, over all its starts."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self, seconds: float = 30.0) -> None:
        """Start the process and wait until it is ready, at most `seconds`."""
        if self.running:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._guard = Guard(self._process.pid)
        try:
            wait_until(self.ready, f"{self._command[3]} is ready", seconds)
        except NotReadyError as error:
            self.kill9()
            raise NotReadyError(f"{error}; its log ends:\n{self.log[-4000:]}") from None

    def ready(self) -> bool:
        """Whether the process says that it is ready now; raises NotReadyError when it has ended by itself."""
        if not self.running:
            raise NotReadyError(f"it ended with code {self.process.returncode}")
        return self._ready_path is None or self.status(self._ready_path) == 200

    def status(self, path: str) -> int | None:
        """The status a GET of `path` is answered with; None when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return None

    def stop(self, seconds: float = 30.0) -> int:
        """Ask the process to end (SIGTERM) and wait; its exit code. One that does not end in time is a failure."""
        if not self.running:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise
        finally:
            self._release()

    def kill9(self) -> None:
        """Kill the process and all it started, at once and without warning."""
        if self.running:
            kill_family(self.process)
        self._release()

    def restart(self) -> None:
        """Stop, then start on the same port."""
        self.stop()
        self.start()

    def cpu_seconds(self) -> float:
        """Processor time that the running process and its ended children have used, in seconds."""
        user, system, children_user, children_system = map(int, stat_fields(self.process.pid)[11:15])
        return (user + system + children_user + children_system) / TICKS_PER_SECOND

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.stop()
        else:
            self.kill9()

    def _release(self) -> None:
        if self._guard is not None:
            self._guard.release()
            self._guard = None
