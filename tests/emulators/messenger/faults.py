"""Faults a test scripts: refusals, lost answers, slowness, the platform being away."""

from __future__ import annotations

from dataclasses import dataclass, field

from .errors import GraphError


@dataclass
class Faults:
    """What is to go wrong next; `on` names the kind of call ("messages", "actions", "profile", … or "any")."""

    down: bool = False
    delay: float = 0.0
    refusals: list[tuple[str, GraphError]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def refuse(self, on: str, error: GraphError, times: int) -> None:
        """The next `times` calls of this kind are refused."""
        self.refusals.extend([(on, error)] * times)

    def refusal(self, kind: str) -> GraphError | None:
        """The refusal scripted for this call, used up."""
        for index, (on, error) in enumerate(self.refusals):
            if on in (kind, "any"):
                del self.refusals[index]
                return error
        return None

    def loses(self, kind: str) -> bool:
        """Is the answer to this call to be lost?"""
        for index, on in enumerate(self.lost):
            if on in (kind, "any"):
                del self.lost[index]
                return True
        return False
