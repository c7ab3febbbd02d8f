"""Logs: plain lines or JSON lines, never a token, never a person's words."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

_SECRETS = re.compile(r"bot\d+:[\w-]+|access_token=[^&\s\"']+|EAA\w{20,}")
_ADDED = {"message", "asctime", "taskName", "color_message"}
_PLAIN = set(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | _ADDED


def hide(text: str) -> str:
    """Without tokens."""
    return _SECRETS.sub("…", text)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        extra = " ".join(f"{key}={value}" for key, value in record.__dict__.items() if key not in _PLAIN)
        return hide(f"{super().format(record)} {extra}".rstrip())


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: str(value) for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return hide(json.dumps(line, ensure_ascii=False))


def set_up(log_format: str) -> None:
    """`text` or `json`, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _Text("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("aiogram", "apscheduler", "uvicorn.access", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
