"""Contacts, groups, saved templates, and what a mailing is made from."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "group_keywords",
        sa.Column("keyword", sa.String(100), nullable=False),
        sa.Column(
            "group_id",
            ID,
            sa.ForeignKey("groups.group_id", name="fk_group_keywords_group_id_groups", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("keyword", name="pk_group_keywords"),
    )
    op.create_table(
        "templates",
        sa.Column("template_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text()),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("template_id", name="pk_templates"),
        sa.UniqueConstraint("name", name="uq_templates_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_group_members_contact_id", "group_members", ["contact_id"])
    op.add_column("lists", sa.Column("origin", sa.String(16)))
    op.add_column("lists", sa.Column("audience", sa.Text()))
    op.add_column(
        "mailings", sa.Column("allow_failing", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_left_out_msisdn", "left_out", ["msisdn"])
    stops = sa.text("kind = 'stop'")
    op.create_index("ix_events_stop", "events", ["reason_params"], sqlite_where=stops, postgresql_where=stops)


def downgrade() -> None:
    op.drop_index("ix_events_stop", table_name="events")
    op.drop_index("ix_left_out_msisdn", table_name="left_out")
    op.drop_column("mailings", "allow_failing")
    op.drop_column("lists", "audience")
    op.drop_column("lists", "origin")
    op.drop_index("ix_group_members_contact_id", table_name="group_members")
    op.drop_table("templates")
    op.drop_table("group_keywords")
