"""What stands beside a thread: both clocks, who has it, its history, requests to see who complained."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.console import labels, views
from bot.console.sight import Sight
from bot.dialog.says import Text, Words, _
from bot.domain.clocks import ADDRESSED, KINDS, RECEIVED
from bot.domain.complaints import OPEN
from bot.domain.unlocks import APPROVED, ASKED, OPEN_FOR

ClockState = Literal["left", "soon", "late", "kept", "kept_late", "stopped"]


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock. `length`: what is left, how late it is, or how long it took. `at`: when it stopped."""

    kind: str
    state: ClockState
    length: timedelta
    share: int
    due_at: datetime
    at: datetime | None = None
    why: Text = ""


def promises(sight: Sight, now: datetime) -> list[Promise]:
    """The newest clock of each kind; of a complaint from before there were clocks, the 48 hours only."""
    newest = {row.kind: row for row in sight.clocks}
    found = [_promise(newest[kind], sight.row, now) for kind in KINDS if kind in newest]
    if ADDRESSED not in newest:
        found.append(_older(sight.row, now))
    return found


def _promise(clock: Any, row: Any, now: datetime) -> Promise:
    kept = row.first_answer_at if clock.kind == ADDRESSED else clock.stopped_at
    if clock.stopped_at and not kept and clock.kind == ADDRESSED:
        why = WITHOUT.get(row.status, _("No reply was sent"))
        return Promise(
            clock.kind, "stopped", clock.stopped_at - clock.started_at, 0, clock.due_at, clock.stopped_at, why
        )
    if clock.stopped_at:
        state: ClockState = "kept" if clock.stopped_at <= clock.due_at else "kept_late"
        return Promise(clock.kind, state, clock.stopped_at - clock.started_at, 0, clock.due_at, clock.stopped_at)
    return Promise(clock.kind, *views.running(clock.started_at, clock.due_at, now), clock.due_at)


def _older(row: Any, now: datetime) -> Promise:
    if row.first_answer_at:
        state: ClockState = "kept" if row.first_answer_at <= row.due_at else "kept_late"
        took = row.first_answer_at - row.filed_at
        return Promise(ADDRESSED, state, took, 0, row.due_at, row.first_answer_at)
    if row.status not in OPEN:
        why = WITHOUT.get(row.status, _("No reply was sent"))
        return Promise(ADDRESSED, "stopped", timedelta(0), 0, row.due_at, why=why)
    return Promise(ADDRESSED, *views.running(row.filed_at, row.due_at, now), row.due_at)


WITHOUT: Mapping[str, Text] = {
    "referred": _("Handed over; the clock starts anew when the other office takes it"),
    "withdrawn": _("The worker took it back"),
    "addressed": _("Marked as answered, without a reply here"),
    "closed": _("Closed, without a reply here"),
}
"""Why the clock of an answer stands still although nobody wrote to the worker."""
TITLES: Mapping[str, Text] = {RECEIVED: _("Receive it"), ADDRESSED: _("Answer within 48 hours")}


def names(row: Any) -> Words:
    return Words(row.name_km, row.name_en)


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the history. `to`: whom or what it went to."""

    at: datetime
    who: Text
    text: Text
    to: tuple[Text, ...] = ()


ACTS: Mapping[str, Text] = {
    "file_complaint": _("Filed"),
    "reopen_complaint": _("The worker disagreed: reopened"),
    "rate_complaint": _("Rated by the worker"),
    "acknowledge_complaint": _("Received"),
    "answer_complaint": _("Answered"),
    "write_to_worker": _("Wrote to the worker"),
    "change_status": _("Status changed"),
    "assign_complaint": _("Given to"),
    "refer_complaint": _("Referred to"),
    "ask_unlock": _("Asked to see who complained"),
    "decide_unlock": _("Decided whether it may be seen who complained"),
    "merge_complaint": _("Put together with another complaint"),
    "unmerge_complaint": _("Made a case of its own again"),
    "breach_clock": _("Overdue: an incident was opened"),
}


def history(sight: Sight) -> list[Act]:
    """Newest first."""
    return [_act(row, sight) for row in sight.history]


def _act(row: Any, sight: Sight) -> Act:
    after, to = json.loads(row.after) if row.after else {}, list[Text]()
    if after.get("office_id") in sight.places:
        to.append(names(sight.places[after["office_id"]]))
    if after.get("officer_id") in sight.names:
        to.append(names(sight.names[after["officer_id"]]))
    elif row.action == "assign_complaint":
        to.append(_("nobody"))
    if row.action == "change_status" and "status" in after:
        to.append(labels.STATUS.get(after["status"], after["status"]))
    who = names(row) if row.name_km else _("Worker") if row.actor == "worker" else _("Chumnuoy")
    return Act(row.at, who, ACTS[row.action], tuple(to))


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asked to see who complained. `state`: asked, approved, refused, expired (nobody decided in time)."""

    id: int
    state: str
    asker: Words
    asked_at: datetime
    mine: bool
    reason: str = ""
    decider: Words | None = None
    until: datetime | None = None


def requests(sight: Sight, officer_id: int, now: datetime) -> list[Request]:
    """Newest first."""
    found = []
    for row in sight.unlocks:
        state = row.state
        if state == ASKED and now - row.asked_at >= OPEN_FOR:
            state = "expired"
        if state == APPROVED and (row.until is None or row.until <= now):
            state = "over"
        asker = Words(row.asker_km, row.asker_en)
        decider = Words(row.decider_km, row.decider_en) if row.decider_km else None
        mine = row.asked_by == officer_id
        found.append(Request(row.id, state, asker, row.asked_at, mine, row.reason or "", decider, row.until))
    return found


@dataclass(frozen=True, slots=True)
class Note:
    """`text` empty: it was deleted with the worker's data."""

    id: int
    at: datetime
    who: Words
    text: str


def notes(sight: Sight) -> list[Note]:
    return [Note(row.id, row.at, names(row), row.body or "") for row in sight.notes]
