"""`chumnuoy audit`, `routing`, `search` and `export` from the shell: what they print, change and end with."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app.doctor import fresh_key
from bot.domain.audit import OFFICER, Act
from storage import audit
from storage.columns import KEYRING
from storage.db import Database
from storage.search import TOKEN
from tests.app.bureau import Bureau, open_service
from tests.app.commands import Ended, chumnuoy
from tests.support.service import SECRET_KEYS

Run = Callable[..., Ended]
AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
RULES = "office,country,example_country,example_category,example_about"


@pytest.fixture
def run(tmp_path: Path, sqlite_url: str) -> Run:
    """A command on a database of its own."""

    def runs(*arguments: str, **env: str) -> Ended:
        ended = chumnuoy(tmp_path, *arguments, **{"DATABASE_URL": sqlite_url, **env})
        assert "Traceback" not in ended.words
        return ended

    return runs


def refused(ended: Ended, code: int, says: str) -> None:
    """One line on the standard error, and nothing beside it."""
    (line,) = ended.err.splitlines()
    assert line.startswith("chumnuoy: ")
    assert says in line
    assert (ended.code, ended.out) == (code, "")


def by_hand(url: str, statement: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(statement)


def test_the_audit_is_examined(run: Run, sqlite_url: str) -> None:
    assert (run("audit", "head").out, run("audit", "verify").code) == ("0\n", 0)
    with closing(Database(sqlite_url)) as db:
        for subject in ("B0", "B1", "B2"):
            act = Act(AT, OFFICER, "change_status", 7, "192.0.2.1", "complaint", subject)
            db.write_now(lambda c, act=act: audit.append(c, act))  # type: ignore[misc]  # each act its own
    head = run("audit", "head")
    number, digest = head.out.split()
    assert (head.code, number, len(digest)) == (0, "3", 64)
    sound = run("audit", "verify", "--since", number, "--digest", digest.upper())
    assert (sound.code, sound.err) == (0, "")
    assert sound.out == f"rows looked at: 3\nnewest row: 3 {digest}\nevery row is as it was written\n"
    other = run("audit", "verify", "--since", "2", "--digest", digest)
    assert (other.code, "WRONG Row 2 does not have the digest that was written down." in other.out) == (1, True)
    by_hand(sqlite_url, "UPDATE audit SET subject = 'other' WHERE id = 2")
    changed = run("audit", "verify")
    assert (changed.code, "WRONG Row 2 was changed.\n" in changed.out) == (1, True)


@pytest.mark.parametrize("more", [("--since", "3"), ("--digest", "f" * 64), ("--since", "3", "--digest", "xyz")])
def test_half_of_what_was_written_down_is_refused(run: Run, more: tuple[str, ...]) -> None:
    refused(run("audit", "verify", *more), 2, "--since NUMBER and --digest of 64 hexadecimal digits go together")


def test_the_routing_table_goes_out_and_comes_back(run: Run, tmp_path: Path) -> None:
    empty = run("routing", "check")
    assert (empty.code, "there is no active national desk" in empty.out) == (1, True)
    assert run("seed").code == 0
    file = tmp_path / "table.csv"
    file.write_text("code,name_km,name_en,country,time_zone\nth-1,ថៃ,Thailand,TH,Asia/Bangkok\n", encoding="utf-8")
    offices = run("routing", "import", str(file))
    assert (offices.code, offices.out) == (0, "read and saved: 1 of offices\n")
    file.write_text(f"{RULES}\nth-1,TH,TH,WAGE_UNPAID,employer\n", encoding="utf-8")
    rules = run("routing", "import", str(file))
    assert (rules.code, rules.out) == (0, "read and saved: 1 of rules\n")
    given = run("routing", "export")
    assert given.code == 0
    assert given.out.splitlines()[1] == "TH,,,,th-1,,TH,,WAGE_UNPAID,employer"
    assert "th-1" in run("routing", "export", "--what", "offices").out
    checked = run("routing", "check")
    assert (checked.code, checked.out.startswith("ok ")) == (0, True), checked.words
    file.write_text(f"{RULES}\nnowhere,TH,TH,WAGE_UNPAID,employer\n", encoding="utf-8")
    wrong = run("routing", "import", str(file))
    assert (wrong.code, wrong.out.splitlines()[0]) == (1, "nothing was changed:")
    assert "Line 2: There is no office with this code." in wrong.out
    assert run("routing", "export").out == given.out


def test_what_is_no_table_is_refused(run: Run, tmp_path: Path) -> None:
    missing = run("routing", "import", str(tmp_path / "nothing.csv"))
    assert (missing.code, "No such file" in missing.err) == (2, True)
    other = run("routing", "export", "--what", "officers")
    assert (other.code, other.out, "'officers' is not" in other.words) == (2, "", True)


async def test_the_index_is_made_anew_when_another_key_is_the_oldest(run: Run, tmp_path: Path, sqlite_url: str) -> None:
    bureau = Bureau(await open_service(sqlite_url, tmp_path))
    bureau.office("NATIONAL", "KH", kind="national")
    for _ in range(2):
        bureau.file()

    def tokens() -> set[int]:
        return {row.token for row in bureau.rows(select(TOKEN.c.token))}

    try:
        first = run("search", "reindex")
        assert (first.code, first.out) == (0, "2 complaints\n")
        kept = tokens()
        assert kept
        run("search", "reindex", SECRET_KEYS=f"{fresh_key()},{SECRET_KEYS}")
        assert tokens() == kept, "a new key in front changes nothing"
        run("search", "reindex", SECRET_KEYS=f"{SECRET_KEYS},{fresh_key()}")
        assert not tokens() & kept
        refused(run("search", "reindex", SECRET_KEYS=fresh_key()), 2, "SECRET_KEYS do not open what is stored")
    finally:
        bureau.service.close()


def test_a_database_without_its_tables_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    """Never exit code 1: that says that rows were changed."""
    for arguments in (("audit", "verify"), ("audit", "head"), ("search", "reindex"), ("export", "complaints")):
        ended = run(*arguments, DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite")
        refused(ended, 2, "no such table")


async def test_an_export_that_cannot_be_recorded_shows_nothing(run: Run, tmp_path: Path, sqlite_url: str) -> None:
    KEYRING.use([SECRET_KEYS])
    bureau = Bureau(await open_service(sqlite_url, tmp_path))
    bureau.office("NATIONAL", "KH", kind="national")
    code = bureau.file()
    bureau.service.close()
    given = run("export", "complaints")
    assert (given.code, [json.loads(line)["reference"] for line in given.out.splitlines()]) == (0, [code])
    by_hand(sqlite_url, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    refused(run("export", "complaints"), 2, "the disk is full")
