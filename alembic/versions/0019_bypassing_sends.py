"""The driver of each modem: behind Asterisk not every text can go."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("modems") as batch:
        batch.add_column(sa.Column("driver", sa.String(24), nullable=False, server_default="serial"))


def downgrade() -> None:
    with op.batch_alter_table("modems") as batch:
        batch.drop_column("driver")
