"""A Telegram that runs on this machine: strict about what bots send, and full of people for tests to be."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Self

from aiohttp import web

from tests.emulators.clock import Clock

from .faults import Faults
from .files import FileStore
from .groups import Group, make_group
from .journal import Journal, Request
from .methods_bot import CallbackQuery, Profile
from .person import Person
from .rates import Rates
from .server import BotApi
from .state import Chat, Json, World
from .switches import Limits, Switches
from .updates import Updates
from .webhook import Attempt, Delivery

DEFAULT_TOKEN = "7000000001:AAChumnuoyEmulatorTokenForTestsOnly"


class TelegramEmulator:
    """`async with TelegramEmulator() as tg:` serves one bot at `tg.url`.

    `record` keeps the whole journal (True), the last n requests (a number) or nothing (False); with anything but True
    a chat keeps only its last 50 messages. `limits_on=False` turns the rate windows off. Times are unix seconds of
    `clock`.
    """

    def __init__(
        self,
        token: str = DEFAULT_TOKEN,
        clock: Clock | None = None,
        *,
        switches: Switches | None = None,
        limits: Limits | None = None,
        limits_on: bool = True,
        record: bool | int = True,
        allow_local_webhook: bool = True,
        paid_broadcast: bool = False,
        retry_scale: float = 1.0,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        first_update_id: int = 100_000_001,
    ) -> None:
        self.token = token
        self.clock = clock or Clock()
        self.switches = switches or Switches()
        self.limits = limits or Limits()
        self.allow_local_webhook = allow_local_webhook
        self.paid_broadcast = paid_broadcast
        self.url = ""
        self.bot: Json = {
            "id": int(token.partition(":")[0]), "is_bot": True, "first_name": "ជំនួយ", "username": "chumnuoy_test_bot",
        }  # fmt: skip
        self.world = World(None if record is True else 50)
        self.files = FileStore(self.clock, self.limits, self.switches, token)
        self.journal = Journal(record)
        self.faults = Faults()
        self.profile = Profile()
        self.rates = Rates(self.clock, self.limits, self.switches, seed)
        self.rates.on = limits_on
        self.updates = Updates(self.clock, self.limits, first_update_id)
        self.callbacks: dict[str, CallbackQuery] = {}
        self.people: dict[int, Person] = {}
        self.next_set_webhook_at = 0.0
        self._host, self._port = host, port
        self._api = BotApi(self)
        self._empty = asyncio.Event()
        self.updates.on_gone = self._empty.set
        self.webhook = Delivery(
            self.clock, self.updates, self.switches, self._api.execute, seed=seed, retry_scale=retry_scale,
            keep_attempts=None if record is True else 10_000,
        )  # fmt: skip
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        server = web.Server(self._api.handle, access_log=None, keepalive_timeout=600)
        self._runner = web.ServerRunner(server, handle_signals=False, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port, backlog=1024).start()
        self.url = f"http://{self._host}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.webhook.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # What the bot asked for.

    @property
    def requests(self) -> deque[Request]:
        return self.journal.requests

    def sent(self, method: str) -> list[Request]:
        return self.journal.sent(method)

    # Updates on their way to the bot.

    @property
    def pending(self) -> int:
        return len(self.updates.pending)

    @property
    def delivered(self) -> dict[int, float]:
        return self.webhook.delivered

    @property
    def dropped(self) -> list[int]:
        return self.updates.dropped

    @property
    def attempts(self) -> deque[Attempt]:
        return self.webhook.attempts

    def deliver_copies(self, copies: int) -> None:
        """Deliver every update this often, as the real server may, with the same update_id."""
        self.webhook.copies = copies

    async def settled(self, timeout: float = 10.0) -> None:
        """Return once no update is pending; `TimeoutError` after `timeout` real seconds."""
        async with asyncio.timeout(timeout):
            while self.updates.pending:
                self._empty.clear()
                await self._empty.wait()

    def inject(self, update: Json, queue: str = "injected", life: float | None = None) -> int:
        """Queue an update of any shape, for odd kinds; its update_id is the next one unless it brings its own."""
        return self.updates.push_raw(update, queue, self.limits.update_seconds if life is None else life)

    # People and chats.

    def person(self, user_id: int, first_name: str = "សុខា", language_code: str | None = "km", **more: Any) -> Person:
        """The person with this id, made on first use. They exist, but have not pressed Start yet."""
        found = self.people.get(user_id)
        if found is None:
            found = self.people[user_id] = Person(self, user_id, first_name, language_code, **more)
        return found

    def group(self, chat_id: int, title: str = "ក្រុម", kind: str = "supergroup", **more: Any) -> Group:
        """A group, supergroup or channel the bot is in."""
        return make_group(self, chat_id, title, kind, **more)

    def changed(self, chat: Chat) -> None:
        if chat.person is not None:
            chat.person.notice()

    def changed_for(self, user_id: int) -> None:
        person = self.people.get(user_id)
        if person is not None:
            person.notice()

    # Faults.

    def fail_next(
        self, method: str, status: int, description: str, parameters: Json | None = None, times: int = 1
    ) -> None:
        """Refuse the next calls of `method` ("*" for any) without doing anything."""
        self.faults.fail_next(method, status, description, parameters, times)

    def drop_answer_next(self, method: str, times: int = 1) -> None:
        """Do the next calls of `method`, then hang up without an answer."""
        self.faults.drop_answer_next(method, times)

    def delay(self, seconds: float) -> None:
        """Make every answer this much later (0 to stop)."""
        self.faults.delay = seconds

    @property
    def down(self) -> bool:
        return self.faults.down

    @down.setter
    def down(self, value: bool) -> None:
        """While True every connection is closed at once."""
        self.faults.down = value
