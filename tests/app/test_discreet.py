"""Discreet messages in the engine: what comes unasked is held until the person's word, whole and in order, once."""

import pytest
from sqlalchemy import select, update

from bot.dialog.events import Started, Tapped, Typed
from bot.domain.complaints import AcknowledgeComplaint, AnswerComplaint, ChangeStatus
from storage import attachments
from storage.complaints import COMPLAINT
from storage.outbox import OUTBOX
from storage.people import ADDRESS, PERSON
from tests.app.test_engine import Office, office

__all__ = ["office"]
NEUTRAL = ("អ្នកមានសារមួយ។", "You have a message.")


def queue(office: Office) -> list[tuple[str, str, str]]:
    """(state, file, text) of everything in the outbox, in its order."""
    rows = office.service.db.read_now(lambda connection: connection.execute(select(OUTBOX).order_by(OUTBOX.c.id)).all())
    return [(row.state, row.body.get("file", ""), row.body["text"]) for row in rows]


async def chooses(office: Office, word: str) -> None:
    for event in (Tapped("discreet:start"), Tapped("discreet:word"), Typed(word), Tapped("discreet:yes")):
        await office.hear(event)


@pytest.fixture
async def hidden(office: Office) -> str:
    """A complaint of somebody who chose the word ផ្កាឈូក; its reference."""
    reference = await office.file("ថៅកែមិនបើកប្រាក់ខែ ៣ខែហើយ")
    await chooses(office, "ផ្កាឈូក")
    return reference


def keep_file(office: Office, id: str) -> None:
    address = office.one(select(ADDRESS.c.id))

    def work(connection: object) -> None:
        attachments.add(
            connection,  # type: ignore[arg-type]  # what `write_now` gives
            id=id,
            address_id=address,  # type: ignore[arg-type]  # an id
            channel="phone",
            kind="photo",
            source={},
            now=office.now,
        )

    office.service.db.write_now(work)


async def test_an_answer_with_its_file_is_one_neutral_line_until_the_word(office: Office, hidden: str) -> None:
    keep_file(office, "f1")
    before = len(queue(office))
    await office.engine.command(AnswerComplaint(hidden, "យើងបានជួយ", 1, attachments=("f1",)))
    neutral, file, words = queue(office)[before:]
    assert neutral[0] == "queued"
    assert neutral[2] in NEUTRAL
    assert [file[:2], words[0]] == [("hushed", "f1"), "hushed"]
    office.now = office.now.replace(hour=9)
    await office.engine.command(ChangeStatus(hidden, "closed", "ដោះស្រាយរួច", 1))
    seen = [text for state, _file, text in queue(office)[before:] if state == "queued"]
    assert all(text in NEUTRAL for text in seen)
    assert len(seen) == 2
    assert not any(hidden[:4] in text for text in seen)
    await office.hear(Typed("ពាក្យផ្សេងទៀតណា"))
    assert sum(state == "hushed" for state, _file, _text in queue(office)) == 3, "another word shows nothing"
    await office.hear(Typed("ផ្កា\u200bឈូក "))
    after = queue(office)[before:]
    assert not any(state == "hushed" for state, _file, _text in after)
    held = [(file, text) for _state, file, text in after if file or "យើងបានជួយ" in text or "ដោះស្រាយរួច" in text]
    assert [bool(file) for file, _text in held] == [True, False, False], "in the order in which they came"
    count = len(queue(office))
    await office.hear(Typed("ផ្កាឈូក"))
    assert len(queue(office)) == count + 1, "shown once: now there is nothing new"


async def test_what_somebody_does_themselves_is_answered_openly(office: Office, hidden: str) -> None:
    await office.engine.command(AcknowledgeComplaint(hidden, 1))
    count = sum(state == "hushed" for state, _file, _text in queue(office))
    await office.hear(Tapped(f"follow:see={hidden}"))
    await office.hear(Tapped(f"follow:receipt={hidden}"))
    assert any("CHUMNUOY1." in text for state, _file, text in queue(office) if state == "queued")
    assert sum(state == "hushed" for state, _file, _text in queue(office)) == count == 1


