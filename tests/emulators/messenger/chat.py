"""What a person sees in the conversation: messages with their quick replies, buttons and attachments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class QuickReply:
    """A tappable answer under the last message."""

    title: str
    payload: str
    content_type: str = "text"
    image_url: str | None = None


@dataclass(slots=True)
class Button:
    """A button of a template; it stays tappable."""

    type: str
    title: str
    payload: str = ""
    url: str = ""


@dataclass(slots=True)
class Card:
    """One element of a generic template."""

    title: str
    subtitle: str
    image_url: str
    buttons: tuple[Button, ...]


@dataclass(slots=True)
class SeenAttachment:
    """A picture, sound, film or file as it arrived."""

    type: str
    data: bytes
    mime: str
    name: str
    attachment_id: str | None = None


@dataclass(slots=True)
class Content:
    """A message that passed every check."""

    text: str | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    buttons: tuple[Button, ...] = ()
    cards: tuple[Card, ...] = ()
    media: dict[str, Any] | None = None
    template_type: str | None = None
    utility: dict[str, Any] | None = None
    one_time_payload: str | None = None


@dataclass(slots=True)
class Seen:
    """One message from the Page on the person's screen; `quick_replies` is emptied when a later message comes."""

    mid: str
    at: float
    text: str | None
    quick_replies: tuple[QuickReply, ...]
    buttons: tuple[Button, ...]
    cards: tuple[Card, ...]
    attachments: tuple[SeenAttachment, ...]
    message: dict[str, Any]
    messaging_type: str
    tag: str | None
    one_time_payload: str | None = None

    def all_buttons(self) -> list[Button]:
        """The buttons of the message and of its cards."""
        return [*self.buttons, *(button for card in self.cards for button in card.buttons)]
