"""Files of a thread: who may open them, as what they are served, and in which pieces."""

import pytest

from bot.console.files import BadRange, wanted
from tests.console.desk import Browser, Desk, picture, voice

PDF = b"%PDF-1.4\n%paper"


async def test_only_a_file_of_a_complaint(desk: Desk, browser: Browser) -> None:
    code, loose = desk.complain(), desk.attach(picture())
    assert (await browser.get(f"/console/files/{loose['file']}")).status == 404, "no complaint holds it"
    desk.add(code, loose)
    got = await browser.get(f"/console/files/{loose['file']}")
    assert (got.status, got.body) == (200, picture())
    for unknown in ("0" * 32, "..%2f..%2fconsole.sqlite", "a.b"):
        assert (await browser.get(f"/console/files/{unknown}")).status == 404
    async with desk.browser() as stranger:
        assert (await stranger.get(f"/console/files/{loose['file']}")).status == 303


async def test_a_file_that_is_not_here(desk: Desk, browser: Browser) -> None:
    code = desk.complain()
    waiting, refused, lost = (
        desk.attach(None), desk.attach(None, "video", refused="too_big"), desk.attach(voice(), "voice"),
    )  # fmt: skip
    desk.add(code, waiting, refused, lost)
    desk.service.files.drop(lost["file"])
    for part in (waiting, refused, lost):
        assert (await browser.get(f"/console/files/{part['file']}")).status == 404
    page = (await browser.get(f"/console/complaints/{code}")).text
    assert "កំពុងទាញយក" in page
    assert "ឯកសារធំជាង ២០ MB ដូច្នេះមិនបានទទួលយកទេ" in page


@pytest.mark.parametrize(
    ("content", "kind", "mime", "shown", "looks"),
    [
        (picture(), "photo", "image/png", "inline", "<img src="),
        (voice(), "voice", "audio/wav", "inline", "<audio controls"),
        (PDF, "file", "application/pdf", "attachment", "ទាញយក"),
    ],
)
async def test_as_what_it_is(
    desk: Desk, browser: Browser, content: bytes, kind: str, mime: str, shown: str, looks: str
) -> None:
    code, part = desk.complain(), desk.attach(content, kind)
    desk.add(code, part)
    got = await browser.get(f"/console/files/{part['file']}")
    assert got.body == content
    assert got.headers["content-type"] == mime
    assert got.headers["content-disposition"].startswith(f"{shown}; filename=")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"].startswith("sandbox")
    assert got.headers["cache-control"] == "private, no-store"
    assert looks in (await browser.get(f"/console/complaints/{code}")).text


async def test_a_player_gets_the_piece_it_asks_for(desk: Desk, browser: Browser) -> None:
    code, content = desk.complain(), voice()
    part = desk.attach(content)
    desk.add(code, part)
    size = len(content)
    for asked, first, last in (("0-", 0, size - 1), ("100-199", 100, 199), ("-50", size - 50, size - 1)):
        got = await browser.get(f"/console/files/{part['file']}", headers={"range": f"bytes={asked}"})
        assert got.status == 206
        assert got.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert got.body == content[first : last + 1]
    got = await browser.get(f"/console/files/{part['file']}", headers={"range": f"bytes={size}-"})
    assert (got.status, got.headers["content-range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize("header", ["", "bytes=-", "bytes=0-1,5-6", "lines=0-1", "bytes=5-2", "bytes=a-b"])
def test_a_range_that_is_none_gives_the_whole_file(header: str) -> None:
    assert wanted(header, 10) is None


def test_ranges_at_the_edges() -> None:
    assert wanted("bytes=0-999", 10) == (0, 9)
    assert wanted("bytes=-999", 10) == (0, 9)
    assert wanted("bytes=9-9", 10) == (9, 9)
    for header in ("bytes=10-", "bytes=-0"):
        with pytest.raises(BadRange):
            wanted(header, 10)
