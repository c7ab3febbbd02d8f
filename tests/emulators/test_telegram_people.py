"""The person's side: what tests do as a user, the updates it makes, and what the user sees in return."""

from __future__ import annotations

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.telegram import CallbackQuery, SeenMessage, TelegramEmulator
from tests.emulators.telegram.harness import Bot, emulated, until
from tests.emulators.telegram.state import Json

pytestmark = pytest.mark.asyncio

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (320).to_bytes(4, "big") + (200).to_bytes(4, "big") + b"x" * 50
MENU = {"inline_keyboard": [[{"text": "ថៃ", "callback_data": "co=TH"}, {"text": "ជប៉ុន", "callback_data": "co=JP"}]]}


async def last_update(tg: TelegramEmulator, bot: Bot) -> Json:
    update: Json = (await bot("getUpdates", offset=-1)).result[0]
    return update


async def test_everything_a_person_can_send() -> None:
    async with emulated() as (tg, bot):
        person = tg.person(7, first_name="ស្រីមុំ", language_code="km", username="sreymom")
        await person.presses_start("job_1-A")
        first = await last_update(tg, bot)
        assert first["message"]["text"] == "/start job_1-A"
        assert first["message"]["from"] == {
            "id": 7, "is_bot": False, "first_name": "ស្រីមុំ", "username": "sreymom", "language_code": "km",
        }  # fmt: skip
        assert first["message"]["chat"]["type"] == "private"

        await person.sends_photo(PNG, caption="ប័ណ្ណ")
        photo = (await last_update(tg, bot))["message"]
        assert [size["width"] for size in photo["photo"]] == [90, 320]
        assert photo["caption"] == "ប័ណ្ណ"
        await person.sends_voice(b"OggS....", duration=9)
        voice = (await last_update(tg, bot))["message"]["voice"]
        assert (voice["mime_type"], voice["duration"], voice["file_size"]) == ("audio/ogg", 9, 8)
        await person.sends_document(b"%PDF", "កិច្ចសន្យា.pdf", "application/pdf")
        document = (await last_update(tg, bot))["message"]["document"]
        assert (document["file_name"], document["mime_type"]) == ("កិច្ចសន្យា.pdf", "application/pdf")
        await person.sends_video(b"....ftyp")
        assert (await last_update(tg, bot))["message"]["video"]["mime_type"] == "video/mp4"
        await person.sends_audio(b"ID3", "a.mp3")
        assert (await last_update(tg, bot))["message"]["audio"]["file_name"] == "a.mp3"
        await person.sends_location(13.36, 103.86, accuracy=20)
        location = (await last_update(tg, bot))["message"]["location"]
        assert location == {"latitude": 13.36, "longitude": 103.86, "horizontal_accuracy": 20}
        await person.sends_contact("+85512345678")
        assert (await last_update(tg, bot))["message"]["contact"]["user_id"] == 7
        await person.sends_contact("+85512345678", own=False, first_name="បង")
        assert "user_id" not in (await last_update(tg, bot))["message"]["contact"]
        await person.sends_content({"dice": {"emoji": "🎲", "value": 3}})
        assert (await last_update(tg, bot))["message"]["dice"]["value"] == 3


async def test_files_of_a_person_can_be_fetched_for_an_hour() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        sent = await tg.person(7).sends_document(b"%PDF-1.7", "a.pdf", "application/pdf")
        assert sent.media is not None
        file = (await bot("getFile", file_id=sent.media.file_id)).result
        assert file["file_size"] == 8
        assert file["file_path"].endswith(".pdf")
        assert await bot.download(file["file_path"]) == (200, b"%PDF-1.7")
        clock.advance(3601)
        assert (await bot.download(file["file_path"]))[0] == 404
        again = (await bot("getFile", file_id=sent.media.file_id)).result
        assert await bot.download(again["file_path"]) == (200, b"%PDF-1.7")


