"""What the text of messages is found by on PostgreSQL; SQLite has a file for it, see storage.search_index."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from pbx_sms.storage.schema.types import Id, metadata

#: not a message, but a block of neighbours: their texts are much alike, and what runs beside the sending
#: writes little. Stays empty on SQLite.
message_blocks = Table(
    "message_blocks",
    metadata,
    Column("block", Id, primary_key=True, autoincrement=False),
    #: core.trigrams of all of its messages
    Column("words", ARRAY(Text).with_variant(Text(), "sqlite"), nullable=False),
)
Index(
    "ix_message_blocks_words",
    message_blocks.c.words,
    postgresql_using="gin",
    # a search must not walk through what the index has put off
    postgresql_with={"fastupdate": "off"},
)
