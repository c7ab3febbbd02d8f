"""Text measured and cut by what a reader sees as one character, so that no Khmer syllable is ever torn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import regex  # type: ignore[import-untyped]  # no types of its own

Unit = Literal["utf16", "chars", "bytes"]
"""What a channel counts: UTF-16 code units, Unicode code points, or UTF-8 bytes."""

SMALLEST_LIMIT = 4
"""The least that `split` accepts: one character may take four bytes."""

# \X counts back over a run of flags for each of them; taken in pairs, a long run takes no longer than other text.
_ONE = r"(?:[\U0001F1E6-\U0001F1FF]{2}[\p{GCB=EX}\p{GCB=SM}\p{GCB=ZWJ}]*+|\X)"
# \X alone may end a cluster after a coeng (U+17D2) that no consonant follows, and may begin one with a Khmer vowel sign
# after a zero-width space or a newline; either half on its own shows as a dotted circle.
_CLUSTER = regex.compile(
    rf"{_ONE}(?:(?<=\u17D2[\u200C\u200D]*)(?:[\u200B-\u200D]++{_ONE}?|{_ONE})|(?=[\u17B4-\u17D3\u17DD]){_ONE})*"
)
_VISIBLE = regex.compile(r"[^\s\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{DI}]")
_GAPS = " \n\t\u3000"  # not U+00A0: it holds two words together
_SEAM = _GAPS + "\u200b"


def graphemes(text: str) -> list[str]:
    """The clusters of `text` in order; joined they are `text`."""
    if text.isascii() and "\r" not in text:
        return list(text)
    found: list[str] = _CLUSTER.findall(text)
    return found


def count(text: str) -> int:
    """How many characters a reader sees: ពាក្យបណ្តឹង is 5 clusters, 11 code points, 33 bytes."""
    return len(graphemes(text))


def size(text: str, unit: Unit) -> int:
    """The length of `text` in `unit`. A lone surrogate, which no channel accepts, counts as what it would take."""
    if text.isascii() or unit == "chars":
        return len(text)
    if unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fits(text: str, limit: int, unit: Unit = "utf16") -> bool:
    """Whether `text` takes at most `limit` units."""
    return size(text, unit) <= limit


def is_visible(text: str) -> bool:
    """Whether `text` shows anything: white space, zero-width and control characters alone do not."""
    return _VISIBLE.search(text) is not None


def cut(text: str, limit: int, unit: Unit = "utf16", ellipsis: str = "…") -> str:
    """`text` if it fits `limit` units, else its longest beginning of whole clusters that does, with `ellipsis`.

    The ellipsis is left off when it alone does not fit; nothing at all is left when not even one cluster fits.
    """
    if fits(text, limit, unit):
        return text
    mark = ellipsis if fits(ellipsis, limit, unit) else ""
    room = limit - size(mark, unit)
    kept: list[str] = []
    for cluster in graphemes(text):
        room -= size(cluster, unit)
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip(_SEAM) + mark


# --- splitting ------------------------------------------------------------------------------------------------------


def split(text: str, limit: int, unit: Unit = "utf16") -> list[str]:
    """`text` in pieces of at most `limit` units each, in order; only white space at the seams is left out.

    Breaks after a paragraph, a line, a sentence, a space, a zero-width space, else between clusters; the first three
    only in the second half of a piece, so that pieces stay few. A piece that would show nothing is left out. A cluster
    longer than a whole piece is broken between code points. Raises ValueError for a limit under `SMALLEST_LIMIT`.
    """
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"a piece of text needs room for {SMALLEST_LIMIT} units, not {limit}")
    if not is_visible(text):
        return []
    if fits(text, limit, unit):
        return [text]
    return list(_pieces(_small_clusters(text, limit, unit), limit, unit))


def _small_clusters(text: str, limit: int, unit: Unit) -> list[str]:
    return [part for c in graphemes(text) for part in ([c] if fits(c, limit, unit) else list(c))]


def _pieces(clusters: list[str], limit: int, unit: Unit) -> Iterator[str]:
    sizes = [size(c, unit) for c in clusters]
    start = 0
    while start < len(clusters):
        end, used = start, 0
        while end < len(clusters) and used + sizes[end] <= limit:
            used += sizes[end]
            end += 1
        stop = end if end == len(clusters) else _break(clusters, start, end)
        piece = "".join(clusters[start:stop])
        # Where nothing was cut the space stays: the text's own beginning and end are not seams.
        piece = piece.lstrip(_SEAM) if start else piece
        piece = piece.rstrip(_SEAM) if stop < len(clusters) else piece
        if is_visible(piece):
            yield piece
        start = stop


def _break(clusters: Sequence[str], start: int, end: int) -> int:
    """The best place to break: the index of the first cluster of the next piece, after `start` and at most `end`."""
    middle = start + (end - start) // 2
    for good, earliest in _BREAKS:
        for place in range(end, middle if earliest == "middle" else start, -1):
            if good(clusters, place):
                return place
    return end


def _paragraph(clusters: Sequence[str], place: int) -> bool:
    return place >= 2 and clusters[place - 1] == "\n" and clusters[place - 2] == "\n"


def _line(clusters: Sequence[str], place: int) -> bool:
    return "\n" in (clusters[place - 1], clusters[place])


def _sentence(clusters: Sequence[str], place: int) -> bool:
    before, after = clusters[place - 1], clusters[place]
    if before in "។៕":
        return after not in _CLOSING and after != "ល"  # ។ល។ is one word, "and so on"
    return before in "?!." and after in _GAPS


def _space(clusters: Sequence[str], place: int) -> bool:
    return clusters[place - 1] in _GAPS or clusters[place] in _GAPS


def _zero_width(clusters: Sequence[str], place: int) -> bool:
    return clusters[place - 1] == "\u200b"


_CLOSING = "។៕?!.,»”\"')"
_BREAKS: tuple[tuple[Callable[[Sequence[str], int], bool], Literal["middle", "anywhere"]], ...] = (
    (_paragraph, "middle"),
    (_line, "middle"),
    (_sentence, "middle"),
    (_space, "anywhere"),
    (_zero_width, "anywhere"),
)

# --- words ----------------------------------------------------------------------------------------------------------

_RUN = regex.compile(
    r"(?<khmer>[\u1780-\u17D3\u17D7\u17DC\u17DD]+)"
    r"|[[\p{L}\p{M}\p{Nd}]--[\u1780-\u17DD]]+(?:['’-][[\p{L}\p{M}\p{Nd}]--[\u1780-\u17DD]]+)*",
    regex.V1,
)


def count_words(text: str) -> int:
    """How many words `text` has. Khmer writes no space between words, so khmercut's model tells them apart.

    Reads khmercut's model file on the first Khmer text (about 30 ms), the only file this package ever opens.
    """
    words = 0
    for run in _RUN.finditer(text.replace("\u200b", "")):
        words += _khmer_words(run.group()) if run["khmer"] else 1
    return words


def _khmer_words(run: str) -> int:
    from khmercut import tokenize  # here because few texts are ever counted

    return max(1, sum(1 for word in tokenize(run) if word.strip() and word != "ៗ"))
