"""Files that people sent: fetched in pieces, from the platform's own hosts only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import ClientConnectorError, web

from bot.channels.base import FetchLater, FetchRefused
from bot.channels.messenger import Messenger
from tests.channels.messenger_page import PSID, Page, channel_of, page

MIB = 1024 * 1024


async def fetched(channel: Messenger, source: Mapping[str, Any]) -> list[bytes]:
    return [piece async for piece in channel.fetch(source)]


async def ended(channel: Messenger, url: str) -> str:
    """How a fetch that must fail did: its exception's name and reason."""
    with pytest.raises((FetchRefused, FetchLater)) as refusal:
        await fetched(channel, {"url": url})
    return f"{type(refusal.value).__name__} {refusal.value}"


@pytest.fixture
async def here() -> AsyncIterator[Page]:
    async with page() as one:
        yield one


class Cdn:
    """A host of the platform that misbehaves by path; `headers` of the last request are kept."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.paths: list[str] = []

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.headers = request.headers
        self.paths.append(request.raw_path)
        kind, _, rest = request.path.strip("/").partition("/")
        if kind == "status":
            return web.Response(status=int(rest), headers={"Location": "/file"} if rest == "302" else None)
        if kind == "hop":
            left = int(rest)
            return web.Response(status=302, headers={"Location": f"/hop/{left - 1}" if left > 1 else "/file"})
        if kind == "to":
            return web.Response(status=301, headers={"Location": request.query_string})
        if kind == "broken":
            answer = web.StreamResponse(headers={"Content-Length": "9999"})
            await answer.prepare(request)
            await answer.write(b"some")
            assert request.transport is not None
            request.transport.close()
            return answer
        return web.Response(body=b"film" * (5 * MIB // 4) if kind == "big" else b"bytes")


@pytest.fixture
async def cdn(here: Page) -> AsyncIterator[tuple[Messenger, Cdn, str]]:
    """The channel, with this host as its own."""
    served = Cdn()
    runner = web.ServerRunner(web.Server(served.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    channel = channel_of(here.fb, api_url=url)
    yield channel, served, url
    await channel.close()
    await runner.cleanup()


async def test_what_a_person_sent_is_fetched_whole_from_where_the_event_says(here: Page) -> None:
    person, picture = here.fb.person(PSID), b"\xff\xd8" + bytes(range(256)) * 1000
    await person.sends_image(picture)
    await person.sends_audio(b"voice")
    await here.fb.settled()
    photo, voice = (one.files[0] for one in here.arrivals)
    assert b"".join(await fetched(here.channel, photo.source)) == picture
    assert await fetched(here.channel, voice.source) == [b"voice"]
    # The platform signs its links; one that has expired is refused with 403.
    assert await ended(here.channel, photo.source["url"][:-1]) == "FetchRefused gone"


async def test_a_big_file_comes_in_small_pieces(cdn: tuple[Messenger, Cdn, str]) -> None:
    channel, served, url = cdn
    pieces = await fetched(channel, {"url": f"{url}/big"})
    assert b"".join(pieces) == b"film" * (5 * MIB // 4)
    assert max(map(len, pieces)) <= 65536
    assert "Authorization" not in served.headers, "the token is for the Graph API alone"
    taken = channel.fetch({"url": f"{url}/big"})
    assert len(await anext(taken)) <= 65536
    await taken.aclose()  # type: ignore[attr-defined]  # a caller with a limit stops like this
    assert await fetched(channel, {"url": f"{url}/file"}) == [b"bytes"]


async def test_the_address_is_asked_for_exactly_as_it_was_spelled(cdn: tuple[Messenger, Cdn, str]) -> None:
    channel, served, url = cdn
    path = "/v/t1/1_n.jpg?oh=03_Q7c%2FD%2b~&oe=6A%3D%3D&_nc_cat=1%20"
    assert await fetched(channel, {"url": url + path}) == [b"bytes"]
    assert served.paths == [path]


ENDS = [
    ("/status/404", "FetchRefused gone"),
    ("/status/403", "FetchRefused gone"),
    ("/status/410", "FetchRefused gone"),
    ("/status/500", "FetchLater HTTP 500"),
    ("/status/503", "FetchLater HTTP 503"),
    ("/status/429", "FetchLater HTTP 429"),
    ("/broken", "FetchLater ClientPayloadError"),
    ("/hop/3", "FetchRefused host"),
    ("/to?http://127.0.0.1:1/", "FetchRefused host"),
    ("/to?https://example.org/x.jpg", "FetchRefused host"),
    ("/to?//example.org/x.jpg", "FetchRefused host"),
    ("/to?file:///etc/passwd", "FetchRefused host"),
    ("/to?", "FetchRefused host"),
    ("/to?http://scontent.fbcdn.net/x.jpg", "FetchRefused host"),
]


@pytest.mark.parametrize(("path", "end"), ENDS)
async def test_how_a_fetch_may_end(cdn: tuple[Messenger, Cdn, str], path: str, end: str) -> None:
    channel, served, url = cdn
    assert await ended(channel, url + path) == end
    assert len(served.paths) <= 3


@pytest.mark.parametrize("path", ["/hop/1", "/hop/2", "/status/302", "/to?/file"])
async def test_two_redirects_within_the_platform_are_followed(cdn: tuple[Messenger, Cdn, str], path: str) -> None:
    channel, _, url = cdn
    assert await fetched(channel, {"url": url + path}) == [b"bytes"]


FOREIGN = [
    "", "x", "/cdn/1", "//scontent.fbcdn.net/x", "https://", "https:///x", "https://[", "https://a:b/x",
    "http://scontent.xx.fbcdn.net/x",
    "https://scontent.xx.fbcdn.net:8443/x",
    "https://me@scontent.xx.fbcdn.net/x",
    "https://scontent.xx.fbcdn.net@example.org/x",
    "https://example.org/.fbcdn.net",
    "https://example.org\\.fbcdn.net/x",
    "https://example.org#.fbcdn.net",
    "https://fbcdn.net.example.org/x",
    "https://evilfbcdn.net/x",
    "https://scontent.fbcdn.net./x",
    "https://127.0.0.1/x",
    "http://169.254.169.254/latest/meta-data",
    "https://scontent.fbcdn.net/x y",
    "https://scontent.fbcdn.net/x\r\nHost: example.org",
    "https://scontent.fbcdn.net/ខ្មែរ",
    "ftp://scontent.fbcdn.net/x", "file:///etc/passwd", "data:,x", "javascript:1",
]  # fmt: skip


@pytest.mark.parametrize("url", FOREIGN)
async def test_no_other_host_is_ever_asked(here: Page, url: str) -> None:
    assert await ended(here.channel, url) == "FetchRefused host"


async def test_another_port_of_the_same_machine_is_another_host(cdn: tuple[Messenger, Cdn, str], here: Page) -> None:
    channel, _, _url = cdn
    assert await ended(channel, f"{here.fb.url}/cdn/1") == "FetchRefused host"
    with pytest.raises(FetchRefused, match="host"):
        await fetched(channel, {})


OURS = [
    ("https://scontent.xx.fbcdn.net/x", "scontent.xx.fbcdn.net"),
    ("https://LOOKASIDE.FBSBX.COM/x", "lookaside.fbsbx.com"),
    ("https://www.facebook.com:443/x", "www.facebook.com"),
]


@pytest.mark.parametrize(("url", "host"), OURS)
async def test_the_platforms_hosts_are_asked(here: Page, url: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def connect(_self: object, request: Any, *_rest: object, **_more: object) -> None:
        asked.append(request.url.host.lower())
        raise ClientConnectorError(request.connection_key, OSError("there is no internet here"))

    monkeypatch.setattr("aiohttp.TCPConnector.connect", connect)
    assert await ended(here.channel, url) == "FetchLater ClientConnectorError"
    assert asked == [host]


async def test_the_platform_is_away(here: Page) -> None:
    here.fb.down = True
    assert await ended(here.channel, f"{here.fb.url}/cdn/1") == "FetchLater ServerDisconnectedError"
