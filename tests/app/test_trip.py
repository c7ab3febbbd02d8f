"""A complaint's whole trip on both platforms: filed in Khmer, with a voice message and a photo, answered, read."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from bot.app.books import shipped_book
from bot.text import khmer, reference
from tests.app import golden
from tests.app.look import Look, content_of, raw_bytes
from tests.app.officer import officer
from tests.app.trip import Trip, trip
from tests.app.walkers import MessengerWalker, TelegramWalker, Walker, hears, says, taps, turn

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHOTO = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\0a photo" * 50
VOICE = b"OggS\0\2" + b"\0" * 22 + b"\x01\x13OpusHead\1\1" + b"\0a voice" * 50
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02") + b"\0" * 40
STORY = "ធ្វើការ៣ខែហើយ អត់បានលុយមួយរៀល ថៅកែហៅមិនលើកទូរស័ព្ទ"
COMPANY, NAME, PHONE = "ក្រុមហ៊ុន កសាង ស៊ីន", "ចាន់ សុភា", "081 234 5678"
ANSWER = "យើងបានទូរស័ព្ទទៅក្រុមហ៊ុនហើយ។ សូមផ្ញើរូបកិច្ចសន្យា។"
MORE = "ខ្ញុំនៅខេត្តសាមុតប្រាកាន ជិតផ្សារ"
FILED = re.compile(r"([0-9A-HJKMNP-TV-Z]{4})-([0-9A-HJKMNP-TV-Z]{4})")


@dataclass
class Filed:
    """One worker's trip: their reference, and what the last message of the filing said."""

    worker: Walker
    reference: str = ""
    receipt: str = ""
    seen: str = ""
    heard_meanwhile: dict[str, int] = field(default_factory=dict)


async def files_a_complaint(worker: Walker) -> Filed:
    """First contact to receipt: by taps, by Khmer numbers, by labels, by voice and by a photo."""
    assert "ជម្រាបសួរ!" in await turn(worker, worker.starts())
    await taps(worker, "language:set=km")
    await taps(worker, "complaint:start")
    await says(worker, "៣")
    await says(worker, shipped_book().categories["WAGE_UNPAID"].name.km)
    await says(worker, "ថៃ")
    await taps(worker, "complaint:about=employer")
    await says(worker, COMPANY)
    await taps(worker, "complaint:behalf=self")
    await says(worker, STORY)
    await turn(worker, worker.speaks(VOICE))
    await says(worker, "១")
    await turn(worker, worker.shows(PHOTO))
    await says(worker, "១")
    await taps(worker, "complaint:identity=named")
    await says(worker, NAME)
    await taps(worker, "complaint:contact=call")
    review = await says(worker, PHONE)
    assert all(words in review for words in (STORY, COMPANY, NAME)), review
    receipt = await taps(worker, "complaint:review=send")
    found = FILED.search(receipt)
    assert found, receipt
    return Filed(worker, found[1] + found[2], receipt)


async def is_answered(there: Trip, filed: Filed, other: Walker) -> None:
    """An officer answers with words and a picture; the worker reads them, and writes back."""
    worker, code = filed.worker, filed.reference
    elsewhere = len(other.heard)
    async with officer(there) if filed.worker.channel == "telegram" else officer(there, "bopha") as dara:
        page = await dara.page(f"/complaints/{code}")
        assert STORY in page
        assert NAME in page
        await dara.reply(code, ANSWER, PICTURE)
        filed.seen = await hears(worker, ANSWER)
        await taps(worker, f"follow:add={code}")
        await says(worker, MORE)
        assert reference.show(code) in await taps(worker, f"follow:done={code}")
        assert MORE in await dara.page(f"/complaints/{code}")
    filed.heard_meanwhile[other.channel] = len(other.heard) - elsewhere


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def travelled(
    tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path
) -> AsyncIterator[tuple[Trip, list[Filed]]]:
    """Both trips, made at the same time by somebody who has both platforms."""
    folder = tmp_path_factory.mktemp("trip")
    shutil.copyfile(_sqlite_template, folder / "chumnuoy.sqlite")
    async with trip(folder, f"sqlite:///{folder}/chumnuoy.sqlite") as there:
        both = (TelegramWalker(there, 7001), MessengerWalker(there, "6000000000000001"))
        filed = list(await asyncio.gather(*(files_a_complaint(worker) for worker in both)))
        for one, other in zip(filed, reversed(both), strict=True):
            await is_answered(there, one, other)
        yield there, filed


