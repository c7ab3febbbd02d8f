"""The second factor: codes of a phone that change every 30 seconds (RFC 6238), and recovery codes."""

import hashlib
import hmac
from datetime import datetime

from pyotp import TOTP

from bot.text import khmer

STEP = 30
"""Seconds that a code is shown for."""
DRIFT = 1
"""Steps that a phone's clock may be ahead or behind."""
ISSUER = "Chumnuoy"
SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Of recovery codes and first passwords: none is taken for another. Sixteen of them are 79 bits."""
RECOVERY_CODES = 10
LENGTH = 16


def tidy(typed: str) -> str:
    """A code as typed, without spaces and dashes, in small ASCII letters and digits."""
    return "".join(one for one in khmer.to_ascii_digits(khmer.clean(typed)).lower() if one not in " -\n")


def step_at(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP


def step_of(secret: str, typed: str, moment: datetime) -> int | None:
    """The time step that this code belongs to, of those that count now; None when it belongs to none."""
    code, now, found = tidy(typed), step_at(moment), None
    made_with = TOTP(secret)
    for step in (now - DRIFT, now, now + DRIFT):
        if hmac.compare_digest(made_with.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def address(secret: str, login: str) -> str:
    """What the QR code holds (https://github.com/google/google-authenticator/wiki/Key-Uri-Format)."""
    return TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def groups(text: str, between: str = " ") -> str:
    """In groups of four, for reading and typing."""
    return between.join(text[at : at + 4] for at in range(0, len(text), 4))


def digest(recovery: str) -> str:
    """What is kept of a recovery code: SHA-256 in hexadecimal."""
    return hashlib.sha256(tidy(recovery).encode()).hexdigest()
