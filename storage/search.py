"""A blind index: words of sealed texts as keyed digests, so that they are found and not read."""

from sqlalchemy import BigInteger
from sqlmodel import Field, Index, SQLModel

from storage.columns import Identity, table


class SearchToken(SQLModel, table=True):
    """One word of one complaint, as the first 8 bytes (signed) of an HMAC under the service's key."""

    __tablename__ = "search_token"
    __table_args__ = (Index("search_token_of_complaint", "complaint_id"),)

    token: int = Field(primary_key=True, sa_type=BigInteger)
    complaint_id: int = Field(primary_key=True, foreign_key="complaint.id", sa_type=Identity)


TOKEN = table(SearchToken)
