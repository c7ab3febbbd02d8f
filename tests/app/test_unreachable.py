"""People who cannot be written to: what was meant for them is held, and comes in its order once they write again."""

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from bot.clock import now
from bot.dialog.router import Session
from bot.domain.complaints import FileComplaint
from bot.text import reference
from storage import complaints, people
from tests.app.by_hand import Hand, MessengerHand, TelegramHand, does, hand
from tests.app.look import ADDRESS, Look
from tests.app.officer import officer
from tests.app.trip import Trip, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANSWERS = ["ចម្លើយទីមួយ", "ចម្លើយទីពីរ", "ចម្លើយទីបី"]
DAY = timedelta(days=1)


def files(look: Look, by: Hand, who: str) -> str:
    """A complaint that is there already, so that nothing else is on its way; its reference."""
    moment, code = now(), reference.make(secrets.randbits(35))
    command = FileComplaint(code, "OTHER", "TH", "other", "self", "hidden", "chat", ({"text": "រឿងរបស់ខ្ញុំ"},))

    def work(connection: Connection) -> None:
        here = people.enter(connection, by.channel, who, moment)
        people.save(connection, [people.Stand(here.address_id, Session(flow="menu").to_json(), moment + DAY)], moment)
        complaints.file(
            connection,
            command,
            person_id=here.person_id,
            address_id=here.address_id,
            channel=by.channel,
            language="km",
            urgency="normal",
            now=moment,
            due_at=moment + 2 * DAY,
        )

    look.work(work)
    return code


def states(look: Look, by: Hand, who: str) -> list[tuple[str, str]]:
    """State and reason of what did not go out yet."""
    return [(row.state, row.why) for row in look.outbox(by.channel, who) if row.state != "sent"]


def answers(by: Hand, who: str) -> list[str]:
    """The officer's answers that arrived, in their order."""
    return [answer for text in by.heard(who) for answer in ANSWERS if answer in text]


async def test_a_person_who_blocks_the_bot_and_lets_it_write_again(village: Trip) -> None:
    by = TelegramHand(village)
    who = by.newcomer()
    person = village.tg.person(int(who))
    with Look(village.database_url) as look:
        code = files(look, by, who)
        await person.blocks()
        await until(lambda: look.address("telegram", who).suppressed == "blocked", "the block is known")
        asked = len(village.tg.sent("sendMessage"))
        async with officer(village, "of-blocked") as dara:
            for answer in ANSWERS:
                await dara.reply(code, answer)
        await until(lambda: states(look, by, who) == [("held", "blocked")] * 3, "three answers are held")
        assert len(village.tg.sent("sendMessage")) == asked  # nothing was even tried
        assert answers(by, who) == []
        await person.unblocks()
        await until(lambda: answers(by, who) == ANSWERS, "the answers, in their order")
        assert look.address("telegram", who).suppressed == ""
        await until(lambda: states(look, by, who) == [], "nothing is left behind")


@pytest.mark.parametrize("channel", ["telegram", "messenger"])
async def test_a_block_that_was_never_told_shows_when_writing(village: Trip, channel: str) -> None:
    """Both platforms refuse; writing again releases what was held."""
    by = hand(village, channel)
    who = by.newcomer()
    person = village.tg.person(int(who)) if channel == "telegram" else village.fb.person(who)
    with Look(village.database_url) as look:
        code = files(look, by, who)
        person.blocked = True
        async with officer(village, f"of-silent-{channel}") as dara:
            for answer in ANSWERS:
                await dara.reply(code, answer)
        await until(lambda: [state for state, _why in states(look, by, who)] == ["held"] * 3, "all are held")
        assert look.address(channel, who).suppressed in ("blocked", "unavailable")
        person.blocked = False
        await does(by, who, "សួស្តីម្តងទៀត")
        await until(lambda: answers(by, who) == ANSWERS, "the answers, in their order")
        await until(lambda: states(look, by, who) == [], "nothing is left behind")


def silent_for(village: Trip, look: Look, who: str, length: timedelta) -> None:
    """As if the person's last word were so long ago, for the platform and for us."""
    then = now() - length
    village.fb.person(who).last_at = then.timestamp()
    mine = ADDRESS.c.external_id == who
    look.change(update(ADDRESS).where(mine).values(seen_at=then, window_until=then + DAY))


async def test_after_24_hours_only_an_officers_own_words_go_out_on_messenger(village: Trip) -> None:
    by = MessengerHand(village)
    who = by.newcomer()
    with Look(village.database_url) as look:
        code = files(look, by, who)
        async with officer(village, "of-window") as dara:
            silent_for(village, look, who, 2 * DAY)
            await dara.move(code, "in_hand")  # the service's words, not the officer's
            await until(lambda: states(look, by, who) == [("held", "window")], "the notice is held")
            await dara.reply(code, ANSWERS[0])
            await until(lambda: answers(by, who) == ANSWERS[:1], "the officer's answer")
            sent = village.fb.sent(who)[-1]
            assert (sent.messaging_type, sent.tag) == ("MESSAGE_TAG", "HUMAN_AGENT")
            assert "quick_replies" not in sent.message
            assert states(look, by, who) == [("held", "window")]

            silent_for(village, look, who, 8 * DAY)
            await dara.reply(code, ANSWERS[1])
            await until(lambda: states(look, by, who) == [("held", "window")] * 2, "after a week it is held, too")

            heard = len(by.heard(who))
            await village.fb.person(who).sends("សួស្តីម្តងទៀត")
            await until(lambda: states(look, by, who) == [], "everything goes out")
            assert answers(by, who) == ANSWERS[:2]
            assert len(by.heard(who)) >= heard + 3
            assert {one.messaging_type for one in village.fb.sent(who)[heard:]} == {"RESPONSE"}
    refused = [one for one in village.fb.requests if one.status != 200 and who in str(one.json)]
    assert refused == []  # we knew without asking
