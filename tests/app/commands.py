"""`chumnuoy …` run to its end, with nothing of this machine's settings."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.app.trip import PATIENCE
from tests.support.service import INHERITED, REPOSITORY, SECRET_KEYS


@dataclass(frozen=True)
class Ended:
    """How a command ended; `words`: everything it printed, both ways."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        return self.out + self.err


def chumnuoy(folder: Path, *arguments: str, stdin: str = "", **env: str | None) -> Ended:
    """Run it in `folder`; `env` are its settings beside keys and a place for files. None leaves a setting out."""
    settings = {"SECRET_KEYS": SECRET_KEYS, "FILES_URL": str(folder / "files"), **env}
    ended = subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=folder,
        env={
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONIOENCODING": "utf-8",
            **{name: value for name, value in settings.items() if value is not None},
        },
        input=stdin.encode(),
        capture_output=True,
        timeout=3 * PATIENCE,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


async def chumnuoy_aside(folder: Path, *arguments: str, stdin: str = "", **env: str | None) -> Ended:
    """The same while this test's own loop (an emulator runs in it) goes on."""
    return await asyncio.to_thread(lambda: chumnuoy(folder, *arguments, stdin=stdin, **env))
