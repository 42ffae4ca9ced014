"""What becomes of each row of a list: a message, or a reason why there is none.

A row is decided in this order: not taken at import, stop list, an empty placeholder, an empty text, too
many parts, a text that no modem takes, a number that is spared (`sparing`), and last the same number again,
so that a row which cannot be sent never stands in the way of a later one that can.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pbx_sms.config import Settings
from pbx_sms.core import segments, template
from pbx_sms.core.cutting import most_parts, obstacle_in_all
from pbx_sms.core.reason import Reason
from pbx_sms.core.segments import Measure
from pbx_sms.core.template import BoundTemplate
from pbx_sms.errors import Conflict, NotFound, Refused
from pbx_sms.operations.mailings.sparing import Spare, sparing
from pbx_sms.operations.planning.zones import ZoneFinder
from pbx_sms.storage import devices, mailing_rows
from pbx_sms.storage.engine import Database
from pbx_sms.storage.mailing_rows import ListHead, ListRow


class Repeats(StrEnum):
    """What happens to a number that comes again with another text."""

    #: one message a number: the first row that can be sent
    FIRST = "first"
    #: every row its own message (a customer may have two orders)
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A row that gets a message."""

    row: int
    msisdn: str
    text: str
    measure: Measure
    #: the row with the same number and another text, where nobody has chosen yet what to do
    undecided_of_row: int | None = None
    #: the recipient's, where the hours there matter
    zone: str | None = None
    #: nothing told it
    zone_is_guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A row that gets no message."""

    row: int
    msisdn: str | None
    reason: Reason
    #: what was in the cell, where the number could not be taken
    value: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """{"row", "number", "reason", "reason_params", "value"?}"""
        shown: dict[str, Any] = {
            "row": self.row,
            "number": self.msisdn,
            "reason": self.reason.code,
            "reason_params": dict(self.reason.params),
        }
        return shown if self.value is None else shown | {"value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """A row with an empty placeholder, where nobody has chosen to leave such rows out."""

    row: int
    msisdn: str
    columns: tuple[str, ...]


Decision = Ready | LeftOut | Incomplete


class Plan:
    """Decides the rows of one list, in their order and each once."""

    def __init__(
        self,
        bound: BoundTemplate,
        *,
        repeats: Repeats | None,
        leave_out_incomplete: bool,
        max_parts: int,
        repeated_rows: set[int],
        spare: Spare,
        zone_of: ZoneFinder | None = None,
        drivers: Collection[str] = (),
    ) -> None:
        self._spare = spare
        #: of all modems that there are: a text that none of them takes is not sent at all
        self._drivers = drivers
        self._zone_of = zone_of
        self._bound = bound
        self._repeats = repeats
        self._leave_out_incomplete = leave_out_incomplete
        self._max_parts = max_parts
        self._repeated_rows = repeated_rows
        #: first row of a number that comes again → text → the row it is sent for
        self._texts: dict[int, dict[str, int]] = {}

    def decide(self, rows: Sequence[ListRow]) -> list[Decision]:
        """Of the next rows."""
        written = [self._write(row) for row in rows]
        ready = [one for one in written if isinstance(one, Ready)]
        spared = iter(self._spare([(one.msisdn, one.text) for one in ready]))
        decisions: list[Decision] = []
        for row, one in zip(rows, written, strict=True):
            if not isinstance(one, Ready):
                decisions.append(one)
            elif (reason := next(spared)) is not None:
                decisions.append(LeftOut(row=one.row, msisdn=one.msisdn, reason=reason))
            else:
                first_row = row.repeat_of_row if row.repeat_of_row is not None else row.row
                repeated = first_row in self._repeated_rows
                decisions.append(self._decide_repeated(first_row, one) if repeated else one)
        return decisions

    def _write(self, row: ListRow) -> Decision:
        """The row's own message, or what is wrong with the row itself."""
        if row.reject_code is not None or row.msisdn is None:
            reason = Reason(row.reject_code or "empty", row.reject_params)
            return LeftOut(row=row.row, msisdn=row.msisdn, reason=reason, value=row.raw_value)
        if row.is_stopped:
            return LeftOut(row=row.row, msisdn=row.msisdn, reason=Reason("stop_list"))
        if missing := self._bound.missing(row.fields):
            if not self._leave_out_incomplete:
                return Incomplete(row=row.row, msisdn=row.msisdn, columns=missing)
            reason = Reason("placeholder_empty", {"columns": list(missing)})
            return LeftOut(row=row.row, msisdn=row.msisdn, reason=reason)
        text = self._bound.render(row.fields)
        if not text or text.isspace():
            return LeftOut(row=row.row, msisdn=row.msisdn, reason=Reason("text_empty"))
        measure = segments.measure(text)
        if measure.parts > self._max_parts:
            reason = Reason(
                "too_long",
                {
                    "row": row.row,
                    "characters": measure.characters,
                    "parts": measure.parts,
                    "max_parts": self._max_parts,
                },
            )
            return LeftOut(row=row.row, msisdn=row.msisdn, reason=reason)
        if (obstacle := obstacle_in_all(self._drivers, text)) is not None:
            return LeftOut(row=row.row, msisdn=row.msisdn, reason=obstacle)
        if (parts := most_parts(self._drivers, text, measure.parts)) != measure.parts:
            measure = dataclasses.replace(measure, parts=parts)
        zone, is_guess = (None, False) if self._zone_of is None else self._zone_of(row.fields, row.msisdn)
        return Ready(
            row=row.row, msisdn=row.msisdn, text=text, measure=measure, zone=zone, zone_is_guess=is_guess
        )

    def _decide_repeated(self, first_row: int, ready: Ready) -> Decision:
        row, msisdn, text = ready.row, ready.msisdn, ready.text
        texts = self._texts.setdefault(first_row, {})
        if text in texts:
            reason = Reason("repeat_same_text", {"of_row": texts[text]})
            return LeftOut(row=row, msisdn=msisdn, reason=reason)
        undecided_of_row = None
        if texts and self._repeats is not Repeats.ALL:
            of_row = next(iter(texts.values()))
            if self._repeats is Repeats.FIRST:
                return LeftOut(row=row, msisdn=msisdn, reason=Reason("repeat_other_text", {"of_row": of_row}))
            undecided_of_row = of_row
        texts[text] = row
        return dataclasses.replace(ready, undecided_of_row=undecided_of_row)


