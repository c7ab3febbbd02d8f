"""Data out of the service: complaints as JSON lines, streamed."""

import json
from functools import partial
from typing import Any, TextIO

from bot.app.audit import note_system
from bot.clock import now
from bot.domain.audit import EXPORT
from bot.domain.complaints import shows_name, shows_phone
from storage import caseload
from storage.db import Database

PAGE = 500


def complaints(db: Database, out: TextIO) -> int:
    """One complaint a line, oldest first; returns how many. Memory holds one page at a time. It is recorded first."""
    note_system(db, now(), EXPORT, "list", {"format": "jsonl"})
    after, count = 0, 0
    while rows := db.read_now(partial(caseload.every, reach=caseload.EVERYTHING, after=after, limit=PAGE)):
        ids = [row.id for row in rows]
        threads: dict[int, list[Any]] = {}
        for entry in db.read_now(partial(caseload.entries_of, complaint_ids=ids)):
            threads.setdefault(entry.complaint_id, []).append(entry)
        out.writelines(json.dumps(one(row, threads.get(row.id, [])), ensure_ascii=False) + "\n" for row in rows)
        after, count = rows[-1].id, count + len(rows)
    out.flush()
    return count


def one(row: Any, entries: list[Any]) -> dict[str, Any]:
    """A complaint as other systems read it; times are ISO 8601 in UTC."""
    return {
        "reference": row.reference,
        "category": row.category,
        "urgency": row.urgency,
        "country": row.country,
        "country_name": row.country_name,
        "channel": row.channel,
        "language": row.language,
        "status": row.status,
        "about": row.about,
        "about_name": row.about_name,
        "behalf": row.behalf,
        "identity": row.identity,
        "name": row.name if shows_name(row.identity) else None,
        "contact": row.contact,
        "phone": row.phone if shows_phone(row.contact) else None,
        "filed_at": row.filed_at.isoformat(),
        "due_at": row.due_at.isoformat(),
        "first_answer_at": row.first_answer_at.isoformat() if row.first_answer_at else None,
        "erased_at": row.erased_at.isoformat() if row.erased_at else None,
        "demo": row.is_demo,
        "thread": [
            {
                "at": entry.at.isoformat(),
                "author": entry.author,
                "kind": entry.kind,
                "body": entry.body,
                "note": entry.note,
                "attachment": entry.attachment_id,
            }
            for entry in entries
        ],
    }
