"""Mailings, messages, parts, attempts, reports and the event log."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()
JSON = sa.Text()


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("attempt_id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("sim_id", ID, nullable=False),
        sa.Column("msisdn", sa.String(20), nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("counted_at", INSTANT),
        sa.Column("uses_reserve", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(12)),
        sa.Column("scope", sa.String(12)),
        sa.Column("code", sa.Text()),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", JSON),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_attempts")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempts_message_id", "attempts", ["message_id"])
    op.create_index(
        "ix_attempts_open",
        "attempts",
        ["message_id", "part"],
        sqlite_where=sa.text("kind IS NULL"),
        postgresql_where=sa.text("kind IS NULL"),
    )
    op.create_index("ix_attempts_quota", "attempts", ["sim_id", "counted_at"])
    op.create_table(
        "events",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("state", sa.String(16)),
        sa.Column("mailing_id", ID),
        sa.Column("message_id", ID),
        sa.Column("part", sa.SmallInteger()),
        sa.Column("sim_id", ID),
        sa.Column("modem_id", ID),
        sa.Column("parts_submitted", sa.SmallInteger()),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", JSON),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_mailing_id", "events", ["mailing_id", "event_id"])
    op.create_index("ix_events_message_id", "events", ["message_id"])
    op.create_table(
        "reports",
        sa.Column("report_id", ID, nullable=False),
        sa.Column("sim_id", ID, nullable=False),
        sa.Column("reference", sa.SmallInteger(), nullable=False),
        sa.Column("recipient", sa.String(24)),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("discharge_at", INSTANT),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("pdu", sa.Text(), nullable=False),
        sa.Column("message_id", ID),
        sa.Column("part", sa.SmallInteger()),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reports")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_reports_open",
        "reports",
        ["sim_id", "reference"],
        sqlite_where=sa.text("message_id IS NULL"),
        postgresql_where=sa.text("message_id IS NULL"),
    )
    op.create_table(
        "mailings",
        sa.Column("mailing_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", JSON),
        sa.Column("list_id", ID),
        sa.Column("group_id", ID),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("repeats", sa.String(8)),
        sa.Column("leave_out_incomplete", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("reroute", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("message_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("part_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("left_out_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text()),
        sa.Column("scheduled_at", INSTANT),
        sa.Column("started_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.Column("forecast_at", INSTANT),
        sa.ForeignKeyConstraint(["group_id"], ["groups.group_id"], name=op.f("fk_mailings_group_id_groups")),
        sa.ForeignKeyConstraint(["list_id"], ["lists.list_id"], name=op.f("fk_mailings_list_id_lists")),
        sa.PrimaryKeyConstraint("mailing_id", name=op.f("pk_mailings")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "left_out",
        sa.Column("mailing_id", ID, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("msisdn", sa.String(20)),
        sa.Column("reason_code", sa.String(64), nullable=False),
        sa.Column("reason_params", JSON),
        sa.ForeignKeyConstraint(
            ["mailing_id"],
            ["mailings.mailing_id"],
            name=op.f("fk_left_out_mailing_id_mailings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("mailing_id", "row", name=op.f("pk_left_out")),
    )
    op.create_table(
        "messages",
        sa.Column("message_id", ID, nullable=False),
        sa.Column("mailing_id", ID),
        sa.Column("row", sa.Integer()),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("msisdn", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("encoding", sa.String(4), nullable=False),
        sa.Column("part_count", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", JSON),
        sa.Column("not_before_at", INSTANT),
        sa.Column("expires_at", INSTANT),
        sa.Column("bound_sim_id", ID),
        sa.Column("sim_id", ID),
        sa.Column("concat_reference", sa.SmallInteger()),
        sa.Column("agent_id", ID),
        sa.Column("lease_until_at", INSTANT),
        sa.Column("attempt_count", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.Column("wants_report", sa.Boolean(), nullable=False),
        sa.Column("request_key", sa.String(128)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("first_accepted_at", INSTANT),
        sa.Column("submitted_at", INSTANT),
        sa.Column("delivered_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.mailing_id"], name=op.f("fk_messages_mailing_id_mailings")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_messages_in_work",
        "messages",
        ["state", "agent_id"],
        sqlite_where=sa.text("state IN ('leased', 'submitting')"),
        postgresql_where=sa.text("state IN ('leased', 'submitting')"),
    )
    op.create_index("ix_messages_mailing_id_row", "messages", ["mailing_id", "row"])
    op.create_index("ix_messages_mailing_id_state", "messages", ["mailing_id", "state"])
    op.create_index("ix_messages_msisdn", "messages", ["msisdn"])
    op.create_index(
        "ix_messages_queue",
        "messages",
        ["mailing_id", "message_id"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "uq_messages_request_key",
        "messages",
        ["request_key"],
        unique=True,
        sqlite_where=sa.text("request_key IS NOT NULL"),
        postgresql_where=sa.text("request_key IS NOT NULL"),
    )
    op.create_table(
        "parts",
        sa.Column("message_id", ID, nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("sim_id", ID),
        sa.Column("reference", sa.SmallInteger()),
        sa.Column("submitted_at", INSTANT),
        sa.Column("report", sa.String(12), nullable=False),
        sa.Column("report_status", sa.SmallInteger()),
        sa.Column("reported_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.message_id"],
            name=op.f("fk_parts_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", "part", name=op.f("pk_parts")),
    )
    op.create_index(
        "ix_parts_report",
        "parts",
        ["sim_id", "reference"],
        sqlite_where=sa.text("report = 'pending'"),
        postgresql_where=sa.text("report = 'pending'"),
    )


def downgrade() -> None:
    op.drop_table("parts")
    op.drop_table("messages")
    op.drop_table("left_out")
    op.drop_table("mailings")
    op.drop_table("reports")
    op.drop_table("events")
    op.drop_table("attempts")
