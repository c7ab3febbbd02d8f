"""The receipt of a complaint: one signed ASCII line that another office can check without asking us.

    CHUMNUOY1.<payload>.<signature>

The payload is base64url (no padding) of `reference|category|filed|due|key`, times as 20261122T080400Z. The signature is
base64url of Ed25519 (RFC 8032) over the ASCII bytes before the second dot, so that the version is signed too.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.domain.errors import DomainError
from bot.text import reference as references
from bot.text.khmer import to_ascii_digits

NAME, VERSION = "CHUMNUOY", "1"
LONGEST = 2_000_000
"""Characters of a text that are looked through."""
SIGNATURE = 86
"""Base64url characters of 64 bytes."""
PAYLOAD = 200
"""More than the longest payload has."""
CODE = 16
"""Characters of the check code: 80 bits of SHA-256, in the alphabet of references."""
KEY_BYTES = 32

_UNSEEN = "\\s\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
"""What a chat app or a line break may put into the middle of a line."""
_BEGINNING = re.compile(
    "(?<![A-Za-z0-9_-])" + f"[{_UNSEEN}]{{0,4}}".join(NAME) + f"[{_UNSEEN}]{{0,4}}([0-9]{{1,3}})[{_UNSEEN}]{{0,4}}\\."
)
_SKIPPED = re.compile(f"[{_UNSEEN}]+")
_RUN = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"\n[^\S\n]*\n")
_FIELDS = re.compile(r"([0-9A-Z]{8})\|([A-Z][A-Z_]{0,39})\|([0-9]{8}T[0-9]{6}Z)\|([0-9]{8}T[0-9]{6}Z)\|([0-9a-f]{10})")
_MOMENT = "%Y%m%dT%H%M%SZ"


class NotGenuine(DomainError):
    """It is no genuine receipt."""


class NothingFound(NotGenuine):
    """There is no receipt in it: nothing begins with CHUMNUOY1."""


class Huge(NotGenuine):
    """It is far larger than a receipt is; it was not read."""


class OtherVersion(NotGenuine):
    """It is a receipt of a version that is not known here."""


class Cut(NotGenuine):
    """The signed line is not whole: a piece is missing, or was broken out."""


class Foreign(NotGenuine):
    """There is a sign in the signed line that no receipt has: it was changed on its way."""


class Changed(NotGenuine):
    """The signature does not fit: it was changed, or we never signed it."""


class OtherKey(NotGenuine):
    """It is signed with a key that is not among those it was checked with."""


class Several(NotGenuine):
    """It holds more than one receipt, or one that reads differently in two places."""


class OfAnother(NotGenuine):
    """The receipt is genuine, but of another complaint."""


class NoKey(DomainError):
    """That is no public key: 32 bytes in base64, such as `chumnuoy receipt-key` prints."""


@dataclass(frozen=True, slots=True)
class SendReceipt:
    """The worker asks for the receipt of their complaint."""

    reference: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed; moments are aware, in whole seconds. `key` names the key that signs."""

    reference: str
    category: str
    filed_at: datetime
    due_at: datetime
    key: str

    @property
    def payload(self) -> str:
        times = (one.astimezone(UTC).strftime(_MOMENT) for one in (self.filed_at, self.due_at))
        return "|".join((self.reference, self.category, *times, self.key))


@dataclass(frozen=True, slots=True)
class NewKey:
    """An Ed25519 key: `id` names it in receipts; `public` and `private` are base64 of 32 bytes."""

    id: str
    public: str
    private: str


def make_key(secret: bytes) -> NewKey:
    """A key from 32 bytes that the caller drew from a secure source."""
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    return NewKey(key_id(public), base64.b64encode(public).decode(), base64.b64encode(secret).decode())


def key_id(public: bytes) -> str:
    """Ten characters that follow from the public key itself, so that a list of keys needs no trust in its names."""
    return hashlib.sha256(public).hexdigest()[:10]


def sign(statement: Statement, private: bytes) -> str:
    """The signed line. The same statement and key always give the same line."""
    signed = f"{NAME}{VERSION}.{_pack(statement.payload.encode('ascii'))}"
    return f"{signed}.{_pack(Ed25519PrivateKey.from_private_bytes(private).sign(signed.encode('ascii')))}"


