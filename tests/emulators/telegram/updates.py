"""Updates waiting for the bot: numbering, expiry, allowed kinds and long polling with its conflicts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.emulators.clock import Clock

from .errors import CONFLICT_POLL, CONFLICT_SET_WEBHOOK, CONFLICT_WEBHOOK, ApiError
from .switches import Limits
from .wire import Params, dumps, integer

KINDS = (
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "message_reaction", "message_reaction_count",
    "inline_query", "chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query",
    "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member", "chat_join_request", "chat_boost",
    "removed_chat_boost",
)  # fmt: skip
DEFAULT_KINDS = frozenset(KINDS) - {"chat_member", "message_reaction", "message_reaction_count"}


class Update:
    """One update; `queue` is what it must stay in order with, the rest is the webhook's bookkeeping."""

    __slots__ = ("body", "copies", "delay", "expires_at", "fails", "id", "queue")

    def __init__(self, update_id: int, queue: str, body: bytes, expires_at: float) -> None:
        self.id, self.queue, self.body, self.expires_at = update_id, queue, body, expires_at
        self.delay, self.fails, self.copies = 1.0, 0, 0


class Updates:
    """The bot's update queue, read either by getUpdates or by the webhook, never by both."""

    def __init__(self, clock: Clock, limits: Limits, first_id: int) -> None:
        self._clock, self._limits = clock, limits
        self.next_id = first_id
        self.pending: dict[int, Update] = {}
        self.dropped: list[int] = []
        self.allowed: frozenset[str] = DEFAULT_KINDS
        self.allowed_given: list[str] | None = None
        self.on_new: Callable[[Update], None] | None = None
        self.on_gone: Callable[[], None] | None = None
        self._poll: asyncio.Future[str | None] | None = None
        self._last_poll = (0, -1e9)
        self._next_conflict_at = 0.0

    def push(self, kind: str, payload: dict[str, Any], queue: str) -> int | None:
        """Queue one update; None when the bot did not ask for this kind."""
        if kind not in self.allowed:
            return None
        life = self._limits.callback_update_seconds if kind == "callback_query" else self._limits.update_seconds
        return self.push_raw({kind: payload}, queue, life)

    def push_raw(self, update: dict[str, Any], queue: str, life: float) -> int:
        update_id = int(update.get("update_id", self.next_id))
        self.next_id = max(self.next_id, update_id + 1)
        body = dumps({"update_id": update_id, **update})
        entry = Update(update_id, queue, body, self._clock.now() + life)
        self.pending[update_id] = entry
        if self.on_new is not None:
            self.on_new(entry)
        self._wake(None)
        return update_id

    def forget(self, update_id: int, dropped: bool = False) -> None:
        if self.pending.pop(update_id, None) is not None and dropped:
            self.dropped.append(update_id)
        if not self.pending and self.on_gone is not None:
            self.on_gone()

    def forget_all(self) -> None:
        for update_id in list(self.pending):
            self.forget(update_id)

    def drop_expired(self) -> None:
        now = self._clock.now()
        for update in [u for u in self.pending.values() if u.expires_at < now]:
            self.forget(update.id, dropped=True)

    def allow(self, given: Any) -> None:
        """allowed_updates: absent keeps what was, an empty list is the default."""
        if not isinstance(given, list):
            return
        kinds = [kind for kind in given if kind in KINDS]
        self.allowed = frozenset(kinds) if kinds else DEFAULT_KINDS
        self.allowed_given = kinds or None

    async def poll(self, params: Params, webhook_active: bool) -> bytes:
        """The `result` array of getUpdates, already as JSON."""
        if webhook_active:
            await self._conflict(CONFLICT_WEBHOOK)
        self._wake(CONFLICT_POLL)
        offset = integer(params, "offset")
        limit = min(100, max(1, integer(params, "limit", 100) or 100))
        timeout = float(min(50, max(0, integer(params, "timeout"))))
        now = self._clock.now()
        if offset == self._last_poll[0] and timeout < 3 and now < self._last_poll[1] + 3.0:
            timeout = 3.0
        self._last_poll = (offset, now)
        self._confirm(offset)
        while True:
            self.drop_expired()
            if self.pending or timeout <= 0:
                return self._batch(limit)
            started = self._clock.now()
            conflict = await self._wait(timeout)
            if conflict is not None:
                await self._conflict(conflict)
            timeout -= self._clock.now() - started

    def end_poll(self) -> None:
        self._wake(CONFLICT_SET_WEBHOOK)

    def _confirm(self, offset: int) -> None:
        if offset > 0:
            for update_id in [one for one in self.pending if one < offset]:
                self.forget(update_id)
        elif offset < 0:
            for update_id in sorted(self.pending)[:offset]:
                self.forget(update_id)

    def _batch(self, limit: int) -> bytes:
        bodies: list[bytes] = []
        size = 0
        for update_id in sorted(self.pending)[:limit]:
            body = self.pending[update_id].body
            size += len(body)
            if bodies and size > self._limits.updates_bytes:
                break
            bodies.append(body)
        return b"[" + b",".join(bodies) + b"]"

    async def _wait(self, seconds: float) -> str | None:
        poll: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._poll = poll
        try:
            return await self._clock.within(seconds, poll)
        except TimeoutError:
            return None
        finally:
            if self._poll is poll:
                self._poll = None

    def _wake(self, conflict: str | None) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(conflict)

    async def _conflict(self, text: str) -> None:
        """The first conflict is told at once, a further one within 3 s only after 3 s."""
        now = self._clock.now()
        if now < self._next_conflict_at:
            await self._clock.sleep(3.0)
        else:
            self._next_conflict_at = now + 3.0
        raise ApiError(409, text)
