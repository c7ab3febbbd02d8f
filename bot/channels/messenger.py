"""The Messenger channel: one Page on the Messenger Platform, over a thin client of the Graph API."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    FormData,
    TCPConnector,
)
from yarl import URL

from bot.channels import messenger_parse, messenger_profile, messenger_send
from bot.channels.base import (
    Arrival,
    ChannelNotUsable,
    Counters,
    FetchLater,
    FetchRefused,
    Forbidden,
    Malformed,
    Parcel,
    Rate,
)
from bot.channels.messenger_send import DENIED, MEDIA, PAGE, PROOF, RATE, TOKEN, Fault, Growing, Request
from bot.domain.delivery import Outcome, PauseChannel, Refused, RetryAt, Sent, Unknown, Unreachable
from bot.text.fit import Limits

log = logging.getLogger(__name__)

VERSION = "v26.0"
MOST_PER_SECOND = 40
"""Above this a Page is "high-volume": its inbox stops showing and it cannot send. Source: overview, rate limiting."""
FIELDS = ("messages", "messaging_postbacks", "messaging_optins", "messaging_referrals", "message_reactions")

HOSTS = (".fbcdn.net", ".fbsbx.com", ".facebook.com")
"""Where the platform keeps what people send."""
HOPS, PIECE = 2, 65536
AT_ONCE = 60
WHOLE = ClientTimeout(total=40, connect=20)
TALK = ClientTimeout(total=15, connect=10)
DOWNLOAD = ClientTimeout(total=600, connect=20, sock_read=40)


class GraphCallFailed(Exception):
    """A call about the Page itself was refused or not answered; the argument says how, without people's words."""


