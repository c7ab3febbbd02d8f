"""What a test turns on the emulator: scripted faults, and how the webhook behaves and stands."""

from __future__ import annotations

from . import events
from .errors import GraphError
from .faults import Faults
from .switches import Switches
from .webhook import Webhook


class Knobs:
    """The part of the emulator that only passes on to its faults and its webhook."""

    faults: Faults
    webhook: Webhook
    switches: Switches

    # Faults of the Graph API

    @property
    def down(self) -> bool:
        """While true, every connection is closed without an answer and without an effect."""
        return self.faults.down

    @down.setter
    def down(self, value: bool) -> None:
        self.faults.down = value

    def fail_next(
        self,
        code: int,
        subcode: int | None = None,
        message: str | None = None,
        status: int | None = None,
        times: int = 1,
        on: str = "messages",
    ) -> None:
        """Refuse the next calls of a kind; the text defaults to the documented one."""
        self.faults.refuse(on, GraphError(code, message, subcode, status=status), times)

    def stumble_next(self, times: int = 1) -> None:
        """Temporary send message failures, under whichever code the switch says."""
        code = self.switches.temporary_failure_code
        self.fail_next(code, message=f"(#{code}) Temporary send message failure. Please try again later.", times=times)

    def drop_answer_next(self, times: int = 1, on: str = "messages") -> None:
        """The call takes effect, but the connection closes without an answer."""
        self.faults.lost.extend([on] * times)

    def delay(self, seconds: float) -> None:
        """Every answer takes this much longer from now on."""
        self.faults.delay = seconds

    # The webhook

    def duplicate_next(self, times: int = 1) -> None:
        """The next notifications arrive twice."""
        self.webhook.duplicate(times)

    def hold(self) -> None:
        """Keep new notifications back until `release`."""
        self.webhook.hold()

    def release(self, order: str = "same") -> None:
        """Send what was held, one by one: "same", "reverse" or "shuffle"."""
        self.webhook.release(order)

    @property
    def batch(self) -> int:
        """How many events one notification may carry; events of the same moment travel together."""
        return self.webhook.batch

    @batch.setter
    def batch(self, value: int) -> None:
        self.webhook.batch = value

    @property
    def shuffle(self) -> bool:
        """While true, notifications travel without regard to order."""
        return self.webhook.shuffle

    @shuffle.setter
    def shuffle(self, value: bool) -> None:
        self.webhook.shuffle = value

    @property
    def webhook_url(self) -> str | None:
        """Where events go; set by `verifies`, or by hand."""
        return self.webhook.url

    @webhook_url.setter
    def webhook_url(self, value: str | None) -> None:
        self.webhook.url = value

    @property
    def developer_alert(self) -> bool:
        """Has the webhook failed for 15 minutes?"""
        return self.webhook.developer_alert

    @property
    def unsubscribed(self) -> bool:
        """Has the platform given the webhook up? Only posting `subscribed_apps` starts it again."""
        return self.webhook.disabled

    @property
    def pending(self) -> int:
        """Events not yet acknowledged."""
        return self.webhook.pending

    @property
    def delivered(self) -> dict[str, float]:
        """mid (or key) -> when the service answered 200."""
        return self.webhook.delivered

    @property
    def dropped(self) -> list[events.Json]:
        """Events given up, or lost while unsubscribed."""
        return self.webhook.dropped

    async def settled(self, timeout: float = 10.0) -> None:
        """Wait (real seconds) until every event has been acknowledged or dropped."""
        await self.webhook.settled(timeout)
