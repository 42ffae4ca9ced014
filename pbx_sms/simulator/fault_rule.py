"""A fault that a test or a demonstration asks for: which parts it hits and what then happens.

`read_rules` turns the structure of a faults file (or of the control command) into rules, refusing at once
what could never take effect. docs/simulator.md lists the actions with an example each.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pbx_sms.errors import Refused


class Phase(StrEnum):
    #: at `AT+CMGS`, when the number is not known yet
    PROMPT = "prompt"
    #: after Ctrl-Z
    SUBMIT = "submit"
    #: about the delivery report of the part
    REPORT = "report"
    #: a lasting condition of the modem
    STATE = "state"
    #: when a message is handed to the driver of an Asterisk in front of the modem
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True)
class Action:
    phase: Phase
    #: name -> default; `...` marks one that must be given
    params: Mapping[str, Any] = field(default_factory=dict)


_NUMBERS = (int, float)
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "code": ((int,), "a whole number"),
    "codes": ((list,), "a list of whole numbers"),
    "delay_s": (_NUMBERS, "seconds"),
    "seconds": (_NUMBERS, "seconds"),
    "gap_s": (_NUMBERS, "seconds"),
    "back_after_s": (_NUMBERS, "seconds"),
    "port": ((str,), "the name of a port"),
    "where": ((str,), "before, between or inside"),
    "text": ((str,), "text"),
    "limit": ((int,), "a whole number"),
    "then": ((str,), "cms, no_answer or drop"),
    "pin": ((str,), "the digits of the PIN"),
    "until": ((str,), "registered"),
    "when": ((str,), "before, queued or answered"),
    "count": ((int,), "a whole number from 0"),
    "number": ((str,), "a pattern such as +7916*"),
    "number_regex": ((str,), "a regular expression"),
    "modem": ((str, int), "a name, an index or an IMSI"),
    "part": ((int,), "a whole number from 1"),
    "nth": ((int,), "a whole number from 1"),
    "after": ((int,), "a whole number from 0"),
    "every": ((int,), "a whole number from 1"),
    "times": ((int,), "a whole number from 1"),
}
_CHOICES = {
    "where": ("before", "between", "inside"),
    "then": ("cms", "no_answer", "drop"),
    "until": ("registered",),
    "when": ("before", "queued", "answered"),
}
_MATCH_KEYS = ("number", "number_regex", "modem", "part", "nth", "after", "every", "times")

_VANISH = {"back_after_s": None, "port": None}
ACTIONS: dict[str, Action] = {
    "cms_before_prompt": Action(Phase.PROMPT, {"code": ...}),
    "prompt_never": Action(Phase.PROMPT),
    "prompt_slow": Action(Phase.PROMPT, {"seconds": ...}),
    "cms": Action(Phase.SUBMIT, {"code": ..., "delay_s": None}),
    "hang": Action(Phase.SUBMIT),
    "no_answer": Action(Phase.SUBMIT),
    "no_answer_not_accepted": Action(Phase.SUBMIT),
    "vanish_before": Action(Phase.SUBMIT, _VANISH),
    "vanish_after": Action(Phase.SUBMIT, _VANISH),
    "late": Action(Phase.SUBMIT, {"seconds": ...}),
    "slow": Action(Phase.SUBMIT, {"seconds": ...}),
    "garbage": Action(Phase.SUBMIT, {"where": "before"}),
    "noise": Action(Phase.SUBMIT, {"text": "^RSSI:21"}),
    "glued": Action(Phase.SUBMIT, {"text": "^RSSI:21"}),
    "byte_by_byte": Action(Phase.SUBMIT),
    "ok_without_cmgs": Action(Phase.SUBMIT),
    "cmgs_without_ok": Action(Phase.SUBMIT),
    "limit_per_day": Action(Phase.SUBMIT, {"limit": ..., "then": "cms", "code": 500}),
    "report_never": Action(Phase.REPORT),
    "report_status": Action(Phase.REPORT, {"code": None, "codes": None, "gap_s": 0.0}),
    "report_first": Action(Phase.REPORT),
    "report_twice": Action(Phase.REPORT, {"gap_s": 0.0}),
    "report_delay": Action(Phase.REPORT, {"seconds": ...}),
    "echo_on": Action(Phase.STATE),
    "no_network": Action(Phase.STATE, {"seconds": None}),
    "storage_full": Action(Phase.STATE),
    "pin": Action(Phase.STATE, {"pin": ...}),
    "list_hangs": Action(Phase.STATE),
    "announces_no_index": Action(Phase.STATE),
    "csca_empty": Action(Phase.STATE, {"until": None}),
    "asterisk_dies": Action(Phase.HAND_OVER, {"when": "queued", "seconds": 0.02, "back_after_s": None}),
    "link_drops": Action(Phase.HAND_OVER, {"when": "queued"}),
    "answer_never": Action(Phase.HAND_OVER),
    "answer_late": Action(Phase.HAND_OVER, {"seconds": ...}),
    "device_drops": Action(Phase.HAND_OVER),
    "counter_shows": Action(Phase.HAND_OVER, {"count": ..., "seconds": None}),
    "event_never": Action(Phase.HAND_OVER),
    "event_twice": Action(Phase.HAND_OVER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    action: str
    phase: Phase
    params: Mapping[str, Any]
    number: str | None = None
    number_regex: re.Pattern[str] | None = None
    modem: str | None = None
    part: int | None = None
    nth: int | None = None
    after: int | None = None
    every: int | None = None
    times: int | None = None

    @property
    def counts_parts(self) -> bool:
        """Whether the rule waits for a part; a lasting condition without a match holds at once."""
        keys = (self.number, self.number_regex, self.part, self.nth, self.after, self.every)
        return any(key is not None for key in keys)

    def concerns_modem(self, names: frozenset[str]) -> bool:
        return self.modem is None or self.modem in names

    def concerns_part(self, number: str, part: int) -> bool:
        if self.part is not None and self.part != part:
            return False
        if self.number is not None and not fnmatchcase(number, self.number):
            return False
        return self.number_regex is None or self.number_regex.search(number) is not None

    def hits(self, count: int) -> bool:
        """`count`: how many parts concerned this rule on this modem, this one included."""
        if self.nth is not None and count != self.nth:
            return False
        if self.after is not None and count <= self.after:
            return False
        return self.every is None or count % self.every == 0


def read_file(path: Path) -> tuple[FaultRule, ...]:
    """Raises `Refused` when the file is missing, is not TOML or has a mistake."""
    try:
        structure = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused("simulator_faults_unreadable", path=str(path), problem=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused("simulator_faults_not_toml", path=str(path), problem=str(error)) from error
    return read_rules(structure)


def check_asterisk(rules: Sequence[FaultRule], *, is_there: bool) -> None:
    """Raises `Refused` for a fault of an Asterisk where there is none."""
    for rule in rules:
        if rule.phase is Phase.HAND_OVER and not is_there:
            raise Refused("simulator_fault_needs_asterisk", action=rule.action)


def read_rules(structure: Mapping[str, Any]) -> tuple[FaultRule, ...]:
    """`{"fault": [{"action": …, …}, …]}`. Raises `Refused` for the first mistake."""
    for key in structure:
        if key != "fault":
            raise Refused("simulator_fault_unknown_key", where="faults", key=key, known="fault")
    entries = structure.get("fault", [])
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise Refused("simulator_fault_wrong_value", where="faults", key="fault", expected="[[fault]] tables")
    return tuple(_read_rule(f"fault[{index}]", entry) for index, entry in enumerate(entries))


def _read_rule(where: str, entry: Any) -> FaultRule:
    if not isinstance(entry, Mapping):
        raise Refused("simulator_fault_wrong_value", where=where, key="fault", expected="a table")
    name = entry.get("action")
    action = ACTIONS.get(name) if isinstance(name, str) else None
    if action is None:
        raise Refused(
            "simulator_fault_unknown_action", where=where, action=str(name), known=", ".join(ACTIONS)
        )
    known = (*_MATCH_KEYS, *action.params)
    for key, value in entry.items():
        if key == "action":
            continue
        if key not in known:
            raise Refused(
                "simulator_fault_unknown_key", where=where, key=key, known=", ".join(("action", *known))
            )
        _check_value(where, key, value)
    for key, default in action.params.items():
        if default is ... and key not in entry:
            raise Refused("simulator_fault_wrong_value", where=where, key=key, expected=_TYPES[key][1])
    if action.phase is Phase.PROMPT:
        for key in ("number", "number_regex", "part"):
            if key in entry:
                raise Refused("simulator_fault_number_too_early", where=where, key=key, action=str(name))
    if action.phase is Phase.HAND_OVER and "part" in entry:
        raise Refused("simulator_fault_whole_message", where=where, action=str(name))
    pattern = entry.get("number_regex")
    try:
        compiled = re.compile(pattern) if pattern is not None else None
    except re.error as error:
        raise Refused(
            "simulator_fault_wrong_value", where=where, key="number_regex", expected=_TYPES["number_regex"][1]
        ) from error
    matches = {
        key: entry[key] for key in ("number", "part", "nth", "after", "every", "times") if key in entry
    }
    return FaultRule(
        action=str(name),
        phase=action.phase,
        params={key: entry.get(key, default) for key, default in action.params.items()},
        number_regex=compiled,
        modem=str(entry["modem"]) if "modem" in entry else None,
        **matches,
    )


def _check_value(where: str, key: str, value: Any) -> None:
    types, expected = _TYPES[key]
    right = isinstance(value, types) and not isinstance(value, bool)
    if right and isinstance(value, _NUMBERS) and key != "modem":
        right = value >= (1 if key in ("part", "nth", "every", "times") else 0)
    if right and key == "codes":
        right = bool(value) and all(isinstance(code, int) for code in value)
    if right and key in _CHOICES:
        right = value in _CHOICES[key]
    if not right:
        raise Refused("simulator_fault_wrong_value", where=where, key=key, expected=expected)
