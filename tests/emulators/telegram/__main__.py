"""`python -m tests.emulators.telegram --port 8081`: the emulator by hand, with a token to point a bot at."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from .emulator import DEFAULT_TOKEN, TelegramEmulator


async def _serve(arguments: argparse.Namespace) -> None:
    emulator = TelegramEmulator(
        arguments.token, port=arguments.port, limits_on=not arguments.no_limits, record=arguments.record
    )
    for user_id in arguments.person:
        emulator.person(user_id).started = True
    async with emulator as tg:
        sys.stdout.write(f"Telegram emulator at {tg.url}, token {tg.token}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.telegram", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default=DEFAULT_TOKEN)
    parser.add_argument("--person", type=int, action="append", default=[], help="a user id that has pressed Start")
    parser.add_argument("--record", type=int, default=1000, help="how many requests to remember")
    parser.add_argument("--no-limits", action="store_true", help="without rate windows")
    arguments = parser.parse_args()
    with contextlib.suppress(ImportError):  # the faster loop, where it is installed
        import uvloop

        uvloop.install()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(arguments))


if __name__ == "__main__":
    main()
