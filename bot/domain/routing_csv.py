"""The routing table and the offices as CSV: written so that no spreadsheet runs it, read with line numbers."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import DomainError
from bot.domain.hours import tidy
from bot.domain.offices import MOST_OFFICES, SaveOffice
from bot.domain.routing import MOST_RULES, Case, Fault, Line
from bot.text import khmer
from bot.text.cells import MARK, is_formula, lines

RULES, OFFICES = "rules", "offices"
RULE_COLUMNS = (
    *("country", "province", "category", "about", "office", "note"),
    *("example_country", "example_province", "example_category", "example_about"),
)
OFFICE_COLUMNS = ("code", "name_km", "name_en", "country", "time_zone", "hours", "holidays", "active")
LARGEST = 200_000
"""Bytes of a file: two hundred rules with long notes are half of it."""
CELL_LIMIT = 4000
MOST_FAULTS = 50
YES, NO = ("yes", "1", "true"), ("no", "0", "false")
_SEPARATORS = (",", ";", "\t")


class TooLarge(DomainError):
    """The file is larger than such a table can be; nothing was read."""


class NotUtf8(DomainError):
    """The file is not in UTF-8. In the spreadsheet choose "CSV UTF-8" when saving."""


class NoTable(DomainError):
    """The first line must name the columns, as the exported file does."""


class FaultyFile(DomainError):
    """Lines of the file are not right; nothing was changed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults[:MOST_FAULTS])


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read: one of the two is filled."""

    kind: str
    lines: tuple[Line, ...] = ()
    offices: tuple[SaveOffice, ...] = ()
    numbers: tuple[int, ...] = ()
    """Of each row, its line in the file."""


def decode(content: bytes) -> str:
    """Raises TooLarge or NotUtf8; a byte order mark is no part of the text."""
    if len(content) > LARGEST:
        raise TooLarge
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotUtf8 from None
    if "\0" in text:
        raise NotUtf8
    return text


def read(text: str) -> Sheet:
    """Rules or offices, by the names of the columns. Raises TooLarge, NoTable or FaultyFile."""
    if len(text.encode()) > LARGEST:
        raise TooLarge
    text = text.lstrip("\ufeff")
    rows = _rows(text)
    names = tuple(khmer.clean(one).casefold() for one in next(rows, (0, []))[1])
    if len(set(names)) != len(names):
        raise NoTable
    if {"code", "name_km"} <= set(names) <= set(OFFICE_COLUMNS):
        return _sheet(OFFICES, names, rows, MOST_OFFICES)
    if "office" in names and set(names) <= set(RULE_COLUMNS):
        return _sheet(RULES, names, rows, MOST_RULES)
    raise NoTable


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty with the number of its last line. Raises FaultyFile."""
    head = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    found = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in found:
            if any(cell.strip() for cell in row):
                yield found.line_num, row
    except csv.Error:
        raise FaultyFile([Fault("csv", found.line_num)]) from None


def _sheet(kind: str, names: Sequence[str], rows: Iterable[tuple[int, list[str]]], most: int) -> Sheet:
    faults, made, numbers = list[Fault](), list[Mapping[str, str]](), list[int]()
    for number, row in rows:
        if len(row) > len(names) and any(cell.strip() for cell in row[len(names) :]):
            faults.append(Fault("cells", number, value=str(len(names))))
            continue
        if any(len(cell) > CELL_LIMIT for cell in row):
            faults.append(Fault("too_long", number))
            continue
        made.append({name: _plain(cell) for name, cell in zip(names, row, strict=False)})
        numbers.append(number)
    if len(made) > most:
        faults = [Fault("too_many", value=str(most))]
    if kind == RULES:
        sheet = Sheet(RULES, lines=tuple(_line(one) for one in made), numbers=tuple(numbers))
    else:
        faults += [
            Fault("active", number, field="active", value=one["active"][:20])
            for number, one in zip(numbers, made, strict=True)
            if one.get("active", "").casefold() not in ("", *YES, *NO)
        ]
        codes = [one.get("code", "").casefold() for one in made]
        faults += [
            Fault("twice", number, value=code)
            for index, (number, code) in enumerate(zip(numbers, codes, strict=True))
            if code in codes[:index]
        ]
        sheet = Sheet(OFFICES, offices=tuple(_office(one) for one in made), numbers=tuple(numbers))
    if faults:
        raise FaultyFile(sorted(faults, key=lambda fault: fault.at))
    return sheet


def _line(row: Mapping[str, str]) -> Line:
    example = {name: row.get(f"example_{name}", "") for name in ("country", "province", "category", "about")}
    return Line(
        office=row.get("office", "").casefold(),
        country=row.get("country", "").upper(),
        province=row.get("province", ""),
        category=row.get("category", "").upper(),
        about=row.get("about", "").casefold(),
        note=row.get("note", ""),
        example=Case(
            example["country"].upper(), example["category"].upper(), example["about"].casefold(), example["province"]
        )
        if any(example.values())
        else None,
    )


def _office(row: Mapping[str, str]) -> SaveOffice:
    return SaveOffice(
        code=row.get("code", "").casefold(),
        name_km=row.get("name_km", ""),
        name_en=row.get("name_en", ""),
        country=row.get("country", "").upper(),
        time_zone=row.get("time_zone", ""),
        hours=tidy(row.get("hours", "")),
        holidays=tidy(row.get("holidays", "")),
        active=row.get("active", "").casefold() not in NO,
    )


def write_rules(lines: Iterable[Line]) -> str:
    """The table as `read` takes it, with a byte order mark: spreadsheets read Khmer only so."""
    return _written(
        RULE_COLUMNS,
        (
            (
                *(one.country, one.province, one.category, one.about, one.office, one.note),
                *((case.country, case.province, case.category, case.about) if (case := one.example) else ("",) * 4),
            )
            for one in lines
        ),
    )


def write_offices(offices: Iterable[SaveOffice]) -> str:
    return _written(
        OFFICE_COLUMNS,
        (
            (
                *(one.code, one.name_km, one.name_en, one.country, one.time_zone, one.hours, one.holidays),
                YES[0] if one.active else NO[0],
            )
            for one in offices
        ),
    )


def _written(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return MARK + lines([names, *rows])


def _plain(cell: str) -> str:
    """The cell as it was before it was guarded, and made clean."""
    return khmer.clean(cell[1:] if cell.startswith("'") and is_formula(cell) else cell)
