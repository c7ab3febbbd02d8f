"""An album that a platform tells of photo by photo: acknowledged once, and in one complaint only; on both databases."""

from datetime import timedelta

from sqlalchemy import func, select

from bot.channels.base import Arrival, File, file_id
from bot.dialog.events import Event, Sent, Started, Tapped, Typed
from bot.dialog.questions import FILE_LIMIT
from storage.complaints import COMPLAINT, ENTRY
from storage.outbox import OUTBOX
from tests.app.test_engine import Office, office

__all__ = ["office"]


async def shows(office: Office, count: int, album: str, first: int = 1, size: int = 1000) -> None:
    """So many photos of one album, each an event of its own."""
    for one in range(first, first + count):
        id = file_id("phone", f"{album}-{one}")
        files = (File(id, "photo", {"stored": True}),)
        sent: tuple[Event, ...] = (Sent("photo", id, size),)
        await office.engine.receive(Arrival("phone", f"{album}-{one}", "dara", office.now, sent, files, album=album))
        office.now += timedelta(milliseconds=40)


def waiting(office: Office) -> int:
    return int(str(office.one(select(func.count()).select_from(OUTBOX).where(OUTBOX.c.not_before > office.now))))


def photos_of(office: Office, reference: str) -> int:
    complaint = select(COMPLAINT.c.id).where(COMPLAINT.c.reference == reference).scalar_subquery()
    mine = select(func.count()).select_from(ENTRY).where(ENTRY.c.complaint_id == complaint, ENTRY.c.kind == "photo")
    return int(str(office.one(mine)))


async def test_five_photos_of_one_album_are_acknowledged_once_and_are_in_one_complaint(office: Office) -> None:
    first = await office.file("ថៅកែមិនបើកប្រាក់ខែ ៣ខែហើយ")
    second = await office.file("ថៅកែដកលិខិតឆ្លងដែនរបស់ខ្ញុំ")
    await office.hear(Tapped("go:menu"))
    before = len(office.told())
    await shows(office, 5, "77")
    assert len(office.told()) == before + 1
    assert "៥" in office.told()[-1]
    assert waiting(office) == 1
    assert (photos_of(office, first), photos_of(office, second)) == (0, 0), "nothing is glued on unasked"
    await office.hear(Tapped(f"follow:add={first}"))
    assert waiting(office) == 0, "what was acknowledged goes before the answer to the tap"
    await office.hear(Tapped(f"follow:done={first}"))
    assert (photos_of(office, first), photos_of(office, second)) == (5, 0)


async def test_an_album_within_a_story(office: Office) -> None:
    for event in (Started(), Tapped("language:set=km"), Tapped("person:start"), Typed("ថៅកែមិនបើកប្រាក់ខែ")):
        await office.hear(event)
    before = len(office.told())
    await shows(office, 5, "78")
    assert len(office.told()) == before + 1
    for event in (Tapped("person:message=."), Tapped("person:review=send")):
        await office.hear(event)
    assert photos_of(office, str(office.one(select(COMPLAINT.c.reference)))) == 5


async def test_two_albums_are_two_and_a_new_person_keeps_their_greeting(office: Office) -> None:
    await shows(office, 3, "79")
    assert sum("Chumnuoy" in text for text in office.told()) == 1
    assert "៣" in office.told()[-1] or "3" in office.told()[-1]
    before = len(office.told())
    await shows(office, 2, "80")
    assert len(office.told()) == before + 1


async def test_a_photo_that_was_refused_is_not_passed_over(office: Office) -> None:
    await office.hear(Started())
    await office.hear(Tapped("language:set=km"))
    await shows(office, 1, "81", size=FILE_LIMIT + 1)
    before = len(office.told())
    await shows(office, 2, "81", first=2)
    assert len(office.told()) == before + 1
    assert any("២០ MB" in text for text in office.told())
