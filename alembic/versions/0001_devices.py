"""Agents, the modems they hold, and the SIMs that were seen in them."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()
JSON = sa.Text()


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("agent_id", ID, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("seen_at", INSTANT),
        sa.Column("stopped_at", INSTANT),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_agents")),
        sa.UniqueConstraint("name", name=op.f("uq_agents_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sims",
        sa.Column("sim_id", ID, nullable=False),
        sa.Column("imsi", sa.String(15), nullable=False),
        sa.Column("iccid", sa.String(22)),
        sa.Column("own_number", sa.String(20)),
        sa.Column("operator", sa.Text()),
        sa.Column("label", sa.Text()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", JSON),
        sa.Column("until_at", INSTANT),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT),
        sa.Column("last_submit_at", INSTANT),
        sa.Column("failures_in_row", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("modem_id", ID),
        sa.Column("per_hour", sa.Integer()),
        sa.Column("per_day", sa.Integer()),
        sa.Column("per_month", sa.Integer()),
        sa.Column("recipients_per_month", sa.Integer()),
        sa.Column("min_gap_s", sa.Float()),
        sa.Column("service_reserve_per_day", sa.Integer()),
        sa.Column("warm_up_per_day", sa.Integer()),
        sa.Column("billing_day", sa.Integer()),
        sa.Column("price_per_part", sa.Float()),
        sa.PrimaryKeyConstraint("sim_id", name=op.f("pk_sims")),
        sa.UniqueConstraint("imsi", name=op.f("uq_sims_imsi")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "modems",
        sa.Column("modem_id", ID, nullable=False),
        sa.Column("agent_id", ID, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("port", sa.Text()),
        sa.Column("imei", sa.String(16)),
        sa.Column("manufacturer", sa.Text()),
        sa.Column("model", sa.Text()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", JSON),
        sa.Column("sim_id", ID),
        sa.Column("operator", sa.Text()),
        sa.Column("signal_dbm", sa.Integer()),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.agent_id"], name=op.f("fk_modems_agent_id_agents")),
        sa.PrimaryKeyConstraint("modem_id", name=op.f("pk_modems")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_modems_agent_id_name", "modems", ["agent_id", "name"], unique=True)


def downgrade() -> None:
    op.drop_table("modems")
    op.drop_table("sims")
    op.drop_table("agents")
