"""What messages are searched by: how they ended, and on PostgreSQL an index over blocks of their texts."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from alembic import op

revision = "0025"
down_revision = "0027"
branch_labels = None
depends_on = None

_BAD_END = sa.text("state IN ('undelivered', 'failed', 'cancelled', 'suppressed', 'expired')")


def upgrade() -> None:
    op.create_index(
        "ix_messages_bad_end",
        "messages",
        ["state", "message_id"],
        sqlite_where=_BAD_END,
        postgresql_where=_BAD_END,
    )
    op.create_table(
        "message_blocks",
        sa.Column(
            "block", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("words", ARRAY(sa.Text()).with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("block", name="pk_message_blocks"),
    )
    op.create_index(
        "ix_message_blocks_words",
        "message_blocks",
        ["words"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )


def downgrade() -> None:
    op.drop_table("message_blocks")
    op.drop_index("ix_messages_bad_end", "messages")
