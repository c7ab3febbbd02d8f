"""Khmer and English text made safe to keep, comparable, and readable as a number; the front door of this package.

What a person typed is kept as `clean` left it; `comparable` is only ever used to ask whether two texts say the same.
Cutting and measuring live in `clusters`, dates and amounts in `wording`; both are re-exported here.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex  # type: ignore[import-untyped]  # no types of its own
from khmernormalizer.khnormal import khmer_normalize

from bot.text.clusters import Unit, count, count_words, cut, fits, graphemes, size, split
from bot.text.wording import clock_time, duration, long_date, moment, riel

__all__ = [
    "Unit", "clean", "clock_time", "comparable", "count", "count_words", "cut", "duration", "fits", "graphemes",
    "long_date", "moment", "number", "riel", "size", "split", "to_ascii_digits", "to_khmer_digits",
]  # fmt: skip

MOST_MARKS = 8
"""Marks kept on one cluster. The fullest Khmer syllable (three subscripts, shifter, vowel, two signs) has seven."""

_KEPT_SHORT = 64
"""Longest text, in code points, whose comparable form stays in memory: labels and words, not people's stories."""

_NEWLINES = regex.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_BLANK_LINES = regex.compile(r"\n(?:[^\S\n]*+\n){3,}+")
_FLOOD = regex.compile(r"(\p{M}{32})\p{M}+")
_STACK = regex.compile(r"(?:[\p{M}\u200C]|(?<=\u17D2)[\u1780-\u17B3]){9,}+")
_UNSEEN = regex.compile(
    # An emoji sequence keeps its joiners, a flag of a region its tags, a Khmer shifter the mark that fixes its shape.
    r"(?<keep>\p{Extended_Pictographic}[\uFE0F\U0001F3FB-\U0001F3FF]*(?:\u200D\p{Extended_Pictographic}"
    r"[\uFE0F\U0001F3FB-\U0001F3FF]*)+|\U0001F3F4[\U000E0061-\U000E007A]{2,6}\U000E007F|[\u17C9\u17CA]\u200C)"
    # Everything else nobody can see: controls, bidi marks, zero-width space, fillers, tags, halves of a surrogate pair,
    # and code points that are no characters. Variation selectors stay: they choose how a visible character looks.
    r"|[[\p{Cc}--[\n\t]]\p{Cf}\p{Cs}\p{NChar}[\p{DI}--\p{VS}]]",
    regex.V1,
)


def clean(text: str) -> str:
    """What a person sent, made safe to keep, show and encode; the words and their look are unchanged.

    NFC; one kind of newline, two blank lines in a row at most; no controls, bidi overrides, zero-width or other
    invisible characters, no surrogates; at most `MOST_MARKS` marks on a cluster; no space at the ends. Takes any `str`,
    never raises, and gives itself back: `clean(clean(x)) == clean(x)`.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _NEWLINES.sub("\n", text).replace("\t", " ")
    text = _UNSEEN.sub(_keep, text)
    # Sorting marks takes time that grows with the square of their number, so a flood is stopped before NFC sees it.
    text = unicodedata.normalize("NFC", _FLOOD.sub(r"\1", text))
    text = _BLANK_LINES.sub("\n\n\n", _STACK.sub(_cap, text))
    return text.strip()


def _keep(found: regex.Match[str]) -> str:
    kept: str | None = found["keep"]
    return kept or ""


def _cap(found: regex.Match[str]) -> str:
    kept, marks = [], 0
    for sign in found.group():
        is_mark = unicodedata.category(sign).startswith("M")
        marks += is_mark
        if marks <= MOST_MARKS or not (is_mark or sign == "\u200c"):
            kept.append(sign)
    return "".join(kept)


# --- comparing ------------------------------------------------------------------------------------------------------

_ENDS = " \n។៕៖៚!?.,;:\"'“”«»‘’…"
_JOINERS = regex.compile(r"[\u200B-\u200D\u2060\uFEFF\u00AD\uFE0E\uFE0F\u17B4\u17B5]")
_SYLLABLE = regex.compile(r"[\u1780-\u17A2\u17A5-\u17B3](?:\u17D2[\u1780-\u17A2\u17A5-\u17B3]|[\u17B6-\u17D3\u17DD])+")
_TWICE = regex.compile(r"([\u17B6-\u17DD])\1+")
_SHIFTED = regex.compile(r"[\u17C9\u17CA](?=[\u17B7-\u17BA\u17BE\u17D0\u17DD]|\u17B6\u17C6)")
_SAME_LETTER = str.maketrans(
    {"ឲ": "ឱ", "\u17a3": "អ", "\u17a4": "អា", "’": "'", "‘": "'", "`": "'", "“": '"', "”": '"'}
)


def day(iso: str, language: str) -> str:
    """`2024-06-04` as 04/06/2024 in a language's digits; a source may also name only a month or a year."""
    shown = "/".join(reversed(iso.split("-")))
    return to_khmer_digits(shown) if language == "km" else shown


