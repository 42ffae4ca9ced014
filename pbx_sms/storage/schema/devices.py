"""Agents, the modems they hold, and the SIMs that were seen in them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
)

from pbx_sms.storage.schema.types import Id, Instant, Json, Money, metadata

#: one engine process per PBX
agents = Table(
    "agents",
    metadata,
    Column("agent_id", Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("started_at", Instant),
    #: renewed while it lives
    Column("seen_at", Instant),
    Column("stopped_at", Instant),
    #: the machine's monotonic clock at `seen_at`, and the start of the machine it counts from: what the wall
    #: clock was set by between two processes can be told from them
    Column("monotonic_us", BigInteger),
    Column("boot_id", String(36)),
    sqlite_autoincrement=True,
)

sims = Table(
    "sims",
    metadata,
    Column("sim_id", Id, primary_key=True),
    Column("imsi", String(15), nullable=False, unique=True),
    Column("iccid", String(22)),
    Column("own_number", String(20)),
    Column("operator", Text),
    Column("label", Text),
    #: ready | throttled | suspended | quarantined | disabled
    Column("state", String(16), nullable=False),
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    #: until when it is throttled or suspended
    Column("until_at", Instant),
    Column("first_seen_at", Instant, nullable=False),
    Column("seen_at", Instant),
    #: start of the newest submission, for the smallest gap
    Column("last_submit_at", Instant),
    #: refusals in a row, each of another recipient
    Column("failures_in_row", Integer, nullable=False, server_default="0"),
    #: where it is now; NULL when it is in no modem
    Column("modem_id", Id),
    # its own settings where the file does not set them; NULL = the default
    Column("per_hour", Integer),
    Column("per_day", Integer),
    Column("per_month", Integer),
    Column("recipients_per_month", Integer),
    Column("min_gap_s", Float),
    Column("service_reserve_per_day", Integer),
    Column("warm_up_per_day", Integer),
    Column("billing_day", Integer),
    Column("price_per_part", Float),
    #: when it was last released: what it was refused before says nothing about it now
    Column("judged_since_at", Instant),
    #: newest sign of use that is no accepted part: a message that came in, a USSD reply
    Column("active_at", Instant),
    #: the operator's words about the balance, and when they came
    Column("balance_text", Text),
    Column("balance_at", Instant),
    #: what it is charged by: a tariff and a package added to it
    Column("tariff_id", Id),
    Column("tariff_option_id", Id),
    #: the amount in the operator's words, where a pattern found it
    Column("balance_amount", Money),
    Column("balance_currency", String(3)),
    #: somebody asked for the balance; NULL again when it was asked for
    Column("balance_wanted_at", Instant),
    #: the slot in which it was last, of a modem with several, and that modem; NULL where there is one
    Column("slot", SmallInteger),
    Column("slot_modem_id", Id),
    sqlite_autoincrement=True,
)

modems = Table(
    "modems",
    metadata,
    Column("modem_id", Id, primary_key=True),
    Column("agent_id", Id, ForeignKey(agents.c.agent_id), nullable=False),
    Column("name", String(64), nullable=False),
    Column("port", Text),
    Column("imei", String(16)),
    Column("manufacturer", Text),
    Column("model", Text),
    #: see drivers.modem.ModemState
    Column("state", String(16), nullable=False),
    Column("reason_code", String(64)),
    Column("reason_params", Json),
    Column("sim_id", Id),
    Column("operator", Text),
    Column("signal_dbm", Integer),
    Column("changed_at", Instant, nullable=False),
    #: see core.cutting
    Column("driver", String(24), nullable=False, server_default="serial"),
    sqlite_autoincrement=True,
)

Index("uq_modems_agent_id_name", modems.c.agent_id, modems.c.name, unique=True)
