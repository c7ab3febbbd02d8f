"""A strict Telegram Bot API emulator: server, webhook deliveries, and the people on the other side."""

from .emulator import DEFAULT_TOKEN, TelegramEmulator
from .errors import ApiError
from .groups import Group
from .journal import Request
from .methods_bot import CallbackQuery
from .person import Person
from .seen import Media, SeenMessage
from .switches import Limits, Switches
from .webhook import Attempt

__all__ = [
    "DEFAULT_TOKEN",
    "ApiError",
    "Attempt",
    "CallbackQuery",
    "Group",
    "Limits",
    "Media",
    "Person",
    "Request",
    "SeenMessage",
    "Switches",
    "TelegramEmulator",
]