class Messenger:
    """Keeps the protocol `bot.channels.base.Channel`; the web part calls `verify` and `deletion` as well.

    `texts` gives a text in a language: (msgid, "km" or "en") -> str. `rate`: requests a second, at most 40.
    Raises ValueError when a setting is empty or the rate is not to be had.
    """

    limits = Limits(text=2000, label=20, buttons=13, unit="utf16", code_bytes=1000)

    def __init__(
        self,
        *,
        page_id: str,
        page_token: str,
        app_secret: str,
        verify_token: str,
        api_url: str = "https://graph.facebook.com",
        rate: int = 35,
        clock: Callable[[], datetime],
        texts: Callable[[str, str], str],
    ) -> None:
        if not (page_id and page_token and app_secret and verify_token):
            raise ValueError("Messenger needs a page id, a page token, an app secret and a verify token")
        if not 1 <= rate <= MOST_PER_SECOND:
            raise ValueError(f"Messenger takes 1 to {MOST_PER_SECOND} messages a second from a Page")
        self.name = messenger_parse.NAME
        self.rate = Rate(rate, reserve=max(1, rate // 4), chat_limit=5, chat_seconds=5.0, at_once=40)
        self.counters = Counters()
        self._page_id, self._verify_token = page_id, verify_token
        self._secret = app_secret.encode()
        self._clock, self._texts = clock, texts
        self._origin = URL(api_url).origin()
        self._page = URL(api_url) / VERSION / page_id
        self._proof = {"appsecret_proof": hmac.new(self._secret, page_token.encode(), hashlib.sha256).hexdigest()}
        self._messages = (self._page / "messages").with_query(self._proof)
        # The token goes in a header: an address may end up in a log on the way.
        self._auth = {"Authorization": f"Bearer {page_token}"}
        self._auth_json = {**self._auth, "Content-Type": "application/json"}
        self._http: ClientSession | None = None
        self._growing = Growing()
        self._again: set[int] = set()

    # --- what arrives -------------------------------------------------------------------------------------------------

    def verify(self, params: Mapping[str, str]) -> str | None:
        """The answer to the platform's handshake (GET of the webhook); None is a 403."""
        token = params.get("hub.verify_token", "").encode("utf-8", "replace")
        if params.get("hub.mode") != "subscribe" or not hmac.compare_digest(token, self._verify_token.encode()):
            return None
        return params.get("hub.challenge")

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Arrival]:
        """`body` is what came over the wire: the platform signs its own spelling of the JSON, with Khmer as \\uXXXX."""
        given = headers.get("x-hub-signature-256", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, b"sha256=" + self._signature(body).hex().encode()):
            raise Forbidden
        try:
            notification = json.loads(body)
        except (ValueError, RecursionError):
            raise Malformed("JSON") from None
        return messenger_parse.arrivals(notification, self._page_id, self._clock(), self.counters)

    def echo(self, arrival: Arrival) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """A tap is a message like any other: nothing to acknowledge."""
        return ()

    def deletion(self, signed_request: str) -> str | None:
        """The app-scoped id (never a PSID) of whom the data deletion callback is about; None when wrongly signed."""
        signature, _dot, payload = signed_request.encode("utf-8", "replace").partition(b".")
        try:
            if not hmac.compare_digest(_unpadded(signature), self._signature(payload)):
                return None
            said = json.loads(_unpadded(payload))
            return str(said["user_id"]) if said.get("algorithm", "HMAC-SHA256").upper() == "HMAC-SHA256" else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _signature(self, data: bytes) -> bytes:
        return hmac.new(self._secret, data, hashlib.sha256).digest()

    # --- what is sent -------------------------------------------------------------------------------------------------

    async def send(self, parcel: Parcel) -> Outcome:
        """Make one request. A body is a text with its buttons, or one file: the platform takes no text beside it."""
        asked = messenger_send.request(parcel, self._clock(), plain=parcel.row in self._again)
        if not isinstance(asked, Request):
            return asked
        try:
            async with self._post(asked) as answer:
                status, said = answer.status, messenger_send.parsed(await answer.read())
        except (ClientConnectorError, ConnectionTimeoutError):
            return RetryAt("connect")
        except (ClientError, OSError, TimeoutError) as lost:
            return Unknown(type(lost).__name__)
        fault = messenger_send.fault_in(status, said)
        outcome = messenger_send.outcome_of(said, fault, self._page_id)
        return self._remembered(parcel.row, asked, outcome, fault)

    def _post(self, asked: Request) -> Any:
        if asked.file is None:
            data = messenger_send.to_bytes(asked.params)
            return self._session().post(self._messages, data=data, headers=self._auth_json, allow_redirects=False)
        form = FormData(default_to_multipart=True)
        for name, value in asked.params.items():
            text = value if isinstance(value, str) else messenger_send.to_bytes(value).decode()
            form.add_field(name, text)
        form.add_field("filedata", asked.file.content, content_type=asked.file.mime, filename=asked.file.name)
        return self._session().post(self._messages, data=form, headers=self._auth, allow_redirects=False)

    def _remembered(self, row: int, asked: Request, outcome: Outcome, fault: Fault | None) -> Outcome:
        """The outcome, as it depends on what went before: see `RATE` and `MEDIA`."""
        again, now = row in self._again, self._clock()
        self._again.discard(row)
        if isinstance(outcome, Sent):
            self._growing.calm(now)
        elif outcome == RATE:
            outcome = self._growing.pause(now)
        elif outcome == MEDIA and asked.file is not None and not again:
            self._again.add(row)
        elif outcome == MEDIA:
            outcome = Refused(f"media ({fault})")
        elif outcome == DENIED and asked.tagged:
            # The feature HUMAN_AGENT is not granted: everybody else may still be written to.
            log.error("messenger: a person's answer was not allowed: %s", fault)
            return Unreachable("window")
        if isinstance(outcome, (PauseChannel, Refused)):
            log.log(logging.ERROR if getattr(outcome, "alarm", True) else logging.WARNING, "messenger: %s", fault)
        return outcome

    # --- what people sent ---------------------------------------------------------------------------------------------

    async def fetch(self, source: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """The file's bytes, at most 64 KiB a piece, from the platform's own hosts only, also when redirected.

        Who stops early closes it (`contextlib.aclosing`), so that the connection is given back.
        """
        url = _address(str(source.get("url", "")))
        try:
            for _hop in range(HOPS + 1):
                if not self._is_theirs(url):
                    raise FetchRefused("host")
                async with self._session().get(
                    url, allow_redirects=False, timeout=DOWNLOAD, headers={"Accept-Encoding": "identity"}
                ) as answer:
                    if answer.status not in (301, 302, 303, 307, 308):
                        _check(answer)
                        async for piece in answer.content.iter_chunked(PIECE):
                            yield piece
                        return
                    url = url.join(_address(answer.headers.get("Location", "")))
        except (ClientError, OSError, TimeoutError) as lost:
            raise FetchLater(type(lost).__name__) from None
        raise FetchRefused("host")

    def _is_theirs(self, url: URL) -> bool:
        try:
            if url.user is not None:
                return False
            theirs = url.scheme == "https" and url.port == 443 and (url.host or "").lower().endswith(HOSTS)
            return theirs or url.origin() == self._origin
        except ValueError:  # no host, or a port that is no number
            return False

    # --- the Page itself ----------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Set the menu and the greeting if they are not as we want them, and ask for the events we use.

        Raises ChannelNotUsable. Anything else is logged: the Page may be written to with an old menu.
        """
        try:
            for step in (self._subscribe, self._introduce):
                try:
                    await step()
                except GraphCallFailed as failed:
                    log.warning("messenger: %s: %s", step.__name__, failed)
        except ChannelNotUsable:
            await self.close()
            raise

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def subscribed(self) -> bool:
        """Whether the platform still sends us every event we use; it stops after an hour of failures."""
        try:
            apps = (await self._call("GET", "subscribed_apps")).get("data") or []
        except GraphCallFailed as failed:
            log.warning("messenger: subscribed: %s", failed)
            return False
        return any(set(FIELDS) <= set(app.get("subscribed_fields") or ()) for app in apps)

    async def _subscribe(self) -> None:
        await self._call("POST", "subscribed_apps", {"subscribed_fields": ",".join(FIELDS)})

    async def _introduce(self) -> None:
        """At most two calls: the platform takes ten in ten minutes."""
        wanted = messenger_profile.profile(self._texts)
        found = (await self._call("GET", "messenger_profile", fields=",".join(wanted))).get("data") or [{}]
        if not messenger_profile.covers(found[0], wanted):
            await self._call("POST", "messenger_profile", wanted)

    async def _call(self, method: str, edge: str, body: Any = None, **query: str) -> Mapping[str, Any]:
        url = (self._page / edge).with_query({**query, **self._proof})
        data = None if body is None else messenger_send.to_bytes(body)
        headers = self._auth if body is None else self._auth_json
        try:
            async with self._session().request(
                method, url, data=data, headers=headers, timeout=TALK, allow_redirects=False
            ) as answer:
                status, said = answer.status, messenger_send.parsed(await answer.read())
        except (ClientError, OSError, TimeoutError) as lost:
            raise GraphCallFailed(type(lost).__name__) from None
        fault = messenger_send.fault_in(status, said)
        if fault is None:
            return said
        if messenger_send.reaction(fault, self._page_id) in (TOKEN, PROOF, PAGE):
            raise ChannelNotUsable(str(fault))
        raise GraphCallFailed(str(fault))

    def _session(self) -> ClientSession:
        if self._http is None:
            connector = TCPConnector(limit=AT_ONCE)
            self._http = ClientSession(connector=connector, timeout=WHOLE, cookie_jar=DummyCookieJar())
        return self._http


def _unpadded(text: bytes) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def _address(text: str) -> URL:
    """Exactly this address: the platform signs its spelling. Raises FetchRefused for what is none."""
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise FetchRefused("host")
    try:
        return URL(text, encoded=True)
    except ValueError:
        raise FetchRefused("host") from None


def _check(answer: ClientResponse) -> None:
    if answer.status == 429 or answer.status >= 500:
        raise FetchLater(f"HTTP {answer.status}")
    if answer.status != 200:
        raise FetchRefused("gone")
