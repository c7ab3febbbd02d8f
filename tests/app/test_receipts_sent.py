"""The worker who asks gets the receipt as words and as a paper, on either platform."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.app.context import Context
from bot.app.execute import execute
from bot.app.post import Post
from bot.domain.complaints import FileComplaint
from bot.domain.receipts import SendReceipt, check
from bot.text import pdf, reference
from storage import people
from tests.app.office import MESSENGER, TELEGRAM, address, newcomers, office
from tests.app.test_receipts import BOOK, keys


@pytest.mark.parametrize("channel", [TELEGRAM, MESSENGER])
async def test_words_and_paper(tmp_path: Path, sqlite_url: str, channel: str) -> None:
    async with office(tmp_path, sqlite_url) as there:
        await there.service.refresh_book()
        person: Any = newcomers(there, 1, 1)[0] if channel == TELEGRAM else there.fb.person("6001", wrote_ago=1)
        code = reference.make(1)
        command = FileComplaint(code, "WAGE_UNPAID", "TH", "employer", "self", "hidden", "chat", ({"text": "x"},))

        def work(connection: Connection) -> None:
            name, external = address(person)
            now = datetime.now(UTC)
            here = people.enter(connection, name, external, now)
            post = Post(there.service.catalogues, there.service.channels)
            told = Context(connection, now, BOOK, post, here=here, channel=name, public_url="https://x.example")
            execute(command, told)
            execute(SendReceipt(code), told)

        there.service.db.write_now(work)
        there.start(channel)
        await there.all_sent(60)
        assert len(there.rows(person)) == 2
        known = keys(there.service.db)
        if channel == TELEGRAM:
            (sent,) = there.tg.sent("sendDocument")
            words = str(there.tg.sent("sendMessage")[0].params["text"])
            name, paper = next(iter(sent.files.values()))
            assert name == "file.pdf"
            assert check(pdf.strings(paper), known).reference == code
        else:
            words, (shown,) = person.chat[0].text, person.chat[1].attachments
            assert "file" in str(shown)
        assert f"https://x.example/receipts/{code}?s=" in words
        assert check(words, known).reference == code
