"""Missed calls and the messages that follow them; the call by which somebody demanded to stop."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("stop_list", sa.Column("call_id", sa.String(150)))
    op.add_column("stop_history", sa.Column("call_id", sa.String(150)))
    op.create_table(
        "missed_calls",
        sa.Column("missed_call_id", ID, nullable=False),
        sa.Column("call_id", sa.String(150), nullable=False),
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("msisdn", sa.String(20)),
        sa.Column("did", sa.String(80), nullable=False),
        sa.Column("queue", sa.String(128)),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("called_at", sa.BigInteger, nullable=False),
        sa.Column("missed_at", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", sa.Text),
        sa.Column("message_id", ID),
        sa.PrimaryKeyConstraint("missed_call_id", name="pk_missed_calls"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_missed_calls_call_id", "missed_calls", ["call_id", "caller"], unique=True)
    op.create_index("ix_missed_calls_msisdn", "missed_calls", ["msisdn", "missed_at"])
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_missed_calls_waiting",
        "missed_calls",
        ["msisdn"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def downgrade() -> None:
    op.drop_table("missed_calls")
    op.drop_column("stop_history", "call_id")
    op.drop_column("stop_list", "call_id")
