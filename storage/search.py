"""A blind index: words of sealed texts as keyed digests, so that they are found and not read."""

import hashlib
import hmac
from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, delete, func, select
from sqlmodel import Field, Index, SQLModel

from storage.columns import KEYRING, Identity, table
from storage.db import insert_rows


class SearchToken(SQLModel, table=True):
    """One word of one complaint, as the first 8 bytes (signed) of an HMAC under the service's key."""

    __tablename__ = "search_token"
    __table_args__ = (Index("search_token_of_complaint", "complaint_id"),)

    token: int = Field(primary_key=True, sa_type=BigInteger)
    complaint_id: int = Field(primary_key=True, foreign_key="complaint.id", sa_type=Identity)


TOKEN = table(SearchToken)
MANY = 10_000
"""Counting how often a word stands in complaints ends here."""
_FORGET = delete(TOKEN).where(TOKEN.c.complaint_id == bindparam("complaint"))
_OFTEN = select(func.count()).select_from(
    select(TOKEN.c.token).where(TOKEN.c.token == bindparam("token")).limit(MANY).subquery()
)


def token(word: str) -> int:
    """What a word is in the index; the word is one of `bot.text.words`."""
    made = hmac.digest(KEYRING.derive("search"), word.encode(), hashlib.sha256)
    return int.from_bytes(made[:8], "big", signed=True)


def put(connection: Connection, complaint_id: int, tokens: Collection[int]) -> None:
    """These, and no others, are the words of that complaint."""
    connection.execute(_FORGET, {"complaint": complaint_id})
    insert_rows(connection, TOKEN, [{"token": one, "complaint_id": complaint_id} for one in sorted(set(tokens))])


def forget(connection: Connection, complaints: Select[Any]) -> None:
    """These complaints (a statement of their ids) are found by no word any more."""
    connection.execute(delete(TOKEN).where(TOKEN.c.complaint_id.in_(complaints)))


def rarest_first(connection: Connection, tokens: Collection[int]) -> list[tuple[int, int]]:
    """Each token with how many complaints it stands in (up to `MANY`), the rarest first."""
    counted = [(one, int(connection.scalar(_OFTEN, {"token": one}) or 0)) for one in dict.fromkeys(tokens)]
    return sorted(counted, key=lambda one: one[1])
