"""Message text as the server treats it: parse mode, explicit entities, trimming and the two ways of counting."""

from __future__ import annotations

import re
from typing import Any

from .errors import ApiError, bad
from .markup_html import parse_html
from .switches import Limits, Switches
from .wire import Params, json_param

Entities = list[dict[str, Any]]

_SPACES = " \t\r\n\0\v"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_COMMAND = re.compile(r"(?<![\w/])/[a-zA-Z0-9_]{1,64}(?:@\w{3,32})?")
_URL = re.compile(r"https?://[^\s<>]+")
_ENTITY_TYPES = {
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic", "underline",
    "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link", "text_mention",
    "custom_emoji", "date_time",
}  # fmt: skip


def utf16_length(text: str) -> int:
    return len(text) + sum(1 for char in text if char > "\uffff") if not text.isascii() else len(text)


def length(text: str, switches: Switches) -> int:
    return utf16_length(text) if switches.count_utf16 else len(text)


def formatted(params: Params, text_name: str, entities_name: str, limits: Limits) -> tuple[str, Entities]:
    """The parameter's text and entities before trimming; what the server checks before it looks at the chat."""
    text = params.get(text_name, "")
    if len(text) * 4 > limits.text_bytes and len(text.encode("utf-8", "surrogatepass")) > limits.text_bytes:
        raise bad("text is too long")
    mode = params.get("parse_mode", "").lower()
    if mode == "html":
        return parse_html(text)
    if mode in ("markdown", "markdownv2"):
        raise ApiError(501, "Not Implemented: this emulator parses HTML only")
    if mode and mode != "none":
        raise bad("unsupported parse_mode")
    entities = json_param(params, entities_name, "can't parse entities JSON object")
    return text, _given(text, entities) if entities else []


def _given(text: str, entities: Any) -> Entities:
    if not isinstance(entities, list):
        raise bad("expected an Array of MessageEntity")
    total = utf16_length(text)
    for entity in entities:
        if not isinstance(entity, dict) or entity.get("type") not in _ENTITY_TYPES:
            raise bad("can't parse MessageEntity: Unsupported type specified")
        begin = int(entity.get("offset", 0))
        end = begin + int(entity.get("length", 0))
        if begin < 0:
            raise bad(f"receive an entity with incorrect offset {begin}")
        if begin > total:
            raise bad(f"entity begins after the end of the text at UTF-16 offset {begin}")
        if end > total:
            raise bad(
                f"entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}"
            )
    return [dict(entity) for entity in entities]


def trimmed(text: str, entities: Entities) -> tuple[str, Entities]:
    """As stored: control characters become spaces, white space at both ends goes, entities move along."""
    if not text.isprintable():
        text = _CONTROL.sub(" ", text.replace("\r", ""))
    kept = text.strip(_SPACES)
    if len(kept) == len(text) or not entities:
        return kept, entities
    cut = utf16_length(text[: len(text) - len(text.lstrip(_SPACES))])
    end = utf16_length(kept)
    moved: Entities = []
    for entity in entities:
        begin = max(0, entity["offset"] - cut)
        last = min(end, entity["offset"] + entity["length"] - cut)
        if last > begin:
            moved.append({**entity, "offset": begin, "length": last - begin})
    return kept, moved


def found_entities(text: str) -> Entities:
    """The entities Telegram finds by itself that a bot cares about: commands and links."""
    found: Entities = []
    for pattern, kind in ((_COMMAND, "bot_command"), (_URL, "url")):
        if pattern is _COMMAND and "/" not in text:
            continue
        for match in pattern.finditer(text):
            found.append(
                {"type": kind, "offset": utf16_length(text[: match.start()]), "length": utf16_length(match.group())}
            )
    links = [entity for entity in found if entity["type"] == "url"]
    return [
        entity
        for entity in found
        if entity["type"] == "url"
        or not any(link["offset"] <= entity["offset"] < link["offset"] + link["length"] for link in links)
    ]
