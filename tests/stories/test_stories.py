"""Every story, in both languages and within every channel's limits."""

import os
from pathlib import Path

import pytest

from bot.text import khmer
from tests.stories.telling import CHANNELS, bubbles, play

FOLDER = Path(__file__).parent
STORIES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("language", ["km", "en"])
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_is_told_as_written(path: Path, language: str) -> None:
    """REWRITE_STORIES=1 writes what is told now; read the difference before you commit it."""
    written = path.read_text(encoding="utf-8")
    lines: list[str] = []
    for line, told, _routed in play(written, language):
        lines += [line, *told]
    now = "\n".join(lines).rstrip() + "\n"
    if os.environ.get("REWRITE_STORIES") and language == "km":
        path.write_text(now, encoding="utf-8")
        return
    assert now == written


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", ["km", "en"])
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_fits_the_channel(path: Path, language: str, channel: str) -> None:
    limits = CHANNELS[channel]
    for line, _told, routed in play(path.read_text(encoding="utf-8"), language):
        if routed is None:
            continue
        shown = bubbles(routed, language, limits)
        assert shown, line
        for bubble in shown:
            assert khmer.size(bubble.text, limits.unit) <= limits.text
            buttons = [button for row in bubble.buttons for button in row]
            assert len(buttons) <= limits.buttons
            for button in buttons:
                assert khmer.size(button.label, limits.unit) <= limits.label
                assert len(button.code.encode()) <= 64


def test_there_are_stories() -> None:
    assert len(STORIES) >= 12
