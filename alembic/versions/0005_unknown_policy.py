"""What becomes of unknown messages, by mailing; and the way to all unknown messages."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "mailings", sa.Column("unknown_policy", sa.String(8), nullable=False, server_default="keep")
    )
    unknown = sa.text("state = 'unknown'")
    op.create_index(
        "ix_messages_unknown",
        "messages",
        ["message_id"],
        sqlite_where=unknown,
        postgresql_where=unknown,
    )


def downgrade() -> None:
    op.drop_index("ix_messages_unknown", table_name="messages")
    op.drop_column("mailings", "unknown_policy")
