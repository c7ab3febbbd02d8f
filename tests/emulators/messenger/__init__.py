"""A strict emulator of the Messenger Platform (Graph API v26.0), for tests and for running without the internet."""

from .calls import Upload
from .chat import Button, Card, QuickReply, Seen, SeenAttachment
from .errors import TEXTS, GraphError
from .journal import Request, Sent
from .person import Person, PersonError
from .server import MessengerEmulator
from .signing import appsecret_proof
from .switches import Limits, Switches

__all__ = [
    "TEXTS",
    "Button",
    "Card",
    "GraphError",
    "Limits",
    "MessengerEmulator",
    "Person",
    "PersonError",
    "QuickReply",
    "Request",
    "Seen",
    "SeenAttachment",
    "Sent",
    "Switches",
    "Upload",
    "appsecret_proof",
]
