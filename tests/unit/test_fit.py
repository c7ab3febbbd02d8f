"""A message within a channel's limits: bubbles, shortened labels, the list that says them whole, rows."""

from itertools import chain

import pytest
import regex  # type: ignore[import-untyped]  # no types of its own
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.clusters import Unit, count, is_visible, size
from bot.text.fit import Bubble, Button, EmptyLabelError, EmptyMessageError, Limits, LongCodeError, fit
from bot.text.khmer import to_khmer_digits

VISIBLE = regex.compile(r"[^\s\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{DI}]")
TELEGRAM = Limits(text=4096, label=60, buttons=100)
MESSENGER = Limits(text=2000, label=20, buttons=13, code_bytes=1000)
UNPAID = Button("c:q=unpaid", "មិនបើកប្រាក់ខែ ឬបើកយឺត", "មិនបើកប្រាក់ខែ", 1)
PAPERS = Button("c:q=papers", "រឹបអូសលិខិតឆ្លងដែន ឬឯកសារ", "ដកយកប៉ាស្ព័រ", 2)
OTHER = Button("c:q=other", "ផ្សេងទៀត", number=3)
BACK, MENU = Button("back", "ត្រឡប់"), Button("menu", "ម៉ឺនុយ")
CATEGORIES = [UNPAID, PAPERS, OTHER, BACK, MENU]


def labels(bubble: Bubble) -> list[list[str]]:
    return [[button.label for button in row] for row in bubble.buttons]


def ink(text: str) -> str:
    """What can be seen of a text: a seam may drop the rest."""
    return "".join(VISIBLE.findall(text))


def test_labels_that_fit_are_shown_whole_and_nothing_is_listed() -> None:
    (bubble,) = fit("តើមានរឿងអ្វីកើតឡើង?", CATEGORIES, TELEGRAM, "km")
    assert bubble.text == "តើមានរឿងអ្វីកើតឡើង?"
    assert labels(bubble) == [
        ["១ មិនបើកប្រាក់ខែ ឬបើកយឺត"],
        ["២ រឹបអូសលិខិតឆ្លងដែន ឬឯកសារ"],
        ["៣ ផ្សេងទៀត"],
        ["ត្រឡប់", "ម៉ឺនុយ"],
    ]


def test_a_narrow_channel_shows_short_labels_and_lists_the_full_ones() -> None:
    (bubble,) = fit("តើមានរឿងអ្វីកើតឡើង?", CATEGORIES, MESSENGER, "km")
    assert bubble.text == ("តើមានរឿងអ្វីកើតឡើង?\n\n១. មិនបើកប្រាក់ខែ ឬបើកយឺត\n២. រឹបអូសលិខិតឆ្លងដែន ឬឯកសារ\n៣. ផ្សេងទៀត")
    assert labels(bubble) == [["១ មិនបើកប្រាក់ខែ", "២ ដកយកប៉ាស្ព័រ"], ["៣ ផ្សេងទៀត"], ["ត្រឡប់", "ម៉ឺនុយ"]]
    assert [button.code for row in bubble.buttons for button in row] == [button.code for button in CATEGORIES]


def test_english_has_its_own_digits() -> None:
    buttons = [Button("a", "Passport or papers kept by the employer", "Papers kept", 1), Button("b", "Other", number=2)]
    (bubble,) = fit("What happened?", buttons, MESSENGER, "en")
    assert bubble.text == "What happened?\n\n1. Passport or papers kept by the employer\n2. Other"
    assert labels(bubble) == [["1 Papers kept", "2 Other"]]


def test_a_label_without_a_short_one_is_cut_between_clusters() -> None:
    long = Button("a", "អនុគណៈកម្មការពលការិនី", number=4)
    (bubble,) = fit("ជ្រើស", [long, BACK], Limits(text=2000, label=12, buttons=13), "km")
    assert labels(bubble) == [["៤ អនុគណៈក…"], ["ត្រឡប់"]]  # the next cluster, ម្ម, takes three units
    assert bubble.text == "ជ្រើស\n\n៤. អនុគណៈកម្មការពលការិនី"


def test_navigation_is_cut_or_shortened_without_a_list() -> None:
    home = Button("home", "ត្រឡប់ទៅម៉ឺនុយដើមវិញឥឡូវនេះ", "ម៉ឺនុយដើម")
    (bubble,) = fit("ជ្រើស", [home], MESSENGER, "km")
    assert (bubble.text, labels(bubble)) == ("ជ្រើស", [["ម៉ឺនុយដើម"]])


def test_too_many_buttons_keep_navigation_and_list_every_choice() -> None:
    provinces = [Button(f"p={n}", f"ខេត្តទី {n}", number=n) for n in range(1, 26)]
    (bubble,) = fit("តើអ្នកមកពីខេត្តណា?", [*provinces, BACK, MENU], MESSENGER, "km")
    codes = [button.code for row in bubble.buttons for button in row]
    assert codes == [*(f"p={n}" for n in range(1, 12)), "back", "menu"]
    assert all(f"\n{to_khmer_digits(n)}. ខេត្តទី {n}" in bubble.text for n in range(1, 26))


def test_navigation_that_has_no_room_is_listed() -> None:
    (bubble,) = fit("ជ្រើស", [BACK, MENU], Limits(text=2000, label=20, buttons=1), "km")
    assert (bubble.text, labels(bubble)) == ("ជ្រើស\n\n• ម៉ឺនុយ", [["ត្រឡប់"]])


