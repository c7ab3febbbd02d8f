"""Reply markup as the server reads it: what a bot may attach, and the exact words for what it may not."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from .errors import bad
from .state import Chat, Json
from .switches import Limits, Switches
from .wire import Params, field, json_param

_INLINE = "can't parse inline keyboard button: "
_REPLY = "can't parse keyboard button: "
_FLAGS = ("resize_keyboard", "one_time_keyboard", "is_persistent", "selective")
_OTHER_ACTIONS = (
    "url", "callback_game", "pay", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "login_url", "web_app", "copy_text",
)  # fmt: skip


def parse_markup(params: Params, switches: Switches) -> Json | None:
    """The markup with its shape checked, before the server looks at the chat; None when there is none."""
    text = params.get("reply_markup")
    if not text:
        return None
    markup = json_param(params, "reply_markup", "can't parse reply keyboard markup JSON object")
    if markup is None or markup == {}:
        return None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = field(markup, "inline_keyboard", list, "Array")
        text = 'Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'
        for button in _buttons(rows, text):
            _check_inline(button, switches)
        return {"inline_keyboard": rows}
    if "keyboard" in markup:
        rows = field(markup, "keyboard", list, "Array")
        for button in _buttons(rows, 'Field "keyboard" must be an Array of Arrays'):
            _check_reply(button)
        markup["keyboard"] = [[{"text": key} if isinstance(key, str) else key for key in row] for row in rows]
    for name in _FLAGS:
        field(markup, name, bool, "Boolean")
    field(markup, "remove_keyboard", bool, "Boolean")
    field(markup, "force_reply", bool, "Boolean")
    placeholder = field(markup, "input_field_placeholder", str, "String") or ""
    if len(placeholder) > 64:
        raise bad("INPUT_FIELD_PLACEHOLDER_INVALID")
    return markup


def _buttons(rows: Any, error: str) -> list[Any]:
    buttons: list[Any] = []
    for row in rows:
        if not isinstance(row, list):
            raise bad(error)
        buttons += row
    return buttons


def _check_inline(button: Any, switches: Switches) -> None:
    if not isinstance(button, dict):
        raise bad(_INLINE + "InlineKeyboardButton must be an Object")
    if "text" not in button:
        raise bad(_INLINE + 'Can\'t find field "text"')
    field(button, "text", str, "String", _INLINE)
    data = field(button, "callback_data", str, "String", _INLINE)
    if data or any(name in button for name in _OTHER_ACTIONS):
        return
    if data == "" and not switches.empty_callback_data_is_no_action:
        return  # refused later, by the server behind the server
    verb = "not allowed" if switches.newer_text_button_error else "unallowed"
    raise bad(_INLINE + f"Text buttons are {verb} in the inline keyboard")


def _check_reply(button: Any) -> None:
    if isinstance(button, str):
        return
    if not isinstance(button, dict):
        raise bad(_REPLY + "KeyboardButton must be an Object")
    if "text" not in button:
        raise bad(_REPLY + 'Can\'t find field "text"')
    field(button, "text", str, "String", _REPLY)
    field(button, "request_contact", bool, "Boolean", _REPLY)
    field(button, "request_location", bool, "Boolean", _REPLY)


def check_markup(markup: Json, chat: Chat, limits: Limits, switches: Switches, inline_only: bool = False) -> None:
    """What is refused only once the chat is known."""
    if "inline_keyboard" in markup:
        rows = markup["inline_keyboard"]
        for row in rows:
            for button in row:
                _check_action(button, limits)
        total = sum(len(row) for row in rows)
        if switches.limit_inline_buttons and (total > 100 or any(len(row) > 8 for row in rows)):
            raise bad("reply markup is too long")
        return
    if inline_only or chat.kind == "channel":
        raise bad("inline keyboard expected")
    for row in markup.get("keyboard", ()):
        for button in row:
            if not button["text"]:
                raise bad("keyboard button text must be non-empty")
            if chat.kind != "private":
                if button.get("request_contact"):
                    raise bad("phone number can be requested in private chats only")
                if button.get("request_location"):
                    raise bad("location can be requested in private chats only")


def _check_action(button: Json, limits: Limits) -> None:
    if not button["text"]:
        raise bad("inline keyboard button text must be non-empty")
    if "callback_data" in button:
        data = str(button["callback_data"])
        if not 1 <= len(data.encode()) <= limits.callback_data_bytes:
            raise bad("BUTTON_DATA_INVALID")
    elif "url" in button:
        _check_url(str(button["url"]))
    elif "copy_text" in button:
        if not 1 <= len(str(button["copy_text"].get("text", ""))) <= 256:
            raise bad("BUTTON_COPY_TEXT_INVALID")
    elif "web_app" in button:
        url = str(button["web_app"].get("url", ""))
        if not url.startswith("https://"):
            raise bad(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")
    elif "pay" in button or "callback_game" in button:
        raise bad("BUTTON_TYPE_INVALID")


def _check_url(url: str) -> None:
    parts = urlsplit(url if "://" in url else "http://" + url)
    problem = ""
    if parts.scheme not in ("http", "https", "tg", "ton", "tonsite"):
        problem = "Unsupported URL protocol"
    elif not parts.netloc:
        problem = "URL host is empty"
    elif parts.scheme in ("http", "https") and "." not in parts.netloc.strip("."):
        problem = "Wrong HTTP URL"
    if problem:
        raise bad(f"inline keyboard button URL '{url}' is invalid: {problem}")


def same_markup(one: Json | None, other: Json | None) -> bool:
    return json.dumps(one or None, sort_keys=True) == json.dumps(other or None, sort_keys=True)
