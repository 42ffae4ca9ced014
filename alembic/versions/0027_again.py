"""Of which mailing one is the repetition, to those who did not get it."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0027"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("mailings", sa.Column("again_of_id", ID))


def downgrade() -> None:
    op.drop_column("mailings", "again_of_id")
