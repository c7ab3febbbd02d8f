"""References: every single slip and every swap is caught, and people may write them as they like."""

from itertools import combinations, combinations_with_replacement, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.khmer import to_khmer_digits
from bot.text.reference import ALPHABET, BITS, LENGTH, find, make, read, show

RANDOM_BITS = st.integers(0, 2**BITS - 1)
MADE = make(0x2B3C4D5E6)


def test_made_references_read_back() -> None:
    assert len(MADE) == LENGTH == 8
    assert set(MADE) <= set(ALPHABET)
    assert read(show(MADE)) == MADE
    assert make(2**BITS + 5) == make(5)
    assert make(0) != "00000000"
    with pytest.raises(ValueError, match="not negative"):
        make(-1)


def test_every_wrong_character_is_caught() -> None:
    for bits, place, wrong in product((0, 1, 0x2B3C4D5E6, 2**BITS - 1), range(LENGTH), ALPHABET):
        made = make(bits)
        slip = made[:place] + wrong + made[place + 1 :]
        assert (read(slip) is not None) == (slip == made)


def test_every_swap_of_two_characters_is_caught() -> None:
    """For every pair of places (neighbours too) and every pair of values, in a reference that has them there."""
    for (one, other), (a, b) in product(combinations(range(LENGTH), 2), combinations_with_replacement(range(32), 2)):
        made = _with({one: a, other: b})
        signs = list(made)
        signs[one], signs[other] = signs[other], signs[one]
        assert (read("".join(signs)) is not None) == (a == b)


def _with(values: dict[int, int]) -> str:
    """A reference with these values at these places; when one is the check's place, a free place is tried through."""
    free = next(place for place in range(LENGTH - 1) if place not in values)
    for spare in range(32):
        data = [{free: spare, **values}.get(place, 9) for place in range(LENGTH - 1)]
        made = make(int("".join(f"{value:05b}" for value in data), 2))
        if LENGTH - 1 not in values or made[-1] == ALPHABET[values[LENGTH - 1]]:
            return made
    raise AssertionError("the check takes every value as one place runs through all")


@settings(max_examples=200, deadline=None)
@given(RANDOM_BITS, st.sampled_from(["-", " ", "–", "—", "\u2011", "−", " - ", "", "\u200b"]), st.booleans())
def test_people_write_them_as_they_like(bits: int, dash: str, khmer_digits: bool) -> None:
    made = make(bits)
    written = f" {made[:4]}{dash}{made[4:]}".lower().replace("1", "l").replace("0", "o")
    written = to_khmer_digits(written) if khmer_digits else written
    assert read(written) == made
    assert find(written) == made
    assert find(f"សូមមើលលេខ {show(made)} ផង។") == made or made.isdigit()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_without_error(text: str) -> None:
    assert read(text) is None or find(text) == read(text)


def test_what_is_no_reference() -> None:
    wrong_check = MADE[:-1] + ("0" if MADE[-1] != "0" else "1")
    for text in ("", MADE[:-1], MADE + "0", "U" + MADE[1:], wrong_check, "ពាក្យបណ្តឹង", "-" * 9, "\ud800" * 8, MADE * 40):
        assert read(text) is None
        assert find(text) is None


def test_full_width_letters_of_a_japanese_keyboard() -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in MADE)
    assert read(wide) == MADE


def test_found_inside_a_longer_text() -> None:
    made = make(0x5A1B2C3D4)
    for text in (
        f"ពាក្យបណ្តឹងលេខ{show(made)}របស់ខ្ញុំ",
        f"my ref is {made.lower()}, thanks",
        f"#{made}",
        f"ref {made[:4]} {made[4:]}.",
        f"0000-0000 {show(made)}",
        f"tel 012345678 ref:\u200e{show(made)}\u200e",
    ):
        assert find(text) == made, text
    assert find(f"x{made}") is None
    assert find(f"{made}9") is None


def test_plain_words_and_phone_numbers_are_not_taken_for_references() -> None:
    words = ["part-time", "full-time", "long term", "have been paid", "year 2026", "since 2025", "my complain s"]
    phones = [f"call {number:08} now" for number in range(10_000_000, 10_000_400)]
    assert not any(find(f"i {text} ok") for text in words + phones)
