"""Looking for words: Khmer in its spellings, mixed scripts, within reach, nothing once it was deleted."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.app import search as indexing
from bot.domain.clocks import ADDRESS_WITHIN
from bot.domain.complaints import FileComplaint
from bot.domain.reach import DESK, MEMBER, Reach
from bot.text import reference, words
from storage import caseload, complaints, listing, offices, people, search
from storage import indexing as waiting
from storage.columns import KEYRING
from storage.complaints import COMPLAINT
from storage.db import Database
from storage.listing import Filter
from storage.search import TOKEN
from tests.support.service import SECRET_KEYS

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
STORY = "ធ្វើការ ៣ ខែហើយ អត់បានលុយមួយរៀល ថៅកែហៅមិនលើកទូរស័ព្ទ"
EVERYBODY = Reach(0, DESK)


class World:
    """A database with complaints in it."""

    def __init__(self, url: str) -> None:
        KEYRING.use([SECRET_KEYS])
        self.db = Database(url)
        self.seed = random.Random(7)
        self.people = 0

    def file(self, *texts: str, about: str = "", **changed: Any) -> str:
        self.people += 1
        code, name = reference.make(self.seed.getrandbits(35)), f"p{self.people}"
        command = FileComplaint(
            code, "WAGE_UNPAID", "TH", "employer", "self", "hidden", "chat", tuple({"text": one} for one in texts),
            about_name=about,
        )  # fmt: skip

        def work(connection: Connection) -> None:
            here = people.enter(connection, "telegram", name, NOW)
            filed = complaints.file(
                connection, command, person_id=here.person_id, address_id=here.address_id, channel="telegram",
                language="km", urgency="normal", now=NOW, due_at=NOW + ADDRESS_WITHIN,
            )  # fmt: skip
            if changed:
                complaints.change(connection, filed, NOW, **changed)

        self.db.write_now(work)
        return code

    def row(self, code: str) -> Any:
        return self.db.read_now(lambda c: c.execute(select(COMPLAINT).where(COMPLAINT.c.reference == code)).one())

    def index(self) -> int:
        read = self.db.read_now(lambda connection: waiting.waiting(connection, 1000))
        cuts = indexing.cut(read)
        return self.db.write_now(lambda connection: indexing.keep(connection, cuts))

    def find(self, text: str, reach: Reach | None = EVERYBODY, view: str = "all") -> list[str]:
        tokens = tuple(search.token(word) for word in words.asked(text, 12))
        wanted = Filter(view=view, words=tokens)
        page = self.db.read_now(lambda connection: listing.listed(connection, reach, wanted, NOW))
        return [row.reference for row in page.rows]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.db.close()


def test_khmer_words_in_any_spelling(world: World) -> None:
    code = world.file(STORY, "ចង់បានប៉ាស្ព័រវិញ")
    other = world.file("គេចាក់សោរទុកក្នុងបន្ទប់")
    assert world.find("លុយ") == [], "what nobody has cut yet is not found"
    assert world.index() == 2
    assert world.index() == 0
    assert world.find("ទូរស័ព្ទ") == [code]
    assert world.find("ទូរ\u200bស័ព្ទ") == [code], "a zero-width space"
    assert world.find("3 ខែ") == world.find("៣ ខែ") == [code]
    assert world.find("ប៉ាស្ព័រ") == [code]
    assert world.find("បន្ទប់") == [other]
    assert world.find("លុយ បន្ទប់") == [], "all of them"
    assert set(world.find("គេ")) <= {other}


def test_look_alikes_are_one_word() -> None:
    assert words.asked("ខ្ញុំ", 9) == words.asked("ខ្ញុ\u17c6", 9)
    assert words.asked("កើត", 9) == words.asked("ក\u17c1\u17b8ត", 9), "a vowel typed in two parts"
    assert words.asked("ABC Company", 9) == words.asked("abc  COMPANY", 9) == ["abc", "company"]
    assert words.asked("១.៥០០ ដុល្លារ", 9)[0] == words.asked("1,500", 9)[0] == "1500"


def test_mixed_scripts_names_and_answers(world: World) -> None:
    code = world.file("ថៅកែ Mr. Somchai នៅ บริษัท ทดสอบ បង់ 1,500 baht", about="Thai Sun Co., Ltd.")
    world.index()
    for text in ("somchai", "SOMCHAI ថៅកែ", "บริษัท", "១៥០០", "thai sun", "thaisuncoltd", "Ltd baht"):
        assert world.find(text) == [code], text
    row = world.row(code)
    answer = "យើងបានទាក់ទងស្ថានទូត"
    world.db.write_now(lambda c: complaints.add_entry(c, row.id, at=NOW, author="officer", kind="text", body=answer))
    world.db.write_now(lambda c: complaints.change(c, row.id, NOW, unindexed=True))
    world.index()
    assert world.find("ស្ថានទូត") == [code]


def test_one_employer_in_two_spellings(world: World) -> None:
    first = world.file(STORY, about="Thai Sun Co., Ltd.")
    second = world.file(STORY, about="THAI SUN CO LTD")
    third = world.file(STORY, about="ក្រុមហ៊ុន ថៃសាន់")
    nameless = world.file(STORY)
    world.index()
    key = world.row(first).about_key
    assert key is not None
    assert world.row(second).about_key == key
    assert world.row(third).about_key not in (key, None)
    assert world.row(nameless).about_key is None

    def same(code: str, reach: Reach | None = EVERYBODY) -> int:
        return world.db.read_now(lambda c: caseload.same_about(c, reach, world.row(code)))

    assert (same(first), same(third), same(nameless)) == (1, 0, 0)
    assert same(first, Reach(1, MEMBER, (99,))) == 0, "within reach only"


def test_nothing_is_found_after_a_deletion(world: World) -> None:
    code, stays = world.file(STORY, about="Thai Sun"), world.file(STORY)
    world.index()
    assert set(world.find("លុយ")) == {code, stays}
    row = world.row(code)
    world.db.write_now(lambda c: complaints.erase_of(c, row.person_id, NOW))
    assert world.find("លុយ") == [stays]
    assert world.find("thai sun") == []
    left = world.db.read_now(lambda c: c.execute(select(TOKEN).where(TOKEN.c.complaint_id == row.id)).all())
    assert left == []
    assert world.row(code).about_key is None
    assert world.index() == 0


def test_a_deletion_between_reading_and_writing_wins(world: World) -> None:
    code, other = world.file(STORY), world.file(STORY)
    read = world.db.read_now(lambda c: waiting.waiting(c, 9))
    person = world.row(code).person_id
    world.db.write_now(lambda c: complaints.erase_of(c, person, NOW + timedelta(seconds=1)))
    cuts = indexing.cut(read)
    assert world.db.write_now(lambda c: indexing.keep(c, cuts)) == 1
    assert world.find("លុយ") == [other]


def test_words_added_while_it_was_read_come_the_next_time(world: World) -> None:
    code = world.file(STORY)
    read = world.db.read_now(lambda c: waiting.waiting(c, 9))
    id = world.row(code).id
    later = NOW + timedelta(seconds=1)
    world.db.write_now(lambda c: complaints.add_parts(c, id, ({"text": "ប៉ាស្ព័រ"},), author="worker", now=later))
    world.db.write_now(lambda c: complaints.change(c, id, later, unindexed=True))
    cuts = indexing.cut(read)
    assert world.db.write_now(lambda c: indexing.keep(c, cuts)) == 0
    assert world.index() == 1
    assert world.find("ប៉ាស្ព័រ") == [code]


def test_foreign_rows_are_never_found(world: World) -> None:
    def two(connection: Connection) -> list[int]:
        return [offices.add(connection, code=code, name_km=code, name_en=code, country="TH") for code in ("a", "b")]

    mine, theirs = world.db.write_now(two)
    here, there = world.file(STORY, office_id=mine), world.file(STORY, office_id=theirs)
    about_us = world.file(STORY, office_id=mine, about_office_id=mine)
    nobodys = world.file(STORY)
    world.index()
    assert world.find("លុយ", Reach(1, MEMBER, (mine,), ("TH",))) == [here]
    assert world.find("លុយ", Reach(1, MEMBER)) == []
    assert world.find("លុយ", Reach(1, "administrator")) == []
    assert set(world.find("លុយ", EVERYBODY)) == {here, there, about_us, nobodys}
    for view in ("open", "unassigned", "filed"):
        assert world.find("លុយ", Reach(1, MEMBER, (mine,), ("TH",)), view) == [here]


def test_common_and_rare_words_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to read the index give the same."""
    made = [world.file(STORY + (" ប៉ាស្ព័រ" if number % 5 == 0 else "")) for number in range(20)]
    world.index()
    rare = [code for number, code in enumerate(made) if number % 5 == 0]
    for many in (2000, 3):
        monkeypatch.setattr(search, "MANY", many)
        for view in ("all", "open"):
            assert set(world.find("លុយ ប៉ាស្ព័រ", view=view)) == set(rare)
            assert set(world.find("ទូរស័ព្ទ លុយ", view=view)) == set(made)
    assert world.find("លុយ ប៉ាស្ព័រ") == rare[::-1], "newest first"