async def test_taps_edits_and_answers() -> None:
    async with emulated() as (tg, bot):
        person = tg.person(7)
        await person.presses_start()
        sent = (await bot("sendMessage", chat_id=7, text="ប្រទេសណា?", reply_markup=MENU)).result
        question = await person.sees("ប្រទេស")
        assert question.labels == ["ថៃ", "ជប៉ុន"]
        tap = await person.taps("ថៃ")
        assert isinstance(tap, CallbackQuery)
        callback = (await last_update(tg, bot))["callback_query"]
        assert (callback["id"], callback["data"], callback["from"]["id"]) == (tap.id, "co=TH", 7)
        assert callback["message"]["reply_markup"] == MENU
        assert callback["message"]["message_id"] == sent["message_id"]

        assert (await bot("answerCallbackQuery", callback_query_id=tap.id, text="បាន")).result is True
        assert tap.answer is not None
        assert tap.answer["text"] == "បាន"
        twice = await bot("answerCallbackQuery", callback_query_id=tap.id)
        assert twice.error[1].endswith("query is too old and response timeout expired or query ID is invalid")

        await bot("editMessageText", chat_id=7, message_id=sent["message_id"], text="<b>ថៃ</b>", parse_mode="HTML")
        assert (question.text, question.edited, question.buttons) == ("ថៃ", True, [])
        with pytest.raises(LookupError):
            await person.taps("ថៃ")
        stale = await person.taps_old(question, "co=JP")
        assert (await last_update(tg, bot))["callback_query"]["data"] == "co=JP"
        assert stale.answer is None
        await bot("editMessageReplyMarkup", chat_id=7, message_id=sent["message_id"], reply_markup=MENU)
        assert isinstance(await person.taps(question, "co=JP"), CallbackQuery)


async def test_reply_keyboards() -> None:
    async with emulated() as (tg, bot):
        person = tg.person(7)
        await person.presses_start()
        share = {"keyboard": [["ត្រឡប់", {"text": "លេខទូរស័ព្ទ", "request_contact": True}]], "resize_keyboard": True}
        await bot("sendMessage", chat_id=7, text="x", reply_markup=share)
        assert person.last.labels == ["ត្រឡប់", "លេខទូរស័ព្ទ"]
        assert "reply_markup" not in person.last.data
        said = await person.taps("ត្រឡប់")
        assert isinstance(said, SeenMessage)
        assert (await last_update(tg, bot))["message"]["text"] == "ត្រឡប់"
        with pytest.raises(ValueError, match="sends_contact"):
            await person.taps("លេខទូរស័ព្ទ")
        await bot("sendMessage", chat_id=7, text="y", reply_markup={"remove_keyboard": True})
        assert person.last.removes_keyboard
        assert person.keyboard == []


async def test_blocking_and_coming_back() -> None:
    async with emulated() as (tg, bot):
        person = tg.person(7)
        await person.presses_start()
        await person.blocks()
        member = (await last_update(tg, bot))["my_chat_member"]
        assert (member["old_chat_member"]["status"], member["new_chat_member"]["status"]) == ("member", "kicked")
        with pytest.raises(ValueError, match="unblock"):
            await person.sends("x")
        await person.unblocks()
        assert (await last_update(tg, bot))["my_chat_member"]["new_chat_member"]["status"] == "member"
        assert (await bot("sendMessage", chat_id=7, text="x")).status == 200
        await person.deletes_account()
        with pytest.raises(ValueError, match="deleted"):
            await person.sends("x")


async def test_editing_and_deleting() -> None:
    async with emulated() as (tg, bot):
        person = tg.person(7)
        said = await person.sends("a")
        await person.edits(said.message_id, "b")
        edited = (await last_update(tg, bot))["edited_message"]
        assert (edited["text"], edited["message_id"]) == ("b", said.message_id)
        sent = (await bot("sendMessage", chat_id=7, text="c")).result
        assert [message.text for message in person.chat] == ["b", "c"]
        assert (await bot("deleteMessage", chat_id=7, message_id=sent["message_id"])).result is True
        assert (await bot("deleteMessages", chat_id=7, message_ids=[said.message_id, 999])).result is True
        assert person.chat == []


