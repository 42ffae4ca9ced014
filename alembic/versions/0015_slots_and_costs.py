"""In which slot a SIM is, and what a mailing was foreseen to cost when it was started."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mailings", sa.Column("cost_estimate", sa.Text))
    op.add_column("sims", sa.Column("slot", sa.SmallInteger))
    op.add_column("sims", sa.Column("slot_modem_id", sa.BigInteger().with_variant(sa.Integer, "sqlite")))


def downgrade() -> None:
    op.drop_column("sims", "slot_modem_id")
    op.drop_column("sims", "slot")
    op.drop_column("mailings", "cost_estimate")
