"""What a mailing would do, with nothing stored: the check page's data, and what keeps Start from starting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from pbx_sms.config import Settings
from pbx_sms.core import encoding, segments
from pbx_sms.core.cutting import most_parts
from pbx_sms.core.encoding import Encoding
from pbx_sms.core.mailing import MailingKind, UnknownPolicy
from pbx_sms.core.planning.choice import AT_ONCE, PlanChoice
from pbx_sms.core.reason import Reason
from pbx_sms.core.segments import Measure
from pbx_sms.errors import NotFound, Refused
from pbx_sms.operations import person_caps
from pbx_sms.operations.mailings.plan import (
    Decision,
    Incomplete,
    LeftOut,
    Ready,
    bind,
    decide_all,
    find_list,
    parse_repeats,
)
from pbx_sms.operations.planning.hours import MailingHours
from pbx_sms.operations.planning.spread import refuse_endless
from pbx_sms.operations.planning.zones import zone_finder
from pbx_sms.storage import devices, mailing_rows, mailings
from pbx_sms.storage.engine import Database
from pbx_sms.storage.mailing_rows import ListHead

#: rows named in a problem; the count says how many there are
_NAMED_ROWS = 20
#: longest and shortest texts shown
_SAMPLES = 3
_FORCING_CHARACTERS = 20

#: rows done, rows of the list
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row's own message."""

    row: int
    msisdn: str
    text: str
    measure: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What Start would do. With `problems` it would do nothing until they are settled."""

    list_id: int
    #: names of the list's columns that a text may use, and those that this one uses
    columns: tuple[str, ...]
    used_columns: tuple[str, ...]
    #: of the list
    rows: int
    #: messages and parts that would be sent; undecided repeats are not among them
    messages: int
    parts: int
    #: parts of each message, in the list's order
    part_counts: bytes
    #: their numbers, in the same order
    msisdns: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    #: rows left out by the code of their reason
    left_out_counts: dict[str, int]
    problems: tuple[Reason, ...]
    #: rows whose number stands above with another text, while nobody has chosen `repeats`
    undecided: int
    undecided_parts: int
    #: rows with an empty placeholder, while nobody has chosen to leave them out: how many, and the first
    incomplete: int
    incomplete_rows: tuple[int, ...]
    #: parts of a message → messages
    messages_by_parts: dict[int, int]
    messages_by_encoding: dict[Encoding, int]
    #: characters that make a text cost more (70 and not 160 a part), with messages that hold them
    forcing_characters: tuple[tuple[str, int], ...]
    #: the longest first, the shortest first, and the list's first message
    longest: tuple[Sample, ...]
    shortest: tuple[Sample, ...]
    first: Sample | None
    #: mailings of this list and text that were started before, newest first
    started_before: tuple[int, ...]
    #: messages by the recipients' zones; empty where the hours there do not matter
    zones: dict[str, int]
    #: the zone of each message in the list's order; empty as well
    message_zones: tuple[str, ...]
    #: messages whose recipient's zone nothing told; 0 where zones do not matter
    guessed_zones: int
    #: messages that would wait, because their people have had as many as one may get
    person_cap_waits: int

    def waits(self) -> dict[str, int]:
        """As `create` and `start` tell it: nothing where nothing waits."""
        return {"person_cap_waits": self.person_cap_waits} if self.person_cap_waits else {}

    def refuse_problems(self) -> None:
        """Raises Refused with the first thing that would keep it from starting."""
        if self.problems:
            raise Refused(self.problems[0].code, **self.problems[0].params)


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    messages: int = 0
    parts: int = 0
    part_counts: bytearray = field(default_factory=bytearray)
    msisdns: list[str] = field(default_factory=list)
    undecided: int = 0
    undecided_parts: int = 0
    incomplete: int = 0
    incomplete_rows: list[int] = field(default_factory=list)
    incomplete_columns: dict[str, None] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    by_parts: Counter[int] = field(default_factory=Counter)
    by_encoding: Counter[Encoding] = field(default_factory=Counter)
    forcing: Counter[str] = field(default_factory=Counter)
    longest: list[Ready] = field(default_factory=list)
    shortest: list[Ready] = field(default_factory=list)
    first: Ready | None = None
    zones: Counter[str] = field(default_factory=Counter)
    message_zones: list[str] = field(default_factory=list)
    guessed_zones: int = 0

    def add(self, decision: Decision) -> None:
        self.rows += 1
        match decision:
            case LeftOut():
                self.left_out.append(decision)
            case Incomplete():
                self.incomplete += 1
                if len(self.incomplete_rows) < _NAMED_ROWS:
                    self.incomplete_rows.append(decision.row)
                self.incomplete_columns.update(dict.fromkeys(decision.columns))
            case Ready(undecided_of_row=None):
                self._add_ready(decision)
            case Ready():
                self.undecided += 1
                self.undecided_parts += decision.measure.parts

    def _add_ready(self, ready: Ready) -> None:
        measure = ready.measure
        self.messages += 1
        self.parts += measure.parts
        self.part_counts.append(measure.parts)
        self.msisdns.append(ready.msisdn)
        self.by_parts[measure.parts] += 1
        self.by_encoding[measure.encoding] += 1
        if measure.encoding is Encoding.UCS2:
            self.forcing.update(encoding.forcing_characters(ready.text))
        self.first = self.first or ready
        if ready.zone is not None:
            self.zones[ready.zone] += 1
            self.message_zones.append(ready.zone)
            self.guessed_zones += ready.zone_is_guess
        if len(self.longest) < _SAMPLES or measure.units > self.longest[-1].measure.units:
            self.longest = sorted([*self.longest, ready], key=lambda one: -one.measure.units)[:_SAMPLES]
        if len(self.shortest) < _SAMPLES or measure.units < self.shortest[-1].measure.units:
            self.shortest = sorted([*self.shortest, ready], key=lambda one: one.measure.units)[:_SAMPLES]

    def problems(self) -> list[Reason]:
        problems = []
        if self.incomplete:
            problems.append(
                Reason(
                    "placeholders_empty",
                    {
                        "columns": list(self.incomplete_columns),
                        "rows": self.incomplete_rows,
                        "count": self.incomplete,
                    },
                )
            )
        if self.undecided:
            problems.append(Reason("repeats_undecided", {"count": self.undecided}))
        if not self.messages and not problems:
            problems.append(Reason("nothing_to_send", {"rows": self.rows, "left_out": len(self.left_out)}))
        return problems


def check_draft(
    database: Database,
    settings: Settings,
    mailing: Row[Any],
    *,
    choice: PlanChoice | None = None,
    progress: Progress | None = None,
) -> Check:
    """What Start would make of a stored draft; `choice` None: as it was planned. Raises as `check`."""
    return check(
        database,
        settings,
        list_id=mailing.list_id,
        text=mailing.text,
        kind=mailing.kind,
        repeats=mailing.repeats,
        leave_out_incomplete=mailing.leave_out_incomplete,
        allow_failing=mailing.allow_failing,
        progress=progress,
        choice=mailings.plan_of(mailing) if choice is None else choice,
    )


def check(
    database: Database,
    settings: Settings,
    *,
    list_id: int,
    text: str,
    kind: str = MailingKind.INFORMATION,
    repeats: str | None = None,
    leave_out_incomplete: bool = False,
    allow_failing: bool = False,
    progress: Progress | None = None,
    choice: PlanChoice = AT_ONCE,
) -> Check:
    """Goes through the whole list. Mistakes in the text are `problems` too, with nothing counted.

    Raises NotFound(list_not_found), Conflict(list_not_ready), Refused(kind_invalid, repeats_invalid).
    `choice`: when it would send.
    """
    hours = MailingHours(settings, parse_kind(kind), choice)
    repeats_choice = parse_repeats(repeats)
    head = find_list(database, list_id)
    tally = _Tally()
    problems: list[Reason] = []
    used_columns: tuple[str, ...] = ()
    try:
        bound = bind(head, text)
    except Refused as error:
        problems.append(Reason.of(error))
    else:
        used_columns = bound.used_columns()
        zone_of = None
        try:
            # a plan that cannot be keeps nothing from being counted
            if hours.by_zone:
                zone_of = zone_finder(database, settings, MailingKind(kind), head, choice)
            if choice.smooth:
                refuse_endless(hours, database.now())
        except Refused as error:
            problems.append(Reason.of(error))
        for decisions in decide_all(
            database,
            settings,
            list_id,
            bound,
            repeats=repeats_choice,
            leave_out_incomplete=leave_out_incomplete,
            allow_failing=allow_failing,
            zone_of=zone_of,
        ):
            for decision in decisions:
                tally.add(decision)
            if progress is not None:
                progress(tally.rows, head.row_count)
        problems += tally.problems()
    with database.read() as connection:
        started_before = mailings.started_with(connection, list_id, text)
    person_cap_waits = person_caps.waiting_count(
        database, settings, MailingKind(kind), tally.msisdns, database.now()
    )
    return _checked(head, tally, problems, used_columns, started_before, person_cap_waits)


def _checked(
    head: ListHead,
    tally: _Tally,
    problems: list[Reason],
    used_columns: tuple[str, ...],
    started_before: list[int],
    person_cap_waits: int,
) -> Check:
    return Check(
        list_id=head.list_id,
        columns=tuple(name for name in head.usable_names if name),
        used_columns=used_columns,
        rows=tally.rows,
        messages=tally.messages,
        parts=tally.parts,
        part_counts=bytes(tally.part_counts),
        msisdns=tuple(tally.msisdns),
        left_out=tuple(tally.left_out),
        left_out_counts=dict(Counter(one.reason.code for one in tally.left_out).most_common()),
        problems=tuple(problems),
        undecided=tally.undecided,
        undecided_parts=tally.undecided_parts,
        incomplete=tally.incomplete,
        incomplete_rows=tuple(tally.incomplete_rows),
        messages_by_parts=dict(sorted(tally.by_parts.items())),
        messages_by_encoding=dict(tally.by_encoding),
        forcing_characters=tuple(tally.forcing.most_common(_FORCING_CHARACTERS)),
        longest=tuple(_sample(one) for one in tally.longest),
        shortest=tuple(_sample(one) for one in tally.shortest),
        first=_sample(tally.first) if tally.first else None,
        started_before=tuple(started_before),
        zones=dict(tally.zones.most_common()),
        message_zones=tuple(tally.message_zones),
        guessed_zones=tally.guessed_zones,
        person_cap_waits=person_cap_waits,
    )


def _sample(ready: Ready) -> Sample:
    return Sample(row=ready.row, msisdn=ready.msisdn, text=ready.text, measure=ready.measure)


def preview(database: Database, list_id: int, text: str, row: int) -> dict[str, Any]:
    """One row's own message: {"row", "number", "text", "encoding", "characters", "parts",
    "units_left_in_last_part", "missing": [column], "reason"?, "reason_params"?}.

    `reason` is why the row was not taken at import, or that its number is on the stop list. Raises NotFound
    (list_not_found, row_not_found), Conflict, and Refused for mistakes in the text.
    """
    head = find_list(database, list_id)
    bound = bind(head, text)
    with database.read() as connection:
        found = mailing_rows.read_rows(connection, list_id, after_row=row - 1, limit=1)
        drivers = devices.drivers(connection)
    if not found or found[0].row != row:
        raise NotFound("row_not_found", row=row, name=head.name)
    written = bound.render(found[0].fields)
    measure = segments.measure(written)
    shown: dict[str, Any] = {
        "row": row,
        "number": found[0].msisdn,
        "text": written,
        "encoding": str(measure.encoding),
        "characters": measure.characters,
        "parts": most_parts(drivers, written, measure.parts),
        "units_left_in_last_part": measure.units_left_in_last_part,
        "missing": list(bound.missing(found[0].fields)),
    }
    if found[0].reject_code is not None:
        shown |= {"reason": found[0].reject_code, "reason_params": found[0].reject_params}
    elif found[0].is_stopped:
        shown |= {"reason": "stop_list", "reason_params": {}}
    return shown


def parse_kind(kind: str) -> MailingKind:
    try:
        return MailingKind(kind)
    except ValueError as error:
        raise Refused("kind_invalid", value=kind, known=[str(one) for one in MailingKind]) from error


def parse_policy(value: str) -> UnknownPolicy:
    try:
        return UnknownPolicy(value)
    except ValueError:
        raise Refused("unknown_policy_invalid", policy=value) from None
