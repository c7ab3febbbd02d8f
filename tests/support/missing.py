"""A tool that some tests need and this machine lacks: a skip at home, a failure in CI."""

import os

from _pytest.outcomes import Skipped  # pytest.skip.Exception, in a form that mypy can follow


class MissingToolError(Skipped):
    """The tests need a tool that is not installed here."""


def missing_tool(tool: str, how: str) -> MissingToolError:
    """What to raise when `tool` is absent; `how` says how to get it."""
    return MissingToolError(f"{tool} is missing: {how}", _use_item_location=True)


def skips_allowed() -> bool:
    """Whether a missing tool may skip a test: not in CI, where everything must have been installed."""
    return os.environ.get("CI", "").lower() not in {"1", "true", "yes"}
