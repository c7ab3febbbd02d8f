"""What Telegram is told about us, and the updates that are polled or posted once it knows."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import web

from bot.channels import telegram_about
from bot.channels.base import Arrival, Channel, ChannelNotUsable
from bot.dialog.events import Started, Typed
from bot.dialog.router import WORDS
from handlers import FLOWS
from tests.channels.telegram_bot import KHMER, Chat, channel_of, chat
from tests.emulators.telegram import DEFAULT_TOKEN
from tests.emulators.telegram.harness import until

SECRET = "Kh-mer_2026"
COMMANDS = ["menu", "sos", "complaint", "complaints", "officer", "language", "help", "delete"]
TEXTS = [text for _, text in telegram_about.COMMANDS]


def kept(bot: Chat, scope: str = "default") -> dict[str, list[dict[str, str]]]:
    """The command lists Telegram keeps, by language."""
    return {language: given for (kind, language), given in bot.tg.profile.commands.items() if kind == scope}


async def test_commands_and_descriptions_are_khmer_unless_a_phone_is_english() -> None:
    async with chat(started=False) as bot:
        channel: Channel = bot.channel
        await channel.open()
        khmer = [{"command": c, "description": KHMER.get(t, t)} for c, t in zip(COMMANDS, TEXTS, strict=True)]
        english = [{"command": c, "description": t} for c, t in zip(COMMANDS, TEXTS, strict=True)]
        assert kept(bot) == {"": khmer, "km": khmer, "en": english}
        for kind, text in (
            ("description", telegram_about.DESCRIPTION),
            ("short_description", telegram_about.SHORT_DESCRIPTION),
        ):
            assert [bot.tg.profile.texts[kind, language] for language in ("", "km", "en")] == [text] * 3
        assert len(bot.tg.requests) == 10
        before = dict(bot.tg.profile.texts), kept(bot)
        await bot.channel.open()
        assert (dict(bot.tg.profile.texts), kept(bot)) == before, "a second time changes nothing"


async def test_without_an_address_the_webhook_goes_and_nothing_is_dropped() -> None:
    async with chat(started=False) as bot:
        await bot.person.presses_start()
        await bot.channel.open()
        (request,) = bot.tg.sent("deleteWebhook")
        assert request.params == {"drop_pending_updates": "false"}
        assert (await bot.arrival()).events == (Started(""),)


async def test_with_an_address_updates_are_posted_with_the_secret() -> None:
    arrivals: list[Arrival] = []

    async with chat(started=False, public_url="http://127.0.0.1:1/", webhook_secret=SECRET) as bot:

        async def hook(request: web.BaseRequest) -> web.Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            arrivals.extend(bot.channel.parse(await request.read(), headers))
            return web.Response(status=200 if request.path == "/webhooks/telegram" else 404)

        runner = web.ServerRunner(web.Server(hook), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        posted = channel_of(bot.tg.url, bot.tg.token, public_url=url, webhook_secret=SECRET)
        try:
            await posted.open()
            (request,) = bot.tg.sent("setWebhook")
            assert {**request.params, "allowed_updates": request.json("allowed_updates")} == {
                "url": f"{url}/webhooks/telegram",
                "secret_token": SECRET,
                "max_connections": "40",
                "drop_pending_updates": "false",
                "allowed_updates": ["message", "callback_query", "my_chat_member"],
            }
            sent = await bot.person.presses_start("poster")
            await bot.person.edits(sent.message_id, "/start other")
            await bot.person.sends("សួស្តី")
            await bot.tg.settled()
        finally:
            await posted.close()
            await runner.cleanup()
        assert [one.events for one in arrivals] == [(Started("poster"),), (Typed("សួស្តី"),)], "an edit is not asked for"


HOPELESS: list[tuple[dict[str, Any], str]] = [
    ({"token": "7000000001:AnotherBotsToken"}, "401 Unauthorized"),
    ({"token": "no token"}, "invalid"),
    ({"public_url": "https://example.org"}, "without a secret"),
    ({"public_url": "https://example.org:8000", "webhook_secret": SECRET}, "ports 80, 88, 443 or 8443"),
    ({"public_url": "https://example.org", "webhook_secret": "កូនសោ"}, "unallowed characters"),
]


async def opened(url: str, given: dict[str, Any]) -> None:
    channel = channel_of(url, **given)
    try:
        await channel.open()
    finally:
        await channel.close()


@pytest.mark.parametrize(("given", "why"), HOPELESS)
async def test_what_telegram_will_never_accept_is_said_clearly(given: dict[str, Any], why: str) -> None:
    async with chat(started=False) as bot:
        with pytest.raises(ChannelNotUsable, match=why) as caught:
            await opened(bot.tg.url, {"token": bot.tg.token, **given})
        assert bot.tg.token.partition(":")[2] not in str(caught.value)


async def test_a_cosmetic_failure_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with chat(started=False) as bot:
        bot.tg.fail_next("setMyCommands", 429, "Too Many Requests: retry after 86400", {"retry_after": 86400})
        bot.tg.fail_next("setMyDescription", 400, "Bad Request: BOT_DESCRIPTION_TOO_LONG", times=3)
        bot.tg.drop_answer_next("setMyShortDescription")
        await bot.channel.open()
        assert set(kept(bot)) == {"km", "en"}
        assert len(caplog.messages) == 5
        assert "setMyCommands (km) was not taken: 429 Too Many Requests: retry after 86400" in caplog.messages


@pytest.mark.parametrize("fault", ["down", "busy", "limited"])
async def test_while_telegram_is_away_the_service_starts_and_tries_again(fault: str) -> None:
    async with chat(started=False) as bot:
        if fault == "down":
            bot.tg.down = True
        elif fault == "busy":
            bot.tg.fail_next("deleteWebhook", 502, "Bad Gateway", times=3)
        else:
            bot.tg.fail_next("deleteWebhook", 429, "Too Many Requests: retry after 1", {"retry_after": 1})
        await bot.channel.open()
        assert kept(bot) == {}
        bot.tg.down = False
        await until(lambda: len(kept(bot)) == 3)
        assert set(bot.waited) == {30.0}


async def test_polling_confirms_only_what_was_dealt_with() -> None:
    async with chat() as bot:
        for word in ("មួយ", "ពីរ", "បី"):
            await bot.person.sends(word)
        assert [one.events for one in await bot.arrivals(2)] == [(Typed("មួយ"),), (Typed("ពីរ"),)]
        # The process dies while it deals with the second; another one starts.
        fresh = channel_of(bot.tg.url, bot.tg.token)
        polled = fresh.poll()
        again = [one for _ in range(3) for one in fresh.parse_trusted(await anext(polled))]
        assert [one.events for one in again] == [(Typed("មួយ"),), (Typed("ពីរ"),), (Typed("បី"),)]
        assert bot.tg.pending == 3
        waiting = asyncio.ensure_future(anext(polled))
        await until(lambda: bot.tg.pending == 0)
        await bot.person.sends("បួន")
        assert [one.events for one in fresh.parse_trusted(await waiting)] == [(Typed("បួន"),)]
        polls = bot.tg.sent("getUpdates")
        assert polls[-1].params["timeout"] == "25"
        assert polls[-1].json("allowed_updates") == ["message", "callback_query", "my_chat_member"]
        await fresh.close()


async def test_polling_outlives_every_fault(caplog: pytest.LogCaptureFixture) -> None:
    conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    async with chat() as bot:
        await bot.person.sends("មួយ")
        bot.tg.fail_next("getUpdates", 409, conflict, times=3)
        bot.tg.fail_next("getUpdates", 502, "Bad Gateway", times=4)
        bot.tg.fail_next("getUpdates", 429, "Too Many Requests: retry after 11", {"retry_after": 11})
        bot.tg.fail_next("getUpdates", 401, "Unauthorized")
        bot.tg.drop_answer_next("getUpdates")
        assert (await bot.arrival()).events == (Typed("មួយ"),)
        assert bot.waited == [1.0, 5.0, 5.0, 8.0, 16.0, 30.0, 30.0, 11.0, 30.0]
        assert sum("409" in message for message in caplog.messages) == 1, "said once"
        await bot.person.sends("ពីរ")
        bot.tg.down = True
        waiting = asyncio.create_task(bot.arrival())
        await until(lambda: len(bot.waited) > 12)
        bot.tg.down = False
        assert (await waiting).events == (Typed("ពីរ"),)
        assert bot.waited[9] == 1.0, "counted anew after a success"


async def test_nothing_secret_or_private_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with chat(webhook_secret=SECRET) as bot:
            bot.tg.down = True
            await bot.channel.open()
            waiting = asyncio.create_task(bot.arrival())
            await until(lambda: len(bot.waited) > 3)
            bot.tg.down = False
            await bot.person.sends("ពាក្យសម្ងាត់")
            await waiting
    assert caplog.messages
    for secret in (DEFAULT_TOKEN, DEFAULT_TOKEN.partition(":")[2], SECRET, "ពាក្យសម្ងាត់"):
        assert secret not in caplog.text


def test_every_command_is_a_word_of_the_conversations() -> None:
    words = {word for flow in FLOWS for word in flow.starts_with} | {word for _, said in WORDS for word in said}
    assert {f"/{name}" for name, _ in telegram_about.COMMANDS} <= words
