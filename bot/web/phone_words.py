"""The phone page's own words: what it says besides the conversation, by the name the page knows each under."""

from bot.dialog.says import _
from bot.i18n import Catalogues

WORDS = {
    "title": _("Help for Cambodian workers abroad"),
    "subtitle": _("Free of charge, day and night"),
    "sos": _("Help now"),
    "sos_long": _("I need help now: show the emergency numbers"),
    "menu": _("More"),
    "language": _("ភាសា / Language"),
    "delete": _("Delete the messages on this phone"),
    "delete_sure": _("Delete all messages on this phone?"),
    "delete_means": _(
        "Nobody who opens this page will see them any more. What you have sent to the officers stays with them. "
        "Messages that were not sent yet are thrown away."
    ),
    "deleted": _("The messages on this phone are deleted. Write at any time to go on."),
    "go_on": _("Go on"),
    "yes_delete": _("Delete"),
    "cancel": _("Cancel"),
    "messages": _("Messages"),
    "write": _("Write a message"),
    "send": _("Send"),
    "attach": _("Send a photo or a file"),
    "camera": _("Take a photo"),
    "gallery": _("Photo or video"),
    "papers": _("Paper or other file"),
    "sound": _("Sound recording"),
    "speak": _("Record a voice message"),
    "recording": _("Recording"),
    "speak_cancel": _("Throw the recording away"),
    "speak_send": _("Send the recording"),
    "no_microphone": _("The microphone cannot be used. You can write, or send a sound recording as a file."),
    "nothing_recorded": _("Nothing was recorded. Please try again."),
    "locating": _("Finding where you are…"),
    "no_location": _("Your location could not be found. Please write the place: street, company or what is nearby."),
    "your_location": _("Your location"),
    "phone_ask": _("Write the phone number"),
    "phone_wrong": _("Please write the number with its digits, for example +855 12 345 678."),
    "offline": _("No connection. Your messages will be sent when it is back."),
    "away": _("The service does not answer just now. Your messages are kept here and will be sent."),
    "no_cookies": _("This browser does not let the page remember you. Please allow cookies, then open the page again."),
    "newer": _("New messages"),
    "typing": _("An answer is being written"),
    "you": _("You"),
    "officer": _("Officer"),
    "waiting": _("Waiting"),
    "sending": _("Sending"),
    "sent": _("Sent"),
    "failed": _("Not sent"),
    "again": _("Try again"),
    "photo": _("Photo"),
    "voice": _("Voice message"),
    "video": _("Video"),
    "file": _("File"),
    "open": _("Open"),
    "play": _("Play"),
    "pause": _("Pause"),
    "position": _("Place in the recording"),
    "call": _("Call"),
    "too_big": _("That file is larger than 20 MB. Please send a smaller one, or a photo of it."),
    "no_script": _("This page needs JavaScript. Please allow it in the browser."),
}

REFUSALS = {
    "too_big": (413, WORDS["too_big"]),
    "kind": (415, _("This kind of file cannot be taken. Please send a photo, a sound, a video, a PDF or a document.")),
    "empty": (400, _("That file is empty. Please choose another one.")),
    "too_long": (413, _("That message is too long. Please send it in parts.")),
    "malformed": (400, _("That message could not be read. Please write it again.")),
    "unknown": (401, WORDS["no_cookies"]),
    "away": (503, WORDS["away"]),
}
"""What the page is told when something is not taken: the status, and words for the person."""


def words(catalogues: Catalogues) -> dict[str, dict[str, str]]:
    """All of the page's words in both languages, so that it can change language without loading again."""
    return {
        language: {name: catalogues.text(text, language) for name, text in WORDS.items()} for language in ("km", "en")
    }
