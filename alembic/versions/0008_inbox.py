"""What people answer: conversations, marks, notifications, and the confirmation of a stop."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _where(clause: str) -> dict[str, object]:
    return {"sqlite_where": sa.text(clause), "postgresql_where": sa.text(clause)}


def upgrade() -> None:
    op.create_table(
        "stop_history",
        sa.Column("stop_id", _ID, nullable=False),
        sa.Column("msisdn", sa.String(20), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("source", sa.String(16)),
        sa.Column("note", sa.Text()),
        sa.Column("inbound_id", _ID),
        sa.Column("rule", sa.String(16)),
        sa.Column("asked_at", sa.BigInteger()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text()),
        sa.PrimaryKeyConstraint("stop_id", name="pk_stop_history"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stop_history_msisdn", "stop_history", ["msisdn", "stop_id"])
    op.create_table(
        "notifications",
        sa.Column("notification_id", _ID, nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("inbound_id", _ID),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempt_count", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", sa.Text()),
        sa.PrimaryKeyConstraint("notification_id", name="pk_notifications"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notifications_waiting", "notifications", ["next_at"], **_where("state = 'waiting'"))
    for column in (
        sa.Column("message_id", _ID),
        sa.Column("mailing_id", _ID),
        sa.Column("state", sa.String(8), server_default="open", nullable=False),
        sa.Column("assigned_to", sa.Text()),
        sa.Column("assigned_by", sa.Text()),
        sa.Column("assigned_at", sa.BigInteger()),
        sa.Column("done_at", sa.BigInteger()),
        sa.Column("done_by", sa.Text()),
    ):
        op.add_column("inbound", column)
    op.create_index("ix_inbound_mailing_id", "inbound", ["mailing_id"])
    op.create_index("ix_inbound_open", "inbound", ["inbound_id"], **_where("state = 'open'"))
    op.add_column("stop_list", sa.Column("stop_id", _ID))
    op.add_column("messages", sa.Column("confirms_stop_id", _ID))
    op.create_index(
        "uq_messages_confirms_stop_id",
        "messages",
        ["confirms_stop_id"],
        unique=True,
        **_where("confirms_stop_id IS NOT NULL"),
    )
    # a stop needs no answer; what stands on the list came there once
    op.execute(sa.text("UPDATE inbound SET state = 'done', done_at = received_at WHERE is_stop"))
    op.execute(
        sa.text(
            "INSERT INTO stop_history (msisdn, action, source, note, inbound_id, asked_at, at, by)"
            " SELECT msisdn, 'added', source, note, inbound_id, created_at, created_at, created_by"
            " FROM stop_list ORDER BY created_at, msisdn"
        )
    )
    op.execute(
        sa.text(
            "UPDATE stop_list SET stop_id ="
            " (SELECT h.stop_id FROM stop_history h WHERE h.msisdn = stop_list.msisdn)"
        )
    )


def downgrade() -> None:
    op.drop_index("uq_messages_confirms_stop_id", table_name="messages")
    op.drop_column("messages", "confirms_stop_id")
    op.drop_column("stop_list", "stop_id")
    op.drop_index("ix_inbound_open", table_name="inbound")
    op.drop_index("ix_inbound_mailing_id", table_name="inbound")
    for column in (
        "done_by",
        "done_at",
        "assigned_at",
        "assigned_by",
        "assigned_to",
        "state",
        "mailing_id",
        "message_id",
    ):
        op.drop_column("inbound", column)
    op.drop_table("notifications")
    op.drop_table("stop_history")
