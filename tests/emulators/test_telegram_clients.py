"""Two foreign clients as judges: aiogram and python-telegram-bot must both be at home with the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import telegram
import telegram.error
from aiogram import Bot as AiogramBot
from aiogram import exceptions as aiogram_errors
from aiogram import types as aiogram_types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from tests.emulators.telegram import CallbackQuery, Limits, TelegramEmulator
from tests.emulators.telegram.harness import Hook, emulated

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("ignore:.*retry_after.*timedelta"),  # python-telegram-bot announcing a later version
]

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (320).to_bytes(4, "big") + (200).to_bytes(4, "big") + b"x" * 50
REFUSALS: list[tuple[int, str, dict[str, int] | None]] = [
    (400, "Bad Request: chat not found", None),
    (401, "Unauthorized", None),
    (403, "Forbidden: bot was blocked by the user", None),
    (409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", None),
    (429, "Too Many Requests: retry after 7", {"retry_after": 7}),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": -1001234567890}),
    (500, "Internal Server Error", None),
]


@asynccontextmanager
async def aiogram_bot(tg: TelegramEmulator) -> AsyncIterator[AiogramBot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(tg.url))
    bot = AiogramBot(tg.token, session=session)
    try:
        yield bot
    finally:
        await session.close()


@asynccontextmanager
async def ptb_bot(tg: TelegramEmulator) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(tg.token, base_url=f"{tg.url}/bot", base_file_url=f"{tg.url}/file/bot") as bot:
        yield bot


async def test_aiogram_converses() -> None:
    async with emulated() as (tg, _), aiogram_bot(tg) as bot:
        assert (await bot.get_me()).id == bot.id
        person = tg.person(7, first_name="ដារា")
        await person.presses_start("abc")
        update = (await bot.get_updates())[0]
        assert update.message is not None
        assert update.message.text == "/start abc"
        assert update.message.from_user is not None
        assert update.message.from_user.language_code == "km"

        button = aiogram_types.InlineKeyboardButton(text="បាទ", callback_data="f:q=yes")
        markup = aiogram_types.InlineKeyboardMarkup(inline_keyboard=[[button]])
        sent = await bot.send_message(7, "<b>សួស្តី</b> 😀", parse_mode="HTML", reply_markup=markup)
        assert sent.text == "សួស្តី 😀"
        assert sent.html_text == "<b>សួស្តី</b> 😀"
        tap = await person.taps("បាទ")
        assert isinstance(tap, CallbackQuery)
        callback = (await bot.get_updates(offset=update.update_id + 1))[0].callback_query
        assert callback is not None
        assert callback.data == "f:q=yes"
        assert isinstance(callback.message, aiogram_types.Message)
        assert callback.message.reply_markup is not None
        assert callback.message.reply_markup.model_dump() == markup.model_dump()
        assert await bot.answer_callback_query(callback.id, text="ok")
        edited = await bot.edit_message_text(text="រួចហើយ", chat_id=7, message_id=sent.message_id)
        assert isinstance(edited, aiogram_types.Message)
        assert edited.edit_date is not None
        assert (person.last.text, person.last.buttons) == ("រួចហើយ", [])
        assert await bot.delete_message(7, sent.message_id)
        assert await bot.send_chat_action(7, "typing")
        where = await bot.send_location(7, 11.55, 104.92)
        assert where.location is not None


async def test_aiogram_sends_and_fetches_files() -> None:
    async with emulated(limits_on=False) as (tg, _), aiogram_bot(tg) as bot:
        person = tg.person(7)
        await person.presses_start()
        photo = await bot.send_photo(
            7, aiogram_types.BufferedInputFile(PNG, "a.png"), caption="<i>c</i>", parse_mode="HTML"
        )
        assert photo.photo is not None
        assert (photo.photo[-1].width, photo.photo[-1].height) == (320, 200)
        again = await bot.send_photo(7, photo.photo[-1].file_id)
        assert again.photo is not None
        assert again.photo[-1].file_unique_id == photo.photo[-1].file_unique_id
        assert again.photo[-1].file_id != photo.photo[-1].file_id
        voice = await bot.send_voice(7, aiogram_types.BufferedInputFile(b"OggS....", "v.ogg"), duration=4)
        assert voice.voice is not None
        name = 'កិច្ចសន្យា "១".pdf'
        document = await bot.send_document(7, aiogram_types.BufferedInputFile(b"%PDF", name))
        assert document.document is not None
        assert document.document.mime_type == "application/pdf"
        assert person.last.media is not None
        assert person.last.media.content == b"%PDF"
        sent = await person.sends_voice(b"OggS-my-voice")
        assert sent.media is not None
        got = await bot.download(sent.media.file_id)
        assert got is not None
        assert got.read() == b"OggS-my-voice"
        assert await bot.send_audio(7, aiogram_types.BufferedInputFile(b"ID3", "a.mp3"), title="t")
        assert await bot.send_video(7, aiogram_types.BufferedInputFile(b"....ftyp", "a.mp4"))
        wrong = await bot.send_voice(7, aiogram_types.BufferedInputFile(b"RIFF", "a.wav"))
        assert wrong.voice is None
        assert wrong.audio is not None


async def test_aiogram_settings_and_webhook() -> None:
    async with emulated() as (tg, _), aiogram_bot(tg) as bot, Hook() as hook:
        commands = [aiogram_types.BotCommand(command="start", description="ចាប់ផ្តើម")]
        assert await bot.set_my_commands(commands, language_code="km")
        got = await bot.get_my_commands(language_code="km")
        assert [(one.command, one.description) for one in got] == [("start", "ចាប់ផ្តើម")]
        assert await bot.get_my_commands() == []
        assert await bot.set_my_description("ជួយពលករ", language_code="km")
        assert (await bot.get_my_description(language_code="km")).description == "ជួយពលករ"
        assert await bot.set_my_short_description("ជួយ")
        assert (await bot.get_my_short_description()).short_description == "ជួយ"
        assert await bot.set_my_name("ជំនួយ")
        assert (await bot.get_my_name()).name == "ជំនួយ"
        assert await bot.set_webhook(hook.url, secret_token="x", max_connections=10, allowed_updates=["message"])
        info = await bot.get_webhook_info()
        assert (info.url, info.max_connections, info.allowed_updates) == (hook.url, 10, ["message"])
        await tg.person(7).sends("x")
        await tg.settled()
        update = aiogram_types.Update.model_validate(hook.updates[0])
        assert update.message is not None
        assert await bot.delete_webhook(drop_pending_updates=True)
        assert (await bot.get_chat(7)).type == "private"


async def test_aiogram_maps_refusals() -> None:
    kinds = {
        400: aiogram_errors.TelegramBadRequest, 401: aiogram_errors.TelegramUnauthorizedError,
        403: aiogram_errors.TelegramForbiddenError, 409: aiogram_errors.TelegramConflictError,
        429: aiogram_errors.TelegramRetryAfter, 500: aiogram_errors.TelegramServerError,
    }  # fmt: skip
    async with emulated() as (tg, _), aiogram_bot(tg) as bot:
        for status, description, parameters in REFUSALS:
            migrates = parameters is not None and "migrate_to_chat_id" in parameters
            tg.fail_next("sendMessage", status, description, parameters)
            with pytest.raises(aiogram_errors.TelegramMigrateToChat if migrates else kinds[status]) as caught:
                await bot.send_message(7, "x")
            if isinstance(caught.value, aiogram_errors.TelegramRetryAfter):
                assert caught.value.retry_after == 7
            if isinstance(caught.value, aiogram_errors.TelegramMigrateToChat):
                assert caught.value.migrate_to_chat_id == -1001234567890


async def test_ptb_converses() -> None:
    async with emulated() as (tg, _), ptb_bot(tg) as bot:
        assert bot.username == "chumnuoy_test_bot"
        person = tg.person(7)
        await person.presses_start("abc")
        update = (await bot.get_updates())[0]
        assert update.message is not None
        assert update.message.parse_entities(["bot_command"]) == {update.message.entities[0]: "/start"}
        button = telegram.InlineKeyboardButton("បាទ", callback_data="f:q=yes")
        markup = telegram.InlineKeyboardMarkup([[button]])
        sent = await bot.send_message(7, "<b>សួស្តី</b> 😀", parse_mode="HTML", reply_markup=markup)
        assert sent.text_html == "<b>សួស្តី</b> 😀"
        await person.taps("បាទ")
        callback = (await bot.get_updates(offset=update.update_id + 1))[0].callback_query
        assert callback is not None
        assert isinstance(callback.message, telegram.Message)
        assert callback.message.reply_markup == markup
        assert await callback.answer(text="ok")
        edited = await callback.edit_message_text("រួចហើយ")
        assert isinstance(edited, telegram.Message)
        assert person.last.text == "រួចហើយ"
        with pytest.raises(telegram.error.BadRequest, match="not modified"):
            await callback.edit_message_text("រួចហើយ")
        with pytest.raises(telegram.error.BadRequest, match="Query is too old"):
            await callback.answer()
        await person.sends_contact("+85512345678")
        contact = (await bot.get_updates(offset=-1))[0].message
        assert contact is not None
        assert contact.contact is not None
        assert contact.contact.user_id == 7
        await person.blocks()
        blocked = (await bot.get_updates(offset=-1))[0].my_chat_member
        assert blocked is not None
        assert blocked.new_chat_member.status == "kicked"


async def test_ptb_sends_and_fetches_files() -> None:
    async with emulated(limits_on=False) as (tg, _), ptb_bot(tg) as bot:
        person = tg.person(7)
        await person.presses_start()
        photo = await bot.send_photo(7, PNG, caption="c", filename="a.png")
        assert photo.photo[-1].width == 320
        assert (await bot.send_photo(7, photo.photo[-1])).photo[-1].file_unique_id == photo.photo[-1].file_unique_id
        assert (await bot.send_voice(7, b"OggS....", duration=4)).voice is not None
        document = await bot.send_document(7, b"%PDF", filename="កិច្ចសន្យា.pdf")
        assert document.document is not None
        assert document.document.file_name == "កិច្ចសន្យា.pdf"
        sent = await person.sends_photo(PNG)
        assert sent.media is not None
        file = await bot.get_file(sent.media.file_id)
        assert bytes(await file.download_as_bytearray()) == PNG
        assert (await bot.copy_message(7, 7, photo.message_id)).message_id


async def test_ptb_settings_and_webhook() -> None:
    async with emulated() as (tg, _), ptb_bot(tg) as bot, Hook() as hook:
        assert await bot.set_my_commands([telegram.BotCommand("start", "ចាប់ផ្តើម")], language_code="km")
        assert (await bot.get_my_commands(language_code="km"))[0].description == "ចាប់ផ្តើម"
        with pytest.raises(telegram.error.BadRequest, match="Invalid language code"):
            await bot.set_my_commands([telegram.BotCommand("start", "x")], language_code="km-KH")
        assert await bot.set_webhook(hook.url, secret_token="x")
        with pytest.raises(telegram.error.Conflict):
            await bot.get_updates()
        assert (await bot.get_webhook_info()).pending_update_count == 0
        await tg.person(7).sends("x")
        await tg.settled()
        update = telegram.Update.de_json(hook.updates[0], bot)
        assert update.message is not None
        assert await bot.delete_webhook()


async def test_ptb_maps_refusals() -> None:
    kinds = {
        400: telegram.error.BadRequest, 401: telegram.error.InvalidToken, 403: telegram.error.Forbidden,
        409: telegram.error.Conflict, 429: telegram.error.RetryAfter, 500: telegram.error.NetworkError,
    }  # fmt: skip
    async with emulated() as (tg, _), ptb_bot(tg) as bot:
        for status, description, parameters in REFUSALS:
            migrates = parameters is not None and "migrate_to_chat_id" in parameters
            tg.fail_next("sendMessage", status, description, parameters)
            with pytest.raises(telegram.error.ChatMigrated if migrates else kinds[status]):
                await bot.send_message(7, "x")


async def test_both_meet_the_real_windows() -> None:
    async with emulated(limits=Limits(hold_seconds=0)) as (tg, _), aiogram_bot(tg) as one, ptb_bot(tg) as other:
        await asyncio.gather(*(tg.person(user_id).presses_start() for user_id in range(1, 33)))
        await asyncio.gather(*(one.send_message(user_id, "x") for user_id in range(1, 31)))
        with pytest.raises(aiogram_errors.TelegramRetryAfter):
            await one.send_message(31, "x")
        with pytest.raises(telegram.error.RetryAfter):
            await other.send_message(32, "x")
