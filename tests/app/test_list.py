"""The list's statements: views, order, pages that neither skip nor repeat while the world moves; on both databases."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.domain.clocks import ADDRESS_WITHIN, KINDS
from bot.domain.complaints import STATUSES, FileComplaint
from bot.domain.reach import DESK, HEAD, MEMBER, Reach
from bot.text import reference
from storage import clocks, complaints, listing, offices, people, staff
from storage.columns import KEYRING
from storage.complaints import COMPLAINT
from storage.db import Database
from storage.listing import VIEWS, Filter, Key
from tests.support.service import SECRET_KEYS

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class World:
    """A database with complaints in it."""

    def __init__(self, url: str) -> None:
        KEYRING.use([SECRET_KEYS])
        self.db = Database(url)
        self.seed = random.Random(11)
        self.people = 0

    def file(self, *, ago: timedelta = HOUR, urgency: str = "normal", with_clocks: bool = True, **changed: Any) -> str:
        self.people += 1
        code, name, at = reference.make(self.seed.getrandbits(35)), f"p{self.people}", NOW - ago
        command = FileComplaint(code, "OTHER", "TH", "employer", "self", "hidden", "chat", ({"text": "x"},))

        def work(connection: Connection) -> None:
            here = people.enter(connection, "telegram", name, at)
            filed = complaints.file(
                connection,
                command,
                person_id=here.person_id,
                address_id=here.address_id,
                channel="telegram",
                language="km",
                urgency=urgency,
                now=at,
                due_at=at + ADDRESS_WITHIN,
            )
            if with_clocks:
                clocks.start(connection, filed, urgency, at, KINDS)
            if changed:
                complaints.change(connection, filed, NOW, **changed)

        self.db.write_now(work)
        return code

    def officer(self, login: str) -> int:
        made = {"name_km": login, "name_en": login, "password": "", "role": "member", "created_at": NOW}
        return self.db.write_now(lambda c: staff.add(c, login=login, **made))

    def office(self, code: str, country: str = "TH") -> int:
        return self.db.write_now(lambda c: offices.add(c, code=code, name_km=code, name_en=code, country=country))

    def id(self, code: str) -> int:
        return self.db.read_now(lambda c: c.scalar(select(COMPLAINT.c.id).where(COMPLAINT.c.reference == code))) or 0

    def page(
        self, view: str = "open", reach: Reach | None = None, place: Key | None = None, **more: Any
    ) -> listing.Page:
        limit, back = more.pop("limit", 50), more.pop("back", False)
        wanted = Filter(view=view, **more)
        return self.db.read_now(lambda c: listing.listed(c, reach, wanted, NOW, place=place, back=back, limit=limit))

    def codes(self, view: str = "open", reach: Reach | None = None, **more: Any) -> list[str]:
        return [row.reference for row in self.page(view, reach, **more).rows]

    def through(self, view: str, reach: Reach | None = None, limit: int = 7, between: Any = lambda: None) -> list[str]:
        """The whole list, page after page; `between` happens between two of them."""
        found, place = list[str](), None
        while True:
            page = self.page(view, reach, place, limit=limit)
            found += [row.reference for row in page.rows]
            if page.older is None:
                return found
            place = page.older
            between()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.db.close()


def test_what_needs_somebody_first_comes_first(world: World) -> None:
    new = world.file(ago=HOUR)
    soon = world.file(ago=40 * HOUR)
    late = world.file(ago=60 * HOUR)
    answered = world.file(ago=90 * HOUR, status="in_hand", first_answer_at=NOW - 50 * HOUR)
    emergency = world.file(ago=HOUR / 6, urgency="emergency")
    older_emergency = world.file(ago=2 * HOUR, urgency="emergency")
    referred = world.file(ago=50 * HOUR, status="referred")
    merged = world.file(ago=99 * HOUR, merged_into_id=world.id(new))
    closed = world.file(ago=98 * HOUR, status="closed")
    assert world.codes() == [older_emergency, emergency, late, referred, soon, new, answered]
    assert world.codes("all") == [closed, merged, referred, older_emergency, emergency, answered, late, soon, new]
    assert world.codes("overdue") == [late], "what was answered, or referred, is not overdue"


def test_every_view(world: World) -> None:
    me, other = world.officer("me"), world.officer("other")
    mine = world.file(officer_id=me)
    theirs = world.file(officer_id=other)
    nobodys = world.file()
    since = [world.file(status="waiting", waiting_since=NOW - n * HOUR, received_at=NOW) for n in (2, 9, 5)]
    unreceived = world.file(ago=5 * HOUR, urgency="normal")
    danger = world.file(ago=HOUR / 3, urgency="emergency")
    stopped = world.file(ago=5 * HOUR, status="received")
    world.db.write_now(lambda c: clocks.stop(c, world.id(stopped), NOW, ("received",)))
    reach = Reach(me, DESK)
    assert world.codes("mine", reach) == [mine]
    assert theirs not in world.codes("unassigned", reach)
    assert nobodys in world.codes("unassigned", reach)
    assert world.codes("waiting", reach) == [since[1], since[2], since[0]], "the longest first"
    assert world.codes("receiving", reach) == [danger, unreceived]
    counts = world.db.read_now(lambda c: listing.counts(c, reach, NOW))
    for view, number in counts.items():
        assert len(world.codes(view, reach)) == number, view
    assert list(counts) == list(VIEWS[:-1])


def test_a_clock_that_was_started_anew_counts_and_older_complaints_have_none(world: World) -> None:
    referred = world.file(ago=9 * HOUR, status="referred")
    old = world.file(ago=9 * HOUR, with_clocks=False)
    id = world.id(referred)
    world.db.write_now(lambda c: clocks.stop(c, id, NOW - 6 * HOUR))
    assert world.codes("receiving") == []
    world.db.write_now(lambda c: clocks.start(c, id, "normal", NOW - 5 * HOUR, ("received",)))
    assert world.codes("receiving") == [referred]
    rows = world.page("open").rows
    beside = world.db.read_now(lambda c: listing.beside(c, rows))
    assert beside.receiving[id].stopped_at is None, "the newest clock"
    assert world.id(old) not in beside.receiving


@pytest.mark.parametrize("view", ["open", "all", "unassigned", "filed", "waiting"])
def test_pages_neither_skip_nor_repeat_while_rows_come(world: World, view: str) -> None:
    """Equal moments among them; a row that was there all the time is met exactly once, in the list's order."""
    seed = random.Random(view)

    def more(number: int = 1) -> None:
        for _ in range(number):
            status = "waiting" if view == "waiting" else "filed"
            since = {"waiting_since": NOW - seed.choice((1, 2, 3)) * HOUR} if view == "waiting" else {}
            urgency = seed.choice(("normal", "normal", "emergency", "high"))
            world.file(
                ago=seed.choice((1, 2, 2, 50)) * HOUR, urgency=urgency, status=status, with_clocks=False, **since
            )

    more(23)
    there = world.codes(view)
    assert len(there) == 23
    found = world.through(view, limit=4, between=lambda: more(2))
    assert len(found) == len(set(found)), "nothing twice"
    assert [code for code in found if code in there] == there, "nothing skipped, and in its order"


