"""What the 48-hour desk adds to complaints, people, officers and their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("province", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(
            sa.Column("officer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("about_office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("about_key", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("received_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("received_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reopened", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("rating", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("merged_into_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("unindexed", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.create_index("complaint_of_office", ["office_id", "status", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaint_about_key"), ["about_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaint_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaint_officer_id"), ["officer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaint_unindexed"), ["unindexed"], unique=False)
        batch_op.create_foreign_key("complaint_received_by", "staff", ["received_by"], ["id"])
        batch_op.create_foreign_key("complaint_about_office_id", "office", ["about_office_id"], ["id"])
        batch_op.create_foreign_key("complaint_officer_id", "staff", ["officer_id"], ["id"])
        batch_op.create_foreign_key("complaint_office_id", "office", ["office_id"], ["id"])
        batch_op.create_foreign_key("complaint_merged_into_id", "complaint", ["merged_into_id"], ["id"])

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("word", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("password_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("totp", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("totp_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column("address_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("link_code", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("link_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_staff_address_id"), ["address_id"], unique=False)
        batch_op.create_unique_constraint("staff_link_code", ["link_code"])
        batch_op.create_foreign_key("staff_address_id", "address", ["address_id"], ["id"])

    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("passed", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("place", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("agent", sa.String(), nullable=False, server_default=""))

    # A promise that runs already goes on: its next step is the breach.
    op.execute(
        "INSERT INTO clock (complaint_id, kind, started_at, due_at, step, next_at) "
        "SELECT id, 'addressed', filed_at, due_at, 3, due_at FROM complaint "
        "WHERE first_answer_at IS NULL AND status IN ('filed', 'received', 'in_hand', 'waiting')"
    )


def downgrade() -> None:
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.drop_column("agent")
        batch_op.drop_column("place")
        batch_op.drop_column("passed")

    with op.batch_alter_table("staff", schema=None) as batch_op:
        # https://alembic.sqlalchemy.org/en/latest/naming.html
        batch_op.drop_constraint("staff_address_id", type_="foreignkey")
        # https://alembic.sqlalchemy.org/en/latest/naming.html
        batch_op.drop_constraint("staff_link_code", type_="unique")
        batch_op.drop_index(batch_op.f("ix_staff_address_id"))
        batch_op.drop_column("link_until")
        batch_op.drop_column("link_code")
        batch_op.drop_column("address_id")
        batch_op.drop_column("totp_step")
        batch_op.drop_column("totp_at")
        batch_op.drop_column("totp")
        batch_op.drop_column("password_at")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("word")

    with op.batch_alter_table("complaint", schema=None) as batch_op:
        # https://alembic.sqlalchemy.org/en/latest/naming.html
        batch_op.drop_constraint("complaint_received_by", type_="foreignkey")
        # https://alembic.sqlalchemy.org/en/latest/naming.html
        batch_op.drop_constraint("complaint_about_office_id", type_="foreignkey")
        # https://alembic.sqlalchemy.org/en/latest/naming.html
        batch_op.drop_constraint("complaint_officer_id", type_="foreignkey")
        # https://alembic.sqlalchemy.org/en/latest/naming.html
        batch_op.drop_constraint("complaint_office_id", type_="foreignkey")
        # https://alembic.sqlalchemy.org/en/latest/naming.html
        batch_op.drop_constraint("complaint_merged_into_id", type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_complaint_unindexed"))
        batch_op.drop_index(batch_op.f("ix_complaint_officer_id"))
        batch_op.drop_index(batch_op.f("ix_complaint_merged_into_id"))
        batch_op.drop_index(batch_op.f("ix_complaint_about_key"))
        batch_op.drop_index("complaint_of_office")
        batch_op.drop_column("unindexed")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("rated_at")
        batch_op.drop_column("rating")
        batch_op.drop_column("reopened")
        batch_op.drop_column("waiting_since")
        batch_op.drop_column("received_by")
        batch_op.drop_column("received_at")
        batch_op.drop_column("about_key")
        batch_op.drop_column("about_office_id")
        batch_op.drop_column("officer_id")
        batch_op.drop_column("office_id")
        batch_op.drop_column("province")