def test_long_text_comes_first_and_the_last_bubble_has_the_buttons() -> None:
    text = "ច្បាប់នេះការពារអ្នក។ " * 20
    bubbles = fit(text, CATEGORIES, Limits(text=120, label=20, buttons=13), "km")
    assert all(not bubble.buttons for bubble in bubbles[:-1])
    assert all(size(bubble.text, "utf16") <= 120 for bubble in bubbles)
    assert all(bubble.text.endswith("។") for bubble in bubbles[:-1])
    # The list stays in one piece, with its buttons.
    assert bubbles[-1].text.endswith("១. មិនបើកប្រាក់ខែ ឬបើកយឺត\n២. រឹបអូសលិខិតឆ្លងដែន ឬឯកសារ\n៣. ផ្សេងទៀត")
    assert labels(bubbles[-1])[-1] == ["ត្រឡប់", "ម៉ឺនុយ"]


def test_rows_follow_the_channel() -> None:
    short = [Button(str(n), "ទេ", number=n) for n in range(1, 6)]
    for per_row, rows in ((1, [1, 1, 1, 1, 1]), (2, [2, 2, 1]), (3, [3, 2]), (0, [1, 1, 1, 1, 1])):
        (bubble,) = fit("?", short, Limits(text=99, label=20, buttons=13, per_row=per_row), "km")
        assert [len(row) for row in bubble.buttons] == rows


def test_a_button_keeps_what_it_asks_the_phone_for() -> None:
    (bubble,) = fit("ផ្ញើទីតាំង", [Button("loc", "ផ្ញើទីតាំងរបស់ខ្ញុំ", ask="location")], TELEGRAM, "km")
    assert bubble.buttons[0][0].ask == "location"


def test_no_text_and_no_buttons_give_nothing() -> None:
    assert fit("", [], TELEGRAM, "km") == fit(" \u200b\n", [], TELEGRAM, "km") == []
    assert fit("សួស្តី", [], TELEGRAM, "km") == [Bubble("សួស្តី")]


def test_what_no_channel_takes_is_refused() -> None:
    with pytest.raises(EmptyMessageError, match="needs a text"):
        fit(" \u200b ", [BACK], TELEGRAM, "km")
    with pytest.raises(EmptyLabelError, match="can be seen"):
        fit("ជ្រើស", [Button("a", "\u200b ")], TELEGRAM, "km")
    with pytest.raises(LongCodeError, match="66 bytes, 64 allowed"):
        fit("ជ្រើស", [Button("ក" * 22, "ក")], TELEGRAM, "km")
    with pytest.raises(ValueError, match="room for 4"):
        Limits(text=3, label=20, buttons=3)


# --- properties -----------------------------------------------------------------------------------------------------

BITS = st.sampled_from(
    [
        "ខ្ញុំ",
        "ស្ត្រី",
        "បណ្តឹង",
        "ក្",
        "\u17d2",
        "ា",
        "។",
        "\u200b",
        "\u200d",
        " ",
        "\n",
        "\n\n",
        "👨‍👩‍👧",
        "🇰🇭",
        "abc ",
        "១",
        "e\u0301",
    ]
)
TEXT = st.one_of(st.lists(BITS, max_size=80).map("".join), st.text(max_size=80))
SEEN = TEXT.filter(is_visible)
NUMBERS = st.one_of(st.none(), st.integers(1, 99))
BUTTONS = st.lists(
    st.builds(Button, code=st.text("abc=:", max_size=8), label=SEEN, short=TEXT, number=NUMBERS), max_size=8
)
UNITS: st.SearchStrategy[Unit] = st.sampled_from(["utf16", "chars", "bytes"])
LIMITS = st.builds(
    Limits,
    text=st.integers(20, 200),
    label=st.integers(10, 30),
    buttons=st.integers(0, 6),
    unit=UNITS,
    per_row=st.integers(0, 3),
)


@settings(max_examples=200, deadline=None)
@given(SEEN, BUTTONS, LIMITS, st.sampled_from(["km", "en"]))
def test_every_bubble_is_within_the_limits(text: str, buttons: list[Button], limits: Limits, lang: str) -> None:
    bubbles = fit(text, buttons, limits, lang)
    assert bubbles == fit(text, tuple(buttons), limits, lang)
    assert all(size(bubble.text, limits.unit) <= limits.text and is_visible(bubble.text) for bubble in bubbles)
    assert not any(bubble.buttons for bubble in bubbles[:-1])
    shown = list(chain.from_iterable(bubbles[-1].buttons))
    assert len(shown) == min(len(buttons), limits.buttons)
    assert all(size(button.label, limits.unit) <= limits.label and is_visible(button.label) for button in shown)
    for row in bubbles[-1].buttons:
        assert row
        assert len(row) <= max(1, limits.per_row)
        assert len(row) == 1 or all(count(button.label) <= 14 for button in row)
    numbered = [button.number is not None for button in shown]
    assert numbered == sorted(numbered, reverse=True)


@settings(max_examples=200, deadline=None)
@given(SEEN, BUTTONS, LIMITS)
def test_nothing_is_lost(text: str, buttons: list[Button], limits: Limits) -> None:
    bubbles = fit(text, buttons, limits, "km")
    said = ink("".join(bubble.text for bubble in bubbles))
    shown = [button.label for row in bubbles[-1].buttons for button in row]
    for button in buttons:
        label = " ".join(button.label.split())
        if button.number is not None:
            number = to_khmer_digits(button.number)
            assert f"{number} {label}" in shown or ink(f"{number}. {label}") in said
    assert said.startswith(ink(text))
