"""Checks the `message` object of a send and turns it into what the person will see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .chat import Button, Card, Content, QuickReply
from .errors import GraphError, invalid, required
from .switches import Switches

TEXT, METADATA, PAYLOAD, TITLE, BUTTON_TEXT, CARD_TEXT = 2000, 1000, 1000, 20, 640, 80
QUICK_REPLIES, BUTTONS, CARDS = 13, 3, 10
MEDIA = ("image", "audio", "video", "file")
PHONE_TYPES = {"user_phone_number", "user_email"}
MESSAGE_KEYS = {"text", "attachment", "quick_replies", "metadata", "template"}
QUICK_REPLY_KEYS = {"content_type", "title", "payload", "image_url"}
BUTTON_KEYS = {
    "postback": {"type", "title", "payload"},
    "web_url": {
        "type",
        "title",
        "url",
        "webview_height_ratio",
        "messenger_extensions",
        "fallback_url",
        "webview_share_button",
    },
    "phone_number": {"type", "title", "payload"},
    "account_link": {"type", "url"},
    "account_unlink": {"type"},
}


class Checker:
    """Reads one message under one set of switches; every refusal is a GraphError."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches

    def message(self, message: dict[str, Any], has_file: bool = False) -> Content:
        """The whole `message`; `has_file` when the bytes come in the same multipart request."""
        self.only(message, MESSAGE_KEYS, "message")
        text, attachment = message.get("text"), message.get("attachment")
        if "template" in message:
            return Content(
                utility=self.object(message["template"], "message[template]"), template_type="utility_messages"
            )
        if attachment is None and (text is None or text == ""):
            raise GraphError(100, self.switches.empty_message_text)
        if attachment is not None and text is not None:
            raise GraphError(100, self.switches.text_and_attachment_text)
        self.string(message.get("metadata", ""), "message[metadata]", METADATA, empty=True)
        replies = self.quick_replies(message["quick_replies"]) if message.get("quick_replies") is not None else ()
        if attachment is None:
            return Content(text=self.text(text), quick_replies=replies)
        content = self.attachment(self.object(attachment, "message[attachment]"), has_file)
        content.quick_replies = replies
        return content

    def text(self, text: object) -> str:
        """Plain text: at most 2000 characters; this one text of refusal is known exactly."""
        if not isinstance(text, str):
            raise invalid("Param message[text] must be a string")
        if len(text) > TEXT:
            raise invalid(f"Length of param message[text] must be less than or equal to {TEXT}")
        if not text.strip():
            raise GraphError(100, self.switches.empty_message_text)
        return text

    def quick_replies(self, replies: object) -> tuple[QuickReply, ...]:
        """Up to 13 answers."""
        name = "message[quick_replies]"
        found = self.list(replies, name, 1, QUICK_REPLIES)
        return tuple(self.quick_reply(reply, f"{name}[{index}]") for index, reply in enumerate(found))

    def quick_reply(self, reply: object, name: str) -> QuickReply:
        """One answer; the location type is gone."""
        given = self.object(reply, name)
        self.only(given, QUICK_REPLY_KEYS, name)
        kind = given.get("content_type")
        if kind is None:
            raise required(f"{name}[content_type]")
        if kind in PHONE_TYPES:
            return QuickReply("", "", str(kind))
        if kind != "text":
            raise invalid(f"Param {name}[content_type] must be one of {{TEXT, USER_PHONE_NUMBER, USER_EMAIL}}")
        title, payload = given.get("title"), given.get("payload")
        if not title:
            raise invalid("Title is required for this quick reply content type", 2018098)
        if not payload and not given.get("image_url"):
            raise invalid("Payload is required for this quick reply content type", 2018099)
        if self.switches.long_quick_reply_title == "truncate" and isinstance(title, str):
            title = title[:TITLE]
        return QuickReply(
            self.string(title, f"{name}[title]", TITLE),
            self.string(payload or "", f"{name}[payload]", PAYLOAD, empty=True),
            "text",
            given.get("image_url"),
        )

    def attachment(self, attachment: dict[str, Any], has_file: bool) -> Content:
        """Media or a template."""
        kind, payload = attachment.get("type"), attachment.get("payload")
        if kind is None:
            raise required("message[attachment][type]")
        if kind not in (*MEDIA, "template"):
            raise invalid("Param message[attachment][type] must be one of {IMAGE, AUDIO, VIDEO, FILE, TEMPLATE}")
        if payload is None and not has_file:
            raise required("message[attachment][payload]")
        payload = self.object(payload or {}, "message[attachment][payload]")
        if kind in MEDIA:
            if not has_file and not payload.get("url") and not payload.get("attachment_id"):
                raise required("message[attachment][payload][url]")
            return Content(media={"type": kind, **payload})
        return self.template(payload)

    def template(self, payload: dict[str, Any]) -> Content:
        """Button, generic and media templates; utility and one-time ones are finished by the sender."""
        kind = payload.get("template_type")
        if kind == "button":
            text = self.string(payload.get("text"), "name_placeholder[text]", BUTTON_TEXT)
            return Content(
                text, buttons=self.buttons(payload.get("buttons"), "name_placeholder[buttons]"), template_type="button"
            )
        if kind == "generic":
            cards = self.list(payload.get("elements"), "name_placeholder[elements]", 1, CARDS)
            found = tuple(self.card(card, f"name_placeholder[elements][{index}]") for index, card in enumerate(cards))
            return Content(cards=found, template_type="generic")
        if kind == "media":
            return self.media_template(payload)
        if kind == "utility_messages":
            return Content(utility=payload, template_type="utility_messages")
        if kind == "customer_feedback":
            return Content(self.string(payload.get("title"), "name_placeholder[title]", 65), template_type=kind)
        if kind == "one_time_notif_req" and self.switches.one_time_notification:
            title = self.string(payload.get("title"), "name_placeholder[title]", 65)
            asked = self.string(payload.get("payload"), "name_placeholder[payload]", PAYLOAD)
            return Content(title, template_type=kind, one_time_payload=asked)
        raise invalid("Invalid template type")

    def media_template(self, payload: dict[str, Any]) -> Content:
        """One picture or film with up to three buttons."""
        element = self.object(
            self.list(payload.get("elements"), "name_placeholder[elements]", 1, 1)[0], "name_placeholder[elements][0]"
        )
        kind = element.get("media_type")
        if kind not in ("image", "video"):
            raise invalid("Param name_placeholder[elements][0][media_type] must be one of {IMAGE, VIDEO}")
        if ("url" in element) == ("attachment_id" in element):
            raise invalid("Exactly one of attachment_id and url is required for this media template")
        media: dict[str, Any] = {key: element[key] for key in ("url", "attachment_id") if key in element}
        buttons = (
            self.buttons(element["buttons"], "name_placeholder[elements][0][buttons]") if "buttons" in element else ()
        )
        return Content(media={"type": kind, **media}, buttons=buttons, template_type="media")

    def card(self, card: object, name: str) -> Card:
        """One element of a generic template: a title and at least one other thing."""
        given = self.object(card, name)
        self.only(given, {"title", "subtitle", "image_url", "default_action", "buttons"}, name)
        title = self.string(given.get("title"), f"{name}[title]", CARD_TEXT)
        if not any(given.get(key) for key in ("subtitle", "image_url", "buttons", "default_action")):
            raise invalid(
                "Incomplete element data: title and at least one other field (image url, subtitle or buttons) "
                "is required with non-empty value",
                2018035,
            )
        subtitle = self.string(given.get("subtitle", ""), f"{name}[subtitle]", CARD_TEXT, empty=True)
        buttons = self.buttons(given["buttons"], f"{name}[buttons]") if "buttons" in given else ()
        return Card(title, subtitle, str(given.get("image_url", "")), buttons)

    def buttons(self, buttons: object, name: str) -> tuple[Button, ...]:
        """One to three."""
        if buttons is None:
            raise required(name)
        found = self.list(buttons, name, 1, BUTTONS)
        return tuple(self.button(button, f"{name}[{index}]") for index, button in enumerate(found))

    def button(self, button: object, name: str) -> Button:
        """Postback, link, telephone or account button."""
        given = self.object(button, name)
        kind = given.get("type")
        if kind is None:
            raise required(f"{name}[type]")
        if kind not in BUTTON_KEYS:
            raise invalid(
                f"Param {name}[type] must be one of {{WEB_URL, POSTBACK, PHONE_NUMBER, ACCOUNT_LINK, ACCOUNT_UNLINK}}"
            )
        self.only(given, BUTTON_KEYS[kind], name)
        if kind.startswith("account_"):
            return Button(kind, "Log In" if kind == "account_link" else "Log Out", url=str(given.get("url", "")))
        if given.get("title") is None:
            raise invalid("Element button title cannot be empty.", 2018053)
        title = self.string(given["title"], f"{name}[title]", TITLE)
        if kind == "web_url":
            return Button(kind, title, url=self.url(given.get("url"), f"{name}[url]"))
        if not given.get("payload"):
            raise invalid(f"Payload cannot be empty for {kind.replace('_', ' ')} type button", 2018040)
        payload = self.string(given["payload"], f"{name}[payload]", PAYLOAD)
        if kind == "phone_number" and not (payload.startswith("+") and payload[1:].isdigit()):
            raise invalid("Phone number must be in the format +<COUNTRY_CODE><PHONE_NUMBER>")
        return Button(kind, title, payload=payload)

    def url(self, url: object, name: str) -> str:
        """A link a browser can open."""
        if not url:
            raise invalid("Web url cannot be empty for url type button", 2018041)
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise invalid(f"{name} should represent a valid URL")
        return url

    def string(self, value: object, name: str, limit: int, *, empty: bool = False) -> str:
        """A string of at most `limit` characters."""
        if value is None:
            raise required(name)
        if not isinstance(value, str) or (not value and not empty):
            raise invalid(f"Param {name} must be a non-empty UTF-8 encoded string")
        if len(value) > limit:
            raise self.over(f"Length of param {name} must be less than or equal to {limit}")
        return value

    def list(self, value: object, name: str, least: int, most: int) -> list[Any]:
        """A list of so many elements."""
        if value is None:
            raise required(name)
        if not isinstance(value, list):
            raise invalid(f"Param {name} must be an array.")
        if len(value) < least:
            raise GraphError(194, f"(#194) param {name} has too few elements.")
        if len(value) > most:
            raise self.over(f"param {name} has too many elements.")
        return value

    def object(self, value: object, name: str) -> dict[str, Any]:
        """A JSON object."""
        if not isinstance(value, dict):
            raise invalid(f"Param {name} must be a JSON object")
        return value

    def only(self, given: dict[str, Any], allowed: Iterable[str], name: str) -> None:
        """No key the platform does not know."""
        for key in given:
            if key not in allowed:
                raise invalid(f'Unexpected key "{key}" on param "{name}".')

    def over(self, text: str) -> GraphError:
        """A length or count is exceeded; how that reads is not known for sure."""
        return invalid(text) if self.switches.limit_text == "named" else GraphError(100, "(#100) Invalid parameter")
