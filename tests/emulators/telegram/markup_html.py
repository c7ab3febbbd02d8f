"""Telegram's HTML parse mode: text and entities out, or the server's own error; offsets count UTF-16 units."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .errors import ApiError, bad

Entity = dict[str, Any]

_SPACE = b" \t\r\n\0\v"
_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "tg-emoji": "custom_emoji", "tg-time": "date_time", "a": "text_link", "pre": "pre", "code": "code",
    "blockquote": "blockquote",
}  # fmt: skip
_PLAIN = re.compile(rb"[^<&]+")
_NAMED = {b"lt": 60, b"gt": 62, b"amp": 38, b"quot": 34}
_LINK = re.compile(r"(?:(?:https?|tg|ton|tonsite)://)?[^\s/<>\"]+\.[^\s.<>\"]{2,}\S*|(?:tg|ton|tonsite)://\S+", re.I)
_USER_LINK = re.compile(r"tg:(?://)?user\?id=(\d+)", re.I)


class _Open(NamedTuple):
    tag: str
    argument: str
    at_utf16: int
    at_byte: int


def _fail(text: str) -> ApiError:
    return bad("can't parse entities: " + text)


def _character_reference(text: bytes, at: int) -> tuple[int, int]:
    """The code point at `&` and where it ends; 0 when it is not one and `&` stands for itself."""
    end = at + 1
    if text[end : end + 1] == b"#":
        end += 1
        base, digits = 10, b"0123456789"
        if text[end : end + 1] == b"x":
            end += 1
            base, digits = 16, b"0123456789abcdefABCDEF"
        start = end
        while text[end] in digits:
            end += 1
        code = int(text[start:end], base) if end > start else 0
        if code == 0 or code >= 0x10FFFF or end - at >= 10:
            return 0, at
    else:
        while text[end : end + 1].isalpha():
            end += 1
        code = _NAMED.get(text[at + 1 : end], 0)
        if not code:
            return 0, at
    return code, end + 1 if text[end] == 59 else end


def _utf8(code: int) -> bytes:
    return chr(code).encode("utf-8", "surrogatepass")


class _Parser:
    def __init__(self, source: str) -> None:
        self.text = source.encode("utf-8", "surrogatepass") + b"\0"
        self.at = 0
        self.out = bytearray()
        self.utf16 = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        text, end = self.text, len(self.text) - 1
        while self.at < end:
            byte = text[self.at]
            if byte == 38:
                code, after = _character_reference(text, self.at)
                if code:
                    self.at = after
                    self.utf16 += 2 if code > 0xFFFF else 1
                    self.out += _utf8(code)
                    continue
            if byte != 60:
                self._plain(end)
            elif text[self.at + 1] == 47:
                self._end_tag(self.at)
            else:
                self._start_tag(self.at)
        if self.open:
            raise _fail(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        for entity in self.entities:
            entity.pop("_language", None)
        self.entities.sort(key=lambda e: (e["offset"], -e["length"], 10 if "language" in e else _PRIORITY[e["type"]]))
        try:
            return self.out.decode(), self.entities
        except UnicodeDecodeError as error:
            raise bad(
                "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate "
                "code units"
            ) from error

    def _plain(self, end: int) -> None:
        """Copy up to the next `<` or `&`, or an `&` that stands for itself."""
        run = _PLAIN.match(self.text, self.at, end)
        taken = run.group() if run else b"&"
        self.at += len(taken)
        self.out += taken
        self.utf16 += len(taken.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")) // 2

    def _skip_spaces(self) -> None:
        while self.text[self.at] != 0 and self.text[self.at] in _SPACE:
            self.at += 1

    def _start_tag(self, begin: int) -> None:
        text = self.text
        self.at = begin + 1
        while text[self.at] not in _SPACE and text[self.at] != 62:
            self.at += 1
        if text[self.at] == 0:
            raise _fail(f"Unclosed start tag at byte offset {begin}")
        tag = text[begin + 1 : self.at].decode("utf-8", "replace").lower()
        if tag not in _TAGS:
            raise _fail(f'Unsupported start tag "{tag}" at byte offset {begin}')
        argument = ""
        while text[self.at] != 62:
            self._skip_spaces()
            if text[self.at] == 62:
                break
            name, value = self._attribute(tag, begin)
            argument = _argument(tag, name, value, argument)
        if tag == "span" and argument != "spoiler":
            raise _fail(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.at += 1
        self.open.append(_Open(tag, argument, self.utf16, len(self.out)))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        text, start = self.text, self.at
        while text[self.at] not in _SPACE and text[self.at] not in b"=>/\"'":
            self.at += 1
        name = text[start : self.at].decode("utf-8", "replace")
        if not name:
            raise _fail(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self._skip_spaces()
        if text[self.at] != 61:
            if text[self.at] == 0:
                raise _fail(f'Unclosed start tag "{tag}" at byte offset {begin}')
            return name, ""
        self.at += 1
        self._skip_spaces()
        if text[self.at] == 0:
            raise _fail(f'Unclosed start tag "{tag}" at byte offset {begin}')
        value = self._quoted() if text[self.at] in b"'\"" else self._token()
        if text[self.at] == 0:
            raise _fail(f"Unclosed start tag at byte offset {begin}")
        return name, value

    def _token(self) -> str:
        text, start = self.text, self.at
        while text[self.at : self.at + 1].isalnum() or text[self.at] in b".-":
            self.at += 1
        if text[self.at] not in _SPACE and text[self.at] != 62:
            raise _fail(f"Unexpected end of name token at byte offset {start}")
        return text[start : self.at].decode().lower()

    def _quoted(self) -> str:
        text, quote, value = self.text, self.text[self.at], bytearray()
        self.at += 1
        while text[self.at] not in (quote, 0):
            if text[self.at] == 38:
                code, after = _character_reference(text, self.at)
                if code:
                    value += _utf8(code)
                    self.at = after
                    continue
            value.append(text[self.at])
            self.at += 1
        if text[self.at] == quote:
            self.at += 1
        return value.decode("utf-8", "replace")

    def _end_tag(self, begin: int) -> None:
        text = self.text
        if not self.open:
            raise _fail(f"Unexpected end tag at byte offset {begin}")
        self.at = begin + 2
        while text[self.at] not in _SPACE and text[self.at] != 62:
            self.at += 1
        found = text[begin + 2 : self.at].decode("utf-8", "replace").lower()
        self._skip_spaces()
        if text[self.at] != 62:
            raise _fail(f"Unclosed end tag at byte offset {begin}")
        self.at += 1
        opened = self.open.pop()
        if found and found != opened.tag:
            raise _fail(f'Unmatched end tag at byte offset {begin}, expected "</{opened.tag}>", found "</{found}>"')
        if self.utf16 > opened.at_utf16:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        entity: Entity = {
            "type": _TAGS[opened.tag], "offset": opened.at_utf16, "length": self.utf16 - opened.at_utf16,
        }  # fmt: skip
        last = self.entities[-1] if self.entities else None
        same = last is not None and (last["offset"], last["length"]) == (entity["offset"], entity["length"])
        if opened.tag == "a":
            if not _link(entity, opened.argument or self.out[opened.at_byte :].decode("utf-8", "replace")):
                return
        elif opened.tag == "tg-emoji":
            if not opened.argument.isdigit() or not 0 < int(opened.argument) < 1 << 63:
                raise _fail("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = opened.argument
        elif opened.tag == "tg-time":
            if not opened.argument.isdigit():
                return
            entity["unix_time"] = int(opened.argument)
        elif opened.tag == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "pre" and last and same and last["type"] == "code" and last.get("_language"):
            last["type"], last["language"] = "pre", last["_language"]
            return
        elif opened.tag == "code":
            if last and same and last["type"] == "pre" and "language" not in last and opened.argument:
                last["language"] = opened.argument
                return
            entity["_language"] = opened.argument
        self.entities.append(entity)


def _argument(tag: str, name: str, value: str, before: str) -> str:
    if (tag, name) in (("a", "href"), ("tg-emoji", "emoji-id"), ("tg-time", "unix")):
        return value
    if (tag, name) == ("code", "class") and value.startswith("language-"):
        return value[9:]
    if (tag, name) == ("span", "class") and value.startswith("tg-"):
        return value[3:]
    if (tag, name) == ("blockquote", "expandable"):
        return "1"
    return before


def _link(entity: Entity, url: str) -> bool:
    """Make the entity a link or a mention; False when Telegram would keep only the text."""
    user = _USER_LINK.fullmatch(url)
    if user:
        entity["type"] = "text_mention"
        entity["user"] = {"id": int(user[1]), "is_bot": False, "first_name": ""}
        return True
    if not _LINK.fullmatch(url):
        return False
    url = url if "://" in url else "http://" + url
    entity["url"] = url if url.count("/") > 2 else url + "/"
    return True


_PRIORITY = {
    "blockquote": 0, "expandable_blockquote": 0, "pre": 11, "code": 20, "text_link": 50, "text_mention": 50,
    "custom_emoji": 99, "date_time": 98, "bold": 90, "italic": 91, "underline": 92, "strikethrough": 93, "spoiler": 94,
}  # fmt: skip


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Plain text and its entities in Telegram's order; raises `ApiError` with Telegram's words when it cannot."""
    return _Parser(source).parse()
