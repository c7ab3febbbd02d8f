"""Says put into the outbox: rendered in the person's language and fitted to their channel, one row a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.channels.base import MESSAGE, Channel, body_of
from bot.dialog.says import Say, _
from bot.domain.delivery import LIVE, NOTICE
from bot.i18n import Catalogues, Renderer, zone_of
from bot.text.fit import Limits, fit
from storage import outbox, people, waiting
from storage.people import Destination

PLAIN = Limits(text=2000, label=20, buttons=10)
"""For a channel that is not configured here any more: the narrowest we know."""
NEUTRAL = Say(_("You have a message."))
"""All that is seen of what comes unasked, for a person who chose a word."""


@dataclass(frozen=True, slots=True)
class Post:
    """Makes what is to be said into rows of the outbox. Whoever commits them nudges the channel, after the commit."""

    catalogues: Catalogues
    channels: Mapping[str, Channel]

    def rows(
        self,
        *,
        address_id: int,
        channel: str,
        language: str,
        country: str,
        says: Sequence[Say],
        now: datetime,
        lane: int = LIVE,
        human: bool = False,
        echo: Sequence[tuple[str, Mapping[str, Any]]] = (),
        state: str = outbox.QUEUED,
        why: str = "",
        not_before: datetime | None = None,
    ) -> list[dict[str, Any]]:
        """The outbox's rows: the answer to a tap (`echo`), then what a turn said.

        Only the last message carries buttons, as on a phone only those can be tapped.
        """
        renderer = Renderer(self.catalogues, language, zone_of(country))
        limits = self.channels[channel].limits if channel in self.channels else PLAIN
        bodies = []
        for index, say in enumerate(says):
            buttons = renderer.buttons(say.choices) if index == len(says) - 1 else []
            bodies += [body_of(bubble) for bubble in fit(renderer.say(say), buttons, limits, language)]
        return outbox.rows_of(
            address_id=address_id,
            channel=channel,
            lane=lane,
            now=now,
            bodies=bodies,
            human=human,
            first=echo,
            state=state,
            why=why,
            not_before=not_before,
        )

    def notice(
        self,
        connection: Connection,
        address_id: int | None,
        say: Say,
        *,
        human: bool,
        now: datetime,
        at_once: bool = True,
    ) -> str | None:
        """Queue an officer's words or a change; returns the channel, None when the person is gone.

        Not `at_once`: the person asked not to be written to first, so it waits until they write.
        """
        where = people.destination(connection, address_id) if address_id else None
        if where is None:
            return None
        state = self._state(connection, where, now, at_once)
        self._unasked(connection, where, say, human=human, now=now, **state)
        return where.channel

    def file(
        self,
        connection: Connection,
        address_id: int | None,
        file: str,
        kind: str,
        *,
        now: datetime,
        at_once: bool = True,
    ) -> None:
        """Queue an officer's photo, voice message or paper, as a request of its own; `at_once` as in `notice`."""
        where = people.destination(connection, address_id) if address_id else None
        if where is not None:
            body = {"text": "", "rows": [], "file": file, "kind": kind}
            rows = outbox.rows_of(
                address_id=where.address_id,
                channel=where.channel,
                lane=NOTICE,
                now=now,
                bodies=[body],
                what=MESSAGE,
                human=True,
                **self._state(connection, where, now, at_once),
            )
            outbox.add(connection, rows)

    def _state(self, connection: Connection, where: Destination, now: datetime, at_once: bool) -> dict[str, Any]:
        """Of what comes unasked: held for whoever chose a word, with one neutral line for all that comes at once.

        Whoever asked not to be written to first gets no such line either.
        """
        if where.discreet:
            if at_once and not waiting.hushed_at(connection, where.address_id, now):
                self._unasked(connection, where, NEUTRAL, human=False, now=now)
            return {"state": outbox.HUSHED}
        return {} if at_once else {"state": outbox.HELD, "why": outbox.UNASKED}

    def _unasked(
        self, connection: Connection, where: Destination, say: Say, *, human: bool, now: datetime, **state: Any
    ) -> None:
        rows = self.rows(
            address_id=where.address_id,
            channel=where.channel,
            language=where.language,
            country=where.country,
            says=(say,),
            now=now,
            lane=NOTICE,
            human=human,
            **state,
        )
        outbox.add(connection, rows)
