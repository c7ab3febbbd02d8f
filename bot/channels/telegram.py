"""The Telegram channel: aiogram's client, and the requests and answers this service needs of it."""

import asyncio
import hmac
import json
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aiogram import Bot, methods, types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods.base import TelegramType
from aiogram.utils.token import TokenValidationError
from aiohttp import ClientConnectorError, ClientError, ClientTimeout, ConnectionTimeoutError

from bot.channels import telegram_send as sending
from bot.channels.base import (
    ACK,
    EDIT,
    MESSAGE,
    Arrival,
    ChannelNotUsable,
    Counters,
    FetchLater,
    FetchRefused,
    Forbidden,
    Parcel,
    Rate,
)
from bot.channels.telegram_about import COMMANDS, DESCRIPTION, LANGUAGES, SHORT_DESCRIPTION
from bot.channels.telegram_parse import CHOSEN, NAME, WANTED, read
from bot.channels.telegram_send import NO_ANSWER, Denied, Lost, NotReached
from bot.domain.delivery import Outcome, Refused, Sent
from bot.text.clusters import fits
from bot.text.fit import Limits

log = logging.getLogger(__name__)

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header
WEBHOOK_PATH = "/webhooks/telegram"
PIECE = 64 * 1024
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 45.0
"""Telegram silently holds a message for up to 8 s, so a shorter wait would take a late answer for a lost one."""
UPLOAD_SECONDS = 300
POLL_SECONDS = 25
AGAIN_SECONDS = 30.0

