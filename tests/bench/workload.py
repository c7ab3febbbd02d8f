"""The load: whole complaint conversations as the platforms would deliver them, prepared as raw HTTP requests."""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

SECRET, APP_SECRET, PAGE = "a-webhook-secret", "app-secret", "104500000000001"
FIRST_PERSON = 10_000_000
STORY = "ថៅកែមិនទាន់បើកប្រាក់ខែឱ្យខ្ញុំពីរខែហើយ។ ខ្ញុំធ្វើការនៅរោងចក្រកាត់ដេរ តាំងពីខែមករា។"

COMPLAINT: Sequence[str] = (
    *("/start", "language:set=km", "complaint:start", "complaint:group=work", "complaint:category=WAGE_UNPAID"),
    *("complaint:country=TH", "complaint:about=other", "complaint:behalf=self", STORY, "complaint:story=."),
    *("complaint:evidence=-", "complaint:identity=hidden", "complaint:contact=chat", "complaint:review=send"),
)
"""One complaint in 14 events: codes are taps, the rest is typed."""

PEER: Sequence[str] = ("/start", "name", "story")
"""The three steps of the plain bots: asked for a name, asked what happened, thanked."""

Json = dict[str, Any]


def request(path: str, body: bytes, header: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{header}\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def telegram_update(number: int, person: int, step: str) -> Json:
    user = {"id": person, "is_bot": False, "first_name": "សុខា", "language_code": "km"}
    chat = {"id": person, "first_name": "សុខា", "type": "private"}
    at = int(time.time())
    if ":" in step:
        keyboard = [[{"text": "១ ជម្រើស", "callback_data": step}]]
        message: Json = {"message_id": number, "chat": chat, "date": at, "text": "?"}
        message["from"] = {"id": 7000000001, "is_bot": True, "first_name": "ជំនួយ"}
        message["reply_markup"] = {"inline_keyboard": keyboard}
        query = {"id": str(number), "from": user, "message": message, "chat_instance": "1", "data": step}
        return {"update_id": number, "callback_query": query}
    content: Json = {"text": step}
    if step.startswith("/"):
        content["entities"] = [{"offset": 0, "length": len(step), "type": "bot_command"}]
    return {"update_id": number, "message": {"message_id": number, "from": user, "chat": chat, "date": at, **content}}


def telegram(number: int, person: int, step: str, path: str = "/webhooks/telegram") -> bytes:
    body = json.dumps(telegram_update(number, person, step)).encode()
    return request(path, body, f"X-Telegram-Bot-Api-Secret-Token: {SECRET}")


def messenger(number: int, person: int, step: str) -> bytes:
    """Signed over the bytes as sent: Khmer as \\uXXXX."""
    message: Json = {"mid": f"m_{number}", "text": step}
    if ":" in step:
        message = {"mid": f"m_{number}", "text": "១ ជម្រើស", "quick_reply": {"payload": step}}
    at = int(time.time() * 1000)
    event = {"sender": {"id": str(person)}, "recipient": {"id": PAGE}, "timestamp": at, "message": message}
    body = json.dumps({"object": "page", "entry": [{"id": PAGE, "time": at, "messaging": [event]}]}).encode()
    signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return request("/webhooks/messenger", body, f"X-Hub-Signature-256: sha256={signature}")


def conversations(people: int, first_number: int = 1) -> list[list[bytes]]:
    """A complaint by each; every other person writes on Messenger."""
    made, number = [], first_number
    for index in range(people):
        make = messenger if index % 2 else telegram
        made.append([make(number + step, FIRST_PERSON + index, text) for step, text in enumerate(COMPLAINT)])
        number += len(COMPLAINT)
    return made


def peer_conversations(people: int, rounds: int) -> list[list[bytes]]:
    """The same number of events for a plain bot: each person goes `rounds` times through its three steps."""
    made, number = [], 1
    for index in range(people):
        steps = [*PEER] * rounds
        made.append([telegram(number + step, FIRST_PERSON + index, text) for step, text in enumerate(steps)])
        number += len(steps)
    return made
