"""Words of a text, made so that two spellings of one word are the same; Khmer is cut into words by khmercut's model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from threading import Lock

import regex  # type: ignore[import-untyped]  # no types of its own

from bot.text.khmer import comparable

MOST = 400
"""Distinct words of one complaint that are found."""
LONGEST = 64
"""Code points of a word; what follows is cut off."""
READ = 40_000
"""Code points of a text that are looked at."""

_RUN = regex.compile(r"(?<khmer>[\u1780-\u17D3\u17D7\u17DC\u17DD]+)|[[\p{L}\p{M}\p{Nd}]--[\u1780-\u17DD]]+", regex.V1)
_GROUPED = regex.compile(r"(?<=[0-9])[.,](?=[0-9]{3}(?![0-9]))")
_REPEATED = "ៗ"
_model = Lock()
"""khmercut has one model for the whole process, with a state of its own while it reads."""


def words(*texts: str, most: int = MOST) -> list[str]:
    """Distinct words, in the order they come: Khmer cut, any other script by its spaces and signs, digits as 0-9.

    1,500 and ១.៥០០ are the same word. A Khmer word that would be cut otherwise when it stands alone comes in both ways.
    """
    found: dict[str, None] = {}
    for text in texts:
        for word in _each(text):
            found.setdefault(word[:LONGEST])
            if len(found) >= most:
                return list(found)
    return list(found)


def asked(text: str, most: int) -> list[str]:
    """The words somebody looks for."""
    found: dict[str, None] = {}
    for run, is_khmer in _runs(text):
        for word in _cut(run) if is_khmer else (run,):
            found.setdefault(word[:LONGEST])
    return list(found)[:most]


def name(text: str) -> str:
    """A whole name without its spaces and signs: equal for two spellings of it; empty when nothing is left."""
    return "".join(run for run, _is_khmer in _runs(text))


def _each(text: str) -> Iterator[str]:
    for run, is_khmer in _runs(text):
        if not is_khmer:
            yield run
            continue
        for word in _cut(run):
            yield word
            yield from _alone(word)


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    plain = _GROUPED.sub("", comparable(text[:READ]))
    for found in _RUN.finditer(plain):
        yield found.group(), found["khmer"] is not None


def _cut(run: str) -> tuple[str, ...]:
    from khmercut import tokenize  # here because the model is read at its first use (0.1 s)

    with _model:
        return tuple(word for word in tokenize(run) if word.strip() and word != _REPEATED)


_alone = lru_cache(maxsize=8192)(_cut)
