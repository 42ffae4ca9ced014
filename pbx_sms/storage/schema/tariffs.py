"""What operators charge, and how their answers about a balance are read."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from pbx_sms.storage.schema.types import Id, Instant, Money, metadata

tariffs = Table(
    "tariffs",
    metadata,
    Column("tariff_id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    #: ISO 4217
    Column("currency", String(3), nullable=False),
    Column("price_per_part", Money, nullable=False),
    #: to numbers of the SIM's own operator, and to those of others; NULL = price_per_part
    Column("on_net_per_part", Money),
    Column("off_net_per_part", Money),
    Column("included_parts", Integer, nullable=False, server_default="0"),
    Column("monthly_fee", Money, nullable=False, server_default="0"),
    #: on which the included parts begin anew; NULL = the SIM's own, else the first
    Column("billing_day", Integer),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text),
    sqlite_autoincrement=True,
)

#: packages that may be added to a tariff: a fee, and parts without further charge
tariff_options = Table(
    "tariff_options",
    metadata,
    Column("tariff_option_id", Id, primary_key=True),
    Column("tariff_id", Id, ForeignKey(tariffs.c.tariff_id, ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("fee", Money, nullable=False),
    Column("included_parts", Integer, nullable=False),
    UniqueConstraint("tariff_id", "name"),
    sqlite_autoincrement=True,
)

#: a person's own patterns; `core.balance_pattern` has those that are there from the start
balance_patterns = Table(
    "balance_patterns",
    metadata,
    #: brand, as `core.operator_brand` names it; "" = every operator without a pattern of its own
    Column("operator", String(64), primary_key=True),
    #: the USSD code that is asked; NULL = only the answer is read
    Column("code", String(40)),
    Column("pattern", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", Text),
)
