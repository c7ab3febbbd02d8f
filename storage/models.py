"""Every table, so that the schema is whole: imported by migrations and tests."""

from sqlmodel import SQLModel

from storage import (
    attachments,
    audit,
    canned,
    centres,
    clocks,
    complaints,
    filters,
    inbox,
    incidents,
    leases,
    notes,
    notices,
    offices,
    outbox,
    people,
    presence,
    receipts,
    search,
    staff,
    unlocks,
)

METADATA = SQLModel.metadata
AGGREGATES = (
    attachments,
    audit,
    canned,
    centres,
    clocks,
    complaints,
    filters,
    inbox,
    incidents,
    leases,
    notes,
    notices,
    offices,
    outbox,
    people,
    presence,
    receipts,
    search,
    staff,
    unlocks,
)
