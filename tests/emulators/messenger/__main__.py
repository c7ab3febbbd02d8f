"""Starts the emulator by hand: `python -m tests.emulators.messenger --port 8082`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from .server import MessengerEmulator
from .switches import Limits


def say(text: str) -> None:
    """One line to whoever started this."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def run(given: argparse.Namespace) -> None:
    """Serve until interrupted."""
    fb = MessengerEmulator(
        page_id=given.page_id,
        page_token=given.page_token,
        app_secret=given.app_secret,
        verify_token=given.verify_token,
        host=given.host,
        port=given.port,
        limits=Limits.none() if given.no_limits else Limits(),
        keep_journal=not given.no_journal,
        retry_scale=given.retry_scale,
    )
    async with fb:
        say(f"Messenger emulator: {fb.url}/v26.0/{fb.page_id}/messages")
        say(f"page token {fb.page_token}, app secret {fb.app_secret}, verify token {fb.verify_token}")
        if given.webhook and not await fb.verifies(given.webhook):
            say(f"the webhook {given.webhook} did not pass the handshake")
        await asyncio.Event().wait()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.messenger", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8082)
    parser.add_argument("--page-id", default="104500000000001")
    parser.add_argument("--page-token", default="PAGE-TOKEN")
    parser.add_argument("--app-secret", default="app-secret")
    parser.add_argument("--verify-token", default="verify-token")
    parser.add_argument("--webhook", default="", help="address of the service; the handshake is made at the start")
    parser.add_argument("--retry-scale", type=float, default=1.0, help="multiplies the pauses between repeats")
    parser.add_argument("--no-limits", action="store_true", help="no rate limits, for benchmarks")
    parser.add_argument("--no-journal", action="store_true", help="keep no requests, for benchmarks")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
