"""What is foreseen of each mailing: why it has no end, and when that was found out."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mailings", sa.Column("forecast_reason_code", sa.String(64)))
    op.add_column("mailings", sa.Column("forecast_reason_params", sa.Text))
    op.add_column("mailings", sa.Column("forecast_made_at", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("mailings", "forecast_made_at")
    op.drop_column("mailings", "forecast_reason_params")
    op.drop_column("mailings", "forecast_reason_code")
