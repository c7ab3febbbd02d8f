"""Canned answers: ready words in both languages."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
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
FIRST: tuple[Mapping[str, str], ...] = (
    {
        "title_km": "យើងបានទទួល",
        "title_en": "We have it",
        "body_km": "យើងបានទទួលពាក្យបណ្តឹង {reference} របស់អ្នកហើយ។ {office} កំពុងពិនិត្យ ហើយនឹងឆ្លើយអ្នកនៅទីនេះ។"
        " បើអ្នកកំពុងមានគ្រោះថ្នាក់ សូមសរសេរ SOS។",
        "body_en": "We have received your complaint {reference}. {office} is looking into it and will answer you here."
        " If you are in danger now, write SOS.",
    },
    {
        "title_km": "សុំឯកសារ",
        "title_en": "Papers, please",
        "body_km": "ដើម្បីជួយអ្នករឿងបណ្តឹង {reference} យើងត្រូវការរូបថតឯកសារដែលអ្នកមាន ដូចជាកិច្ចសន្យា"
        " ឬបង្កាន់ដៃ។ បើគ្មានទេ មិនអីទេ គ្រាន់តែសរសេរប្រាប់យើង។",
        "body_en": "To help with your complaint {reference} we need photos of the papers you have, such as a contract"
        " or receipts. If you have none, that is all right: just tell us in words.",
    },
    {
        "title_km": "សួរបន្ថែម",
        "title_en": "One more question",
        "body_km": "អរគុណដែលបានប្រាប់យើង។ ដើម្បីយល់ឲ្យច្បាស់ សូមប្រាប់ថា រឿងនេះកើតនៅពេលណា នៅកន្លែងណា ហើយអ្នកណាទៀតបានឃើញ។",
        "body_en": "Thank you for telling us. So that we understand it well: when did it happen, where, and who else"
        " saw it?",
    },
    {
        "title_km": "កំពុងដោះស្រាយ",
        "title_en": "Still working on it",
        "body_km": "យើងនៅតែកំពុងដោះស្រាយបណ្តឹង {reference} ({category})។ យើងមិនភ្លេចអ្នកទេ ហើយនឹងសរសេរមកអ្នកពេលមានដំណឹងថ្មី។",
        "body_en": "We are still working on your complaint {reference} ({category}). You are not forgotten; we will"
        " write when there is news.",
    },
    {
        "title_km": "តើដោះស្រាយហើយឬនៅ?",
        "title_en": "Is it solved?",
        "body_km": "តើរឿងក្នុងបណ្តឹង {reference} ដោះស្រាយរួចហើយឬនៅ? បើមិនទាន់ទេ សូមសរសេរប្រាប់យើងនៅទីនេះ។",
        "body_en": "Is the matter of your complaint {reference} solved? If it is not, please tell us here.",
    },
)
"""Neutral words to begin with; the ministry changes them as it likes."""


def seed(connection: Connection) -> int:
    """Put the first ones in where there is none yet; returns how many."""
    if connection.scalar(select(func.count()).select_from(CANNED)):
        return 0
    connection.execute(insert(CANNED), [dict(one) for one in FIRST])
    return len(FIRST)


def every(connection: Connection) -> list[Any]:
    """Whole rows; those in use first."""
    return list(connection.execute(select(CANNED).order_by(CANNED.c.active.desc(), CANNED.c.id)))


def offered(connection: Connection) -> list[Any]:
    """Those in use, whole rows."""
    return list(connection.execute(select(CANNED).where(CANNED.c.active).order_by(CANNED.c.id)))


def one(connection: Connection, canned_id: int) -> Any | None:
    """Locked for this transaction where the database can."""
    asked = select(CANNED).where(CANNED.c.id == canned_id)
    locked = asked.with_for_update() if connection.dialect.name == "postgresql" else asked
    return connection.execute(locked).one_or_none()


def add(connection: Connection, **values: Any) -> int:
    return int(connection.execute(insert(CANNED).values(**values).returning(CANNED.c.id)).scalar_one())


def change(connection: Connection, canned_id: int, **values: Any) -> None:
    connection.execute(update(CANNED).where(CANNED.c.id == canned_id).values(**values))
