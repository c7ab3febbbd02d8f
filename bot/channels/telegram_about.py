"""What Telegram shows of the bot itself: its command list and its descriptions."""

from bot.dialog.says import _

LANGUAGES: tuple[tuple[str | None, str], ...] = ((None, "km"), ("km", "km"), ("en", "en"))
"""Telegram's language code, and the language of the texts. Khmer is also for everyone else: Telegram has no Khmer
interface, so a Cambodian phone reports any language, English too."""

COMMANDS = (
    ("menu", _("Menu")),
    ("sos", _("🆘 I need help now")),
    ("complaint", _("File a complaint")),
    ("complaints", _("My complaints")),
    ("officer", _("Talk to an officer")),
    ("language", _("ភាសា / Language")),
    ("help", _("Help")),
    ("delete", _("Delete my data")),
)
DESCRIPTION = _(
    "Chumnuoy: help for Cambodian workers abroad. Ask for help when you are in danger, take a complaint to a labour "
    "sub-committee and see what becomes of it, or write to an officer. You can write or speak. It is free. Press Start."
)
"""Shown in the empty chat; at most 512 characters in each language."""
SHORT_DESCRIPTION = _("Free help for Cambodian workers abroad: complaints, emergencies, answers.")
"""Shown on the bot's page and with its link; at most 120 characters in each language."""
