"""Alembic's entry: migrations run on the connection that `storage.migrating` opened."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import types

from storage.columns import Moment, Sealed, SealedJson
from storage.models import METADATA


def plainly(kind: str, item: Any, _autogenerating: Any) -> str | Literal[False]:
    """New migrations name SQLAlchemy's own types, so that old ones never depend on today's code."""
    if kind != "type":
        return False
    if isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Sealed | SealedJson):
        return "sa.LargeBinary()"
    if isinstance(item, types.TypeDecorator) and isinstance(item.impl, types.String):
        return "sa.String()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=plainly,
)
with context.begin_transaction():
    context.run_migrations()
