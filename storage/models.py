"""Every table, so that the schema is whole: imported by migrations and tests."""

from sqlmodel import SQLModel

from storage import (  # noqa: F401 - each brings its tables
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
