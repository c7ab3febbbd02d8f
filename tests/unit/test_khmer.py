"""Khmer and English text: cleaning, comparing, digits, clusters, cutting, splitting, wording."""

import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
import regex  # type: ignore[import-untyped]  # no types of its own
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.text import khmer, reference
from bot.text.wording import NaiveMomentError

COENG = "\u17d2"
SYLLABLES = ["ខ្ញុំ", "ស្ត្រី", "បណ្តឹង", "ដើម", "ប៊ី", "ញ៉ាំ", "រដ្ឋ", "ក៏", "ៗ", "។", "៕", "គ្រោះ", "ឱ្យ", "១២", "៛"]
FAMILY, FLAG = "👨‍👩‍👧‍👦", "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
SIGNS = st.characters(min_codepoint=0x1780, max_codepoint=0x17F9)
BITS = st.sampled_from(
    [*SYLLABLES, FAMILY, FLAG, "👍🏽", "\u200b", "\u200d", "\u200c", COENG, "\n", "\n\n", " ", "\u0301", "a1"]
)
KHMER = st.lists(st.one_of(BITS, BITS, SIGNS), max_size=60).map("".join)
ANY = st.one_of(KHMER, st.text(max_size=60), st.text(st.characters(), max_size=30))
UNITS = st.sampled_from(["utf16", "chars", "bytes"])
QUICK = settings(max_examples=200, deadline=None)


# --- clean ----------------------------------------------------------------------------------------------------------

CLEANED = [
    ("  ជួយផង  ", "ជួយផង"),
    ("ជួយ\u200bផង", "ជួយផង"),  # a phone's keyboard puts zero-width spaces between words
    ("\ufeffសួស្តី\u200e\u200f\u202a\u202e\u2066\u2069", "សួស្តី"),
    ("safe\u202egpj.exe", "safegpj.exe"),
    ("a\r\nb\rc\u2028d\x0be\x85f", "a\nb\nc\nd\ne\nf"),
    ("a\n\n\n \n\n\nb", "a\n\n\nb"),
    ("a\n\n\nb", "a\n\n\nb"),
    ("ឈ្មោះ\tសុខ", "ឈ្មោះ សុខ"),
    ("a\x00b\x1b[31m\x7f", "ab[31m"),
    ("\ud800ក\udfff", "ក"),
    ("\ufdd0ក\uffff", "ក"),
    ("e\u0301", "é"),
    ("e\u200b\u0301", "é"),
    ("ស៊\u200cី", "ស៊\u200cី"),  # keeps the shifter from turning into a ុ
    ("ក\u200cខ\u200d", "កខ"),
    (f"{FAMILY} 👩🏽‍⚕️ 🏳️‍🌈 ❤️‍🔥 {FLAG} 🇰🇭 1️⃣", f"{FAMILY} 👩🏽‍⚕️ 🏳️‍🌈 ❤️‍🔥 {FLAG} 🇰🇭 1️⃣"),
    ("ok\U000e0068\U000e0069", "ok"),  # words hidden in tag characters
    ("\u3164\u115f", ""),  # fillers: a name that looks empty
    ("ក" + "\u0e49" * 500, "ក" + "\u0e49" * 8),
    ("ក" + "្ក" * 20, "ក" + "្ក" * 8 + "ក" * 12),
    ("ក" + "៊\u200c" * 20, "ក" + "៊\u200c" * 8),
    ("", ""),
]


@pytest.mark.parametrize(("sent", "kept"), CLEANED)
def test_clean_keeps_what_can_be_seen(sent: str, kept: str) -> None:
    assert khmer.clean(sent) == kept


@pytest.mark.parametrize("text", ["កញ្ញា ស្រីមុំ", "ព្រហស្បតិ៍", "សង្ស្ក្រឹត", "ញ៉ាំបាយ", "ភ្ញៀវ", "គណៈកម្មការ", "អ៊ីនធឺណិត", "ហ្វ៊្រីស៉័ំ"])
def test_clean_leaves_khmer_words_alone(text: str) -> None:
    assert khmer.clean(text) == text


@QUICK
@given(ANY)
@example("\ud83d\ude00")
@example("\u0f73" * 40)
def test_clean_is_safe_and_settled(text: str) -> None:
    kept = khmer.clean(text)
    kept.encode("utf-8")
    assert khmer.clean(kept) == kept == unicodedata.normalize("NFC", kept) == kept.strip()
    assert not set(kept) & set("\x00\r\t\u200b\u200e\u202e\u2066\ufeff")
    assert not regex.search(r"\p{M}{9}|\n{4}", kept)