async def test_sees_says_what_was_there_instead() -> None:
    async with emulated() as (tg, bot):
        person = tg.person(7)
        await person.presses_start()
        await bot("sendMessage", chat_id=7, text="one")
        await bot("sendMessage", chat_id=7, text="two")
        assert (await person.sees(2)).text == "two"
        assert (await person.sees(lambda message: message.text.startswith("o"))).text == "one"
        with pytest.raises(TimeoutError, match=r"the bot said .*'one'.*'two'"):
            await person.sees("three", timeout=0.02)


async def test_groups_topics_and_channels() -> None:
    async with emulated() as (tg, bot):
        person = tg.person(7)
        forum = tg.group(-100500, topics={7})
        said = await person.sends("សួស្តី", chat=forum)
        assert (await last_update(tg, bot))["message"]["chat"] == {
            "id": -100500, "title": "ក្រុម", "type": "supergroup", "is_forum": True,
        }  # fmt: skip
        reply = await bot(
            "sendMessage", chat_id=-100500, message_thread_id=7, text="x", reply_to_message_id=said.message_id
        )
        assert reply.result["message_thread_id"] == 7
        assert reply.result["reply_to_message"]["message_id"] == said.message_id
        general = await bot("sendMessage", chat_id=-100500, message_thread_id=1, text="x")
        assert "message_thread_id" not in general.result
        missing = {"message_id": 999, "allow_sending_without_reply": True}
        assert (await bot("sendMessage", chat_id=-100500, text="x", reply_parameters=missing)).status == 200
        forum.removes_bot()
        assert (await last_update(tg, bot))["my_chat_member"]["new_chat_member"]["status"] == "kicked"
        channel = tg.group(-100600, kind="channel")
        channel.posts("ប្រកាស")
        assert (await last_update(tg, bot))["channel_post"]["sender_chat"]["id"] == -100600
        denied = await bot("sendMessage", chat_id=-100600, text="x")
        assert denied.error == (400, "Bad Request: need administrator rights in the channel chat")
        channel.promotes_bot()
        assert (await bot("sendMessage", chat_id=-100600, text="x")).status == 200
        old = tg.group(-700, kind="group")
        new = old.migrates(-100700)
        services = (await bot("getUpdates", offset=-2)).result
        assert services[0]["message"]["migrate_to_chat_id"] == new.id
        assert services[1]["message"]["migrate_from_chat_id"] == old.id
        old.bot_leaves()
        assert old.messages == []


async def test_copies_and_forwards() -> None:
    async with emulated(limits_on=False) as (tg, bot):
        person = tg.person(7)
        said = await person.sends_document(b"%PDF", "a.pdf", "application/pdf", caption="c")
        here = {"chat_id": 7, "from_chat_id": 7}
        copy = (
            await bot("copyMessage", **here, message_id=said.message_id, caption="<i>d</i>", parse_mode="HTML")
        ).result
        assert copy == {"message_id": copy["message_id"]}
        assert (person.last.text, person.last.data["document"]["file_name"]) == ("d", "a.pdf")
        forward = (await bot("forwardMessage", **here, message_id=said.message_id)).result
        assert forward["forward_origin"]["sender_user"]["id"] == 7
        ids = [said.message_id, copy["message_id"], 9999]
        assert len((await bot("copyMessages", **here, message_ids=ids)).result) == 2
        assert len((await bot("forwardMessages", **here, message_ids=ids)).result) == 2


async def test_odd_updates_can_be_injected() -> None:
    async with emulated() as (tg, bot):
        update_id = tg.inject({"poll_answer": {"poll_id": "1", "option_ids": []}})
        assert (await last_update(tg, bot)) == {
            "update_id": update_id,
            "poll_answer": {"poll_id": "1", "option_ids": []},
        }
        await tg.person(7).sends("x")
        assert (await last_update(tg, bot))["update_id"] == update_id + 1
        await until(lambda: tg.pending == 1)
