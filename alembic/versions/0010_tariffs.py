"""The numbering plan, tariffs, and patterns that read balances."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()
#: a decimal number as text
MONEY = sa.String(32)

SIM_COLUMNS = (
    ("tariff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
    ("tariff_option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
    ("balance_amount", sa.String(32)),
    ("balance_currency", sa.String(3)),
    ("balance_wanted_at", sa.BigInteger()),
)


def upgrade() -> None:
    op.create_table(
        "numbering_imports",
        sa.Column("numbering_import_id", ID, nullable=False),
        sa.Column("file_names", sa.Text(), nullable=False),
        sa.Column("file_date", sa.String(10)),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("imported_by", sa.Text()),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("range_count", sa.Integer(), nullable=False),
        sa.Column("zone_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("numbering_import_id", name="pk_numbering_imports"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "numbering_ranges",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("region", sa.Text()),
        sa.Column("zone", sa.String(40)),
        sa.PrimaryKeyConstraint("first", name="pk_numbering_ranges"),
    )
    op.create_table(
        "tariffs",
        sa.Column("tariff_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("price_per_part", MONEY, nullable=False),
        sa.Column("on_net_per_part", MONEY),
        sa.Column("off_net_per_part", MONEY),
        sa.Column("included_parts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("monthly_fee", MONEY, nullable=False, server_default="0"),
        sa.Column("billing_day", sa.Integer()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text()),
        sa.PrimaryKeyConstraint("tariff_id", name="pk_tariffs"),
        sa.UniqueConstraint("name", name="uq_tariffs_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tariff_options",
        sa.Column("tariff_option_id", ID, nullable=False),
        sa.Column("tariff_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fee", MONEY, nullable=False),
        sa.Column("included_parts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tariff_option_id", name="pk_tariff_options"),
        sa.ForeignKeyConstraint(
            ["tariff_id"],
            ["tariffs.tariff_id"],
            name="fk_tariff_options_tariff_id_tariffs",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("tariff_id", "name", name="uq_tariff_options_tariff_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "balance_patterns",
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("code", sa.String(40)),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text()),
        sa.PrimaryKeyConstraint("operator", name="pk_balance_patterns"),
    )
    for name, kind in SIM_COLUMNS:
        op.add_column("sims", sa.Column(name, kind))


def downgrade() -> None:
    with op.batch_alter_table("sims") as batch:
        for name, _ in reversed(SIM_COLUMNS):
            batch.drop_column(name)
    for table in ("balance_patterns", "tariff_options", "tariffs", "numbering_ranges", "numbering_imports"):
        op.drop_table(table)
