"""Rights of each user, sessions that are listed and ended one by one, a second factor."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NEW = {
    "kinds": sa.Text,
    "group_ids": sa.Text,
    "may_write": sa.Boolean,
    "may_send": sa.Boolean,
    "sees_numbers": sa.Boolean,
    "totp_secret": sa.String(64),
    "totp_pending": sa.String(64),
    "totp_step": sa.BigInteger,
}


def upgrade() -> None:
    for name, kind in _NEW.items():
        op.add_column("users", sa.Column(name, kind))
    # who is signed in signs in once more
    op.drop_column("users", "session_key")
    op.create_table(
        "user_sessions",
        sa.Column("session_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("address", sa.String(64)),
        sa.Column("browser", sa.String(200)),
        sa.PrimaryKeyConstraint("session_id", name="pk_user_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_user_sessions_token_hash"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_user_sessions_user_id_users", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_recovery_codes_user_id_users", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("recovery_codes")
    op.drop_table("user_sessions")
    op.add_column("users", sa.Column("session_key", sa.String(32), nullable=False, server_default="-"))
    with op.batch_alter_table("users") as batch:
        batch.alter_column("session_key", server_default=None)
        for name in reversed(_NEW):
            batch.drop_column(name)
