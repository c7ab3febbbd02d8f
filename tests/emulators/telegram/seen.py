"""A message as a person sees it on the phone: text, buttons and media, always as last edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .state import Json, StoredMessage

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

_MEDIA = ("photo", "voice", "document", "audio", "video")


@dataclass(frozen=True, slots=True)
class Media:
    """A file in a message, with its bytes."""

    kind: str
    content: bytes
    filename: str
    mime: str
    file_id: str


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """Reads through to the stored message, so a later edit shows; `data` is the Bot API message itself."""

    _stored: StoredMessage
    _tg: TelegramEmulator

    @property
    def data(self) -> Json:
        return self._stored.data

    @property
    def message_id(self) -> int:
        return int(self.data["message_id"])

    @property
    def from_bot(self) -> bool:
        return self._stored.outgoing

    @property
    def text(self) -> str:
        """The text or, under media, the caption."""
        return str(self.data.get("text") or self.data.get("caption") or "")

    @property
    def entities(self) -> list[Json]:
        return self.data.get("entities") or self.data.get("caption_entities") or []

    @property
    def edited(self) -> bool:
        return "edit_date" in self.data

    @property
    def inline_keyboard(self) -> list[list[Json]]:
        keyboard: list[list[Json]] = self.data.get("reply_markup", {}).get("inline_keyboard", [])
        return keyboard

    @property
    def reply_keyboard(self) -> list[list[Json]]:
        """The keyboard this message brought up instead of the phone's own."""
        keyboard: list[list[Json]] = (self._stored.keyboard or {}).get("keyboard", [])
        return keyboard

    @property
    def removes_keyboard(self) -> bool:
        return bool((self._stored.keyboard or {}).get("remove_keyboard"))

    @property
    def buttons(self) -> list[list[str]]:
        """Labels of the inline keyboard, else of the reply keyboard, row by row."""
        return [[str(button["text"]) for button in row] for row in self.inline_keyboard or self.reply_keyboard]

    @property
    def labels(self) -> list[str]:
        return [label for row in self.buttons for label in row]

    @property
    def location(self) -> Json | None:
        return self.data.get("location")

    @property
    def media(self) -> Media | None:
        for kind in _MEDIA:
            item: Any = self.data.get(kind)
            if item:
                item = item[-1] if isinstance(item, list) else item
                stored = self._tg.files.find(item["file_id"])
                if stored is not None:
                    return Media(kind, stored.content, stored.filename, stored.mime, item["file_id"])
        return None

    def button(self, wanted: str) -> Json | None:
        """The inline button with this callback_data or, failing that, this label."""
        buttons = [button for row in self.inline_keyboard for button in row]
        for name in ("callback_data", "text"):
            for button in buttons:
                if button.get(name) == wanted:
                    return button
        return None

    def __repr__(self) -> str:
        who = "bot" if self.from_bot else "person"
        return f"<{self.message_id} {who}: {self.text!r} {self.buttons or ''}>"
