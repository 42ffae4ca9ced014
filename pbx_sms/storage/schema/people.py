"""Lists and their rows, contacts and groups, what came in, and who said stop."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
)

from pbx_sms.storage.schema.types import Id, Instant, Json, metadata

lists = Table(
    "lists",
    metadata,
    Column("list_id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    #: importing | ready
    Column("state", String(16), nullable=False),
    Column("file_name", Text, nullable=False),
    #: xlsx | xls | ods | csv
    Column("format", String(8), nullable=False),
    Column("sheet", Text),
    Column("header_row", Integer),
    #: position (from 0) and name of the column that holds the numbers
    Column("phone_position", Integer),
    Column("phone_column", Text),
    #: of the texts made from cells: ru | en
    Column("language", String(2), nullable=False),
    Column("row_count", Integer, nullable=False, server_default="0"),
    Column("accepted_count", Integer, nullable=False, server_default="0"),
    Column("number_count", Integer, nullable=False, server_default="0"),
    Column("rejected_count", Integer, nullable=False, server_default="0"),
    Column("repeat_count", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text),
    #: composed: made from lists and groups for one mailing; NULL: from a file
    Column("origin", String(16)),
    #: what it was composed from: {"lists": […], "groups": […], "without": […]}, names
    Column("audience", Json),
    sqlite_autoincrement=True,
)

list_columns = Table(
    "list_columns",
    metadata,
    Column("list_id", Id, ForeignKey(lists.c.list_id, ondelete="CASCADE"), nullable=False),
    #: from 0, as in `recipients.fields`
    Column("position", Integer, nullable=False),
    #: unique within the list: a second "Имя" is "Имя 2"
    Column("name", Text, nullable=False),
    #: how the person wants the values written; NULL = as they are
    Column("format", Json),
    PrimaryKeyConstraint("list_id", "position"),
)

#: the uploaded file as it was, for the report in the user's own workbook
list_files = Table(
    "list_files",
    metadata,
    Column("list_id", Id, ForeignKey(lists.c.list_id, ondelete="CASCADE"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

#: every row of an uploaded list, also the ones that were not taken (msisdn NULL, reject_code set)
recipients = Table(
    "recipients",
    metadata,
    Column("list_id", Id, ForeignKey(lists.c.list_id, ondelete="CASCADE"), nullable=False),
    #: as the spreadsheet program numbers it
    Column("row", Integer, nullable=False),
    Column("msisdn", String(20)),
    #: JSON array of texts by column position
    Column("fields", Text, nullable=False),
    #: what was in the cell, where it is not taken or carries a note
    Column("raw_value", Text),
    Column("reject_code", String(40)),
    Column("reject_params", Text),
    #: the first row with the same number
    Column("repeat_of_row", Integer),
    Column("note_code", String(40)),
    PrimaryKeyConstraint("list_id", "row"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("contact_id", Id, primary_key=True),
    Column("msisdn", String(20), nullable=False, unique=True),
    Column("name", Text),
    Column("fields", Json),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

groups = Table(
    "groups",
    metadata,
    Column("group_id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    #: NULL = kept by hand; else the rule that selects its members
    Column("rule", Json),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

group_members = Table(
    "group_members",
    metadata,
    Column("group_id", Id, ForeignKey(groups.c.group_id, ondelete="CASCADE"), nullable=False),
    Column("contact_id", Id, ForeignKey(contacts.c.contact_id, ondelete="CASCADE"), nullable=False),
    Column("added_at", Instant, nullable=False),
    PrimaryKeyConstraint("group_id", "contact_id"),
)

#: an inbound message whose whole text is the keyword makes its sender a member
group_keywords = Table(
    "group_keywords",
    metadata,
    #: as `storage.groups.as_keyword` writes it
    Column("keyword", String(100), primary_key=True),
    Column("group_id", Id, ForeignKey(groups.c.group_id, ondelete="CASCADE"), nullable=False),
)

#: inbound TPDUs as they were read; kept so that a part is never joined or stored twice
inbound_parts = Table(
    "inbound_parts",
    metadata,
    Column("inbound_part_id", Id, primary_key=True),
    #: hash of IMSI and TPDU: the same record read again after a lost delete
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("sim_id", Id, nullable=False),
    Column("sender", Text),
    Column("concat_reference", Integer),
    Column("concat_bits", Integer),
    Column("concat_total", Integer),
    Column("concat_number", Integer),
    Column("pdu", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    #: set once the part went into a message
    Column("inbound_id", Id),
    sqlite_autoincrement=True,
)

inbound = Table(
    "inbound",
    metadata,
    Column("inbound_id", Id, primary_key=True),
    Column("sim_id", Id, nullable=False),
    #: E.164 where the sender is a number, else the name it gave itself
    Column("sender", Text, nullable=False),
    Column("msisdn", String(20)),
    Column("text", Text, nullable=False),
    #: by the service centre's clock
    Column("sent_at", Instant),
    Column("received_at", Instant, nullable=False),
    #: parts that never came, 0 for a whole message
    Column("missing_parts", Integer, nullable=False, server_default="0"),
    Column("is_stop", Boolean, nullable=False, server_default=false()),
    #: the newest message that had gone to this number, through this SIM if any did: what it may answer
    Column("message_id", Id),
    Column("mailing_id", Id),
    #: open | done
    Column("state", String(8), nullable=False, server_default="open"),
    #: the user who looks after it, and who said so
    Column("assigned_to", Text),
    Column("assigned_by", Text),
    Column("assigned_at", Instant),
    Column("done_at", Instant),
    #: NULL where nobody had to do anything
    Column("done_by", Text),
    sqlite_autoincrement=True,
)

stop_list = Table(
    "stop_list",
    metadata,
    Column("msisdn", String(20), primary_key=True),
    #: sms | person | import | call
    Column("source", String(16), nullable=False),
    Column("note", Text),
    Column("inbound_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text),
    #: of the history's row that put it here; a confirmation of exactly this stop may pass
    Column("stop_id", Id),
    #: of a demand by telephone: Asterisk's unique id of the call, as in its call detail records
    Column("call_id", String(150)),
)

Index("ix_group_members_contact_id", group_members.c.contact_id)
Index("ix_recipients_list_id_msisdn", recipients.c.list_id, recipients.c.msisdn)
Index(
    "ix_recipients_rejected",
    recipients.c.list_id,
    recipients.c.row,
    sqlite_where=recipients.c.reject_code.is_not(None),
    postgresql_where=recipients.c.reject_code.is_not(None),
)
Index("ix_inbound_msisdn", inbound.c.msisdn)
Index("ix_inbound_mailing_id", inbound.c.mailing_id)
#: what waits for an answer: few among many
Index(
    "ix_inbound_open",
    inbound.c.inbound_id,
    sqlite_where=inbound.c.state == "open",
    postgresql_where=inbound.c.state == "open",
)
Index(
    "ix_inbound_parts_open", inbound_parts.c.sim_id, inbound_parts.c.sender, inbound_parts.c.concat_reference
)
Index("ix_inbound_parts_inbound_id", inbound_parts.c.inbound_id)
