"""The rules that choose SIMs, and the routes that messages were given by them."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()
JSON = sa.Text()


def upgrade() -> None:
    op.create_table(
        "routing_rules",
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("sim_ids", JSON, nullable=False),
        sa.Column("strict", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("group_id", ID),
        sa.Column("list_id", ID),
        sa.Column("mailing_id", ID),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.String(64)),
        sa.PrimaryKeyConstraint("rule_id", name=op.f("pk_routing_rules")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "routes",
        sa.Column("route_id", ID, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("sim_ids", JSON),
        sa.Column("without", JSON, nullable=False),
        sa.Column("strict", sa.Boolean(), nullable=False),
        sa.Column("rule_id", ID),
        sa.Column("reason_code", sa.String(64)),
        sa.Column("reason_params", JSON),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("route_id", name=op.f("pk_routes")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_routes_fingerprint")),
        sqlite_autoincrement=True,
    )
    op.add_column("messages", sa.Column("route_id", ID))
    # from a person's newest message back to the service centre that it came through
    op.create_index("ix_inbound_parts_inbound_id", "inbound_parts", ["inbound_id"])


def downgrade() -> None:
    op.drop_index("ix_inbound_parts_inbound_id", table_name="inbound_parts")
    op.drop_column("messages", "route_id")
    op.drop_table("routes")
    op.drop_table("routing_rules")
