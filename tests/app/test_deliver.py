"""The sender between a real database and both emulated platforms: order, lanes, rates, leases and every outcome."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.app.deliver import LEASE
from bot.domain.delivery import ALERT, LIVE, NOTICE, REMINDER
from storage import leases, outbox, people
from tests.app.office import MESSENGER, TELEGRAM, Office, newcomers, office
from tests.emulators.messenger import Person as FbPerson
from tests.emulators.telegram import Person as TgPerson


def told(person: TgPerson | FbPerson) -> list[str]:
    """What they have heard, in order."""
    if isinstance(person, FbPerson):
        return [seen.text or "" for seen in person.chat]
    return [seen.text for seen in person.heard]


def said(there: Office) -> list[str]:
    """The texts of all messages on Telegram, in the order they were asked for."""
    return [str(one.params["text"]) for one in there.tg.sent("sendMessage")]


def known(there: Office, channel: str) -> TgPerson | FbPerson:
    return newcomers(there, 1, 1)[0] if channel == TELEGRAM else there.fb.person("6001", wrote_ago=1)


both_channels = pytest.mark.parametrize("channel", [TELEGRAM, MESSENGER])


async def test_a_live_reply_overtakes_500_notices_and_its_reserve_is_kept(tmp_path: Path, database_url: str) -> None:
    """With the platform's own limits on: nothing is ever refused for being too fast."""
    async with office(tmp_path, database_url, rate=28, limits_on=True) as there:
        crowd, writers = newcomers(there, 1000, 100), newcomers(there, 5000, 7)
        there.queue_all([(person, [f"notice {number}" for number in range(5)]) for person in crowd])
        there.start()
        await there.until(lambda: len(said(there)) >= 21)
        before = len(said(there))
        there.queue_all([(person, ["live"]) for person in writers], lane=LIVE)
        await there.until(lambda: said(there).count("live") == 7)
        assert len(said(there)) - before <= 28  # all seven within one second's worth, through 400 waiting notices
        assert there.count("queued") > 400
        assert all(one.status == 200 for one in there.tg.sent("sendMessage"))
        for start, end in zip(times := [one.at for one in there.tg.sent("sendMessage")], times[28:], strict=False):
            assert end - start >= 0.9  # the last tenth is the way from here to there


async def test_a_live_reply_overtakes_notices_to_the_same_person(tmp_path: Path, database_url: str) -> None:
    async with office(tmp_path, database_url) as there:
        (sokha,) = newcomers(there, 1, 1)
        there.queue(sokha, *(f"notice {number}" for number in range(8)))
        there.start()
        await sokha.sees(3)
        there.queue(sokha, "live", lane=LIVE)
        await there.all_sent(25)
        assert told(sokha).index("live") <= 4
        assert [text for text in told(sokha) if text != "live"] == [f"notice {number}" for number in range(8)]


async def test_lanes_go_by_urgency(tmp_path: Path, database_url: str) -> None:
    async with office(tmp_path, database_url) as there:
        crowd = newcomers(there, 1, 4)
        for person, lane in zip(crowd, (REMINDER, NOTICE, ALERT, LIVE), strict=True):
            there.queue(person, f"lane {lane}", lane=lane)
        there.start()
        await there.all_sent()
        assert said(there) == ["lane 0", "lane 1", "lane 2", "lane 3"]


@both_channels
async def test_each_person_hears_everything_once_and_in_order(tmp_path: Path, database_url: str, channel: str) -> None:
    async with office(tmp_path, database_url) as there:
        crowd = (
            newcomers(there, 1, 30)
            if channel == TELEGRAM
            else [there.fb.person(str(6000 + number), wrote_ago=1) for number in range(30)]
        )
        there.queue_all([(person, ["one", "two", "three"]) for person in crowd])
        there.start(channel)
        await there.all_sent()
        assert all(told(person) == ["one", "two", "three"] for person in crowd)
        assert all((row.tries, row.why) == (1, "") and row.platform_id and row.sent_at for row in there.rows())