def find_list(database: Database, list_id: int) -> ListHead:
    """The list that a mailing is made from. Raises NotFound(list_not_found), Conflict(list_not_ready)."""
    with database.read() as connection:
        head = mailing_rows.head(connection, list_id)
    if head is None:
        raise NotFound("list_not_found", list_id=list_id)
    if head.state != "ready":
        raise Conflict("list_not_ready", list_id=list_id, name=head.name)
    return head


def bind(head: ListHead, text: str) -> BoundTemplate:
    """The text over the list's columns. Raises Refused for an empty text and as `core.template` says."""
    if not text or text.isspace():
        raise Refused("mailing_text_empty")
    return template.parse(text).bind(head.usable_names)


def parse_repeats(repeats: str | None) -> Repeats | None:
    if repeats is None:
        return None
    try:
        return Repeats(repeats)
    except ValueError as error:
        raise Refused("repeats_invalid", value=repeats) from error


def decide_all(
    database: Database,
    settings: Settings,
    list_id: int,
    bound: BoundTemplate,
    *,
    repeats: Repeats | None,
    leave_out_incomplete: bool,
    allow_failing: bool = False,
    zone_of: ZoneFinder | None = None,
) -> Iterator[list[Decision]]:
    """Decisions about every row of the list, in chunks in the list's order."""
    with database.read() as connection:
        repeated_rows = mailing_rows.repeated_rows(connection, list_id)
        drivers = devices.drivers(connection)
    plan = Plan(
        bound,
        repeats=repeats,
        leave_out_incomplete=leave_out_incomplete,
        max_parts=settings.sending.max_parts,
        repeated_rows=repeated_rows,
        spare=sparing(database, settings, allow_failing=allow_failing),
        zone_of=zone_of,
        drivers=drivers,
    )
    for rows in mailing_rows.stream_rows(database, list_id):
        yield plan.decide(rows)
