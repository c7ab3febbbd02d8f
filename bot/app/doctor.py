"""`chumnuoy doctor`: what is wrong, in words."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import TextIO

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection

from bot.app.files import Files
from bot.channels.base import Channel
from bot.settings import Settings
from storage import people
from storage.columns import KEYRING
from storage.db import Database
from storage.migrating import is_current


def fresh_key() -> str:
    return Fernet.generate_key().decode()


def examine(settings: Settings, channels: Mapping[str, Channel], out: TextIO) -> bool:
    """Print a line for each check; True when nothing is wrong."""
    whole = True
    for good, line in (*_stores(settings), *asyncio.run(_platforms(channels))):
        out.write(f"{'ok   ' if good else 'WRONG'} {line}\n")
        whole = whole and good
    return whole


def _stores(settings: Settings) -> Iterator[tuple[bool, str]]:
    KEYRING.use(settings.keys)
    db = Database(settings.database_url, pool=1)
    try:
        current = db.read_now(is_current)
        yield current, "the schema is today's" if current else "the schema is old: run `chumnuoy migrate`"
        if current:
            yield db.read_now(_keys_fit)
    except Exception as error:
        yield False, f"the database does not answer: {str(error).splitlines()[0][:200]}"
    finally:
        db.close()
    try:
        Files(settings.files_url)
        yield True, "the place for files can be used"
    except Exception as error:
        yield False, f"FILES_URL cannot be used: {error}"
    yield (
        bool(settings.public_url),
        (
            f"platforms reach us at {settings.public_url}"
            if settings.public_url
            else "PUBLIC_URL is not set: Telegram is polled, Messenger cannot reach us"
        ),
    )


def _keys_fit(connection: Connection) -> tuple[bool, str]:
    try:
        people.open_newest_session(connection)
    except InvalidToken:
        return False, "SECRET_KEYS do not open what is stored: the key it was sealed with is missing"
    return True, "the keys open what is stored"


async def _platforms(channels: Mapping[str, Channel]) -> list[tuple[bool, str]]:
    found: list[tuple[bool, str]] = []
    for name in ("telegram", "messenger"):
        channel = channels.get(name)
        if channel is None:
            found.append((True, f"{name} is not configured"))
            continue
        try:
            await channel.open()
            found.append((True, f"{name} accepts our token"))
            subscribed = getattr(channel, "subscribed", None)
            if subscribed is not None:
                good = bool(await subscribed())
                found.append((good, f"{name}: our page {'is' if good else 'is NOT'} subscribed to our webhook"))
        except Exception as error:
            found.append((False, f"{name}: {error}"))
        finally:
            await channel.close()
    return found
