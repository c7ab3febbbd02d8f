"""What the channel tells the platform about the Page: the menu, the greeting, the events it wants; and its settings."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.base import Channel, ChannelNotUsable, Rate
from bot.channels.messenger import FIELDS
from bot.text.fit import Limits
from bot.text.khmer import size
from tests.channels.messenger_page import KHMER, PSID, Page, channel_of, page


@pytest.fixture
async def here() -> AsyncIterator[Page]:
    async with page() as one:
        yield one


def calls(here: Page) -> list[str]:
    return [f"{one.method} {one.path.rpartition('/')[2]}" for one in here.fb.requests]


FIRST = ["POST subscribed_apps", "GET messenger_profile", "POST messenger_profile"]
LATER = ["POST subscribed_apps", "GET messenger_profile"]


async def test_opening_twice_sets_the_profile_once(here: Page) -> None:
    await here.channel.open()
    assert calls(here) == FIRST
    await here.channel.open()
    assert calls(here) == FIRST + LATER
    # The platform may add keys and give the languages in its own order.
    menu = here.fb.profile.fields["persistent_menu"]
    here.fb.profile.fields["persistent_menu"] = [{**one, "disabled_surfaces": []} for one in reversed(menu)]
    await here.channel.open()
    assert calls(here) == FIRST + LATER + LATER


CHANGES: list[dict[str, Any]] = [
    {"get_started": {"payload": "OLD"}},
    {"greeting": [{"locale": "default", "text": "Hello"}]},
    {"persistent_menu": []},
    {"greeting": "none"},
]


@pytest.mark.parametrize("change", CHANGES)
async def test_what_differs_is_set_again_in_one_call(here: Page, change: dict[str, Any]) -> None:
    await here.channel.open()
    wanted = dict(here.fb.profile.fields)
    here.fb.profile.fields.update(change)
    await here.channel.open()
    assert calls(here) == FIRST + FIRST
    assert here.fb.profile.fields == wanted


async def test_people_see_the_menu_in_khmer_and_in_english(here: Page) -> None:
    await here.channel.open()
    codes = ["go:menu", "sos:start", "complaint:start", "follow:start", "help:start"]
    khmer, english = (here.fb.profile.menu_for(locale) for locale in ("th_TH", "en_US"))
    assert [one["payload"] for one in khmer] == [one["payload"] for one in english] == codes
    assert [one["title"] for one in english] == [
        "Menu", "🆘 I need help now", "File a complaint", "My complaints", "Help",
    ]  # fmt: skip
    assert khmer[2]["title"] == KHMER["File a complaint"]
    assert [one["locale"] for one in here.fb.profile.fields["greeting"]] == ["default", "en_US"]
    assert here.fb.profile.get_started_payload() == "GET_STARTED"


async def test_long_texts_are_cut_to_what_the_platform_takes(here: Page) -> None:
    channel = channel_of(here.fb, texts=lambda msgid, language: "ពាក្យបណ្តឹង" * 30)
    await channel.open()
    assert all(size(one["title"], "utf16") <= 30 for one in here.fb.profile.menu_for("th_TH"))
    assert size(here.fb.profile.fields["greeting"][0]["text"], "utf16") <= 160
    await channel.close()


async def test_the_events_we_use_are_subscribed_and_nothing_else(here: Page) -> None:
    assert await here.channel.subscribed(), "the emulator begins with more than that"
    await here.channel.open()
    assert here.fb.webhook.fields == set(FIELDS)
    assert "message_echoes" not in FIELDS
    assert await here.channel.subscribed()
    here.fb.webhook.fields = {"messages"}
    assert not await here.channel.subscribed()
    here.fb.webhook.fields = set()
    assert not await here.channel.subscribed(), "the platform gave up on us"
    await here.channel.open()
    assert await here.channel.subscribed()
    here.fb.down = True
    assert not await here.channel.subscribed()


async def test_what_is_only_for_show_may_fail(here: Page, caplog: pytest.LogCaptureFixture) -> None:
    here.fb.fail_next(613, on="profile")
    await here.channel.open()
    assert caplog.messages == [f"messenger: _introduce: HTTP 400, graph 613, trace {trace(here)}"]
    here.fb.down = True
    await here.channel.open()
    here.fb.down = False
    await here.channel.open()
    assert here.fb.profile.get_started_payload() == "GET_STARTED"


def trace(here: Page) -> str:
    return str(here.fb.requests[-1].answer["error"]["fbtrace_id"])


@pytest.mark.parametrize(
    "given", [{"page_token": "another"}, {"app_secret": "another"}, {"page_id": "104500000000009"}]
)
async def test_a_token_that_is_not_accepted_makes_the_channel_not_usable(here: Page, given: dict[str, str]) -> None:
    channel = channel_of(here.fb, **given)
    with pytest.raises(ChannelNotUsable):
        await channel.open()
    assert len(here.fb.requests) == 1
    with pytest.raises(ChannelNotUsable):
        await channel.subscribed()
    await channel.close()


async def test_the_token_is_never_in_an_address(here: Page, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await here.channel.open()
    await here.channel.send(here.parcel())
    assert here.fb.sent(PSID)
    assert not any(here.fb.page_token in str(one.query) or here.fb.page_token.encode() in one.body
                   for one in here.fb.requests)  # fmt: skip
    assert here.fb.page_token not in caplog.text


async def test_what_the_service_reads_of_the_channel(here: Page) -> None:
    channel: Channel = here.channel
    assert (channel.name, channel.rate) == ("messenger", Rate(35, 8, 5, 5.0, 40))
    assert channel.limits == Limits(text=2000, label=20, buttons=13, unit="utf16", code_bytes=1000)
    assert channel_of(here.fb, rate=2).rate.reserve == 1
    await channel.close()
    await channel.close()


@pytest.mark.parametrize(
    "given", [{"rate": 41}, {"rate": 0}, {"page_token": ""}, {"app_secret": ""}, {"verify_token": ""}, {"page_id": ""}]
)
async def test_settings_that_cannot_be(here: Page, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Messenger"):
        channel_of(here.fb, **given)
