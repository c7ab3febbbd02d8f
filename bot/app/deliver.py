"""The sender of one channel: lanes, rates, a lease; every row ends in a recorded outcome."""

import asyncio
import logging
import time
from bisect import insort
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from bot.app import receipts
from bot.app.service import Service
from bot.channels.base import MESSAGE, Channel, Parcel
from bot.domain.delivery import (
    LIVE,
    REMINDER,
    Decision,
    Outcome,
    PauseChannel,
    Refused,
    RetryAt,
    Sent,
    State,
    Unknown,
    Unreachable,
    Window,
    decide,
)
from storage import attachments, leases, outbox, people

log = logging.getLogger(__name__)
T = TypeVar("T")

LEASE = timedelta(seconds=12)
RENEW = 4.0
"""Seconds between renewals: three can fail before another replica takes over."""
WINDOW = "window"
LOOK = 0.5
"""Seconds between looks at the outbox when nobody nudged: work queued by another process."""


class Result(NamedTuple):
    """What became of a row in our hands; without an outcome it was never tried."""

    row: outbox.Row
    decision: Decision
    outcome: Outcome | None = None


def urgency(row: outbox.Row) -> tuple[int, int]:
    return row.lane, row.id


class Sender:
    """Sends one channel's outbox while it holds the lease `send:<channel>`."""

    def __init__(self, service: Service, channel: Channel) -> None:
        self._service, self._channel = service, channel
        self._lease = f"send:{channel.name}"
        self._until = 0.0
        self._all = Window(channel.rate.per_second, 1.0, channel.rate.reserve)
        self._chats: dict[str, Window] = {}
        self._paused_until = 0.0
        self._queues: dict[int, list[outbox.Row]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        self._behind: dict[int, tuple[int, datetime]] = {}
        self.sent = 0

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for; nothing in memory is trusted afterwards."""
        while True:
            try:
                if await self._hold():
                    await self._recover()
                    await self._work()
                else:
                    await asyncio.sleep(RENEW / 2)
            except asyncio.CancelledError:
                await self._leave()
                raise
            except Exception as error:  # the database is away, or a fault of ours: start over from what is stored
                log.error("sender starts over", extra={"channel": self._channel.name, "why": repr(error)[:200]})
                await self._abandon()
                await asyncio.sleep(1.0)

    async def _hold(self) -> bool:
        now, started = self._service.clock(), time.monotonic()
        mine = await self._service.db.write(
            lambda connection: leases.acquire(connection, self._lease, self._service.holder, now, LEASE)
        )
        self._until = started + LEASE.total_seconds() if mine else 0.0
        return mine

    async def _recover(self) -> None:
        """Rows another sender left in flight: whether they arrived is unknown."""

        def work(connection: Connection) -> int:
            now = self._service.clock()
            lost = outbox.lost(connection, self._channel.name, self._service.holder)
            results = [
                (one.id, decide(Unknown("the sender died"), lane=one.lane, tries=one.tries, now=now), "")
                for one in lost
            ]
            immediate = [
                (row, Decision(decision.state, now, decision.why), platform) for row, decision, platform in results
            ]
            outbox.record(connection, self._service.holder, immediate, now)
            return len(lost)

        lost = await self._service.db.write(work)
        if lost:
            log.warning("rows in flight taken over", extra={"channel": self._channel.name, "rows": lost})

    async def _work(self) -> None:
        """Claim, send and record until the lease cannot be renewed."""
        wake = self._service.wake[self._channel.name]
        renew_at = time.monotonic() + RENEW
        while True:
            if time.monotonic() >= renew_at:
                if not await finished(self._hold()):
                    await self._abandon()
                    return
                renew_at = time.monotonic() + RENEW
            if time.monotonic() > self._until - 1.0:
                await self._abandon()
                return
            wake.clear()
            claimed = await finished(self._exchange())
            pause = self._start()
            if not claimed and not self._results:
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), min(pause, LOOK))

    async def _exchange(self) -> int:
        """In one transaction, write down every outcome that came in and take more rows in flight; how many.

        When the hands are full, only live replies are taken.
        """
        now, results = self._service.clock(), self._results
        self._results = []
        lane, most = self._room()

        def work(connection: Connection) -> list[outbox.Row]:
            self._write_down(connection, results, now)
            if not most:
                return []
            return outbox.claim(connection, self._channel.name, self._service.holder, now, most, lane)

        if not results and not most:
            return 0
        try:
            rows = await self._service.db.write(work)
        except Exception:
            self._results = results + self._results
            raise
        self._tell(results)
        self._behind = {who: after for who, after in self._behind.items() if after[1] > now}
        for row in rows:
            lane, until = self._behind.get(row.address_id, (row.lane + 1, now))
            if row.lane >= lane:
                self._give_back([row], "waits for the one before", until)
            else:
                insort(self._queues.setdefault(row.address_id, []), row, key=urgency)
        return len(rows)

    def _room(self) -> tuple[int, int]:
        """(least urgent lane, how many) to take: about a second's work, and as much again of live replies only."""
        if time.monotonic() < self._paused_until:
            return LIVE, 0
        rate = self._channel.rate
        hands = rate.at_once + min(rate.per_second, 3 * rate.at_once)
        waiting = [row.lane for queue in self._queues.values() for row in queue]
        room = hands - len(waiting) - len(self._running)
        return (REMINDER, room) if room > 0 else (LIVE, max(0, hands - waiting.count(LIVE) - len(self._running)))

    def _start(self) -> float:
        """Start what may go now, one at a time per person, urgent lanes first; returns seconds until more may."""
        now, soonest = time.monotonic(), 60.0
        if now < self._paused_until:
            again = self._service.clock() + timedelta(seconds=self._paused_until - now)
            self._give_back(self._queued(), "paused", again)
            return self._paused_until - now
        busy = {task.get_name() for task in self._running}
        heads = sorted((queue[0] for queue in self._queues.values()), key=urgency)
        for row in heads:
            if str(row.address_id) in busy:
                continue
            if len(self._running) >= self._channel.rate.at_once:
                break
            chat = self._chats.setdefault(
                row.external_id, Window(self._channel.rate.chat_limit, self._channel.rate.chat_seconds)
            )
            if row.what == MESSAGE:
                wait = max(self._all.wait(now, row.lane), chat.wait(now))
                if wait > 0:
                    soonest = min(soonest, wait)
                    continue
                self._all.spend(now)
                chat.spend(now)
            self._pop(row)
            task = asyncio.create_task(self._one(row), name=str(row.address_id))
            self._running.add(task)
            task.add_done_callback(self._done)
        if len(self._chats) > 20_000:
            self._chats = {who: window for who, window in self._chats.items() if not window.idle}
        return soonest

    def _pop(self, row: outbox.Row) -> None:
        queue = self._queues[row.address_id]
        queue.pop(0)
        if not queue:
            del self._queues[row.address_id]

    def _queued(self) -> list[outbox.Row]:
        rows = [row for queue in self._queues.values() for row in queue]
        self._queues.clear()
        return rows

    def _give_back(self, rows: Iterable[outbox.Row], why: str, until: datetime) -> None:
        """Rows that were claimed and not tried go back to the queue."""
        self._results += [Result(row, Decision("queued", until, why)) for row in rows]

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._service.wake[self._channel.name].set()

    async def _one(self, row: outbox.Row) -> None:
        outcome = await self._outcome(row)
        now = self._service.clock()
        decision = self._decision(row, outcome, now)
        self._results.append(Result(row, decision, outcome))
        if isinstance(outcome, Sent):
            self.sent += 1
            return
        if isinstance(outcome, PauseChannel):
            self._paused_until = max(self._paused_until, time.monotonic() + outcome.seconds)
        # What follows for this person must not overtake it, unless it is more urgent.
        if decision.state == "queued" and decision.not_before > now:
            self._behind[row.address_id] = (row.lane, decision.not_before)
        waiting = self._queues.pop(row.address_id, [])
        urgent = [one for one in waiting if one.lane < row.lane]
        if urgent:
            self._queues[row.address_id] = urgent
        self._give_back(waiting[len(urgent) :], "waits for the one before", max(decision.not_before, now))

    async def _outcome(self, row: outbox.Row) -> Outcome:
        if row.suppressed not in ("", WINDOW) and row.what == MESSAGE:
            return Unreachable("blocked")
        content, mime = None, ""
        if row.body.get("file"):
            try:
                content, mime = await self._content(row.body["file"])
            except FileNotFoundError:
                return Refused("the file is gone")
        parcel = Parcel(
            row=row.id,
            to=row.external_id,
            what=row.what,
            body=row.body,
            human=row.human,
            created_at=row.created_at,
            seen_at=row.seen_at,
            window_until=row.window_until,
            content=content,
            mime=mime,
        )
        try:
            return await self._channel.send(parcel)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a fault of ours in one message must not stop the others
            log.exception("a send failed", extra={"channel": self._channel.name, "row": row.id})
            return RetryAt(repr(error)[:200])

    async def _content(self, file: str) -> tuple[bytes, str]:
        if file.startswith(receipts.PAPER):
            return await receipts.paper(self._service, file.removeprefix(receipts.PAPER)), "application/pdf"
        found = await self._service.db.read(lambda connection: attachments.get(connection, file))
        if found is None or found.state != attachments.KEPT:
            raise FileNotFoundError(file)
        return await asyncio.to_thread(self._service.files.load, file), found.mime

    def _write_down(self, connection: Connection, results: Iterable[Result], now: datetime) -> None:
        decided = []
        for row, decision, outcome in results:
            meant = decision
            if isinstance(outcome, Unreachable) and decision.state == outbox.HELD:
                if not people.suppress(connection, row.address_id, outcome.why, row.seen_at):
                    meant = Decision("queued", now, "they wrote meanwhile")
                elif outcome.why != WINDOW:  # outside it an officer's own words may still go: each row for itself
                    outbox.hold(connection, row.address_id, outcome.why, now)
            decided.append((row.id, meant, platform_id(outcome)))
        untried = [row.id for row, _decision, outcome in results if outcome is None]
        outbox.record(connection, self._service.holder, decided, now, untried)

    def _tell(self, results: Iterable[Result]) -> None:
        for row, _decision, outcome in results:
            if isinstance(outcome, Refused) or (isinstance(outcome, PauseChannel) and outcome.alarm):
                log.error("needs a person", extra={"channel": self._channel.name, "row": row.id, "why": outcome.why})

    @staticmethod
    def _decision(row: outbox.Row, outcome: Outcome, now: datetime) -> Decision:
        if row.what != MESSAGE and not isinstance(outcome, Sent):
            # an answered tap is worth nothing late; only a pause is worth a second try
            state: State = "queued" if isinstance(outcome, PauseChannel) and row.tries == 0 else "dead"
            return Decision(state, now + timedelta(seconds=getattr(outcome, "seconds", 0) or 0), outcome.why)
        return decide(outcome, lane=row.lane, tries=row.tries + 1, now=now)

    async def _abandon(self) -> None:
        """Stop sending; rows in flight stay marked, and whoever takes the lease finds them."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._queues.clear()
        self._results.clear()
        self._until = 0.0

    async def _leave(self) -> None:
        """A clean stop: finish what is under way, give back the rest, release the lease."""
        now = self._service.clock()
        self._give_back(self._queued(), "stopping", now)
        if self._running:
            await asyncio.wait(self._running, timeout=10)
        try:
            await self._service.db.write(self._hand_over)
        except Exception as error:
            log.error("could not leave cleanly", extra={"channel": self._channel.name, "why": repr(error)[:200]})

    def _hand_over(self, connection: Connection) -> None:
        self._write_down(connection, self._results, self._service.clock())
        leases.release(connection, self._lease, self._service.holder)


def platform_id(outcome: Outcome | None) -> str:
    return outcome.platform_id if isinstance(outcome, Sent) else ""


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """Whoever is cancelled meanwhile is cancelled after it: what came of a send must not get lost on a clean stop."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