def test_a_new_key_in_front_changes_nothing_and_a_dropped_one_needs_a_new_index(world: World) -> None:
    code = world.file(STORY)
    world.index()
    added = "A" * 43 + "="
    try:
        KEYRING.use([added, SECRET_KEYS])
        assert world.find("លុយ") == [code]
        again = world.file(STORY)  # sealed with the new key
        world.index()
        assert set(world.find("លុយ")) == {code, again}
        KEYRING.use([SECRET_KEYS, added])  # as if the oldest were another
        assert world.find("លុយ") == []
        assert indexing.reindex(world.db) == 2
        assert set(world.find("លុយ")) == {code, again}
        assert KEYRING.derive("search") != KEYRING.derive("other")
    finally:
        KEYRING.use([SECRET_KEYS])


def test_the_index_holds_no_words(world: World) -> None:
    code = world.file("secretword")
    world.index()
    tokens = world.db.read_now(lambda c: c.execute(select(TOKEN.c.token)).scalars().all())
    assert len(tokens) == 1
    assert -(2**63) <= tokens[0] < 2**63
    assert world.find("secretword") == [code]


@pytest.mark.parametrize(
    "odd",
    ["", " ", "\u200b\u200c\u200d", "😀🎉", "\u202e\u202d", "\x00\x01", "។៕", "ៗ", "\ud800", "---", "%_'\"\\;", "្្្"],
)
def test_odd_texts_have_no_words_or_few(odd: str) -> None:
    assert len(words.asked(odd, 12)) <= 1
    assert len(words.words(odd)) <= 1


