"""What scripts asked for over AMI, and what they have yet to be told."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("inbound_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.create_table(
        "script_cursors",
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("agent", name="pk_script_cursors"),
    )
    op.create_table(
        "script_orders",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("order_key", sa.String(128), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "order_key", name="pk_script_orders"),
    )
    op.create_index("ix_script_orders_at", "script_orders", ["at"])


def downgrade() -> None:
    op.drop_index("ix_script_orders_at", "script_orders")
    op.drop_table("script_orders")
    op.drop_table("script_cursors")
    op.drop_column("events", "inbound_id")
