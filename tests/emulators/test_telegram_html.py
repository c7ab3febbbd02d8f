"""The HTML parse mode against answers of Telegram's own parser (TDLib 1.8.69, parseTextEntities), noted by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.telegram import ApiError
from tests.emulators.telegram.markup_html import parse_html
from tests.emulators.telegram.text import found_entities, trimmed, utf16_length

# Source, text, and (type, offset, length, url or language or other argument).
UNDERSTOOD: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    ("<b>សួស្តី</b> hello", "សួស្តី hello", [("bold", 0, 6)]),
    ("😀<b>ក</b>", "😀ក", [("bold", 2, 1)]),
    ("a &lt; b &nbsp; &amp", "a < b &nbsp; &", []),
    ("&lt;&LT;&quot;&apos;&copy;", '<&LT;"&apos;&copy;', []),
    ("&#x1F600;&#4;&#0;&#99999999;&#6016;&#;&#x;", "😀\x04&#0;&#99999999;ក&#;&#x;", []),
    ('<a href="https://x.kh/?a=1&amp;b">x</a>', "x", [("text_link", 0, 1, "https://x.kh/?a=1&b")]),
    ("<a href='x y'>z</a>", "z", []),
    ("<a>https://t.me/abc</a>", "https://t.me/abc", [("text_link", 0, 16, "https://t.me/abc")]),
    ("<a>zz</a><a href>k</a><a href=>k</a><a href=abc>k</a>", "zzkkk", []),
    ('<a href="tg://user?id=123">x</a>', "x", [("text_mention", 0, 1)]),
    ('<a href="http://a.b/c"><b>x</b></a>', "x", [("text_link", 0, 1, "http://a.b/c"), ("bold", 0, 1)]),
    ("<b >k</b >", "k", [("bold", 0, 1)]),
    ("<b\n>k</b>", "k", [("bold", 0, 1)]),
    ("<B>x</B>", "x", [("bold", 0, 1)]),
    ("<b>x</>", "x", [("bold", 0, 1)]),
    ("<b a=1 b=2>x</b>", "x", [("bold", 0, 1)]),
    ("<b <>k</b>", "k", [("bold", 0, 1)]),
    ("<b></b>y", "y", []),
    ("<b>\n</b>x", "\nx", [("bold", 0, 1)]),
    ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1, "python")]),
    ("<code class='language-py'><pre>x</pre></code>", "x", [("pre", 0, 1, "py")]),
    ("<code class=a><code class='language-py'><pre>x</pre></code></code>", "x", [("pre", 0, 1, "py"), ("code", 0, 1)]),
    ("<pre>x</pre><code class='language-py'>a</code>", "xa", [("pre", 0, 1), ("code", 1, 1)]),
    ("<blockquote expandable>xx</blockquote>", "xx", [("expandable_blockquote", 0, 2)]),
    ("<blockquote>a<blockquote>b</blockquote></blockquote>", "ab", [("blockquote", 0, 2), ("blockquote", 1, 1)]),
    ("<span class='tg-spoiler'>x</span><tg-spoiler>y</tg-spoiler>", "xy", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
    ("<tg-emoji emoji-id='5368324170671202286'>👍</tg-emoji>", "👍", [("custom_emoji", 0, 2, "5368324170671202286")]),
    ("<tg-time unix='1'>x</tg-time><tg-time>y</tg-time>", "xy", [("date_time", 0, 1, 1)]),
    ("<b><i>x</i></b>", "x", [("bold", 0, 1), ("italic", 0, 1)]),
    ("<b>x<i>y</i>z</b>", "xyz", [("bold", 0, 3), ("italic", 1, 1)]),
    ("<b>a</b><b>b</b>", "ab", [("bold", 0, 1), ("bold", 1, 1)]),
    ("<code><a href='https://a.kh/x'>&lt;</a></code>", "<", [("code", 0, 1), ("text_link", 0, 1, "https://a.kh/x")]),
    (
        "<ins>a</ins><u>u</u><strike>b</strike><del>c</del><s>s</s><strong>d</strong><em>e</em>", "aubcsde",
        [("underline", 0, 1), ("underline", 1, 1), ("strikethrough", 2, 1), ("strikethrough", 3, 1),
         ("strikethrough", 4, 1), ("bold", 5, 1), ("italic", 6, 1)],
    ),
]  # fmt: skip

REFUSED = [
    ("a < b", 'Unsupported start tag "" at byte offset 2'),
    ("ក<br>ខ", 'Unsupported start tag "br" at byte offset 3'),
    ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("<b>ក<i>ខ</b></i>", 'Unmatched end tag at byte offset 12, expected "</i>", found "</b>"'),
    ("</b>x", "Unexpected end tag at byte offset 0"),
    ("<b", "Unclosed start tag at byte offset 0"),
    ("<b x", 'Unclosed start tag "b" at byte offset 0'),
    ('<a href="abc>k</a>', "Unclosed start tag at byte offset 0"),
    ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ("<span class='x'>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ("<tg-emoji emoji-id='x'>👍</tg-emoji>", "Invalid custom emoji identifier specified"),
    ("<tg-emoji>👍</tg-emoji>", "Invalid custom emoji identifier specified"),
    ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ("<b>x</b y>", "Unclosed end tag at byte offset 4"),
    ("<", "Unclosed start tag at byte offset 0"),
    ("<>", 'Unsupported start tag "" at byte offset 0'),
    ("<b/>x", 'Unsupported start tag "b/" at byte offset 0'),
    ("<!-- x -->", 'Unsupported start tag "!--" at byte offset 0'),
    ("<b a/>k</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
    ('<b x"y>k</b>', 'Empty attribute name in the tag "b" at byte offset 0'),
    ("<b x=ក>k</b>", "Unexpected end of name token at byte offset 5"),
]


@pytest.mark.parametrize(("source", "text", "entities"), UNDERSTOOD)
def test_understood(source: str, text: str, entities: list[tuple[Any, ...]]) -> None:
    got, found = parse_html(source)
    extra = ("url", "language", "custom_emoji_id", "unix_time")
    shown = [
        (e["type"], e["offset"], e["length"], *(e[name] for name in extra if name in e)) for e in found
    ]  # fmt: skip
    assert (got, shown) == (text, entities)


@pytest.mark.parametrize(("source", "problem"), REFUSED)
def test_refused(source: str, problem: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_html(source)
    assert caught.value.description == "Bad Request: can't parse entities: " + problem


@given(st.text(alphabet="<>/bi&;lt \"'=ក😀", max_size=20))
def test_anything_is_either_parsed_or_refused(source: str) -> None:
    try:
        text, entities = parse_html(source)
    except ApiError:
        return
    assert all(e["offset"] >= 0 and e["offset"] + e["length"] <= utf16_length(text) for e in entities)


@given(st.text(max_size=50))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(escaped) == (text, [])


def test_trimming_moves_entities() -> None:
    text, entities = trimmed(*parse_html("  <b> ក</b>😀<i>x </i> "))
    assert (text, [(e["type"], e["offset"], e["length"]) for e in entities]) == (
        "ក😀x", [("bold", 0, 1), ("italic", 3, 1)],
    )  # fmt: skip


def test_commands_and_links_are_found() -> None:
    found = found_entities("😀 /start ab https://a.kh/b/c x/y")
    assert [(e["type"], e["offset"], e["length"]) for e in found] == [("bot_command", 3, 6), ("url", 13, 16)]