@pytest.mark.parametrize("view", ["open", "all"])
def test_there_and_back_again(world: World, view: str) -> None:
    for number in range(11):
        world.file(ago=(number % 3 + 1) * HOUR, with_clocks=False)
    whole = world.codes(view)
    first = world.page(view, limit=4)
    second = world.page(view, None, first.older, limit=4)
    third = world.page(view, None, second.older, limit=4)
    assert [row.reference for page in (first, second, third) for row in page.rows] == whole
    assert first.newer is None
    assert third.older is None
    back = world.page(view, None, third.newer, limit=4, back=True)
    assert [row.reference for row in back.rows] == whole[4:8]
    top = world.page(view, None, back.newer, limit=4, back=True)
    assert [row.reference for row in top.rows] == whole[:4]
    assert top.newer is None
    assert top.older is not None


@pytest.mark.parametrize(
    "place", [(1,), (1, 2), (0, 0, 0, 0), (0, 10**30, 1), (0, 2**62, 1), (0, 1, 2**63), (), (-1, 0, 0)]
)
def test_a_place_of_another_list_is_as_good_as_none(world: World, place: Key) -> None:
    code = world.file()
    assert [row.reference for row in world.page("open", None, place).rows] == [code]


def test_only_what_is_within_reach(world: World) -> None:
    mine, theirs = world.office("mine"), world.office("theirs", "MY")
    here = world.file(office_id=mine)
    world.file(office_id=theirs)
    world.file()
    about_us = world.file(office_id=mine, about_office_id=mine)
    misconduct = world.file(office_id=mine, about="official")
    member = Reach(1, MEMBER, (mine,), ("TH",))
    for view in ("open", "all", "unassigned", "filed"):
        assert world.codes(view, member) == [here]
        assert world.codes(view, Reach(1, HEAD)) == []
        assert world.codes(view, Reach(1, "administrator")) == []
        assert world.codes(view, member, office=theirs) == []
    assert world.db.read_now(lambda c: listing.counts(c, member, NOW))["open"] == 1
    states = world.db.read_now(lambda c: listing.states(c, member, [here, about_us, misconduct]))
    assert set(states) == {here}


@pytest.mark.parametrize("view", [*VIEWS, *STATUSES])
def test_every_view_and_status_answers(world: World, view: str) -> None:
    assert world.codes(view, Reach(1, DESK)) == []
    page = world.page(
        view, Reach(1, DESK), category="OTHER", country="TH", channel="phone", office=1, about=7, words=(1, 2)
    )
    assert page.rows == []
