"""A signed line is whole or refused: every way it can be broken, and what a chat app may do to it unharmed."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import receipts
from bot.domain.receipts import (
    Changed,
    Cut,
    Foreign,
    Huge,
    NoKey,
    NotGenuine,
    NothingFound,
    OtherKey,
    OtherVersion,
    Several,
    Statement,
    check,
    check_code,
    find,
    make_key,
    read_code,
    read_keys,
    show_code,
    sign,
)
from bot.text import reference

FILED = datetime(2026, 11, 22, 8, 4, 5, tzinfo=UTC)
KEY, OTHER = make_key(b"k" * 32), make_key(b"o" * 32)
KEYS = {KEY.id: base64.b64decode(KEY.public)}


def said(code: str = reference.make(20_000_000_000), category: str = "WAGE_UNPAID", key: str = KEY.id) -> Statement:
    return Statement(code, category, FILED, FILED + timedelta(hours=48), key)


def signed(statement: Statement | None = None, private: str = KEY.private) -> str:
    return sign(statement or said(), base64.b64decode(private))


LINE = signed()


def refusal(text: str) -> type[NotGenuine] | None:
    try:
        check(text, KEYS)
    except NotGenuine as error:
        return type(error)
    return None


def test_what_was_signed_comes_back_and_fits_a_code() -> None:
    assert check(LINE, KEYS) == said()
    assert LINE.isascii()
    assert len(LINE) < 200
    assert signed() == LINE, "the same statement gives the same line, so that its check code stays"


@pytest.mark.parametrize("at", range(len(LINE)))
def test_no_sign_of_it_can_be_another(at: int) -> None:
    for bit in range(7):
        other = chr(ord(LINE[at]) ^ 1 << bit)
        assert refusal(LINE[:at] + other + LINE[at + 1 :]), (at, other)
    for other in "A9z_-.=\u0410ក":
        if other != LINE[at]:
            assert refusal(LINE[:at] + other + LINE[at + 1 :]), (at, other)


@pytest.mark.parametrize("at", range(len(LINE)))
def test_no_sign_of_it_can_be_missing_or_doubled(at: int) -> None:
    assert refusal(LINE[:at]) in (NothingFound, Cut)
    assert refusal(LINE[:at] + LINE[at + 1 :])
    assert refusal(LINE[:at] + LINE[at] + LINE[at:])


def test_a_chat_app_may_break_the_line_anywhere() -> None:
    for broken in ("\n", "\r\n", " ", "  \n ", "\u200b", "\u00ad", "\u00a0", "\ufeff", "\t"):
        for at in range(len(LINE)):
            assert check(LINE[:at] + broken + LINE[at:], KEYS) == said(), (broken, at)
    assert check("\n".join(LINE), KEYS) == said()


def test_it_is_found_in_a_message_and_in_an_address() -> None:
    address = f"https://chumnuoy.example/receipts/{said().reference}?lang=km&s={LINE}&utm=1"
    for text in (
        f"🧾 បង្កាន់ដៃ\nReceipt\n\n{LINE}\n\nសូមទុក។ CHUMNUOY is a service.",
        f"> {LINE}\nForwarded by somebody",
        address,
        f"{LINE}\n\n{address}",
        f"see ({LINE}).",
        f"{LINE}។",
        f"s={quote(LINE)}",
    ):
        assert check(text, KEYS) == said(), text
        assert find(text) == LINE


def test_each_fault_has_its_name() -> None:
    head, payload, signature = LINE.split(".")
    others = signed(said(key=OTHER.id), OTHER.private)
    as_ours = signed(said(), OTHER.private)
    later = signed(said(category="PHYSICAL_VIOLENCE"))
    faults: dict[str, type[NotGenuine]] = {
        "": NothingFound,
        "ពាក្យបណ្តឹង": NothingFound,
        "CHUMNUOY1": NothingFound,
        LINE.lower(): NothingFound,
        LINE.replace("CHUMNUOY1", "CHUMNUOY2"): OtherVersion,
        f"{head}.{payload}": Cut,
        f"{head}.{payload}\n\n.{signature}": Cut,
        f"{head}..{signature}": Cut,
        LINE[:100] + "ក" + LINE[101:]: Foreign,
        LINE + "A": Changed,
        f"{head}.{'A' * 300}.{signature}": Changed,
        f"{head}.{payload}.{later.rpartition('.')[2]}": Changed,
        as_ours: Changed,
        others: OtherKey,
        f"{LINE}\n{later}": Several,
        f"{LINE}\n{LINE[:-9]}": Several,
        LINE + " " * (receipts.LONGEST + 1): Huge,
    }
    assert {text: refusal(text) for text in faults} == faults
    assert len({error.__doc__ for error in faults.values()}) == len(set(faults.values()))
    assert all(str(error()) == error.__doc__ for error in faults.values())


def test_a_signature_over_nonsense_is_no_receipt() -> None:
    """Whatever the key was made to sign elsewhere."""
    for payload in ("x", f"{said().reference}|X", said().payload.replace("20261122", "20261399"), "ÿ"):
        text = f"CHUMNUOY1.{base64.urlsafe_b64encode(payload.encode('latin-1')).decode().rstrip('=')}"
        other = signed().rpartition(".")[2]
        assert refusal(f"{text}.{other}") is Changed


def test_enormous_and_hostile_texts_are_answered_at_once() -> None:
    for text in (
        "CHUMNUOY1." * 150_000,
        "C" * 1_900_000,
        "CHUMNUOY1." + "A " * 900_000,
        "CHUMNUOY1." + "\n \u200b" * 600_000,
        "C \n" * 600_000,
    ):
        assert refusal(text) in (NothingFound, Cut, Changed)


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    assert refusal(text)
    assert refusal("CHUMNUOY1." + text)
    assert read_code(text) is None or len(text) >= receipts.CODE


def test_check_codes_are_read_as_people_type_them() -> None:
    code = check_code(LINE)
    assert len(code) == receipts.CODE
    shown = show_code(code)
    khmer = shown.translate(str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩"))
    for typed in (shown, shown.lower(), code, f" {shown.replace('-', ' – ')}\n", khmer, shown.replace("0", "O")):
        assert read_code(typed) == code, typed
    assert read_code(code[:-1]) is None
    assert read_code(code + "A") is None
    assert read_code("U" * 16) is None
    assert read_code(LINE) is None
    assert check_code(signed(said(category="OTHER"))) != code


def test_keys_are_read_as_they_are_printed_and_nothing_else() -> None:
    whole = f"# ours\n{KEY.id} {KEY.public} # since 2026-11-22, signs now\n\n{OTHER.id} {OTHER.public}\n"
    assert read_keys(whole) == {KEY.id: KEYS[KEY.id], OTHER.id: base64.b64decode(OTHER.public)}
    assert read_keys(KEY.public.rstrip("=").replace("+", "-").replace("/", "_")) == KEYS
    for wrong in ("", "# nothing", "x", f"{OTHER.id} {KEY.public}", KEY.public[:-4], "ក" * 44, f"{KEY.id} {KEY.id}"):
        with pytest.raises(NoKey):
            read_keys(wrong)
