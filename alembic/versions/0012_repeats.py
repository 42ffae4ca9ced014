"""Mailings that come again, and trials."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: an ISO date
DAY = sa.String(10)


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("series_id", ID, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("list_id", ID, sa.ForeignKey("lists.list_id", name="fk_series_list_id_lists")),
        sa.Column("audience", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("repeats", sa.String(8)),
        sa.Column("leave_out_incomplete", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("unknown_policy", sa.String(8), nullable=False, server_default="keep"),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("start_on", DAY, nullable=False),
        sa.Column("end_on", DAY),
        sa.Column("max_runs", sa.Integer()),
        sa.Column("run_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", sa.Text()),
        sa.Column("next_day", DAY),
        sa.Column("next_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_series_next_at", "series", ["state", "next_at"])
    op.create_index("ix_series_list_id", "series", ["list_id"])
    op.create_table(
        "series_runs",
        sa.Column(
            "series_id",
            ID,
            sa.ForeignKey("series.series_id", name="fk_series_runs_series_id_series", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("day", DAY, nullable=False),
        sa.Column("from_day", DAY, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("token", sa.String(32)),
        sa.Column("host", sa.Text()),
        sa.Column("pid", sa.Integer()),
        sa.Column("claimed_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column(
            "list_id",
            ID,
            sa.ForeignKey("lists.list_id", name="fk_series_runs_list_id_lists", ondelete="SET NULL"),
        ),
        sa.Column(
            "mailing_id", ID, sa.ForeignKey("mailings.mailing_id", name="fk_series_runs_mailing_id_mailings")
        ),
        sa.Column("message_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", sa.Text()),
        sa.Column("ended_at", INSTANT),
        sa.Column("ordered_by", sa.Text()),
        sa.PrimaryKeyConstraint("series_id", "day", name="pk_series_runs"),
    )
    op.create_index("ix_series_runs_state", "series_runs", ["state"])
    op.create_index("ix_series_runs_list_id", "series_runs", ["list_id"])
    op.create_index("ix_series_runs_mailing_id", "series_runs", ["mailing_id"])
    op.create_table(
        "series_sent",
        sa.Column(
            "series_id",
            ID,
            sa.ForeignKey("series.series_id", name="fk_series_sent_series_id_series", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("msisdn", sa.String(20), nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("run_day", DAY, nullable=False),
        sa.PrimaryKeyConstraint("series_id", "msisdn", "day", name="pk_series_sent"),
    )
    op.add_column("mailings", sa.Column("trial_count", sa.Integer()))
    op.add_column("mailings", sa.Column("trial_until_id", ID))
    op.add_column("messages", sa.Column("trial_of", ID))
    trials = sa.text("trial_of IS NOT NULL")
    op.create_index(
        "ix_messages_trial_of", "messages", ["trial_of"], sqlite_where=trials, postgresql_where=trials
    )


def downgrade() -> None:
    op.drop_index("ix_messages_trial_of", table_name="messages")
    op.drop_column("messages", "trial_of")
    op.drop_column("mailings", "trial_until_id")
    op.drop_column("mailings", "trial_count")
    for name in ("series_sent", "series_runs", "series"):
        op.drop_table(name)
