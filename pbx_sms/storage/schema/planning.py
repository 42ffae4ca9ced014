"""When messages of a mailing may be begun: for each zone the interval that is open now or opens next."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, String, Table

from pbx_sms.storage.schema.sending import mailings
from pbx_sms.storage.schema.types import Id, Instant, metadata

#: a message without a row here may be begun at any time
sending_windows = Table(
    "sending_windows",
    metadata,
    Column("mailing_id", Id, ForeignKey(mailings.c.mailing_id, ondelete="CASCADE"), nullable=False),
    #: as on the messages; "" for those without a zone
    Column("zone", String(40), nullable=False),
    #: in the far future where it never opens again
    Column("from_at", Instant, nullable=False),
    #: NULL: without end
    Column("until_at", Instant),
    PrimaryKeyConstraint("mailing_id", "zone"),
)

#: what the planner looks for: windows that are over
Index("ix_sending_windows_until_at", sending_windows.c.until_at)
