"""The keys that sign receipts: made once, kept sealed, never thrown away while a receipt may be shown."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.columns import Moment, Sealed, table


class SigningKey(SQLModel, table=True):
    """An Ed25519 key: `id` names it in a receipt; `public` is base64 of 32 bytes; the newest one signs."""

    __tablename__ = "signing_key"

    id: str = Field(primary_key=True)
    public: str
    private: str = Field(sa_type=Sealed)
    made_at: datetime = Field(sa_type=Moment)


SIGNING_KEY = table(SigningKey)