def test_right_to_left_and_enormous_texts(world: World) -> None:
    assert words.asked("عامل مهاجر", 12) == ["عامل", "مهاجر"]
    began = time.process_time()
    assert len(words.words(" ".join(f"w{number}" for number in range(5000)))) == words.MOST
    for text in ("ក" * 10_000, "ធ្វើការ" * 2_000, "x" * 100_000, "a\u0301" * 50_000):
        found = words.words(text)
        assert found
        assert all(len(word) <= words.LONGEST for word in found)
    assert time.process_time() - began < 20
    code = world.file("ធ្វើការ" * 500 + " " + "x" * 3000)
    world.index()
    assert world.find("x" * 3000) == world.find("x" * 64) == [code]


async def test_the_job_takes_what_waits(database_url: str, tmp_path: Any) -> None:
    from bot.app.service import build
    from bot.settings import Settings

    service = build(
        Settings(database_url=database_url, secret_keys=SECRET_KEYS, files_url=str(tmp_path / "files")), channels={}
    )
    world = World(database_url)
    try:
        made = {world.file(STORY) for _ in range(indexing.BATCH + 3)}
        assert await indexing.index_waiting(service) == indexing.BATCH + 3
        assert await indexing.index_waiting(service) == 0
        assert set(world.find("លុយ")) == made
    finally:
        service.close()
        world.db.close()
