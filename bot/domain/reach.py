"""Who among the staff may do what, and whose complaints they may see."""

from collections.abc import Mapping
from dataclasses import dataclass

ADMINISTRATOR, DESK, HEAD, MEMBER = "administrator", "desk", "head", "member"
OFFICIAL, ASSESSOR, AUDITOR = "official", "assessor", "auditor"
ROLES = (ADMINISTRATOR, DESK, HEAD, MEMBER, OFFICIAL, ASSESSOR, AUDITOR)
SECOND_FACTOR = (ADMINISTRATOR, HEAD, OFFICIAL)
"""Who cannot work without one; everybody may have one."""

READ, WORK, ASSIGN, REFER, UNLOCK = "read", "work", "assign", "refer", "unlock"
ROUTING, STAFF, AUDIT, FIGURES, CANNED, INCIDENTS, EXPORT = (
    "routing",
    "staff",
    "audit",
    "figures",
    "canned",
    "incidents",
    "export",
)

MAY: Mapping[str, frozenset[str]] = {
    ADMINISTRATOR: frozenset((ROUTING, STAFF, CANNED)),
    DESK: frozenset((READ, WORK, ASSIGN, REFER, UNLOCK, ROUTING, FIGURES, CANNED, INCIDENTS, EXPORT)),
    HEAD: frozenset((READ, WORK, ASSIGN, REFER, UNLOCK, FIGURES, INCIDENTS)),
    MEMBER: frozenset((READ, WORK)),
    OFFICIAL: frozenset((FIGURES,)),
    ASSESSOR: frozenset(),
    AUDITOR: frozenset((READ, AUDIT, FIGURES)),
}
"""An administrator keeps the house and sees no complaint; an auditor sees all and changes nothing."""


def may(role: str, what: str) -> bool:
    return what in MAY.get(role, frozenset())


@dataclass(frozen=True, slots=True)
class Reach:
    """Who asks. `offices`: ids of those they serve in; `posts`: host countries where one of these sits."""

    staff: int
    role: str
    offices: tuple[int, ...] = ()
    posts: tuple[str, ...] = ()

    def may(self, what: str) -> bool:
        return may(self.role, what)

    @property
    def everywhere(self) -> bool:
        """Not bound to the complaints of their own offices."""
        return self.role in (DESK, AUDITOR)
