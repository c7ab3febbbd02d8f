"""What is called what in the audit: every action, what it was done to, and what changed, as people read it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.console import labels
from bot.dialog.says import Text, Words, _
from bot.text import reference

ACTIONS: Mapping[Text, Mapping[str, Text]] = {
    _("Refused"): {"forbidden": _("Tried what is not theirs to see or do")},
    _("Reading"): {
        "open_complaint": _("Opened a complaint"),
        "open_file": _("Opened a file"),
        "list_complaints": _("Looked at a list"),
        "search_complaints": _("Searched the complaints"),
        "print_complaint": _("Opened a complaint for printing"),
        "make_receipt": _("Took a receipt"),
        "download_figures": _("Downloaded figures"),
        "save_filter": _("Kept a list's filters"),
        "rename_filter": _("Renamed kept filters"),
        "delete_filter": _("Removed kept filters"),
        "export_complaints": _("Exported complaints"),
        "read_audit": _("Read the audit"),
        "check_audit": _("Checked the audit's chain"),
        "download_audit": _("Downloaded the audit"),
    },
    _("Complaints"): {
        "file_complaint": _("Filed a complaint"),
        "add_to_complaint": _("Added to a complaint"),
        "acknowledge_complaint": _("Received a complaint"),
        "answer_complaint": _("Answered the worker"),
        "write_to_worker": _("Wrote to the worker"),
        "change_status": _("Changed the status"),
        "assign_complaint": _("Gave a complaint to an officer"),
        "refer_complaint": _("Referred a complaint to another sub-committee"),
        "reopen_complaint": _("Disagreed with the answer"),
        "rate_complaint": _("Rated the help"),
        "add_note": _("Wrote a note among officers"),
        "merge_complaint": _("Joined a complaint to another"),
        "unmerge_complaint": _("Separated joined complaints"),
        "ask_unlock": _("Asked to see who the worker is"),
        "decide_unlock": _("Decided whether who the worker is may be seen"),
        "decide": _("Decided whether who the worker is may be seen"),
        "show_case": _("Asked for a complaint in their own chat"),
        "send_receipt": _("Sent the worker a receipt"),
        "breach_clock": _("A deadline passed"),
        "close_incident": _("Closed an incident"),
        "delete_my_data": _("A worker had their data deleted"),
    },
    _("Signing in"): {
        "sign_in": _("Signed in"),
        "sign_in_failed": _("A wrong password"),
        "sign_in_locked": _("A try while the login was locked"),
        "second_factor_failed": _("A wrong code"),
        "sign_out": _("Signed out"),
        "session_refused": _("A session that is no more was used"),
        "session_revoked": _("Ended a session"),
        "recovery_used": _("Used a recovery code"),
        "recovery_renewed": _("Made new recovery codes"),
        "second_factor_set": _("Set up the second factor"),
        "second_factor_off": _("Turned the second factor off"),
        "link_chat": _("Linked their own chat"),
        "unlink_chat": _("Unlinked their own chat"),
        "password_changed": _("Changed their password"),
    },
    _("Keeping the house"): {
        "staff_add": _("Added an officer"),
        "staff_change": _("Changed an officer"),
        "staff_activate": _("Let an officer in again"),
        "staff_deactivate": _("Shut an officer out"),
        "refuse_code": _("A wrong code to link a chat"),
        "password_reset": _("Gave an officer a new password"),
        "second_factor_reset": _("Took away an officer's second factor"),
        "save_office": _("Changed a sub-committee"),
        "save_members": _("Changed who serves in a sub-committee"),
        "save_rules": _("Changed the rules of routing"),
        "save_canned": _("Wrote a ready answer"),
        "switch_canned": _("Turned a ready answer on or off"),
        "make_receipt_key": _("Made a key for receipts"),
    },
}
"""Groups, in the order in which they can be chosen."""
LABELS: Mapping[str, Text] = {action: label for group in ACTIONS.values() for action, label in group.items()}
ALARMS = ("forbidden", "breach_clock", "sign_in_locked", "session_refused")
"""Acts that an auditor looks for."""
ACTORS: Mapping[str, Text] = {"officer": _("Officer"), "worker": _("Worker"), "system": _("The service itself")}
KINDS: Mapping[str, Text] = {
    "complaint": _("Complaint"),
    "list": _("Page"),
    "page": _("Page"),
    "audit": _("Audit"),
    "figures": _("Figures"),
    "staff": _("Officer"),
    "session": _("Session"),
    "person": _("Person, number"),
    "address": _("Chat, number"),
    "office": _("Sub-committee"),
    "routing": _("Rules of routing"),
    "canned": _("Ready answer, number"),
    "filter": _("Kept filters, number"),
    "unlock": _("Request, number"),
    "receipt_key": _("Key"),
}
LISTS: Mapping[str, Text] = {
    "complaints": _("Complaints"),
    "notices": _("Notices"),
    "incidents": _("Incidents"),
    "figures": _("Figures"),
}
"""What a list is called, by its name in the audit."""
KEYS: Mapping[str, Text] = {
    "status": _("Status"),
    "state": _("State"),
    "office_id": _("Sub-committee"),
    "office": _("Sub-committee"),
    "officer_id": _("Officer"),
    "officer": _("Officer"),
    "asked_by": _("Asked by"),
    "about_office_id": _("About the sub-committee"),
    "province": _("Province"),
    "reopened": _("Times reopened"),
    "rating": _("Rating"),
    "merged_into_id": _("Joined to number"),
    "role": _("Role"),
    "active": _("Active"),
    "path": _("Page"),
    "method": _("Kind of request"),
    "file": _("File"),
    "format": _("Format"),
    "words": _("Length of the words"),
    "category": _("Category"),
    "country": _("Country"),
    "channel": _("Channel"),
    "view": _("View"),
    "since": _("From"),
    "until": _("To"),
    "action": _("Action"),
    "actor": _("Who"),
    "subject": _("About"),
    "rows": _("Rows"),
    "tries": _("Tries in a row"),
    "left": _("Left"),
    "by": _("By way of"),
    "clock": _("Clock"),
    "due_at": _("Due"),
    "started_at": _("Began"),
    "incident": _("Incident, number"),
    "weeks": _("Weeks"),
    "why": _("Because"),
    "changed": _("What was changed"),
    "rules": _("Rules"),
    "version": _("Version"),
}
VALUES: Mapping[str, Mapping[str, Text]] = {
    "status": {**labels.VIEWS, **labels.STATUS},
    "action": LABELS,
    "actor": ACTORS,
    "country": labels.COUNTRIES,
    "channel": labels.CHANNELS,
    "clock": {"received": _("Receiving"), "addressed": _("Answering")},
    "by": {"password": _("Password"), "code": _("Code"), "recovery": _("Recovery code")},
}
"""Codes that have names; by the key they stand under."""
OFFICER_KEYS, OFFICE_KEYS = ("officer_id", "officer", "asked_by"), ("office_id", "about_office_id", "office")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an act changed. `was` is None when the row tells only what it is now."""

    key: Text
    was: Text | None
    now: Text


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called: officers and sub-committees; and how a moment is written."""

    officers: Mapping[int, Words]
    offices: Mapping[int, Words]
    brief: Callable[[datetime], str] = datetime.isoformat


def raw(told: object) -> Words:
    """What comes from the table and is no text of ours: never translated."""
    return Words(str(told), str(told))


def changes(before: str, after: str, names: Names) -> list[Change]:
    """Two texts of JSON as lines for a reader; what cannot be read is shown as it is."""
    was, now = _read(before), _read(after)
    found = []
    for key in sorted(was.keys() | now.keys(), key=_order):
        then = value(key, now.get(key), names)
        label = KEYS.get(key) or (raw(key) if key else "")
        found.append(Change(label, value(key, was[key], names) if key in was else None, then))
    return found


def _read(told: str) -> Mapping[str, Any]:
    try:
        found = json.loads(told) if told else {}
    except ValueError:
        return {"": told}
    return found if isinstance(found, dict) else {"": told}


def _order(key: str) -> tuple[int, str]:
    known = list(KEYS)
    return (known.index(key) if key in KEYS else len(known), key)


def value(key: str, told: Any, names: Names) -> Text:
    """One value; lists of codes with commas, what is deeper by how many there are."""
    if told is None or told == "":
        return raw("–")
    if isinstance(told, bool):
        return _("Yes") if told else _("No")
    if key in OFFICER_KEYS and told in names.officers:
        return names.officers[told]
    if key in OFFICE_KEYS and told in names.offices:
        return names.offices[told]
    if key.endswith("_at") and (moment := _moment(told)):
        return raw(names.brief(moment))
    if isinstance(told, str):
        return VALUES.get(key, {}).get(told) or raw(told)
    if isinstance(told, list | dict):
        return raw(_joined(told))
    return raw(told)


def _moment(told: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(told)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None


def _joined(told: Iterable[Any]) -> str:
    several = list(told)
    flat = not isinstance(told, dict) and all(isinstance(one, str | int) for one in several)
    return ", ".join(map(str, several)) or "–" if flat else f"× {len(several)}"


def subject(kind: str, told: str) -> tuple[Text, Text, str]:
    """What it was done to: its kind, how it is written, and a complaint's reference when it is one."""
    code = reference.read(told) if kind == "complaint" else None
    listed = LISTS.get(told) if kind == "list" else None
    written = raw(reference.show(code) if code else told) if told else ""
    return KINDS.get(kind) or raw(kind), listed or written, code or ""
