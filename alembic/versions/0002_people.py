"""Users, lists and their rows, contacts and groups, what came in, and who said stop."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: whole microseconds since 1970 UTC
INSTANT = sa.BigInteger()
JSON = sa.Text()


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("msisdn", sa.String(20), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("fields", JSON),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("msisdn", name=op.f("uq_contacts_msisdn")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "groups",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rule", JSON),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_groups_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "inbound",
        sa.Column("inbound_id", ID, nullable=False),
        sa.Column("sim_id", ID, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("msisdn", sa.String(20)),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("missing_parts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("is_stop", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("inbound_id", name=op.f("pk_inbound")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbound_msisdn", "inbound", ["msisdn"])
    op.create_table(
        "inbound_parts",
        sa.Column("inbound_part_id", ID, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("sim_id", ID, nullable=False),
        sa.Column("sender", sa.Text()),
        sa.Column("concat_reference", sa.Integer()),
        sa.Column("concat_bits", sa.Integer()),
        sa.Column("concat_total", sa.Integer()),
        sa.Column("concat_number", sa.Integer()),
        sa.Column("pdu", sa.Text(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("inbound_id", ID),
        sa.PrimaryKeyConstraint("inbound_part_id", name=op.f("pk_inbound_parts")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_inbound_parts_fingerprint")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbound_parts_open", "inbound_parts", ["sim_id", "sender", "concat_reference"])
    op.create_table(
        "lists",
        sa.Column("list_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("sheet", sa.Text()),
        sa.Column("header_row", sa.Integer()),
        sa.Column("phone_position", sa.Integer()),
        sa.Column("phone_column", sa.Text()),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("accepted_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("number_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("rejected_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("repeat_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text()),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_lists")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "stop_list",
        sa.Column("msisdn", sa.String(20), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("inbound_id", ID),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text()),
        sa.PrimaryKeyConstraint("msisdn", name=op.f("pk_stop_list")),
    )
    op.create_table(
        "users",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("language", sa.String(2)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("session_key", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.contact_id"],
            name=op.f("fk_group_members_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["groups.group_id"],
            name=op.f("fk_group_members_group_id_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "contact_id", name=op.f("pk_group_members")),
    )
    op.create_table(
        "list_columns",
        sa.Column("list_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", JSON),
        sa.ForeignKeyConstraint(
            ["list_id"], ["lists.list_id"], name=op.f("fk_list_columns_list_id_lists"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list_id", "position", name=op.f("pk_list_columns")),
    )
    op.create_table(
        "list_files",
        sa.Column("list_id", ID, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["lists.list_id"], name=op.f("fk_list_files_list_id_lists"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_list_files")),
    )
    op.create_table(
        "recipients",
        sa.Column("list_id", ID, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("msisdn", sa.String(20)),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("raw_value", sa.Text()),
        sa.Column("reject_code", sa.String(40)),
        sa.Column("reject_params", sa.Text()),
        sa.Column("repeat_of_row", sa.Integer()),
        sa.Column("note_code", sa.String(40)),
        sa.ForeignKeyConstraint(
            ["list_id"], ["lists.list_id"], name=op.f("fk_recipients_list_id_lists"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list_id", "row", name=op.f("pk_recipients")),
    )
    op.create_index("ix_recipients_list_id_msisdn", "recipients", ["list_id", "msisdn"])
    op.create_index(
        "ix_recipients_rejected",
        "recipients",
        ["list_id", "row"],
        sqlite_where=sa.text("reject_code IS NOT NULL"),
        postgresql_where=sa.text("reject_code IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("recipients")
    op.drop_table("list_files")
    op.drop_table("list_columns")
    op.drop_table("group_members")
    op.drop_table("users")
    op.drop_table("stop_list")
    op.drop_table("lists")
    op.drop_table("inbound_parts")
    op.drop_table("inbound")
    op.drop_table("groups")
    op.drop_table("contacts")
