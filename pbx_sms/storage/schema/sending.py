"""Mailings, messages, parts, attempts, reports and the event log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    and_,
    false,
)

from pbx_sms.storage.schema.types import Id, Instant, Json, metadata

mailings = Table(
    "mailings",
    metadata,
    Column("mailing_id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    #: of the kind, so that the order needs no translation in SQL
    Column("rank", SmallInteger, nullable=False),
    Column("state", String(16), nullable=False),
    #: why it is paused
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    #: NULL for single messages, which share one mailing per kind only in the pages' eyes
    Column("list_id", Id, ForeignKey("lists.list_id")),
    Column("group_id", Id, ForeignKey("groups.group_id")),
    #: the text with its placeholders
    Column("text", Text, nullable=False),
    #: first | all: what happens to the same number with another text; NULL = not chosen
    Column("repeats", String(8)),
    Column("leave_out_incomplete", Boolean, nullable=False, server_default=false()),
    #: messages that one SIM was refused may go through another
    Column("reroute", Boolean, nullable=False, server_default=false()),
    Column("message_count", Integer, nullable=False, server_default="0"),
    Column("part_count", Integer, nullable=False, server_default="0"),
    Column("left_out_count", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text),
    Column("scheduled_at", Instant),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    #: when it will be finished, if nothing else happens; NULL where it never is, or nobody has looked
    Column("forecast_at", Instant),
    #: core.mailing.UnknownPolicy
    Column("unknown_policy", String(8), nullable=False, server_default="keep"),
    #: numbers that fail again and again are written to as well
    Column("allow_failing", Boolean, nullable=False, server_default=false()),
    #: core.planning.choice: NULL = as the kind's settings say
    Column("window", Text),
    Column("holidays", String(8)),
    Column("zone_column", Text),
    #: nothing goes at or after it; then cancel | ask
    Column("cut_off_at", Instant),
    Column("cut_off_action", String(8), nullable=False, server_default="cancel"),
    #: spread evenly over the open hours
    Column("smooth", Boolean, nullable=False, server_default=false()),
    #: so many messages go first, the rest after a person's word; NULL = no trial
    Column("trial_count", Integer),
    #: the last message of the trial: what comes after it is held; NULL once nothing is
    Column("trial_until_id", Id),
    #: why it is never finished, and when that was looked at (migration 0013: the last columns)
    Column("forecast_reason_code", String(64)),
    Column("forecast_reason_params", Json),
    Column("forecast_made_at", Instant),
    #: what it was foreseen to cost (operations.costs) when it was made or started; NULL where nobody looked
    Column("cost_estimate", Json),
    #: the mailing to whose rows without a message that arrived this one goes; that one may be gone
    Column("again_of_id", Id),
    sqlite_autoincrement=True,
)

#: rows of the list that got no message, with why
left_out = Table(
    "left_out",
    metadata,
    Column("mailing_id", Id, ForeignKey(mailings.c.mailing_id, ondelete="CASCADE"), nullable=False),
    Column("row", Integer, nullable=False),
    Column("msisdn", String(20)),
    Column("reason_code", String(64), nullable=False),
    Column("reason_params", Json),
    PrimaryKeyConstraint("mailing_id", "row"),
)

messages = Table(
    "messages",
    metadata,
    Column("message_id", Id, primary_key=True),
    #: NULL for a single message of `send`
    Column("mailing_id", Id, ForeignKey(mailings.c.mailing_id)),
    #: of the list
    Column("row", Integer),
    Column("rank", SmallInteger, nullable=False),
    Column("msisdn", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("encoding", String(4), nullable=False),
    Column("part_count", SmallInteger, nullable=False),
    Column("state", String(12), nullable=False),
    #: why it waits, failed or is unknown
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    #: not to be taken before this instant
    Column("not_before_at", Instant),
    #: not worth sending after this instant
    Column("expires_at", Instant),
    #: the SIM that alone may send it: it has an accepted part there, or was refused there
    Column("bound_sim_id", Id),
    #: the SIM it was submitted through
    Column("sim_id", Id),
    #: 8 bits, fixed at the first part of several
    Column("concat_reference", SmallInteger),
    #: agent that leased it, and until when
    Column("agent_id", Id),
    Column("lease_until_at", Instant),
    Column("attempt_count", SmallInteger, nullable=False, server_default="0"),
    Column("wants_report", Boolean, nullable=False),
    #: of `send --id`: a repeat is answered with this message
    Column("request_key", String(128)),
    Column("created_at", Instant, nullable=False),
    #: when its first part was accepted: the rest must follow soon
    Column("first_accepted_at", Instant),
    #: when its last part was accepted
    Column("submitted_at", Instant),
    Column("delivered_at", Instant),
    #: a test of the SIM it is bound to; it passes where that SIM sends nothing else
    Column("probe", Boolean, nullable=False, server_default=false()),
    #: the stop of `stop_history` that it confirms: it passes the stop list while that one holds
    Column("confirms_stop_id", Id),
    #: the recipient's, see core.planning.zones; NULL where its hours do not matter
    Column("zone", String(40)),
    #: the SIMs it may take by the rules of the office; NULL = the default spread
    Column("route_id", Id),
    #: a single message that shows what this mailing would send
    Column("trial_of", Id),
    #: the revision of the rules that `route_id` was read under; see storage.routing.revision
    Column("route_revision", Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

parts = Table(
    "parts",
    metadata,
    Column("message_id", Id, ForeignKey(messages.c.message_id, ondelete="CASCADE"), nullable=False),
    #: from 1
    Column("part", SmallInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("sim_id", Id),
    #: TP-MR that the modem gave it
    Column("reference", SmallInteger),
    Column("submitted_at", Instant),
    #: see core.message.ReportState
    Column("report", String(12), nullable=False),
    #: TP-ST of the newest report
    Column("report_status", SmallInteger),
    Column("reported_at", Instant),
    PrimaryKeyConstraint("message_id", "part"),
)

#: every try to submit a part: the record of what was said, and what the quotas are counted from
attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", Id, primary_key=True),
    Column("message_id", Id, nullable=False),
    Column("part", SmallInteger, nullable=False),
    Column("sim_id", Id, nullable=False),
    Column("msisdn", String(20), nullable=False),
    #: NULL while the part is only reserved: the whole message's quota is taken with its first part
    Column("started_at", Instant),
    Column("ended_at", Instant),
    #: when it counts for the quotas: far in the future while it is not settled, NULL once refused
    Column("counted_at", Instant),
    #: it may use the part of the day that is reserved for service and urgent messages
    Column("uses_reserve", Boolean, nullable=False),
    #: of the verdict; NULL while it runs
    Column("kind", String(12)),
    Column("scope", String(12)),
    Column("code", Text),
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    sqlite_autoincrement=True,
)

#: delivery reports as they came; one that matches nothing yet is tried again when a part is settled
reports = Table(
    "reports",
    metadata,
    Column("report_id", Id, primary_key=True),
    Column("sim_id", Id, nullable=False),
    Column("reference", SmallInteger, nullable=False),
    Column("recipient", String(24)),
    Column("status", SmallInteger, nullable=False),
    Column("discharge_at", Instant),
    Column("received_at", Instant, nullable=False),
    Column("pdu", Text, nullable=False),
    Column("message_id", Id),
    Column("part", SmallInteger),
    sqlite_autoincrement=True,
)

#: what changed, in the order of the commits: ids grow and are never used again
events = Table(
    "events",
    metadata,
    Column("event_id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    #: message | mailing | sim | modem | agent | inbound | stop
    Column("kind", String(12), nullable=False),
    Column("state", String(16)),
    Column("mailing_id", Id),
    Column("message_id", Id),
    Column("part", SmallInteger),
    Column("sim_id", Id),
    Column("modem_id", Id),
    #: parts accepted so far, for kind message
    Column("parts_submitted", SmallInteger),
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    #: of kind inbound: what came in; with a state, how it was marked
    Column("inbound_id", Id),
    sqlite_autoincrement=True,
)


#: how messages end that did not arrive: few among many
BAD_ENDS = ("undelivered", "failed", "cancelled", "suppressed", "expired")


def _where(clause: Any) -> dict[str, Any]:
    return {"sqlite_where": clause, "postgresql_where": clause}


Index("ix_messages_mailing_id_state", messages.c.mailing_id, messages.c.state)
#: what the dispatcher asks: the next queued messages of a mailing, in order
Index(
    "ix_messages_queue",
    messages.c.mailing_id,
    messages.c.message_id,
    **_where(messages.c.state == "queued"),
)
#: the same of one zone, where the others' windows are closed
Index(
    "ix_messages_queue_zone",
    messages.c.mailing_id,
    messages.c.zone,
    messages.c.message_id,
    **_where(and_(messages.c.state == "queued", messages.c.zone.is_not(None))),
)
#: what a start and the housekeeping look for
Index(
    "ix_messages_in_work",
    messages.c.state,
    messages.c.agent_id,
    **_where(messages.c.state.in_(("leased", "submitting"))),
)
#: what a person has to decide about: few among many
Index("ix_messages_unknown", messages.c.message_id, **_where(messages.c.state == "unknown"))
#: what did not arrive, whatever mailing it was of. What is sent and arrives never enters it
Index(
    "ix_messages_bad_end",
    messages.c.state,
    messages.c.message_id,
    **_where(messages.c.state.in_(BAD_ENDS)),
)
Index("ix_messages_mailing_id_row", messages.c.mailing_id, messages.c.row)
Index("ix_messages_msisdn", messages.c.msisdn)
Index("ix_left_out_msisdn", left_out.c.msisdn)
Index(
    "uq_messages_request_key",
    messages.c.request_key,
    unique=True,
    **_where(messages.c.request_key.is_not(None)),
)
#: one confirmation for a stop, whatever happens at the same time
Index(
    "uq_messages_confirms_stop_id",
    messages.c.confirms_stop_id,
    unique=True,
    **_where(messages.c.confirms_stop_id.is_not(None)),
)
#: the tests of SIMs: few among many
Index("ix_messages_probe", messages.c.bound_sim_id, messages.c.message_id, **_where(messages.c.probe))
#: the trials of a mailing: few among many
Index("ix_messages_trial_of", messages.c.trial_of, **_where(messages.c.trial_of.is_not(None)))
#: what a delivery report is matched by
Index(
    "ix_parts_report",
    parts.c.sim_id,
    parts.c.reference,
    **_where(parts.c.report == "pending"),
)
#: attempts that are not settled: at most one message's for each SIM
Index("ix_attempts_open", attempts.c.message_id, attempts.c.part, **_where(attempts.c.kind.is_(None)))
Index("ix_attempts_quota", attempts.c.sim_id, attempts.c.counted_at)
Index("ix_attempts_message_id", attempts.c.message_id)
Index("ix_reports_open", reports.c.sim_id, reports.c.reference, **_where(reports.c.message_id.is_(None)))
#: what became of one number on the stop list
Index("ix_events_stop", events.c.reason_params, **_where(events.c.kind == "stop"))
#: the marks of a message that came in
Index(
    "ix_events_inbound_id",
    events.c.inbound_id,
    events.c.event_id,
    **_where(events.c.inbound_id.is_not(None)),
)
Index("ix_events_message_id", events.c.message_id)
Index("ix_events_mailing_id", events.c.mailing_id, events.c.event_id)