@pytest.mark.parametrize("place", [0, 1], ids=["telegram", "messenger"])
async def test_the_receipt_names_the_reference_and_the_due_time_in_khmer(
    travelled: tuple[Trip, list[Filed]], place: int
) -> None:
    there, filed = travelled
    one = filed[place]
    with Look(there.database_url) as look:
        (complaint,) = look.complaints(one.worker.channel, one.worker.external_id)
    assert reference.read(one.reference) == complaint.reference == one.reference
    assert (complaint.due_at - complaint.filed_at).total_seconds() == 48 * 3600
    due = complaint.due_at.astimezone(ZoneInfo("Asia/Bangkok"))
    shown = khmer.to_khmer_digits(f"{due.hour:02}:{due.minute:02}")
    assert khmer.moment(due, "km") in one.receipt
    assert shown in one.receipt
    assert khmer.to_khmer_digits(due.year) in one.receipt
    assert "៤៨ ម៉ោង" in one.receipt


@pytest.mark.parametrize("place", [0, 1], ids=["telegram", "messenger"])
async def test_the_answer_came_where_the_complaint_was_filed_and_only_there(
    travelled: tuple[Trip, list[Filed]], place: int
) -> None:
    _there, filed = travelled
    one, other = filed[place], filed[1 - place]
    assert reference.show(one.reference) in one.seen
    assert list(one.worker.pictures) == [PICTURE]
    assert one.heard_meanwhile == {other.worker.channel: 0}
    assert not [text for text in other.worker.heard if reference.show(one.reference) in text]


@pytest.mark.parametrize("place", [0, 1], ids=["telegram", "messenger"])
async def test_the_thread_holds_everything_in_order(travelled: tuple[Trip, list[Filed]], place: int) -> None:
    there, filed = travelled
    one = filed[place]
    with Look(there.database_url) as look:
        thread = [(entry.author, entry.kind, entry.body) for entry in look.thread(one.reference)]
        (complaint,) = look.complaints(one.worker.channel, one.worker.external_id)
        kept = [(file.kind, file.state, file.mime) for file in look.files(one.worker.channel, one.worker.external_id)]
        voice, photo = [
            content_of(there.folder, entry.attachment_id)
            for entry in look.thread(one.reference)
            if entry.author == "worker" and entry.attachment_id
        ]
    assert thread == [
        ("worker", "text", STORY),
        ("worker", "voice", None),
        ("worker", "photo", None),
        ("officer", "text", ANSWER),
        ("officer", "photo", None),
        ("worker", "text", MORE),
    ]
    assert kept[:2] == [("voice", "kept", "audio/ogg"), ("photo", "kept", "image/jpeg")]
    assert (voice, photo) == (VOICE, PHOTO)
    assert (complaint.category, complaint.country, complaint.status) == ("WAGE_UNPAID", "TH", "in_hand")
    assert (complaint.name, complaint.phone, complaint.about_name) == (NAME, "+66812345678", COMPANY)
    assert complaint.first_answer_at is not None


async def test_what_people_told_lies_sealed_on_the_disk(travelled: tuple[Trip, list[Filed]]) -> None:
    there, _filed = travelled
    raw = raw_bytes(there.folder)
    assert len(raw) > 100_000
    assert b"WAGE_UNPAID" in raw  # what is not sealed is found: the search itself works
    for words in (STORY, COMPANY, NAME, ANSWER, MORE, "+66812345678", "81 234 5678", "812345678"):
        assert words.encode() not in raw
    for content in (b"a photo", b"a voice", b"OpusHead", b"JFIF"):
        assert content not in raw
    assert STORY not in there.service.log
    assert NAME not in there.service.log


async def test_requests_to_telegram(travelled: tuple[Trip, list[Filed]]) -> None:
    there, filed = travelled
    made = [(one.method, one.body) for one in there.tg.requests]
    code = filed[0].reference
    assert {one.status for one in there.tg.requests} == {200}
    # Files are fetched beside the conversation, so they stand apart.
    fetched = [one for one in made if one[0] == "getFile"]
    spoken = [one for one in made if one[0] != "getFile"]
    golden.compare("telegram-trip.txt", spoken + fetched, {code: "K7Q29MXD", reference.show(code): "K7Q2-9MXD"})


async def test_requests_to_messenger(travelled: tuple[Trip, list[Filed]]) -> None:
    there, filed = travelled
    made = [(f"{one.method} {one.path} {sorted(one.query)}", one.body) for one in there.fb.requests]
    code = filed[1].reference
    assert {one.status for one in there.fb.requests} == {200}
    golden.compare("messenger-trip.txt", made, {code: "K7Q29MXD", reference.show(code): "K7Q2-9MXD"})
