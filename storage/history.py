"""What was done with one complaint, read from the audit for those who work on it."""

import json
from typing import Any

from sqlalchemy import Connection, select

from storage.audit import AUDIT
from storage.staff import STAFF

TOLD = (
    *("file_complaint", "reopen_complaint", "rate_complaint", "acknowledge_complaint", "answer_complaint"),
    "write_to_worker",
    *("change_status", "assign_complaint", "refer_complaint", "ask_unlock", "decide_unlock", "merge_complaint"),
    *("unmerge_complaint", "breach_clock"),
)
"""Acts that tell how a complaint went; who looked at it is the audit's own matter."""


def of_complaint(connection: Connection, reference: str, limit: int = 200) -> list[Any]:
    """Newest first: at, actor, action, before, after (JSON), and the officer's names."""
    return list(
        connection.execute(
            select(
                *(AUDIT.c[name] for name in ("id", "at", "actor", "action", "before", "after")),
                STAFF.c.name_km,
                STAFF.c.name_en,
            )
            .outerjoin(STAFF, STAFF.c.id == AUDIT.c.staff_id)
            .where(AUDIT.c.subject_kind == "complaint", AUDIT.c.subject == reference, AUDIT.c.action.in_(TOLD))
            .order_by(AUDIT.c.id.desc())
            .limit(limit)
        )
    )


def ids(rows: list[Any]) -> tuple[set[int], set[int]]:
    """Officers and offices that these acts name."""
    after = [json.loads(row.after) for row in rows if row.after]
    named = ({one[key] for one in after if one.get(key) is not None} for key in ("officer_id", "office_id"))
    staff_ids, office_ids = named
    return staff_ids, office_ids