@both_channels
async def test_order_is_kept_when_the_first_of_three_has_to_wait(
    tmp_path: Path, database_url: str, channel: str
) -> None:
    async with office(tmp_path, database_url) as there:
        sokha = known(there, channel)
        if channel == TELEGRAM:
            there.tg.fail_next("sendMessage", 502, "Bad Gateway")
        else:
            there.fb.stumble_next()
        there.queue(sokha, "one", "two", "three")
        there.start(channel)
        await there.until(lambda: there.rows()[0].tries == 1)
        there.queue(sokha, "four")
        await there.all_sent()
        assert told(sokha) == ["one", "two", "three", "four"]
        assert [row.tries for row in there.rows()] == [2, 1, 1, 1]


async def test_a_429_pauses_the_whole_channel(tmp_path: Path, database_url: str) -> None:
    async with office(tmp_path, database_url) as there:
        crowd = newcomers(there, 1, 5)
        there.tg.fail_next("sendMessage", 429, "Too Many Requests: retry after 2", {"retry_after": 2})
        there.queue(crowd[0], "first")
        there.start()
        await there.until(lambda: there.tg.sent("sendMessage"))
        refused_at = there.tg.sent("sendMessage")[0].at
        there.queue_all([(person, ["later"]) for person in crowd], lane=LIVE)
        await there.all_sent()
        assert min(one.at for one in list(there.tg.sent("sendMessage"))[1:]) >= refused_at + 2
        assert told(crowd[0]) == ["later", "first"] or told(crowd[0]) == ["first", "later"]


@both_channels
async def test_blocked_means_held_until_they_write(tmp_path: Path, database_url: str, channel: str) -> None:
    async with office(tmp_path, database_url) as there:
        sokha = known(there, channel)
        await sokha.blocks()
        there.queue(sokha, "one", "two", "three")
        there.start(channel)
        await there.until(lambda: all(row.state == "held" for row in there.rows()))
        assert there.suppressed(sokha) in ("blocked", "unavailable")
        asked = there.tg.sent("sendMessage") if channel == TELEGRAM else there.fb.requests
        assert len(asked) == 1  # the platform is not asked again and again
        await sokha.unblocks()
        here, now = there.rows()[0].address_id, there.service.clock()

        def they_wrote(connection: Connection) -> None:
            people.seen(connection, here, now, None, "")
            outbox.release(connection, here, now)

        there.service.db.write_now(they_wrote)
        there.service.nudge(channel)
        await there.all_sent()
        assert told(sokha) == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("channel", "how"), [(TELEGRAM, "wrong token"), (MESSENGER, "expired token"), (MESSENGER, "permission")]
)
async def test_alarms_are_logged_and_lose_nothing(
    tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture, channel: str, how: str
) -> None:
    async with office(tmp_path, database_url) as there:
        sokha = known(there, channel)
        if how == "wrong token":
            there.tg.fail_next("sendMessage", 401, "Unauthorized")
        else:
            there.fb.fail_next(190 if how == "expired token" else 200)
        there.queue(sokha, "one", "two")
        with caplog.at_level(logging.ERROR):
            there.start(channel)
            await there.until(lambda: there.rows()[0].why and there.rows()[0].state == "queued")
            await there.until(lambda: all(row.state == "queued" for row in there.rows()))
            await there.until(lambda: any("needs a person" in one.message for one in caplog.records))
        waits = there.rows()[0].not_before - there.service.clock()
        assert timedelta(seconds=30) < waits <= timedelta(seconds=300)
        assert told(sokha) == []