async def test_the_word_is_sealed_and_turning_it_off_lets_everything_come(office: Office, hidden: str) -> None:
    assert office.one(select(PERSON.c.word)) == "ផ្កាឈូក"
    raw = office.service.db.read_now(
        lambda connection: connection.exec_driver_sql("select word from person").scalar_one()
    )
    assert "ផ្កាឈូក".encode() not in bytes(raw)
    await office.engine.command(AnswerComplaint(hidden, "យើងបានជួយ", 1))
    await office.hear(Tapped("discreet:off"))
    assert office.one(select(PERSON.c.word)) == "ផ្កាឈូក", "whoever holds the phone cannot end it"
    for guess in ("ផ្កា", "ផ្កាឈូក"):
        assert {state for state, _file, _text in queue(office)} == {"queued", "hushed"}
        await office.hear(Typed(guess))
    assert office.one(select(PERSON.c.word)) is None
    assert {state for state, _file, _text in queue(office)} == {"queued"}
    await office.engine.command(AnswerComplaint(hidden, "ចម្លើយទីពីរ", 1))
    assert "ចម្លើយទីពីរ" in office.told()[-1]


async def test_deleted_data_takes_what_was_held_with_it(office: Office, hidden: str) -> None:
    await office.engine.command(AnswerComplaint(hidden, "យើងបានជួយ", 1))
    for event in (Tapped("erase:start"), Tapped("erase:yes"), Started()):
        await office.hear(event)
    assert not any("យើងបានជួយ" in text for text in office.told())
    assert office.one(select(PERSON.c.word)) is None


async def test_two_new_words_at_the_same_moment_for_two_people(office: Office, hidden: str) -> None:
    """One person's word neither hides nor shows anything of another's."""
    other = await office.file("my boss keeps my passport", who="bopha")
    await office.engine.command(AnswerComplaint(other, "openly", 1))
    await office.engine.command(AnswerComplaint(hidden, "secretly", 1))
    assert any("openly" in text for state, _file, text in queue(office) if state == "queued")
    await office.hear(Typed("ផ្កាឈូក"), who="bopha")
    assert any("secretly" in text for state, _file, text in queue(office) if state == "hushed")


@pytest.mark.parametrize("contact", ["relative", "wait"])
async def test_where_the_chat_is_not_safe_news_waits_until_they_write(office: Office, contact: str) -> None:
    reference = await office.file("ថៅកែវាយខ្ញុំ")
    office.service.db.write_now(lambda connection: connection.execute(update(COMPLAINT).values(contact=contact)))
    before = len(queue(office))
    await office.engine.command(AcknowledgeComplaint(reference, 1))
    await office.engine.command(AnswerComplaint(reference, "យើងបានជួយ", 1))
    assert [state for state, _file, _text in queue(office)[before:]] == ["held", "held"]
    await office.hear()
    assert [state for state, _file, _text in queue(office)[before:]] == ["held", "held"], "a reaction is no word"
    await office.hear(Typed("សួស្តី"))
    assert [state for state, _file, _text in queue(office)[before:]] == ["queued"] * (len(queue(office)) - before)
    assert any("យើងបានជួយ" in text for text in office.told())


async def test_neither_a_neutral_line_where_the_chat_is_not_safe(office: Office, hidden: str) -> None:
    office.service.db.write_now(lambda connection: connection.execute(update(COMPLAINT).values(contact="wait")))
    before = len(queue(office))
    await office.engine.command(AnswerComplaint(hidden, "យើងបានជួយ", 1))
    assert [state for state, _file, _text in queue(office)[before:]] == ["hushed"]
    await office.hear(Typed("សួស្តី"))
    assert [state for state, _file, text in queue(office)[before:] if "យើងបានជួយ" in text] == ["hushed"]
    await office.hear(Typed("ផ្កាឈូក"))
    assert [state for state, _file, text in queue(office)[before:] if "យើងបានជួយ" in text] == ["queued"]


async def test_deleted_data_takes_what_waited_for_them_with_it(office: Office) -> None:
    reference = await office.file("ថៅកែវាយខ្ញុំ")
    office.service.db.write_now(lambda connection: connection.execute(update(COMPLAINT).values(contact="wait")))
    await office.hear(Tapped("erase:start"))
    await office.engine.command(AnswerComplaint(reference, "យើងបានជួយ", 1))
    await office.hear(Tapped("erase:yes"))
    assert not any("យើងបានជួយ" in text for text in office.told())


async def test_the_word_is_heard_inside_the_flow_about_it_too(office: Office, hidden: str) -> None:
    await office.engine.command(AnswerComplaint(hidden, "យើងបានជួយ", 1))
    await office.hear(Tapped("discreet:start"))
    await office.hear(Typed("ផ្កាឈូក"))
    assert any("យើងបានជួយ" in text for state, _file, text in queue(office) if state == "queued")
