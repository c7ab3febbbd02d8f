"""Centres and hotlines, each with its source, its date and whether it is verified."""

from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import Field, SQLModel

from storage.columns import table


class Centre(SQLModel, table=True):
    """`status`: verified or unverified; `emergency`: a verified line to show in danger; `phones` separated by `;`."""

    id: str = Field(primary_key=True)
    kind: str
    country: str = Field(index=True)
    city: str = ""
    name_en: str
    name_km: str
    address: str = ""
    phones: str = ""
    hours: str = ""
    languages: str = ""
    source: str = ""
    verified_on: str = ""
    confidence: str = ""
    status: str = "unverified"
    emergency: bool = False
    notes: str = ""


CENTRE = table(Centre)


def verified(connection: Connection) -> list[Any]:
    """Only what may be shown in an emergency: a phone, and verified."""
    return list(
        connection.execute(
            select(CENTRE).where(CENTRE.c.status == "verified", CENTRE.c.phones != "").order_by(CENTRE.c.id)
        )
    )
