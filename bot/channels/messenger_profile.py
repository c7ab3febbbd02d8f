"""What a Page shows before anybody has written: Get Started, the greeting, the menu; pure.

Source: Messenger Platform, "Messenger Profile API" (Graph API v26.0).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.channels.messenger_parse import GET_STARTED
from bot.dialog.says import _
from bot.text.khmer import cut

LOCALES = (("default", "km"), ("en_US", "en"))
"""The platform's list has no km_KH, so Khmer is what everybody sees who has no language of ours."""
MENU_TITLE, GREETING_TEXT = 30, 160
HELLO = _("Help for Cambodian workers abroad. It is free. Tap Get Started.")
MENU: Sequence[tuple[str, str]] = (
    ("go:menu", _("Menu")),
    ("sos:start", _("🆘 I need help now")),
    ("complaint:start", _("File a complaint")),
    ("follow:start", _("My complaints")),
    ("help:start", _("Help")),
)


def profile(texts: Callable[[str, str], str]) -> dict[str, Any]:
    """The fields as they should be, in the platform's words; it takes no menu without Get Started."""
    greeting, menu = [], []
    for locale, language in LOCALES:
        greeting.append({"locale": locale, "text": cut(texts(HELLO, language), GREETING_TEXT)})
        items = [
            {"type": "postback", "title": cut(texts(title, language), MENU_TITLE), "payload": code}
            for code, title in MENU
        ]
        menu.append({"locale": locale, "composer_input_disabled": False, "call_to_actions": items})
    return {"get_started": {"payload": GET_STARTED}, "greeting": greeting, "persistent_menu": menu}


def covers(found: Any, wanted: Any) -> bool:
    """Whether all that we want is there; the platform may add keys of its own, and order the languages its way."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(covers(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return False
        return all(covers(*pair) for pair in zip(_by_locale(found), _by_locale(wanted), strict=True))
    return bool(found == wanted)


def _by_locale(entries: list[Any]) -> list[Any]:
    return sorted(entries, key=lambda entry: str(entry.get("locale", "")) if isinstance(entry, dict) else "")
