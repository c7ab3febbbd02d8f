"""One event, one transaction: dedupe, lock, facts, route, commands, outbox; then, and only then, it was received.

Events of several people that wait together share the statements that all of them need: see `Engine._take`.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.app import facts as picture
from bot.app.context import Context
from bot.app.execute import execute
from bot.app.post import Post
from bot.app.service import Service
from bot.channels.base import Arrival
from bot.dialog.form import NOTED
from bot.dialog.router import Router, Session
from bot.dialog.says import Say
from bot.domain.people import DeleteMyData
from storage import attachments, inbox, outbox, people, waiting
from storage.people import Where

log = logging.getLogger(__name__)

ALBUM = timedelta(seconds=1)
"""How long the answer to a file of an album waits for the next one, so that all are acknowledged once."""
AGAIN = 3
"""Tries of a transaction whose fresh reference turned out to be taken."""


class Engine:
    """Receives what channels parsed, and carries out what officers command."""

    def __init__(self, service: Service, router: Router) -> None:
        self._service = service
        self._router = router
        self.post = Post(service.catalogues, service.channels)

    async def receive(self, arrival: Arrival) -> bool:
        """Take one arrival; True when it was new. Raises when it is not durable: the platform tries again."""
        if not self._service.book.categories:  # we began before the database did
            await self._service.refresh_book()
        for left in reversed(range(AGAIN)):
            try:
                fresh, dropped = await self._service.db.write_together(self._take, arrival)
                break
            except IntegrityError:
                if not left:
                    raise
        for file in dropped:
            self._service.files.drop(file)
        if fresh:
            self._service.nudge(arrival.channel)
            if arrival.files:
                self._service.fetch.set()
        return fresh

    async def command(self, command: object, *, place: str = "") -> None:
        """An officer's command, from an address, as one transaction; raises DomainError and changes nothing then."""

        def work(connection: Connection) -> None:
            now = self._service.clock()
            execute(command, Context(connection, now, self._service.book, self.post, place=place))

        await self._service.db.write(work)
        for name in self._service.channels:
            self._service.nudge(name)

    def _take(self, connection: Connection, arrivals: Sequence[Arrival]) -> list[tuple[bool, list[str]]]:
        """For each, whether it was new, and the files that may be dropped. A person's own come one after the other."""
        now = self._service.clock()
        fresh = inbox.take(connection, [(one.channel, one.event_id) for one in arrivals], now)
        taken: list[tuple[bool, list[str]]] = []
        left: list[tuple[Arrival, list[str]]] = []
        for arrival in arrivals:
            event = (arrival.channel, arrival.event_id)
            taken.append((event in fresh, []))
            if event in fresh:
                fresh.discard(event)  # its twin in the same batch is none
                left.append((arrival, taken[-1][1]))
        while left:
            turn, left = one_each(left)
            self._round(connection, turn, now)
        return taken

    def _round(self, connection: Connection, turn: Mapping[Where, tuple[Arrival, list[str]]], now: datetime) -> None:
        """One arrival of each of these people."""
        heres = people.enter_all(connection, turn, now)
        stands, rows = list[people.Stand](), list[dict[str, Any]]()
        for where, (arrival, dropped) in turn.items():
            here = heres[where]
            if arrival.events:
                self._add_files(connection, arrival, here, now)
                stand, said = self._turns(connection, arrival, here, dropped)
                stands += [stand] if stand else []
                rows += said
                continue
            people.seen(connection, here.address_id, now, here.window(arrival.window_until), arrival.suppressed)
            if not arrival.suppressed:
                outbox.release(connection, here.address_id, now, wrote=False)
        people.save(connection, stands, now)
        outbox.add(connection, rows)

    def _add_files(self, connection: Connection, arrival: Arrival, here: people.Here, now: datetime) -> None:
        for file in arrival.files:
            attachments.add(
                connection,
                id=file.id,
                address_id=here.address_id,
                channel=arrival.channel,
                kind=file.kind,
                source=file.source,
                now=now,
            )

    def _turns(
        self, connection: Connection, arrival: Arrival, here: people.Here, dropped: list[str]
    ) -> tuple[people.Stand | None, list[dict[str, Any]]]:
        """Route every event of the arrival in order; usually there is one. What is then to be stored, and queued."""
        service, now = self._service, self._service.clock()
        began = session = Session.from_json(here.session)
        facts = picture.load(
            connection,
            here,
            session,
            arrival.events,
            now=now,
            book=service.book,
            catalogues=service.catalogues,
            event=f"{arrival.channel}:{arrival.event_id}",
            reply_to=arrival.reply_to,
        )
        said: list[Say] = []
        erased = False
        for event in arrival.events:
            routed = self._router.route(session, event, facts)
            session = routed.session
            said += routed.says
            context = Context(
                connection,
                now,
                service.book,
                self.post,
                here=here,
                channel=arrival.channel,
                language=session.language,
                public_url=service.settings.public_url,
                drop_files=dropped.extend,
            )
            for command in routed.commands:
                execute(command, context)
            erased = any(isinstance(one, DeleteMyData) for one in routed.commands)
            country = next((one.country for one in routed.commands if getattr(one, "country", "")), "")
            facts = replace(facts, person=replace(facts.person, language=session.language))
            here = replace(here, country=country or here.country)
        channel = service.channels.get(arrival.channel)
        session = replace(session, album=arrival.album if only_kept(said, session) else "")
        if began.album:
            same = (began.album, began.flow) == (session.album, session.flow)
            (waiting.supersede if same else waiting.hurry)(connection, here.address_id, now)
        if here.suppressed or here.has_complaints:
            outbox.release(connection, here.address_id, now)
        rows = self.post.rows(
            address_id=here.address_id,
            channel=arrival.channel,
            language=session.language,
            country=here.country,
            says=once_each(said),
            now=now,
            echo=channel.echo(arrival) if channel else (),
            not_before=now + ALBUM if session.album else None,
        )
        stand = people.Stand(here.address_id, session.to_json(), here.window(arrival.window_until))
        return (None if erased else stand), rows


def one_each(
    left: Sequence[tuple[Arrival, list[str]]],
) -> tuple[dict[Where, tuple[Arrival, list[str]]], list[tuple[Arrival, list[str]]]]:
    """The first of each person, and the rest."""
    turn: dict[Where, tuple[Arrival, list[str]]] = {}
    rest = []
    for one in left:
        where = (one[0].channel, one[0].external_id)
        if where in turn:
            rest.append(one)
        else:
            turn[where] = one
    return turn, rest


def only_kept(said: Sequence[Say], session: Session) -> bool:
    """Whether a turn did no more than keep what came: such an answer may give way to the album's next one."""
    return not session.misread and all(say == NOTED for say in said[:-1])


def once_each(says: Sequence[Say]) -> list[Say]:
    """Without repetitions: an album of five photos is acknowledged once; the last of equals stays."""
    kept: list[Say] = []
    for say in says:
        kept = [one for one in kept if one != say]
        kept.append(say)
    return kept
