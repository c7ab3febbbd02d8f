"""Bot API methods about the bot itself, files, chats and answered taps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import QUERY_TOO_OLD, bad
from .state import Json
from .wire import Files, Params, flag, integer, json_param

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

_LANGUAGE = re.compile(r"[a-z]{2}")
_COMMAND = re.compile(r"[a-z0-9_]+")
_SCOPES = {
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators",
    "chat_member",
}  # fmt: skip


@dataclass
class Profile:
    """What setMy… has set, by language ("" for everyone); commands by (scope, language)."""

    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(slots=True)
class CallbackQuery:
    """A tap waiting for its answer; `answer` is what the person was shown."""

    id: str
    user_id: int
    at: float
    answer: Json | None = None


def _language(params: Params) -> str:
    code = params.get("language_code", "")
    if code and not _LANGUAGE.fullmatch(code):
        raise bad("invalid language code specified")
    return code


def _scope(params: Params) -> str:
    scope = json_param(params, "scope", "can't parse BotCommandScope JSON object") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in _SCOPES:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    return ":".join(str(scope[name]) for name in ("type", "chat_id", "user_id") if name in scope)


def _command(given: Any) -> Json:
    if not isinstance(given, dict):
        raise bad("expected an Array of BotCommand")
    command, description = str(given.get("command", "")).removeprefix("/"), str(given.get("description", "")).strip()
    if not command:
        raise bad("command must be non-empty")
    if len(command) > 32:
        raise bad("command length must not exceed 32")
    if not description:
        raise bad("command description must be non-empty")
    if len(description) > 256:
        raise bad("command description length must not exceed 256")
    if not _COMMAND.fullmatch(command):
        raise bad("BOT_COMMAND_INVALID")
    return {"command": command, "description": description}


async def set_my_commands(tg: TelegramEmulator, params: Params, files: Files) -> bool:
    given = json_param(params, "commands", "can't parse commands JSON object")
    if not isinstance(given, list):
        raise bad("expected an Array of BotCommand")
    commands = [_command(one) for one in given]
    key = (_scope(params), _language(params))
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    if commands:
        tg.profile.commands[key] = commands
    else:
        tg.profile.commands.pop(key, None)
    return True


async def get_my_commands(tg: TelegramEmulator, params: Params, files: Files) -> list[Json]:
    return tg.profile.commands.get((_scope(params), _language(params)), [])


async def delete_my_commands(tg: TelegramEmulator, params: Params, files: Files) -> bool:
    tg.profile.commands.pop((_scope(params), _language(params)), None)
    return True


def _set_text(tg: TelegramEmulator, params: Params, name: str, limit: int, error: str) -> bool:
    language, text = _language(params), params.get(name, "")
    if len(text) > limit:
        raise bad(error)  # the wording for these three is not attested
    tg.profile.texts[(name, language)] = text
    return True


def _get_text(tg: TelegramEmulator, params: Params, name: str, default: str = "") -> Json:
    texts = tg.profile.texts
    return {name: texts.get((name, _language(params))) or texts.get((name, "")) or default}


async def set_my_name(tg: TelegramEmulator, params: Params, files: Files) -> bool:
    return _set_text(tg, params, "name", 64, "BOT_TITLE_INVALID")


async def get_my_name(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return _get_text(tg, params, "name", tg.bot["first_name"])


async def set_my_description(tg: TelegramEmulator, params: Params, files: Files) -> bool:
    return _set_text(tg, params, "description", 512, "BOT_DESCRIPTION_TOO_LONG")


async def get_my_description(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return _get_text(tg, params, "description")


async def set_my_short_description(tg: TelegramEmulator, params: Params, files: Files) -> bool:
    return _set_text(tg, params, "short_description", 120, "BOT_SHORT_DESCRIPTION_TOO_LONG")


async def get_my_short_description(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return _get_text(tg, params, "short_description")


async def get_me(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return {
        **tg.bot, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False,
        "can_connect_to_business": False, "has_main_web_app": False,
    }  # fmt: skip


async def get_file(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return tg.files.get_file(params.get("file_id", ""))


async def get_chat(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    chat = tg.world.find(params.get("chat_id"))
    if chat.bot_is == "kicked":
        chat.check_bot_may_write()
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    )
    return {**chat.json, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


async def answer_callback_query(tg: TelegramEmulator, params: Params, files: Files) -> bool:
    text = params.get("text", "")
    if len(text) > 200:
        raise bad("MESSAGE_TOO_LONG")
    query = tg.callbacks.get(params.get("callback_query_id", ""))
    window = tg.switches.callback_answer_seconds
    if window is None:
        window = tg.limits.callback_update_seconds
    if query is None or query.answer is not None or tg.clock.now() - query.at > window:
        raise bad(QUERY_TOO_OLD)
    query.answer = {"text": text, "show_alert": flag(params, "show_alert"), "url": params.get("url", ""),
                    "cache_time": integer(params, "cache_time")}  # fmt: skip
    tg.changed_for(query.user_id)
    return True
