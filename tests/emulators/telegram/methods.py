"""Every Bot API method the emulator answers, by lower-case name; what is not here is 404."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from . import methods_bot as bot
from . import methods_edit as edit
from . import methods_send as send
from . import methods_updates as updates
from .wire import Files, Params

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

Method = Callable[["TelegramEmulator", Params, Files], Awaitable[Any]]

METHODS: dict[str, Method] = {
    "sendmessage": send.send_message,
    "sendphoto": send.send_photo,
    "sendvoice": send.send_voice,
    "senddocument": send.send_document,
    "sendaudio": send.send_audio,
    "sendvideo": send.send_video,
    "sendlocation": send.send_location,
    "sendvenue": send.send_venue,
    "sendcontact": send.send_contact,
    "sendchataction": send.send_chat_action,
    "copymessage": send.copy_message,
    "copymessages": send.copy_messages,
    "forwardmessage": send.forward_message,
    "forwardmessages": send.forward_messages,
    "editmessagetext": edit.edit_message_text,
    "editmessagecaption": edit.edit_message_caption,
    "editmessagereplymarkup": edit.edit_message_reply_markup,
    "deletemessage": edit.delete_message,
    "deletemessages": edit.delete_messages,
    "answercallbackquery": bot.answer_callback_query,
    "getme": bot.get_me,
    "getfile": bot.get_file,
    "getchat": bot.get_chat,
    "setmycommands": bot.set_my_commands,
    "getmycommands": bot.get_my_commands,
    "deletemycommands": bot.delete_my_commands,
    "setmyname": bot.set_my_name,
    "getmyname": bot.get_my_name,
    "setmydescription": bot.set_my_description,
    "getmydescription": bot.get_my_description,
    "setmyshortdescription": bot.set_my_short_description,
    "getmyshortdescription": bot.get_my_short_description,
    "getupdates": updates.get_updates,
    "setwebhook": updates.set_webhook,
    "deletewebhook": updates.delete_webhook,
    "getwebhookinfo": updates.get_webhook_info,
}
