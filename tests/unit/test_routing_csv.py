"""Tables as CSV: out and back the same, harmless in a spreadsheet, refused with line numbers."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.offices import SaveOffice
from bot.domain.routing import Case, Line
from bot.domain.routing_csv import (
    LARGEST,
    FaultyFile,
    NoTable,
    NotUtf8,
    TooLarge,
    decode,
    read,
    write_offices,
    write_rules,
)
from bot.text import khmer

WORDS = st.text(st.sampled_from("=+-@＝'\"';,\t\nកាខ្មែរ១a "), max_size=12).map(khmer.clean)
CODES = st.sampled_from(["", "TH", "KR"])
EXAMPLES = st.none() | st.builds(Case, st.just("TH"), st.just("DEBT"), st.just("agency"), WORDS)
LINES = st.builds(
    Line, st.sampled_from(["th", "kh-2"]), CODES, WORDS, st.sampled_from(["", "DEBT"]), st.sampled_from(["", "agency"]),
    WORDS, EXAMPLES,
)  # fmt: skip


@given(st.lists(LINES, max_size=6))
def test_rules_go_out_and_come_back(lines: list[Line]) -> None:
    text = write_rules(lines)
    assert list(read(decode(text.encode())).lines) == lines
    for row in csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")):
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝")), "nothing for a spreadsheet to run"


@given(st.lists(st.tuples(WORDS, WORDS, st.booleans()), max_size=5))
def test_offices_go_out_and_come_back(found: list[tuple[str, str, bool]]) -> None:
    offices = [
        SaveOffice(f"o-{number}", km, en, "TH", "Asia/Bangkok", "mon-fri 08:00-17:00", "2027-01-01", active)
        for number, (km, en, active) in enumerate(found)
    ]
    assert list(read(write_offices(offices)).offices) == offices


@given(st.text(max_size=400) | st.text(st.sampled_from("office,;\t\"\n'=code"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        sheet = read(text)
    except (NoTable, FaultyFile):
        return
    assert len(sheet.numbers) == len(sheet.lines) + len(sheet.offices)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_khmer_digits_and_any_order(separator: str) -> None:
    rows = [
        ["active", "hours", "code", "name_km", "country"],
        ["NO", "ច", "ក", "ខ", "th"],
        ["", "២៤h", "TH-1", "គ", ""],
    ]
    sheet = read("\ufeff" + "\r\n".join(separator.join(row) for row in rows))
    assert [(one.code, one.active, one.hours, one.country) for one in sheet.offices] == [
        ("ក", False, "ច", "TH"),
        ("th-1", True, "24h", ""),
    ]
    assert sheet.numbers == (2, 3)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("office,note\nth,a,b\n", [("cells", 2)]),
        ("office,note\nth\nth,a\n\nth,\"a\nb\"\nth,a,b\n", [("cells", 7)]),
        ("office\n\"x\n", [("csv", 2)]),
        ("code,name_km,active\na,b,maybe\na,c,yes\n", [("active", 2), ("twice", 3)]),
        ("office\n" + "th\n" * 201, [("too_many", 0)]),
        ("office,note\nth," + "x" * 4001, [("too_long", 2)]),
    ],
)  # fmt: skip
def test_faults_name_their_line(text: str, what: list[tuple[str, int]]) -> None:
    with pytest.raises(FaultyFile) as refused:
        read(text)
    assert [(fault.what, fault.at) for fault in refused.value.faults] == what


def test_what_is_no_text_or_too_much_of_it_is_refused() -> None:
    with pytest.raises(TooLarge):
        decode(b"a" * (LARGEST + 1))
    with pytest.raises(TooLarge):
        read("ក" * LARGEST)
    for wrong in (b"\xff\xfe\x00", "កខ".encode("utf-16"), "é".encode("latin-1"), b"office\0"):
        with pytest.raises(NotUtf8):
            decode(wrong)
    for text in ("", "\n\n", "a,b\n", "office,nonsense\n", "code,note\n"):
        with pytest.raises(NoTable):
            read(text)
