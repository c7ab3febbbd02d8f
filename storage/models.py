"""Every table, so that the schema is whole: imported by migrations and tests."""

from sqlmodel import SQLModel

from storage import attachments, centres, complaints, inbox, leases, outbox, people, staff

METADATA = SQLModel.metadata
AGGREGATES = (attachments, centres, complaints, inbox, leases, outbox, people, staff)
