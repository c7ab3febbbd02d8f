"""Cells of a table that a spreadsheet opens: nothing in them is carried out."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula, its wide forms included."""
MARK = "\ufeff"
"""Begins the file: without it a spreadsheet takes Khmer for something else."""


def is_formula(cell: str) -> bool:
    return cell.lstrip(" '").startswith(FORMULA)


def guarded(cell: Any) -> Any:
    """An apostrophe before what a spreadsheet would run, and before an apostrophe that stood in such a place itself."""
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV (RFC 4180), each text guarded."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()