FLOODS = [
    "\u0301\u0323", " ", "\n ", "\u200b", "\u200d", "ក្", "ក្\u200b", "្\u200b", "ៗ ", "🇰🇭",
    "👨\u200d", "🏽", "។ ", "K7Q2 ", "១", "៊\u200c",
]  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("flood", FLOODS)
def test_no_flood_takes_more_than_a_moment(flood: str) -> None:
    """Time that grew with the square of the length would be minutes here (NFC alone sorts marks that way)."""
    text = "ក" + flood * 30_000 + "ក"
    khmer.number(khmer.comparable(khmer.clean(text)))
    assert khmer.fits(khmer.cut(text, 4096), 4096)
    assert all(khmer.fits(piece, 4096) for piece in khmer.split(text, 4096))
    assert reference.find(text) is None


# --- comparable -----------------------------------------------------------------------------------------------------

ALIKE = [
    ("ដើម", "ដេីម"),  # ើ typed as two signs
    ("គោ", "គេា"),
    ("ខ្ញុំ", "ខ្ញំុ"),  # signs in another order
    ("ចាំ", "ចំា"),
    ("ស្ត្រី", "ស្រ្តី"),  # subscripts in another order
    ("បណ្តឹង", "បណ្ដឹង"),  # subscript ដ and ត look the same
    ("កណ្តាល", "កណ្ដាល"),
    ("ប៊ី", "បុី"),  # a shifter that looks like ុ
    ("ស៊ី", "សុី"),
    ("ស៊ី", "ស៊\u200cី"),
    ("ឲ្យ", "ឱ្យ"),
    ("ជួយ", "ជួយ\u200b!!"),
    ("បាទ។", " បាទ "),
    ("ផ្សេងៗ", "ផ្សេង ៗ"),
    ("ម៉ោង ៤៨", "ម៉ោង   48"),
    ("១២", "๑๒"),  # Thai digits
    ("Help.", "HELP"),
    ("ＯＫ", "ok"),
    ("don’t", "don't"),
    ("Straße", "STRASSE"),
    ("ដដដើម", "ដដដេីម"),
    ("ពាក្យបណ្តឹងដើម", "ពាក្យបណ្ដឹងដេីម"),
]
UNLIKE = [("កាត់", "កត់"), ("បង", "បាង"), ("គោ", "គៅ"), ("ទៅ", "ទេ"), ("yes", "yet"), ("១", "២"), ("", "?")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_spellings_that_look_alike_compare_equal(one: str, other: str) -> None:
    assert khmer.comparable(one) == khmer.comparable(other)


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert khmer.comparable(one) != khmer.comparable(other)


def test_punctuation_alone_is_kept() -> None:
    assert khmer.comparable(" ? ") == "?"


@QUICK
@given(ANY)
def test_comparable_never_raises_and_is_settled(text: str) -> None:
    once = khmer.comparable(text)
    once.encode("utf-8")
    assert khmer.comparable(once) == khmer.comparable(khmer.clean(text)) == once


def test_comparable_survives_a_normaliser_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_syllable: str) -> str:
        raise IndexError

    monkeypatch.setattr("bot.text.khmer.khmer_normalize", fails)
    assert khmer.comparable("ឆ្នៃ!") == "ឆ្នៃ"  # a syllable no other test has left in memory


# --- digits ---------------------------------------------------------------------------------------------------------

