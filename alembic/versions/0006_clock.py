"""The machine's monotonic clock beside an agent's sign of life."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agents", sa.Column("monotonic_us", sa.BigInteger()))
    op.add_column("agents", sa.Column("boot_id", sa.String(36)))


def downgrade() -> None:
    op.drop_column("agents", "boot_id")
    op.drop_column("agents", "monotonic_us")
