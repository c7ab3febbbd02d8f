"""Bot API methods about receiving updates: long polling and the webhook's settings."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from .errors import bad, too_many
from .state import Json
from .webhook import Target
from .wire import Files, Params, flag, integer, json_param

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_PORTS = (443, 80, 88, 8443)
_CERTIFICATE_BYTES = 3 << 20


class Described(NamedTuple):
    """A result with the envelope's optional description."""

    result: Any
    description: str


class Raw(NamedTuple):
    """A result that is JSON already."""

    result: bytes


async def get_updates(tg: TelegramEmulator, params: Params, files: Files) -> Raw:
    if "allowed_updates" in params:
        tg.updates.allow(json_param(params, "allowed_updates", "can't parse allowed_updates JSON object"))
    return Raw(await tg.updates.poll(params, tg.webhook.target is not None))


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_url(tg: TelegramEmulator, url: str) -> str:
    """The address the webhook will be at; raises what the server says of a URL it refuses."""
    try:
        parts: SplitResult = urlsplit(url if "://" in url else "http://" + url)
        port = parts.port
    except ValueError as problem:
        raise bad("invalid webhook URL specified") from problem
    host = parts.hostname or ""
    if not host or parts.scheme not in ("http", "https") or any(char.isspace() for char in url):
        raise bad("invalid webhook URL specified")
    if tg.allow_local_webhook and _loopback(host):
        return "127.0.0.1"
    if parts.scheme != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if (port or 443) not in _PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    return _check_address("127.0.0.1" if host == "localhost" else host)


def _check_address(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""  # a name; the emulator resolves none
    if address.version != 4:
        raise bad("bad webhook: IPv6-only addresses are not allowed")
    if not address.is_global:
        raise bad(f"bad webhook: IP address {address} is reserved")
    return str(address)


def _target(tg: TelegramEmulator, params: Params, files: Files, url: str) -> Target:
    connections = integer(params, "max_connections", 40)
    secret = params.get("secret_token", "")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    certificate = files.get("certificate")
    if certificate is not None and len(certificate[1]) > _CERTIFICATE_BYTES:
        raise bad("certificate size is too big")
    address = _check_url(tg, url)
    if params.get("ip_address"):
        address = _check_address(params["ip_address"]) or address
    return Target(url, secret, min(100, max(1, connections or 40)), address, certificate is not None)


async def set_webhook(tg: TelegramEmulator, params: Params, files: Files) -> Described:
    url = params.get("url", "").strip()
    if not url:
        return await delete_webhook(tg, params, files)
    now = tg.clock.now()
    if now < tg.next_set_webhook_at:
        raise too_many(1)
    tg.next_set_webhook_at = now + 1.0
    target = _target(tg, params, files, url)
    allowed = json_param(params, "allowed_updates", "can't parse allowed_updates JSON object")
    tg.updates.allow(allowed)
    drop = flag(params, "drop_pending_updates")
    if tg.webhook.target == target and not drop and not target.has_certificate:
        return Described(True, "Webhook is already set")
    tg.updates.end_poll()
    tg.webhook.stop()
    if drop:
        tg.updates.forget_all()
    tg.webhook.last_error = None
    tg.webhook.start(target)
    return Described(True, "Webhook was set")


async def delete_webhook(tg: TelegramEmulator, params: Params, files: Files) -> Described:
    was_set = tg.webhook.target is not None
    tg.webhook.stop()
    if flag(params, "drop_pending_updates"):
        tg.updates.forget_all()
    return Described(True, "Webhook was deleted" if was_set else "Webhook is already deleted")


async def get_webhook_info(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    target = tg.webhook.target
    tg.updates.drop_expired()
    info: Json = {
        "url": target.url if target else "",
        "has_custom_certificate": bool(target and target.has_certificate),
        "pending_update_count": len(tg.updates.pending),
    }
    if target is not None:
        info["max_connections"] = target.max_connections
        if target.ip_address:
            info["ip_address"] = target.ip_address
        if tg.webhook.last_error is not None:
            at, text = tg.webhook.last_error
            info["last_error_date"], info["last_error_message"] = int(at), text
    if tg.updates.allowed_given is not None:
        info["allowed_updates"] = tg.updates.allowed_given
    return info
