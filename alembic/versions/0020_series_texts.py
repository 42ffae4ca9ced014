"""A series may take a saved text and write to numbers that fail; the marks of what came in are found."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0020"
down_revision = "0025"
branch_labels = None
depends_on = None

_MARKED = sa.text("inbound_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("series", sa.Column("template_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.add_column("series", sa.Column("template_name", sa.Text()))
    op.add_column(
        "series", sa.Column("allow_failing", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_events_inbound_id",
        "events",
        ["inbound_id", "event_id"],
        sqlite_where=_MARKED,
        postgresql_where=_MARKED,
    )


def downgrade() -> None:
    op.drop_index("ix_events_inbound_id", "events")
    for name in ("allow_failing", "template_name", "template_id"):
        op.drop_column("series", name)
