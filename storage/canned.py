"""Canned answers: ready words in both languages."""

from sqlmodel import Field, SQLModel

from storage.columns import Identity, table


class CannedAnswer(SQLModel, table=True):
    """A ready answer in both languages; `{reference}` and the like are filled in, see `bot.domain.canned`."""

    __tablename__ = "canned_answer"

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    title_km: str
    title_en: str
    body_km: str
    body_en: str
    active: bool = True


CANNED = table(CannedAnswer)
