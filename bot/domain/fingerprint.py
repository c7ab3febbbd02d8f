"""What was seen, as a short digest: a form carries it, and what is there when it comes back is compared with it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict


def fingerprint(what: Sequence[object]) -> str:
    """Changes when any of these dataclasses or values does: what was seen is compared with what is there now."""
    told = json.dumps(what, default=_told, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _told(value: object) -> object:
    return asdict(value)  # type: ignore[call-overload]  # whatever is no dataclass raises TypeError, as it should
