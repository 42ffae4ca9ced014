"""When mailings may send: windows, quiet hours, cut-offs."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("messages", sa.Column("zone", sa.String(40)))
    queued = sa.text("state = 'queued' AND zone IS NOT NULL")
    op.create_index(
        "ix_messages_queue_zone",
        "messages",
        ["mailing_id", "zone", "message_id"],
        sqlite_where=queued,
        postgresql_where=queued,
    )
    op.add_column("mailings", sa.Column("window", sa.Text()))
    op.add_column("mailings", sa.Column("holidays", sa.String(8)))
    op.add_column("mailings", sa.Column("zone_column", sa.Text()))
    op.add_column("mailings", sa.Column("cut_off_at", INSTANT))
    op.add_column(
        "mailings", sa.Column("cut_off_action", sa.String(8), nullable=False, server_default="cancel")
    )
    op.add_column("mailings", sa.Column("smooth", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "sending_windows",
        sa.Column("mailing_id", ID, nullable=False),
        sa.Column("zone", sa.String(40), nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["mailing_id"],
            ["mailings.mailing_id"],
            name="fk_sending_windows_mailing_id_mailings",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("mailing_id", "zone", name="pk_sending_windows"),
    )
    op.create_index("ix_sending_windows_until_at", "sending_windows", ["until_at"])


def downgrade() -> None:
    op.drop_index("ix_sending_windows_until_at", table_name="sending_windows")
    op.drop_table("sending_windows")
    for name in ("smooth", "cut_off_action", "cut_off_at", "zone_column", "holidays", "window"):
        op.drop_column("mailings", name)
    op.drop_index("ix_messages_queue_zone", table_name="messages")
    op.drop_column("messages", "zone")
