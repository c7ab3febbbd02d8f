"""What a password must be, and what codes are."""

import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.agents import UNKNOWN, browser
from bot.domain import factors, passwords

NOW = datetime(2026, 11, 22, 8, 0, 7, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("", "short"),
        ("elephant-77", "short"),
        ("x" * 257, "long"),
        ("a" * 12, "weak"),
        ("password1234", "weak"),
        ("abcdefghijkl", "weak"),
        ("123456789012", "weak"),
        ("ក" * 200, "weak"),
        ("sokhasokha12", "weak"),
        ("correct horse battery", ""),
        ("ដំរី ផ្កាឈូក សាលា ភ្លៀង", ""),
    ],
)
def test_what_is_wrong_with_a_password(password: str, wrong: str) -> None:
    assert passwords.fault(password, ("sokha", "សុខា")) == wrong


def test_ones_own_names_make_a_password_no_harder() -> None:
    known = ("sokha.thailand", "សុខា", "Kimsreng Vathanak")
    assert passwords.fault("Kimsreng Vathanak1") == ""
    assert passwords.fault("Kimsreng Vathanak1", known) == "weak"
    assert passwords.fault("sokha.thailand", known) == "weak"


@pytest.mark.parametrize("password", ["p4ssw0rd" * 32, "aB1!" * 64, "1l0O$5" * 40, "ក្ខ" * 80, "qwertyuiop" * 25])
def test_the_longest_passwords_are_looked_at_quickly(password: str) -> None:
    began = time.process_time()
    passwords.fault(password[:256], ("x" * 10_000,))
    assert time.process_time() - began < 2


@given(st.text(max_size=300))
def test_any_text_has_an_answer(password: str) -> None:
    assert passwords.fault(password, (password,)) in ("", "short", "long", "weak")


def test_a_code_counts_one_step_early_and_late_and_no_further() -> None:
    now, phone = factors.step_at(NOW), pyotp.TOTP(SECRET)
    for ahead in range(-4, 5):
        typed = phone.at(NOW, counter_offset=ahead)
        assert factors.step_of(SECRET, typed, NOW) == (now + ahead if abs(ahead) <= 1 else None)
    late = NOW + timedelta(seconds=60)
    assert factors.step_of(SECRET, phone.at(NOW), late) is None


def test_a_code_may_be_typed_as_people_type() -> None:
    code = pyotp.TOTP(SECRET).at(NOW)
    khmer = code.translate(str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩"))
    for typed in (f" {code[:3]} {code[3:]}\n", khmer, f"{code[:3]}-{code[3:]}", f"{code[:3]}\u200b{code[3:]}"):
        assert factors.step_of(SECRET, typed, NOW) == factors.step_at(NOW)
    for typed in ("", "0", code[:5], code + "0", "ក" * 6, "\0" * 6, "９" * 1000):
        assert factors.step_of(SECRET, typed, NOW) is None


@given(st.text(max_size=80))
def test_no_text_breaks_the_check(typed: str) -> None:
    assert factors.step_of(SECRET, typed, NOW) in (None, *range(factors.step_at(NOW) - 1, factors.step_at(NOW) + 2))
    assert len(factors.digest(typed)) == 64


def test_recovery_codes_are_the_same_however_they_are_typed() -> None:
    assert factors.digest("K7M2 9xqd-w4ht bn3c") == factors.digest("k7m29xqdw4htbn3c")
    assert factors.digest("៧") == factors.digest("7")
    assert factors.groups("abcdefghij", "-") == "abcd-efgh-ij"


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome, Android"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox, Linux"),
        ("curl/8", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_browser_in_words(agent: str, said: str) -> None:
    assert browser(agent) == said
