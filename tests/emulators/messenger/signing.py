"""The three signatures of the platform: webhook bodies, appsecret_proof, signed_request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json


def sign(app_secret: str, body: bytes) -> str:
    """X-Hub-Signature-256 over the raw body."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def appsecret_proof(app_secret: str, access_token: str) -> str:
    """Hex HMAC-SHA256 of the access token."""
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def signed_request(app_secret: str, user_id: str, issued_at: int) -> str:
    """Form value of the data deletion callback: base64url without padding, signed over the payload part as sent."""
    payload = {"user_id": user_id, "algorithm": "HMAC-SHA256", "issued_at": issued_at}
    part = _b64(json.dumps(payload).encode())
    signature = hmac.new(app_secret.encode(), part.encode(), hashlib.sha256).digest()
    return f"{_b64(signature)}.{part}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
