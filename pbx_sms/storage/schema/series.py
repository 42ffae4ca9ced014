"""Mailings that come again: the series, what each of its days came to, and who had it already."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)

from pbx_sms.storage.schema.people import lists
from pbx_sms.storage.schema.sending import mailings
from pbx_sms.storage.schema.types import Id, Instant, Json, metadata


class Day(TypeDecorator[date]):
    """A day of the calendar as ISO text, which both databases order alike."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


series = Table(
    "series",
    metadata,
    Column("series_id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    #: the list whose rows get it; NULL where it goes to groups
    Column("list_id", Id, ForeignKey("lists.list_id")),
    #: lists and groups minus groups, composed anew for each run: {"lists", "groups", "without"}
    Column("audience", Json),
    #: what each run sends; of a saved text as it was when it was chosen
    Column("text", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("repeats", String(8)),
    Column("leave_out_incomplete", Boolean, nullable=False, server_default=false()),
    Column("unknown_policy", String(8), nullable=False, server_default="keep"),
    #: of core.planning.recurrence
    Column("rule", Json, nullable=False),
    #: the first and the last day it may count for
    Column("start_on", Day, nullable=False),
    Column("end_on", Day),
    #: how many runs there may be, and how many there were
    Column("max_runs", Integer),
    Column("run_count", Integer, nullable=False, server_default="0"),
    #: core.series.SeriesState
    Column("state", String(16), nullable=False),
    #: why it waits
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    #: the day that comes next, and when it is due; NULL once it has ended
    Column("next_day", Day),
    Column("next_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text),
    #: the saved text that each run reads anew; no reference: one that is removed leaves its id and name here
    Column("template_id", Id),
    Column("template_name", Text),
    #: write to numbers as well that fail again and again
    Column("allow_failing", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,
)

#: one row a day that came: the key is what makes it run once
series_runs = Table(
    "series_runs",
    metadata,
    Column("series_id", Id, ForeignKey(series.c.series_id, ondelete="CASCADE"), nullable=False),
    Column("day", Day, nullable=False),
    #: earlier than `day` where missed days were made up for together
    Column("from_day", Day, nullable=False),
    #: core.series.RunState
    Column("state", String(16), nullable=False),
    #: who makes it, and when it was last seen at work
    Column("token", String(32)),
    Column("host", Text),
    Column("pid", Integer),
    Column("claimed_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    #: made for this run alone, of the rows that are due
    Column("list_id", Id, ForeignKey(lists.c.list_id, ondelete="SET NULL")),
    Column("mailing_id", Id, ForeignKey(mailings.c.mailing_id)),
    Column("message_count", Integer, nullable=False, server_default="0"),
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    Column("ended_at", Instant),
    #: the person who ordered it; NULL where it fired by itself
    Column("ordered_by", Text),
    PrimaryKeyConstraint("series_id", "day"),
)

#: of rules by a column: nobody gets the same day twice, whatever list the number comes from
series_sent = Table(
    "series_sent",
    metadata,
    Column("series_id", Id, ForeignKey(series.c.series_id, ondelete="CASCADE"), nullable=False),
    Column("msisdn", String(20), nullable=False),
    #: the day that the row was due
    Column("day", Day, nullable=False),
    #: the run that took it
    Column("run_day", Day, nullable=False),
    PrimaryKeyConstraint("series_id", "msisdn", "day"),
)

Index("ix_series_next_at", series.c.state, series.c.next_at)
Index("ix_series_list_id", series.c.list_id)
Index("ix_series_runs_state", series_runs.c.state)
Index("ix_series_runs_list_id", series_runs.c.list_id)
Index("ix_series_runs_mailing_id", series_runs.c.mailing_id)