def find(text: str, longest: int = LONGEST) -> str:
    """The one signed line in a text, an address or a chat, put together again; not yet checked. Raises NotGenuine."""
    if len(text) > longest:
        raise Huge
    found: set[str | type[NotGenuine]] = set(_candidates(text))
    if len(found) > 1:
        raise Several
    for one in found:
        if isinstance(one, str):
            return one
        raise one
    raise NothingFound


def check(text: str, keys: Mapping[str, bytes], longest: int = LONGEST) -> Statement:
    """What the receipt in this text says, if one of the keys (32 bytes, by id) signed it. Raises NotGenuine."""
    line = find(text, longest)
    signed, _dot, signature = line.rpartition(".")
    statement = _understood(signed.partition(".")[2])
    public = keys.get(statement.key)
    if public is None:
        raise OtherKey
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(_unpack(signature), signed.encode("ascii"))
    except (InvalidSignature, ValueError):
        raise Changed from None
    return statement


def check_code(line: str) -> str:
    """A short value of a signed line, for people without a camera; only who can make the line can check it."""
    bits = int.from_bytes(hashlib.sha256(line.encode("ascii")).digest()[:10], "big")
    return "".join(references.ALPHABET[bits >> shift & 31] for shift in range(5 * CODE - 5, -1, -5))


def show_code(code: str) -> str:
    """In fours: K7Q2-9MXD-0000-AAAA."""
    return "-".join(code[at : at + 4] for at in range(0, CODE, 4))


def read_code(text: str) -> str | None:
    """A check code as somebody typed it: case, dashes, spaces, Khmer digits, and I, L, O for 1, 1, 0."""
    if len(text) > 4 * CODE:
        return None
    plain = re.sub(f"[-–—_{_UNSEEN}]+", "", to_ascii_digits(text)).upper().translate(str.maketrans("ILO", "110"))
    return plain if len(plain) == CODE and set(plain) <= set(references.ALPHABET) else None


def read_keys(text: str) -> dict[str, bytes]:
    """Public keys by id, from lines of a key, or of its id and the key; `#` begins a remark. Raises NoKey."""
    keys = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        named, given = ("", words[0]) if len(words) == 1 else (words[0], words[1])
        try:
            public = base64.b64decode(
                given.replace("-", "+").replace("_", "/") + "=" * (-len(given) % 4), validate=True
            )
        except (binascii.Error, ValueError):
            raise NoKey from None
        if len(public) != KEY_BYTES or named not in ("", key_id(public)):
            raise NoKey
        keys[key_id(public)] = public
    if not keys:
        raise NoKey
    return keys


def _candidates(text: str) -> Iterator[str | type[NotGenuine]]:
    for begin in _BEGINNING.finditer(text):
        yield _line(text, begin.end()) if begin[1] == VERSION else OtherVersion


def _line(text: str, at: int) -> str | type[NotGenuine]:
    """The signed line whose payload begins there; breaks and invisible signs are left out, a blank line ends it."""
    parts, have = [""], 0
    while True:
        if skipped := _SKIPPED.match(text, at):
            if _BLANK.search(skipped.group()):
                return Cut
            at = skipped.end()
        here = text[at : at + 1]
        run = _RUN.match(text, at, at + (PAYLOAD if len(parts) == 1 else SIGNATURE - have))
        if run:
            parts[-1] += run.group()
            at = run.end()
            have = len(parts[-1])
            if len(parts) == 2 and have == SIGNATURE:
                return Changed if _RUN.match(text, at) else f"{NAME}{VERSION}.{'.'.join(parts)}"
            if len(parts) == 1 and have > PAYLOAD:
                return Changed
        elif here == "." and len(parts) == 1 and parts[0]:
            parts.append("")
            at, have = at + 1, 0
        else:
            return Foreign if here and not here.isascii() else Cut


def _understood(payload: str) -> Statement:
    """Raises Changed."""
    try:
        found = _FIELDS.fullmatch(_unpack(payload).decode("ascii"))
        if found is None or references.read(found[1]) != found[1]:
            raise Changed
        filed, due = (datetime.strptime(one, _MOMENT).replace(tzinfo=UTC) for one in found.group(3, 4))
    except ValueError:
        raise Changed from None
    return Statement(found[1], found[2], filed, due, found[5])


def _pack(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unpack(packed: str) -> bytes:
    """Only what `_pack` would have written. Raises ValueError."""
    content = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    if _pack(content) != packed:
        raise ValueError
    return content
