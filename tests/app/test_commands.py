"""The command line: what each command prints and changes, and the service as separate processes."""

import asyncio
import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from tests.app.by_hand import SEND, SHORT_WAY_TO_THE_STORY, TO_THE_REVIEW, MessengerHand, does
from tests.app.commands import Ended, chumnuoy, chumnuoy_aside
from tests.app.look import Look
from tests.app.trip import SECRET, Trip, trip, until
from tests.emulators.telegram import TelegramEmulator

NAMES = ("--name-km", "ដារ៉ា", "--name-en", "Dara")
PASSWORD = "long-enough-48"
ADDRESS = "http://127.0.0.1:1"


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in a database that is not sealed anew each time."""
    with sqlite3.connect(path) as connection:
        names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        return {name: list(connection.execute(f"select * from {name}")) for name in names}


def test_migrate_makes_the_schema_and_may_be_repeated(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/a.sqlite"
    for _ in range(2):
        assert chumnuoy(tmp_path, "migrate", DATABASE_URL=url).code == 0
    assert {"address", "alembic_version", "complaint", "entry"} <= set(tables(tmp_path / "new" / "a.sqlite"))


def test_seed_twice_gives_the_same_rows(tmp_path: Path, sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    assert chumnuoy(tmp_path, "seed", DATABASE_URL=sqlite_url).code == 0
    once = tables(path)
    assert len(once["centre"]) > 50
    assert once["complaint"] == once["staff"] == []
    assert chumnuoy(tmp_path, "seed", DATABASE_URL=sqlite_url).code == 0
    assert tables(path) == once


def test_seed_twice_in_demo_mode(tmp_path: Path, sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    filled = []
    for _ in range(2):
        ended = chumnuoy(tmp_path, "seed", DATABASE_URL=sqlite_url, DEMO="1", SECRET_KEYS=None)
        assert ended.code == 0, ended.words
        filled.append(tables(path))
    assert filled[0] == filled[1]
    with sqlite3.connect(path) as connection:
        assert connection.execute("select min(is_demo), count(*) from complaint").fetchone()[0] == 1
        assert connection.execute("select min(is_demo) from staff").fetchone() == (1,)


def test_staff_add(tmp_path: Path, sqlite_url: str) -> None:
    def add(login: str, password: str, *more: str) -> Ended:
        return chumnuoy(tmp_path, "staff", "add", login, *NAMES, *more, stdin=password + "\n", DATABASE_URL=sqlite_url)

    assert add("dara", PASSWORD).code == 0
    refused = {"12": add("bopha", "short"), "taken": add("dara", PASSWORD), "role": add("sok", PASSWORD, "--role", "x")}
    for word, ended in refused.items():
        assert ended.code == 1
        (line,) = ended.words.strip().splitlines()
        assert line.startswith("chumnuoy: ")
        assert word in line
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        ((login, password),) = connection.execute("select login, password from staff").fetchall()
    assert login == "dara"
    assert password.startswith("$argon2id$")
    assert PASSWORD not in password


async def filed(there: Trip) -> str:
    """A complaint by Messenger; its reference."""
    by = MessengerHand(there)
    who = by.newcomer()
    await does(by, who, *SHORT_WAY_TO_THE_STORY, "ថៅកែមិនបើកប្រាក់ខែឲ្យខ្ញុំ", *TO_THE_REVIEW, SEND)
    with Look(there.database_url) as look:
        return str(look.complaints("messenger", who)[0].reference)


async def test_export_complaints(tmp_path: Path, database_url: str) -> None:
    async with trip(tmp_path, database_url, platforms=("messenger",)) as there:
        references = [await filed(there) for _ in range(3)]
        ended = await chumnuoy_aside(tmp_path, "export", "complaints", "--format", "jsonl", DATABASE_URL=database_url)
        assert ended.code == 0, ended.words
        lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["reference"] for line in lines] == references
    for line in lines:
        expected = {"category": "OTHER", "country": "TH", "channel": "messenger", "language": "km", "status": "filed"}
        assert {name: line[name] for name in expected} == expected
        lasts = datetime.fromisoformat(line["due_at"]) - datetime.fromisoformat(line["filed_at"])
        assert lasts.total_seconds() == 48 * 3600
        assert line["first_answer_at"] is None
        (entry,) = line["thread"]
        assert (entry["author"], entry["kind"], entry["body"]) == ("worker", "text", "ថៅកែមិនបើកប្រាក់ខែឲ្យខ្ញុំ")
    assert chumnuoy(tmp_path, "export", "complaints", "--format", "csv", DATABASE_URL=database_url).code == 2


def wrongs(ended: Ended) -> list[str]:
    """What the doctor calls wrong; the exit code says whether there is any."""
    found = [line.removeprefix("WRONG ") for line in ended.out.splitlines() if line.startswith("WRONG ")]
    assert ended.code == (1 if found else 0), ended.words
    assert "Traceback" not in ended.words
    return found


async def doctors(folder: Path, *each: dict[str, str]) -> list[list[str]]:
    """What each is told, asked side by side."""
    asked = (chumnuoy_aside(folder, "doctor", PUBLIC_URL=ADDRESS, **env) for env in each)
    return [wrongs(ended) for ended in await asyncio.gather(*asked)]


async def test_doctor_on_the_database(tmp_path: Path, sqlite_url: str) -> None:
    new_key = (await chumnuoy_aside(tmp_path, "doctor", "--new-key")).out.strip()
    assert re.fullmatch(r"[\w-]{43}=", new_key)
    good, old, away, other_key = await doctors(
        tmp_path,
        {"DATABASE_URL": sqlite_url},
        {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite"},
        {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        {"DATABASE_URL": sqlite_url, "SECRET_KEYS": new_key},
    )
    assert good == []
    assert len(old) == len(away) == 1
    assert "chumnuoy migrate" in old[0]
    assert "database does not answer" in away[0]
    assert other_key == []  # nothing is stored yet
    (line,) = wrongs(await chumnuoy_aside(tmp_path, "doctor", DATABASE_URL=sqlite_url))
    assert "PUBLIC_URL" in line


async def test_doctor_with_a_key_that_opens_nothing(tmp_path: Path, sqlite_url: str) -> None:
    async with trip(tmp_path, sqlite_url, platforms=("messenger",)) as there:
        await filed(there)
    new_key = (await chumnuoy_aside(tmp_path, "doctor", "--new-key")).out.strip()
    here = {"DATABASE_URL": sqlite_url}
    good, wrong = await doctors(tmp_path, here, here | {"SECRET_KEYS": new_key})
    assert good == []
    assert len(wrong) == 1
    assert "SECRET_KEYS" in wrong[0]


async def test_doctor_on_telegram(tmp_path: Path, sqlite_url: str) -> None:
    async with TelegramEmulator() as tg:
        env = {"DATABASE_URL": sqlite_url, "TELEGRAM_API_URL": tg.url, "TELEGRAM_WEBHOOK_SECRET": SECRET}
        good, wrong = await doctors(
            tmp_path, env | {"TELEGRAM_TOKEN": tg.token}, env | {"TELEGRAM_TOKEN": "123456:not-the-token"}
        )
    assert good == []
    assert len(wrong) == 1
    assert "telegram" in wrong[0]
    assert "token" in wrong[0]


def test_play(tmp_path: Path) -> None:
    lines = [
        "១", "២", "៧", "១", "៤", "១", "ថៅកែមិនបើកប្រាក់ខែឲ្យខ្ញុំ", ":voice", "១", "១", "២", "១", "១",
    ]  # fmt: skip
    ended = chumnuoy(tmp_path, "play", stdin="\n".join(lines) + "\n", SECRET_KEYS=None, FILES_URL=None)
    assert ended.code == 0, ended.words
    assert "ជម្រាបសួរ!" in ended.out
    assert re.search(r"✅.*\n.*[0-9A-Z]{4}-[0-9A-Z]{4}", ended.out), ended.out[-1500:]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
async def test_web_and_worker_are_two_processes(tmp_path: Path, postgresql_url: str) -> None:
    """What comes in by the one goes out by the other, over the database alone."""
    async with trip(tmp_path, postgresql_url, platforms=("messenger",), started=False) as there:
        web = there.service.twin("web")
        worker = there.service.twin("worker", ready_path=None)
        there.service = web
        try:
            await there.start()
            by = MessengerHand(there)
            who = by.newcomer()
            await does(by, who, "សួស្តី")
            with Look(postgresql_url) as look:
                assert {row.state for row in look.outbox("messenger", who)} == {"queued"}
                assert by.heard(who) == []
                worker.start()
                await until(lambda: "ជម្រាបសួរ!" in "".join(by.heard(who)), "the greeting")
                heard = len(by.heard(who))
                await does(by, who, ":language:set=km")
                await until(lambda: len(by.heard(who)) >= heard + 2, "the menu")
                await until(lambda: {row.state for row in look.outbox("messenger", who)} == {"sent"}, "all is recorded")
        finally:
            worker.kill9()
            web.kill9()
