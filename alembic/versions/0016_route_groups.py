"""Messages carry the revision of the rules that their route was read under."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "routing_state",
        sa.Column("state_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("pending", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("claimed_by", sa.String(32)),
        sa.Column("claimed_until_at", INSTANT),
        sa.PrimaryKeyConstraint("state_id", name=op.f("pk_routing_state")),
    )
    op.add_column("messages", sa.Column("route_revision", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("messages", "route_revision")
    op.drop_table("routing_state")
