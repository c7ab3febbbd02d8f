"""The emulated Messenger Platform: one Page, one app, its people, and the HTTP server they are reached by."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.emulators.clock import Clock

from . import events, front
from .chat import Seen
from .faults import Faults
from .journal import Request, Sent
from .knobs import Knobs
from .media import Media
from .person import Person
from .profile import Profile
from .rates import Rates
from .signing import sign, signed_request
from .switches import Limits, Switches
from .templates import Template
from .webhook import Item, Webhook

PAGE_TOKEN, APP_SECRET, VERIFY_TOKEN = "PAGE-TOKEN", "app-secret", "verify-token"
FEATURES = frozenset({"human_agent", "user_profile", "user_locale", "user_timezone"})


class MessengerEmulator(Knobs):
    """`async with MessengerEmulator(...) as fb:` runs it on 127.0.0.1; `fb.url` is where."""

    def __init__(
        self,
        *,
        page_id: str = "104500000000001",
        page_token: str = PAGE_TOKEN,
        app_secret: str = APP_SECRET,
        verify_token: str = VERIFY_TOKEN,
        app_id: str = "960000000000001",
        page_name: str = "Chumnuoy",
        clock: Clock | None = None,
        switches: Switches | None = None,
        limits: Limits | None = None,
        features: Iterable[str] = FEATURES,
        subscribed_fields: Iterable[str] = events.DEFAULT_FIELDS,
        require_appsecret_proof: bool = False,
        app_live: bool = True,
        retry_scale: float = 1.0,
        keep_journal: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.page_id, self.page_token, self.app_secret, self.verify_token = (
            page_id,
            page_token,
            app_secret,
            verify_token,
        )
        self.app_id, self.page_name = app_id, page_name
        self.clock = clock or Clock()
        self.switches = switches or Switches()
        self.limits = limits or Limits()
        self.features = set(features)
        self.require_appsecret_proof = require_appsecret_proof
        self.app_live = app_live
        self.keep_journal = keep_journal
        self.persons: dict[str, Person] = {}
        self.engaged = 0
        self.user_refs: dict[str, Person] = {}
        self.one_time_tokens: dict[str, Person] = {}
        self.templates: dict[tuple[str, str], Template] = {}
        self.requests: list[Request] = []
        self.sends: list[Sent] = []
        self.sent_count = 0
        self.events: list[events.Json] = []
        self.faults = Faults()
        self.rates = Rates(self.limits, self.switches)
        self.media = Media(self)
        self.profile = Profile(self)
        self.webhook = Webhook(self.clock, self.switches, page_id, app_secret, set(subscribed_fields), retry_scale)
        self.webhook.keep = keep_journal
        self.url = ""
        self._host, self._port = host, port
        self._salt = secrets.token_urlsafe(9)
        self._count = 0
        self._deliveries = 0
        self._later: set[asyncio.Task[None]] = set()

    # Running

    async def __aenter__(self) -> Self:
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None), auto_decompress=True
        )
        self.webhook.use(self.http)
        self._runner = front.runner(self)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self.url = f"http://{self._host}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._later:
            task.cancel()
        await self.webhook.close()
        await self.http.close()
        await self._runner.cleanup()

    # People

    def person(self, psid: str | None = None, *, wrote_ago: float | None = None, **given: Any) -> Person:
        """The person with this PSID, made known to the Page if new.

        Named: first_name, last_name, locale, timezone, phone, phone_only, has_role (of the app), asid.
        `wrote_ago`: they last wrote so many seconds ago (no event is sent); otherwise they have never written.
        """
        psid = psid or str(6_000_000_000_000_001 + len(self.persons))
        found = self.persons.get(psid)
        if found is None:
            found = self.persons[psid] = Person(self, psid, **given)
        for name, value in given.items():
            setattr(found, name, value)
        if wrote_ago is not None:
            self.engaged += found.last_at is None
            found.last_at = self.clock.now() - wrote_ago
        return found

    def takes_thread(self, person: Person, app_id: str = "263902037430900") -> None:
        """Another app now owns the conversation: our events come as standby, our sends are refused."""
        person.owner = app_id

    def gives_thread(self, person: Person) -> None:
        """The conversation is ours again."""
        person.owner = None

    def page_inbox_sends(self, person: Person, text: str) -> str:
        """Somebody of the staff answers in the Page inbox; the service hears of it as an echo."""
        mid = self.next_mid()
        seen = Seen(mid, self.clock.now(), text, (), (), (), (), {"text": text}, "RESPONSE", None)
        person.receives(seen)
        self.echo(person, seen, {"text": text}, str(self.switches.page_inbox_app_id))
        return mid

    # Events to the service

    async def verifies(self, url: str) -> bool:
        """The handshake: GET with hub.challenge; on success events go to `url` from now on."""
        challenge = str(secrets.randbelow(2_000_000_000))
        query = {"hub.mode": "subscribe", "hub.verify_token": self.verify_token, "hub.challenge": challenge}
        try:
            async with self.http.get(url, params=query, allow_redirects=False) as answer:
                good = answer.status == 200 and await answer.text() == challenge
        except aiohttp.ClientError:
            return False
        if good:
            self.webhook.url = url
        return good

    def emit(self, person: Person, field: str, event: events.Json, key: str = "") -> str:
        """Queue one event of this person; answers the key under which `delivered` will have it."""
        where = "messaging"
        if person.owner is not None and person.owner != self.app_id:
            where = field = "standby"
            event.get("postback", {}).pop("payload", None)
        name = (
            key or f"{next(iter(set(event) - {'sender', 'recipient', 'timestamp'}))}:{person.psid}:{event['timestamp']}"
        )
        if self.keep_journal:
            self.events.append(event)
        self.webhook.push(field, Item(name, person.psid, where, event))
        return name

    def inject(self, raw_event: events.Json, where: str = "messaging") -> None:
        """Queue any event, as given."""
        key = str(raw_event.get("message", {}).get("mid") or f"injected:{self.next_mid()}")
        lane = str(raw_event.get("sender", {}).get("id", ""))
        self.webhook.push("messages", Item(key, lane, where, raw_event))

    def change(self, field: str, value: events.Json) -> None:
        """Queue a `changes` entry."""
        self.webhook.push(field, Item(f"{field}:{self.next_mid()}", field, "changes", {"field": field, "value": value}))

    def echo(self, person: Person, seen: Seen, message: events.Json, app_id: str) -> None:
        """Tell the service of a message of the Page."""
        if not self.switches.echoes or "message_echoes" not in self.webhook.fields:
            return
        body: events.Json = {"is_echo": True, "app_id": int(app_id), "mid": seen.mid}
        if "metadata" in message:
            body["metadata"] = message["metadata"]
        if seen.text is not None:
            body["text"] = seen.text
        if "attachment" in message:
            body["attachments"] = [message["attachment"]]
        key = f"echo:{seen.mid}"
        self.emit(person, "message_echoes", events.item(self.page_id, person.psid, self.now_ms(), message=body), key)

    def delivered_to(self, person: Person, seen: Seen) -> None:
        """The message is on the telephone: a delivery event, sometimes without mids."""
        if "message_deliveries" not in self.webhook.fields or self.webhook.url is None:
            return
        self._deliveries += 1
        named = self.switches.delivery_mids == "always" or (
            self.switches.delivery_mids == "sometimes" and self._deliveries % 2 == 1
        )
        body: events.Json = {"mids": [seen.mid]} if named else {}
        body["watermark"] = self.now_ms()
        event = events.item(person.psid, self.page_id, self.now_ms(), delivery=body)
        self.emit(person, "message_deliveries", event, f"delivery:{seen.mid}")

    async def post_raw(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """POST exactly this to the webhook: (status, answer)."""
        return await self.webhook.raw(body, headers or {})

    def sign(self, body: bytes) -> str:
        """The right X-Hub-Signature-256 for these bytes."""
        return sign(self.app_secret, body)

    def deletion_request(self, user_id: str) -> str:
        """`signed_request` for the data deletion callback; `user_id` is app-scoped (`person.asid`), not a PSID."""
        return signed_request(self.app_secret, user_id, int(self.clock.now()))

    # Records and small services

    def sent(self, psid: str | None = None) -> list[Sent]:
        """The accepted messages, to everybody or to one person."""
        return [one for one in self.sends if psid is None or one.psid == psid]

    def next_mid(self) -> str:
        """A new message id."""
        self._count += 1
        return f"m_{self._salt}{self._count:08x}"

    def next_trace(self) -> str:
        """A new fbtrace_id."""
        self._count += 1
        return f"A{self._salt[:10]}{self._count:09x}"

    def now_ms(self) -> int:
        """The time in milliseconds."""
        return int(self.clock.now() * 1000)

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something after so long."""

        async def wait() -> None:
            await self.clock.sleep(seconds)
            work()

        task = asyncio.get_running_loop().create_task(wait())
        self._later.add(task)
        task.add_done_callback(self._later.discard)
