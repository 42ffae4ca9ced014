"""How much one person may get in a day and a week."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_caps",
        sa.Column("period", sa.String(4), nullable=False),
        sa.Column("max_messages", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("changed_by", sa.Text),
        sa.PrimaryKeyConstraint("period", name="pk_person_caps"),
    )


def downgrade() -> None:
    op.drop_table("person_caps")