_PATH = re.compile(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*")
_NUMBER = re.compile(r"^[0-9០-៩]+ ")
_NO_PREVIEW = types.LinkPreviewOptions(is_disabled=True)
_NO_KEYBOARD = types.ReplyKeyboardRemove(remove_keyboard=True)

Markup = types.InlineKeyboardMarkup | types.ReplyKeyboardMarkup | types.ReplyKeyboardRemove


class Telegram:
    """One bot. `texts` gives a text in a language; `timeout` is in seconds; `sleep` waits between tries.

    Without `public_url` there is no webhook, and whoever runs the service reads `poll`.
    """

    name = NAME
    limits = Limits(text=4096, label=60, buttons=100, unit="utf16", code_bytes=64, caption=1024, per_row=2)

    def __init__(
        self,
        *,
        token: str,
        clock: Callable[[], datetime],
        texts: Callable[[str, str], str],
        api_url: str = "https://api.telegram.org",
        webhook_secret: str = "",
        public_url: str = "",
        rate: int = 28,
        timeout: float = ANSWER_SECONDS,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.rate = Rate(per_second=rate, reserve=rate // 4, chat_limit=3, chat_seconds=3.0, at_once=50)
        self.counters = Counters()
        self._clock, self._texts, self._sleep = clock, texts, sleep
        self._secret, self._public_url = webhook_secret, public_url.rstrip("/")
        self._session = _Session(api=TelegramAPIServer.from_base(api_url), timeout=timeout)
        try:
            self._bot = Bot(token, session=self._session)
        except TokenValidationError as error:
            raise ChannelNotUsable(str(error)) from None
        self._later: asyncio.Task[None] | None = None

    # What arrives.

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Arrival]:
        """One update of the webhook. Raises Forbidden or Malformed."""
        given = headers.get(SECRET_HEADER, "")
        if self._secret and not hmac.compare_digest(given.encode(errors="replace"), self._secret.encode()):
            raise Forbidden("the webhook's secret is missing or wrong")
        return self.parse_trusted(body)

    def parse_trusted(self, body: bytes) -> Sequence[Arrival]:
        """One update of `poll`, which Telegram itself gave. Raises Malformed."""
        return read(body, self._clock(), self.counters)

    def echo(self, arrival: Arrival) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Stop the button's clock; leave only the chosen button, so that the choice is seen and the others are gone."""
        tap = arrival.tap
        if tap is None:
            return ()
        ack: tuple[str, Mapping[str, Any]] = (ACK, {"callback": tap.callback})
        # Without a label the button is gone already, or the message is too old for Telegram to show or change it.
        return (ack, (EDIT, {"message": tap.message, "label": tap.label, "code": tap.code})) if tap.label else (ack,)

    # What is sent.

    async def send(self, parcel: Parcel) -> Outcome:
        request = request_for(parcel)
        if isinstance(request, Refused):
            return request
        try:
            result = await self._bot(request, request_timeout=UPLOAD_SECONDS if parcel.content else None)
        except Denied as error:
            return sending.outcome_of(error, parcel.what)
        except (NotReached, Lost) as error:
            return sending.no_answer(error, parcel.what)
        return Sent(str(result["message_id"]) if isinstance(result, dict) else "")

    async def fetch(self, source: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """The file's bytes in pieces of at most 64 KiB, from the host of `api_url` only."""
        url = self._session.api.file_url(self._bot.token, await self._path(str(source["file_id"])))
        session = await self._session.create_session()
        limit = ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=ANSWER_SECONDS)
        try:
            async with session.get(url, timeout=limit, allow_redirects=False) as answer:
                sending.check_download(answer.status)
                async for piece in answer.content.iter_chunked(PIECE):
                    yield piece
        except (ClientError, OSError, TimeoutError) as error:
            raise FetchLater(type(error).__name__) from None  # its words may hold the address, and that the token

    async def _path(self, id: str) -> str:
        try:
            file: Any = await self._bot(methods.GetFile(file_id=id))
        except Denied as error:
            raise sending.fetch_fault(error) from None
        except (NotReached, Lost) as error:
            raise FetchLater(str(error)) from None
        path = str(file.get("file_path") or "")
        if not _PATH.fullmatch(path):
            raise FetchRefused("host" if path else "gone")
        return path

    # Opening and closing.

    async def open(self) -> None:
        """Set the webhook, or remove it; the commands and descriptions. Raises ChannelNotUsable when that is hopeless.

        While Telegram cannot be reached this goes on in the background: the rest of the service must not wait for it.
        """
        if not await self._register():
            self._later = asyncio.create_task(self._register_later())

    async def close(self) -> None:
        if self._later is not None:
            self._later.cancel()
        await self._session.close()

    async def _register(self) -> bool:
        """Whether Telegram could be told."""
        try:
            await self._bot(self._webhook())
        except Denied as error:
            if not error.passing:
                raise ChannelNotUsable(str(error)) from None
            log.warning("Telegram was not told about us, and will be later: %s", error)
            return False
        except (NotReached, Lost) as error:
            log.warning("Telegram was not told about us, and will be later: %s", error)
            return False
        await self._introduce()
        return True

    async def _register_later(self) -> None:
        try:
            await self._sleep(AGAIN_SECONDS)
            while not await self._register():
                await self._sleep(AGAIN_SECONDS)
        except ChannelNotUsable as error:
            log.error("%s", error)

    def _webhook(self) -> methods.SetWebhook | methods.DeleteWebhook:
        if not self._public_url:
            return methods.DeleteWebhook(drop_pending_updates=False)
        if not self._secret:
            raise ChannelNotUsable("A webhook without a secret takes anybody's word.")
        return methods.SetWebhook(
            url=self._public_url + WEBHOOK_PATH,
            secret_token=self._secret,
            allowed_updates=list(WANTED),
            max_connections=40,
            drop_pending_updates=False,
        )

    async def _introduce(self) -> None:
        """Commands and descriptions; what fails is logged, for the service works without them."""
        for code, language in LANGUAGES:
            commands = [
                types.BotCommand(command=name, description=self._texts(text, language)) for name, text in COMMANDS
            ]
            description, short = self._texts(DESCRIPTION, language), self._texts(SHORT_DESCRIPTION, language)
            requests: tuple[methods.TelegramMethod[bool], ...] = (
                methods.SetMyCommands(commands=commands, language_code=code),
                methods.SetMyDescription(description=description, language_code=code),
                methods.SetMyShortDescription(short_description=short, language_code=code),
            )
            for request in requests:
                try:
                    await self._bot(request)
                except NO_ANSWER as error:
                    log.warning("%s (%s) was not taken: %s", request.__api_method__, language, error)

    # Polling.

    async def poll(self) -> AsyncGenerator[bytes, None]:
        """Each update's JSON, without end, for `parse_trusted`; for a service that has no public address.

        An update is confirmed only after the next one was asked for, so a crash in between loses nothing. Stop reading
        before `close`.
        """
        offset: int | None = None
        faults, last = 0, ""
        while True:
            try:
                ask = methods.GetUpdates(offset=offset, timeout=POLL_SECONDS, allowed_updates=list(WANTED))
                updates: Any = await self._bot(ask, request_timeout=POLL_SECONDS + 15)
            except NO_ANSWER as error:
                faults += 1
                if str(error) != last:
                    log.warning("no updates for now, trying again: %s", error)
                last = str(error)
                await self._sleep(sending.poll_pause(error, faults))
                continue
            faults, last = 0, ""
            for update in updates:
                yield json.dumps(update).encode()
                offset = update["update_id"] + 1


class _Session(AiohttpSession):
    """aiogram's session with its own reading of answers.

    aiogram reads every answer into its types: it costs more than the request, it turns a message that was sent into an
    error when Telegram adds a field it does not know, it loses the status of an answer that is no JSON, and it cannot
    tell a connection refused from an answer lost. It would also follow a redirect, with the token in the address.
    """

    async def make_request(
        self,
        bot: Bot,
        method: methods.TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's
    ) -> TelegramType:
        """The `result` as plain JSON values, whatever the method's type says. Raises Denied, NotReached or Lost."""
        session = await self.create_session()
        url = self.api.api_url(token=bot.token, method=method.__api_method__)
        limit = ClientTimeout(total=timeout or self.timeout, sock_connect=CONNECT_SECONDS)
        if any(isinstance(value, types.InputFile) for value in vars(method).values()):
            sent: dict[str, Any] = {"data": self.build_form_data(bot=bot, method=method)}
        else:  # only a file needs a form, and JSON costs a fraction of building one
            sent = {"data": method.model_dump_json(exclude_unset=True, exclude_none=True), "headers": sending.JSON_BODY}
        try:
            async with session.post(url, **sent, timeout=limit, allow_redirects=False) as answer:
                status, raw, header = answer.status, await answer.read(), answer.headers.get("Retry-After", "")
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise NotReached(type(error).__name__) from None  # its words may hold the address, and that the token
        except (ClientError, OSError, TimeoutError) as error:
            raise Lost(type(error).__name__) from None
        result: TelegramType = sending.result_of(status, raw, header)
        return result


def request_for(parcel: Parcel) -> methods.TelegramMethod[Any] | Refused:
    """The one request a parcel is, or why it cannot be made."""
    body = parcel.body
    if parcel.what == ACK:
        return methods.AnswerCallbackQuery(callback_query_id=body["callback"])
    if parcel.what == EDIT:
        button = types.InlineKeyboardButton(text=CHOSEN + body["label"], callback_data=body["code"])
        markup = types.InlineKeyboardMarkup(inline_keyboard=[[button]])
        return methods.EditMessageReplyMarkup(chat_id=parcel.to, message_id=int(body["message"]), reply_markup=markup)
    if parcel.what != MESSAGE:
        return Refused(f"Telegram has no request for {parcel.what!r}")
    if parcel.content is not None or body.get("file"):
        return _media(parcel)
    return methods.SendMessage(
        chat_id=parcel.to,
        text=body["text"],
        link_preview_options=_NO_PREVIEW,
        reply_markup=keyboard(body.get("rows", ())),
    )


def _media(parcel: Parcel) -> methods.TelegramMethod[Any] | Refused:
    """A file with its words under it. Longer words would have to be a message of their own, so they are refused."""
    body, content = parcel.body, parcel.content
    words = body.get("text") or ""
    if not content:
        return Refused("the file is missing or empty")
    if not fits(words, Telegram.limits.caption, Telegram.limits.unit):
        return Refused("the words under a file are too long")
    kind, name = sending.file_as(body.get("kind") or "file", parcel.mime, len(content))
    file = types.BufferedInputFile(content, name)
    more: dict[str, Any] = {
        "chat_id": parcel.to, "caption": words or None, "reply_markup": keyboard(body.get("rows", ())),
    }  # fmt: skip
    match kind:
        case "photo":
            return methods.SendPhoto(photo=file, **more)
        case "voice":
            return methods.SendVoice(voice=file, **more)
        case "video":
            return methods.SendVideo(video=file, **more)
    return methods.SendDocument(document=file, **more)


def keyboard(rows: Sequence[Sequence[Mapping[str, str]]]) -> Markup:
    """The buttons below a message. Only a reply keyboard can ask for a phone number or a place.

    On a reply keyboard a tap sends the label as if typed, so the number in front goes: a label is understood, and a
    number, but not both together. It hides after one use; a message without buttons removes it for good.
    """
    if not any(rows):
        return _NO_KEYBOARD
    if any(one["ask"] for row in rows for one in row):
        keys = [[_key(_NUMBER.sub("", one["label"]), one["ask"]) for one in row] for row in rows]
        return types.ReplyKeyboardMarkup(keyboard=keys, resize_keyboard=True, one_time_keyboard=True)
    return types.InlineKeyboardMarkup(
        inline_keyboard=[
            [types.InlineKeyboardButton(text=one["label"], callback_data=one["code"]) for one in row] for row in rows
        ]
    )


def _key(label: str, ask: str) -> types.KeyboardButton:
    return types.KeyboardButton(
        text=label,
        request_contact=True if ask == "contact" else None,
        request_location=True if ask == "location" else None,
    )
