"""Who the simulated SIMs and modems are: made from a seed, the same for the same seed and index.

`modems.json` holds what the last run had; a restart in the same folder takes its SIMs from there, so that a
host that keys its counters on the IMSI finds the SIMs it knows.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pbx_sms.simulator.operator import BY_NAME, OPERATORS, Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class SimIdentity:
    imsi: str
    iccid: str
    #: with "+"
    own_number: str
    operator: Operator


def _digits(seed: str, what: str, count: int) -> str:
    number = int.from_bytes(hashlib.sha256(f"{seed}/{what}".encode()).digest(), "big")
    return f"{number % 10**count:0{count}d}"


def with_check_digit(digits: str) -> str:
    """The digits and their Luhn digit, as IMEI and ICCID end."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if position % 2 else 2)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def make_sim(seed: str, index: int, operator: Operator | None = None) -> SimIdentity:
    """The SIM number `index`; operators take turns unless one is named."""
    chosen = operator or OPERATORS[index % len(OPERATORS)]
    serial = _digits(seed, f"sim {index} {chosen.name}", 17)
    return SimIdentity(
        imsi=chosen.mcc_mnc + serial[:10],
        iccid=with_check_digit(chosen.iccid_prefix + serial[:11]),
        own_number=f"+{chosen.number_prefix}{serial[10:]}",
        operator=chosen,
    )


def make_imei(seed: str, index: int, type_code: str) -> str:
    return with_check_digit(type_code + _digits(seed, f"modem {index}", 6))


def read_known(path: Path) -> list[tuple[SimIdentity | None, str]]:
    """SIM and IMEI by modem index as `modems.json` has them; nothing usable reads as an empty list."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        known: list[tuple[SimIdentity | None, str]] = []
        for entry in entries:
            sim = None
            if entry["imsi"] is not None:
                sim = SimIdentity(
                    imsi=str(entry["imsi"]),
                    iccid=str(entry["iccid"]),
                    own_number=str(entry["own_number"]),
                    operator=BY_NAME[str(entry["operator"]).lower()],
                )
            known.append((sim, str(entry["imei"])))
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return known


def write_known(path: Path, entries: list[dict[str, Any]]) -> None:
    """Replaces `modems.json` as a whole: a reader never sees half of it."""
    temporary = path.with_suffix(".json.new")
    temporary.write_text(json.dumps(entries, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)
