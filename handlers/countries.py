"""Countries as a worker picks them: nine first, then the rest, then any by name."""

from bot.dialog.questions import Option
from bot.dialog.says import _

FIRST: tuple[Option, ...] = (
    Option("TH", _("Thailand")),
    Option("KR", _("Korea")),
    Option("JP", _("Japan")),
    Option("MY", _("Malaysia")),
    Option("SG", _("Singapore")),
    Option("VN", _("Viet Nam")),
    Option("TW", _("Taiwan")),
    Option("HK", _("Hong Kong")),
    Option("KH", _("Cambodia")),
    Option("more", _("Another country")),
)
MORE: tuple[Option, ...] = (
    Option("LA", _("Laos")),
    Option("SA", _("Saudi Arabia")),
    Option("KW", _("Kuwait")),
    Option("QA", _("Qatar")),
    Option("other", _("Not in this list"), _("Not listed")),
)
UNLISTED = "XX"
"""ISO 3166's user-assigned code, for a country told by name."""