async def test_what_is_refused_is_dead_and_told(
    tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(tmp_path, database_url) as there:
        (sokha,) = newcomers(there, 1, 1)
        there.tg.fail_next("sendMessage", 400, "Bad Request: message text is empty")
        there.queue(sokha, "one", "two")
        there.start()
        await sokha.sees("two")
        await there.until(lambda: [row.state for row in there.rows()] == ["dead", "sent"])
        assert "message text is empty" in there.rows()[0].why
        await there.until(lambda: any("needs a person" in one.message for one in caplog.records))


@both_channels
async def test_a_lost_answer_is_sent_again_but_not_a_reminder(tmp_path: Path, database_url: str, channel: str) -> None:
    async with office(tmp_path, database_url) as there:
        sokha = known(there, channel)

        def lose_one() -> None:
            if channel == TELEGRAM:
                there.tg.drop_answer_next("sendMessage")
            else:
                there.fb.drop_answer_next()

        lose_one()
        there.queue(sokha, "reply", lane=LIVE)
        there.start(channel)
        await there.all_sent()
        lose_one()
        there.queue(sokha, "reminder", lane=REMINDER)
        await there.until(lambda: there.rows()[1].state == "dead")
        there.queue(sokha, "last")
        await there.until(lambda: there.rows()[2].state == "sent")
        assert told(sokha) == ["reply", "reply", "reminder", "last"]


async def test_one_replica_sends_at_a_time_and_each_row_once(tmp_path: Path, database_url: str) -> None:
    async with office(tmp_path, database_url) as there:
        crowd = newcomers(there, 1, 200)
        there.queue_all([(person, ["hello"]) for person in crowd])
        first, second = there.start(), there.start(service=there.replica())
        await there.all_sent()
        holders = {row.holder for row in there.rows()}
        assert len(holders) == 1
        assert all(told(person) == ["hello"] for person in crowd)
        lucky = first if holders == {there.service.holder} else second
        lucky.cancel()  # a clean stop gives the lease back
        await asyncio.gather(lucky, return_exceptions=True)
        there.queue(crowd[0], "again")
        await there.all_sent(6)
        assert len({row.holder for row in there.rows()}) == 2


async def test_a_clean_stop_leaves_nothing_in_flight(tmp_path: Path, database_url: str) -> None:
    async with office(tmp_path, database_url, rate=28) as there:
        crowd = newcomers(there, 1, 100)
        there.queue_all([(person, ["hello"]) for person in crowd])
        task = there.start()
        await there.until(lambda: len(said(there)) >= 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        states = [row.state for row in there.rows()]
        assert set(states) == {"sent", "queued"}
        assert states.count("sent") == len(said(there))
        assert all(row.tries == (row.state == "sent") for row in there.rows())
        there.start(service=there.replica())
        await there.all_sent()
        assert all(told(person) == ["hello"] for person in crowd)


@pytest.mark.slow
async def test_another_replica_takes_over_within_15_seconds(tmp_path: Path, database_url: str) -> None:
    """The holder has just renewed its lease and died with rows in flight: one of each lane."""
    async with office(tmp_path, database_url) as there:
        crowd = newcomers(there, 1, 4)
        for person, lane in zip(crowd, (LIVE, ALERT, NOTICE, REMINDER), strict=True):
            there.queue(person, f"lane {lane}", lane=lane)
        now = there.service.clock()

        def died(connection: Connection) -> None:
            assert leases.acquire(connection, "send:telegram", "dead", now, LEASE)
            assert len(outbox.claim(connection, TELEGRAM, "dead", now, 10)) == 4

        there.service.db.write_now(died)
        there.queue(crowd[0], "next", lane=LIVE)
        there.start()
        await there.until(lambda: [row.state for row in there.rows()] == ["sent", "sent", "sent", "dead", "sent"], 30)
        asked = there.tg.sent("sendMessage")
        waited = [one.at - now.timestamp() for one in asked]
        assert LEASE.total_seconds() <= min(waited)
        assert max(waited) <= 15
        assert told(crowd[0]) == ["lane 0", "next"]
        assert told(crowd[3]) == []
