"""Column types every table uses: identities, aware moments, sealed text and sealed JSON."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, Table
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

Identity = BigInteger().with_variant(Integer(), "sqlite")


class Keyring:
    """The service's Fernet keys, newest first: the first seals, every one unseals."""

    def __init__(self) -> None:
        self._keys: MultiFernet | None = None
        self._oldest = b""
        self._derived = dict[str, bytes]()

    def use(self, keys: Sequence[str]) -> None:
        """Raise ValueError when a key is not 32 url-safe base64 bytes."""
        self._keys = MultiFernet([Fernet(key) for key in keys])
        self._oldest = urlsafe_b64decode(keys[-1])
        self._derived = {}

    def derive(self, label: str) -> bytes:
        """A key of 32 bytes for one purpose, by HKDF-SHA256 from the oldest key of the ring.

        A new key comes first in the ring, so what was made with this one stays good. When another key becomes the last,
        what was made with this one must be made anew (`chumnuoy search reindex`).
        """
        self._ring()
        if label not in self._derived:
            made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"chumnuoy " + label.encode())
            self._derived[label] = made.derive(self._oldest)
        return self._derived[label]

    def seal(self, plain: bytes) -> bytes:
        return self._ring().encrypt(plain)

    def unseal(self, sealed: bytes) -> bytes:
        """Raise cryptography's InvalidToken when no key fits."""
        return self._ring().decrypt(sealed)

    def _ring(self) -> MultiFernet:
        if self._keys is None:
            raise RuntimeError("no keys: call storage.columns.KEYRING.use(...) first")
        return self._keys


KEYRING = Keyring()


class Moment(TypeDecorator[datetime]):
    """An aware datetime, in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sealed(TypeDecorator[str]):
    """Text that is unreadable without the service's keys."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else KEYRING.seal(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else KEYRING.unseal(bytes(value)).decode()


class SealedJson(TypeDecorator[Any]):
    """JSON that is unreadable without the service's keys."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        return KEYRING.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(KEYRING.unseal(bytes(value)))


def table(model: type[SQLModel]) -> Table:
    """The Core table of a SQLModel class."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]  # SQLModel adds it at class creation