NUMBERS = [
    ("1", 1), ("១", 1), (" ១២ ", 12), ("1.", 1), ("១)", 1), ("(២)", 2), ("[3]", 3), ("៣។", 3), ("៤ .", 4), ("007", 7),
    ("๕", 5), ("٦", 6), ("７", 7), ("1️⃣", 1), ("១\u200b២", 12), ("999999", 999_999), ("0", 0), ("1២", 12),
    ("²", None), ("①", None), ("1000000", None), ("-1", None), ("1.5", None), ("1 2", None), ("៛១", None),
    ("លេខ១", None), ("one", None), ("", None), ("។", None), ("1\n2", None), ("1))", None), ("៱", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_a_number_is_the_whole_text(text: str, value: int | None) -> None:
    assert khmer.number(text) == value


@given(st.integers(0, 999_999))
def test_digits_go_there_and_back(value: int) -> None:
    shown = khmer.to_khmer_digits(value)
    assert khmer.to_ascii_digits(shown) == str(value)
    assert khmer.number(shown) == value


def test_digits_inside_a_text() -> None:
    assert khmer.to_ascii_digits("ទូរស័ព្ទ ០១២៣ x²①") == "ទូរស័ព្ទ 0123 x²①"
    assert khmer.to_khmer_digits("+855 12") == "+៨៥៥ ១២"


# --- clusters -------------------------------------------------------------------------------------------------------

CLUSTERS = [
    ("ពាក្យបណ្តឹង", ["ពា", "ក្យ", "ប", "ណ្តឹ", "ង"]),
    ("ស្ត្រី", ["ស្ត្រី"]),
    ("ក្", ["ក្"]),
    ("ក្ ខ", ["ក្ ", "ខ"]),
    ("ក្\u200bខ", ["ក្\u200bខ"]),
    ("ក្\u200b", ["ក្\u200b"]),
    ("ក្\u200c\u200bខ", ["ក្\u200c\u200bខ"]),
    ("ក\u200bា", ["ក", "\u200bា"]),
    ("ក\nិ", ["ក", "\nិ"]),
    (f"a{FAMILY}🇰🇭{FLAG}", ["a", FAMILY, "🇰🇭", FLAG]),
    ("a\r\nb", ["a", "\r\n", "b"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "clusters"), CLUSTERS)
def test_graphemes(text: str, clusters: list[str]) -> None:
    assert khmer.graphemes(text) == clusters
    assert khmer.count(text) == len(clusters)


@QUICK
@given(ANY)
def test_no_cluster_tears_a_khmer_syllable(text: str) -> None:
    clusters = khmer.graphemes(text)
    assert "".join(clusters) == text
    for before, after in pairwise(clusters):
        assert not before.rstrip("\u200b\u200c\u200d").endswith(COENG)
        assert not "\u17b4" <= after[0] <= "\u17d3"


def test_sizes() -> None:
    word = "ពាក្យបណ្តឹង"
    assert [khmer.size(word, unit) for unit in ("utf16", "chars", "bytes")] == [11, 11, 33]
    assert [khmer.size("😀", unit) for unit in ("utf16", "chars", "bytes")] == [2, 1, 4]
    assert khmer.fits(word, 11)
    assert not khmer.fits(word, 32, "bytes")


CUTS = [
    ("ពាក្យបណ្តឹង", 11, "ពាក្យបណ្តឹង"),
    ("ពាក្យបណ្តឹង", 10, "ពាក្យប…"),  # ណ្តឹ takes four units and goes whole
    ("ស្ត្រី", 5, "…"),
    ("មិនបើកប្រាក់ខែ ឬបើកយឺត", 16, "មិនបើកប្រាក់ខែ…"),
    ("😀😀😀", 4, "😀…"),
    ("abc", 0, ""),
]


@pytest.mark.parametrize(("text", "limit", "short"), CUTS)
def test_cut(text: str, limit: int, short: str) -> None:
    assert khmer.cut(text, limit) == short


@QUICK
@given(ANY, st.integers(0, 40), UNITS, st.sampled_from(["…", "", "..."]))
def test_cut_fits_and_begins_the_text(text: str, limit: int, unit: khmer.Unit, ellipsis: str) -> None:
    short = khmer.cut(text, limit, unit, ellipsis)
    assert khmer.fits(short, limit, unit)
    if short != text:
        kept = short.removesuffix(ellipsis)
        assert text.startswith(kept)
        assert not kept.endswith(COENG)


def test_split_prefers_paragraphs_then_lines_sentences_spaces() -> None:
    assert khmer.split("ក ខ\n\nគ ឃ ង។ ច", 8) == ["ក ខ", "គ ឃ ង។ ច"]
    assert khmer.split("កខ គ\nឃង ច", 6) == ["កខ គ", "ឃង ច"]
    assert khmer.split("ខ្ញុំទៅ។ គេមក។", 10) == ["ខ្ញុំទៅ។", "គេមក។"]
    assert khmer.split("តើទេ? បាទចាស", 8) == ["តើទេ?", "បាទចាស"]
    assert khmer.split("ស្រូវ ពោត ។ល។ ផ្សេង", 15) == ["ស្រូវ ពោត ។ល។", "ផ្សេង"]
    assert khmer.split("ស្រូវពោត។ល។ផ្សេង", 11) == ["ស្រូវពោត។ល។", "ផ្សេង"]
    assert khmer.split("មួយពីរ\u200bបីបួន", 8) == ["មួយពីរ", "បីបួន"]
    assert khmer.split("ស្ត្រីស្ត្រី", 8) == ["ស្ត្រី", "ស្ត្រី"]
    assert khmer.split("  ក ", 10) == ["  ក "]
    assert khmer.split(" \u200b\n", 10) == []


@QUICK
@given(ANY, st.integers(4, 40), UNITS)
def test_split_loses_nothing(text: str, limit: int, unit: khmer.Unit) -> None:
    pieces = khmer.split(text, limit, unit)
    assert all(khmer.fits(piece, limit, unit) for piece in pieces)
    visible = regex.compile(r"[^\s\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{DI}]")
    assert visible.findall("".join(pieces)) == visible.findall(text)
    if max((khmer.size(c, unit) for c in khmer.graphemes(text)), default=0) <= limit:
        assert not any(piece.endswith(COENG) for piece in pieces[:-1])


def test_split_refuses_a_limit_under_one_character() -> None:
    with pytest.raises(ValueError, match="room for 4"):
        khmer.split("ក", 3, "bytes")


@pytest.mark.parametrize(
    ("text", "words"),
    [("ថៅកែជំពាក់ប្រាក់ខែខ្ញុំ", 4), ("don't keep my passport", 4), ("ខ្ញុំ work ៣ខែ", 4), ("។ !", 0), ("", 0), ("ៗ", 1)],
)
def test_count_words(text: str, words: int) -> None:
    assert khmer.count_words(text) == words


# --- dates, times, amounts ------------------------------------------------------------------------------------------

SEOUL = timezone(timedelta(hours=9))
WHEN = datetime(2026, 11, 22, 15, 4, tzinfo=SEOUL)


def test_moments() -> None:
    assert khmer.long_date(WHEN, "km") == khmer.long_date(date(2026, 11, 22), "km") == "ថ្ងៃទី២២ ខែវិច្ឆិកា ឆ្នាំ២០២៦"
    assert khmer.long_date(WHEN, "en") == "22 November 2026"
    assert (khmer.clock_time(WHEN, "km"), khmer.clock_time(time(9, 5), "en")) == ("ម៉ោង ១៥:០៤", "09:05")
    assert khmer.moment(WHEN, "km") == "ថ្ងៃអាទិត្យ ទី២២ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ១៥:០៤"
    assert khmer.moment(WHEN, "en") == "Sunday 22 November 2026, 15:04"
    assert khmer.moment(datetime(2026, 1, 1, 0, 0, tzinfo=UTC), "km").startswith("ថ្ងៃព្រហស្បតិ៍ ទី១ ខែមករា")


@pytest.mark.parametrize("word", [khmer.long_date, khmer.clock_time, khmer.moment])
def test_a_moment_without_a_zone_is_refused(word: object) -> None:
    with pytest.raises(NaiveMomentError, match="time zone"):
        word(datetime(2026, 11, 22), "km")  # type: ignore[operator]  # noqa: DTZ001 - the mistake under test


DURATIONS = [
    (timedelta(hours=47, minutes=59, seconds=59), "៤៧ ម៉ោង ៥៩ នាទី", "47 hours 59 minutes"),
    (timedelta(hours=48), "៤៨ ម៉ោង", "48 hours"),
    (timedelta(hours=72), "៧២ ម៉ោង", "72 hours"),
    (timedelta(hours=72, minutes=1), "៣ ថ្ងៃ", "3 days"),
    (timedelta(days=4, hours=1, minutes=9), "៤ ថ្ងៃ ១ ម៉ោង", "4 days 1 hour"),
    (timedelta(hours=1, minutes=1), "១ ម៉ោង ១ នាទី", "1 hour 1 minute"),
    (timedelta(seconds=59), "តិចជាងមួយនាទី", "less than a minute"),
    (timedelta(minutes=-90), "១ ម៉ោង ៣០ នាទី", "1 hour 30 minutes"),
]


@pytest.mark.parametrize(("length", "km", "en"), DURATIONS)
def test_durations(length: timedelta, km: str, en: str) -> None:
    assert (khmer.duration(length, "km"), khmer.duration(length, "en")) == (km, en)


def test_riel() -> None:
    assert (khmer.riel(1_250_000, "km"), khmer.riel(800, "en")) == ("១.២៥០.០០០ រៀល", "800 riel")
