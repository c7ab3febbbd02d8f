"""A complaint's reference: eight characters that can be said on the phone, with one that catches a slip of the pen.

The alphabet is Crockford's base 32 (no I, L, O, U). Crockford's own check is modulo 37 and needs five more symbols, so
the check here is a sum over the field of 32 elements: character i is multiplied by its own power of a generator. All
eight factors differ and none is zero, so one wrong character, or two characters that changed places, always show.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import regex  # type: ignore[import-untyped]  # no types of its own

from bot.text.khmer import clean, to_ascii_digits

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
BITS = 35
"""Random bits in a reference: seven characters of five."""

_VALUE = {sign: value for value, sign in enumerate(ALPHABET)}
_ALIASES = str.maketrans("ILO", "110")
_MODULUS = 0b100101  # x⁵ + x² + 1, primitive: the powers of x run through all 31 non-zero elements
_OFFSET = 0b10101  # so that 00000000, which a form or a child's finger may send, is no reference

_IGNORED = regex.compile(r"[\p{Pd}\p{Z}\p{Cf}\s\u2212_]+")
_CANDIDATE = regex.compile(
    r"(?<![A-Za-z0-9])([A-Za-z0-9]{4})[\p{Zs}\p{Cf}]{0,3}[\p{Pd}\u2212_]?[\p{Zs}\p{Cf}]{0,3}([A-Za-z0-9]{4})(?![A-Za-z0-9])"
)
_LONGEST_WRITTEN = 64


def make(random_bits: int) -> str:
    """Eight characters from the lowest `BITS` bits of `random_bits`, which the caller draws from a secure source.

    Raises ValueError when it is negative.
    """
    if random_bits < 0:
        raise ValueError("random bits are not negative")
    data = [random_bits >> shift & 31 for shift in range(BITS - 5, -1, -5)]
    return "".join(ALPHABET[value] for value in [*data, _check(data)])


def show(reference: str) -> str:
    """K7Q29MXD as people see it: K7Q2-9MXD."""
    return f"{reference[:4]}-{reference[4:]}"


def read(text: str) -> str | None:
    """The reference that the whole of `text` spells, or None when length, alphabet or check is wrong.

    Lower case, spaces, dashes of any kind, Khmer digits, full-width letters, and I, L, O for 1, 1, 0 are understood.
    """
    if len(text) > _LONGEST_WRITTEN:
        return None
    plain = _IGNORED.sub("", to_ascii_digits(unicodedata.normalize("NFKC", text)))
    return _read_plain(plain)


def find(text: str) -> str | None:
    """The first reference inside a longer text, or None. What `read` accepts, this accepts.

    One English word in 32 would pass the check, so a group among other words counts only when it does not look like
    one: a half with both letters and digits, or capitals.
    """
    if whole := read(text):
        return whole
    plain = to_ascii_digits(unicodedata.normalize("NFKC", clean(text)))
    for candidate in _CANDIDATE.finditer(plain, overlapped=True):
        halves = candidate.group(1, 2)
        if _looks_made(halves) and (reference := _read_plain("".join(halves))):
            return reference
    return None


def _looks_made(halves: tuple[str, ...]) -> bool:
    mixed = any(not half.isalpha() and not half.isdigit() for half in halves)
    return mixed or "".join(halves).isupper()


def _read_plain(plain: str) -> str | None:
    reference = plain.upper().translate(_ALIASES)
    if len(reference) != LENGTH or any(sign not in _VALUE for sign in reference):
        return None
    *data, check = (_VALUE[sign] for sign in reference)
    return reference if check == _check(data) else None


def _check(data: Iterable[int]) -> int:
    total = 0
    for value in data:
        total = (total ^ value) << 1
        if total > 31:
            total ^= _MODULUS
    return total ^ _OFFSET