def comparable(text: str) -> str:
    """The form of `text` that is equal for two texts a reader would call the same; for comparing, never for showing.

    On top of `clean`: compatibility forms, case, digits of any script as ASCII, the spellings of a Khmer syllable that
    look alike (vowel signs typed in two parts or in another order, subscripts in another order, subscript ដ for ត, a
    shifter that looks like ុ), ឲ as ឱ, spaces collapsed, punctuation at the ends dropped (unless it is all there is).
    Never raises. Source of the syllable rules: SIL's khnormal, in the package khmernormalizer.
    """
    return _comparable_kept(text) if len(text) <= _KEPT_SHORT else _comparable(text)


def _comparable(text: str) -> str:
    text = clean(text)
    if text.isascii():
        text = text.casefold()
    else:
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = to_ascii_digits(_JOINERS.sub("", text).translate(_SAME_LETTER))
        text = " ".join(text.split()).replace(" ៗ", "ៗ")
        text = _SYLLABLE.sub(_spelled, _TWICE.sub(r"\1", text))
    text = " ".join(text.split())
    return text.strip(_ENDS) or text


_comparable_kept = lru_cache(maxsize=4096)(_comparable)


def _spelled(found: regex.Match[str]) -> str:
    return _one_spelling(found.group())


@lru_cache(maxsize=8192)
def _one_spelling(syllable: str) -> str:
    # One syllable at a time, and remembered: the package takes 50 µs for each, as it rebuilds its patterns, and on a
    # whole word it takes the consonant that follows a subscript for a second subscript.
    for _ in range(4):  # signs in a new order may form a new pair to unify; two rounds have always been enough
        try:
            spelled: str = _TWICE.sub(r"\1", _SHIFTED.sub("\u17ca", khmer_normalize(syllable)))
        except Exception:
            break
        if spelled == syllable:
            break
        syllable = spelled
    return syllable


# --- digits ---------------------------------------------------------------------------------------------------------

_KHMER_DIGITS = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")
_OTHER_DIGIT = regex.compile(r"[\p{Nd}--[0-9]]", regex.V1)
_NUMBER = regex.compile(r"[(\[.]?[^\S\n]*([0-9]{1,6})\uFE0F?\u20E3?[^\S\n]*[)\].។]?")


def to_ascii_digits(text: str) -> str:
    """`text` with the decimal digits of every script (Khmer, Thai, Arabic, full width) as 0–9; `²` and `①` stay."""
    return text if text.isascii() else _OTHER_DIGIT.sub(_ascii_digit, text)


def _ascii_digit(found: regex.Match[str]) -> str:
    return str(unicodedata.decimal(found.group(), found.group()))


def to_khmer_digits(text_or_int: str | int) -> str:
    """The text, or the number, with ASCII digits as ០–៩."""
    return str(text_or_int).translate(_KHMER_DIGITS)


def number(text: str) -> int | None:
    """The whole number that `text` is, from 0 to 999,999; None when it is anything else.

    Digits of any script; a dot or brackets around them (`1.`, `១)`, `(២)`) and the keycap emoji are allowed.
    """
    found = _NUMBER.fullmatch(to_ascii_digits(clean(text)))
    return int(found[1]) if found else None
