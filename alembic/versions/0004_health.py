"""What the health of a SIM is judged by: its release, its newest use, its balance, and test messages."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.add_column("sims", sa.Column("judged_since_at", INSTANT))
    op.add_column("sims", sa.Column("active_at", INSTANT))
    op.add_column("sims", sa.Column("balance_text", sa.Text()))
    op.add_column("sims", sa.Column("balance_at", INSTANT))
    op.add_column("messages", sa.Column("probe", sa.Boolean(), nullable=False, server_default=sa.false()))
    probes = sa.text("probe")
    op.create_index(
        "ix_messages_probe",
        "messages",
        ["bound_sim_id", "message_id"],
        sqlite_where=probes,
        postgresql_where=probes,
    )


def downgrade() -> None:
    op.drop_index("ix_messages_probe", table_name="messages")
    op.drop_column("messages", "probe")
    for name in ("balance_at", "balance_text", "active_at", "judged_since_at"):
        op.drop_column("sims", name)
