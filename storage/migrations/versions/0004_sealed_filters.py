"""Saved filters are sealed: their names and what they look for may be a worker's words."""

import sqlalchemy as sa
from alembic import op

from storage.columns import KEYRING

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WORDS = ("name", "query")
SAVED = sa.table("saved_filter", sa.column("id"), *(sa.column(name) for name in WORDS))


def upgrade() -> None:
    kept = op.get_bind().execute(sa.select(SAVED)).mappings().all()
    with op.batch_alter_table("saved_filter", schema=None) as batch_op:
        for name in WORDS:
            batch_op.alter_column(name, type_=sa.LargeBinary(), postgresql_using=f"convert_to({name}, 'UTF8')")
    for row in kept:
        sealed = {name: KEYRING.seal(row[name].encode()) for name in WORDS}
        op.get_bind().execute(sa.update(SAVED).where(SAVED.c.id == row["id"]).values(**sealed))


def downgrade() -> None:
    kept = op.get_bind().execute(sa.select(SAVED)).mappings().all()
    with op.batch_alter_table("saved_filter", schema=None) as batch_op:
        for name in WORDS:
            batch_op.alter_column(name, type_=sa.String(), postgresql_using=f"encode({name}, 'escape')")
    for row in kept:
        open_ = {name: KEYRING.unseal(bytes(row[name])).decode() for name in WORDS}
        op.get_bind().execute(sa.update(SAVED).where(SAVED.c.id == row["id"]).values(**open_))
