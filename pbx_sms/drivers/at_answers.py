"""Reading the answers of modems, tolerant to all forms seen in the wild. Pure functions: text in, value out;
None where the text says nothing usable, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_DIGITS = re.compile(r"\d+")
_FIELD = re.compile(r'"([^"]*)"?|([^,]*)')
_LIST = re.compile(r"\(([^()]*)\)")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_ICCID = re.compile(r"(\d{18,20})[Ff]?")
_REGISTERED = frozenset({1, 5, 6, 7})


def after_prefix(line: str) -> str:
    """`+CSQ: 9,99` → `9,99`; a line without a prefix as it is."""
    head, colon, rest = line.partition(":")
    return rest.strip() if colon and head[:1] in "+^#*" else line.strip()


def fields(text: str) -> list[str]:
    """Comma separated fields, quotes removed, also where one is missing."""
    result = []
    place = 0
    text = text.strip()
    while place <= len(text):
        while place < len(text) and text[place] == " ":
            place += 1
        match = _FIELD.match(text, place)
        assert match is not None
        result.append((match[1] if match[1] is not None else match[2]).strip().strip('"'))
        place = text.find(",", match.end())
        if place < 0:
            break
        place += 1
    return result


def number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() else None


def digits(lines: Iterable[str], shortest: int = 14, longest: int = 20) -> str | None:
    """The first run of digits of a fitting length: IMEI, IMSI."""
    for line in lines:
        for match in _DIGITS.finditer(line):
            if shortest <= len(match[0]) <= longest:
                return match[0]
    return None


def registered(line: str, *, asked: bool) -> int | None:
    """The status of +CREG or +CEREG: of an answer (`asked`: mode first) or of an unsolicited result."""
    values = fields(after_prefix(line))
    place = 1 if asked else 0
    return number(values[place]) if len(values) > place else None


def is_registered(status: int | None) -> bool:
    """1 home, 5 roaming; 6 and 7 the same for SMS only (27.007 §7.2)."""
    return status in _REGISTERED


def signal_dbm(line: str) -> int | None:
    """+CSQ: 0..31 → -113..-51 dBm; 99 is unknown (27.007 §8.5)."""
    values = fields(after_prefix(line))
    rssi = number(values[0]) if values else None
    return -113 + 2 * rssi if rssi is not None and rssi <= 31 else None


def operator_name(line: str) -> str | None:
    """+COPS: 0,0,"MegaFon",2; the name may be cut, unquoted, or UCS-2 in hex."""
    values = fields(after_prefix(line))
    if len(values) < 3:
        return None
    # where the closing quote is missing, the access technology hangs on the name
    return text_or_ucs2(re.sub(r",\d*$", "", values[2])) or None


def text_or_ucs2(text: str) -> str:
    """A text that may have come as UCS-2 in hex (AT+CSCS="UCS2"), without what cannot be printed."""
    if len(text) >= 8 and len(text) % 4 == 0 and _HEX.fullmatch(text):
        decoded = bytes.fromhex(text).decode("utf-16-be", "replace")
        if all(character.isprintable() for character in decoded):
            text = decoded
    return "".join(character for character in text if character.isprintable()).strip()


def service_centre(line: str) -> str | None:
    """+CSCA: the number, None if the SIM has none."""
    values = fields(after_prefix(line))
    value = text_or_ucs2(values[0]) if values else ""
    return value if any(character.isdigit() for character in value) else None


def own_number(lines: Iterable[str]) -> str | None:
    """+CNUM: the first field that is a telephone number."""
    for line in lines:
        for value in fields(after_prefix(line))[1:2]:
            if re.fullmatch(r"\+?\d{5,15}", value):
                return value
    return None


def iccid(lines: Iterable[str]) -> str | None:
    for line in lines:
        match = _ICCID.search(after_prefix(line).replace('"', ""))
        if match is not None:
            return match[1]
    return None


def iccid_from_record(lines: Iterable[str]) -> str | None:
    """+CRSM: 144,0,"98…": EF-ICCID, ten octets with swapped nibbles, padded with F (TS 102 221 §13.2)."""
    for line in lines:
        values = fields(after_prefix(line))
        if len(values) >= 3 and values[0] == "144" and re.fullmatch(r"[0-9A-Fa-f]{20}", values[2]):
            swapped = "".join(values[2][place + 1] + values[2][place] for place in range(0, 20, 2))
            return swapped.rstrip("Ff") or None
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One message memory as +CPMS tells it; `name` where the answer has it."""

    name: str | None
    used: int
    total: int


def memories(line: str) -> list[Memory]:
    """+CPMS: of a query (`"SM",0,50,…`) or of a setting (`0,50,0,50`)."""
    result = []
    name: str | None = None
    counts: list[int] = []
    for value in fields(after_prefix(line)):
        count = number(value)
        if count is None:
            name, counts = value, []
            continue
        counts.append(count)
        if len(counts) == 2:
            result.append(Memory(name=name, used=counts[0], total=counts[1]))
            name, counts = None, []
    return result


def memory_choices(line: str) -> list[list[str]]:
    """+CPMS=?: the memories possible as first, second and third; bare lists count for all three."""
    text = after_prefix(line).replace("((", "(").replace("))", ")")
    groups = [re.findall(r'"([^"]*)"', group) for group in _LIST.findall(text)]
    if groups:
        return groups
    names = list(dict.fromkeys(re.findall(r'"([^"]*)"', text)))
    return [names] * 3 if names else []


def value_lists(line: str) -> list[frozenset[int]]:
    """`(0-2),(0,1,3),(0)` → the allowed values of each parameter."""
    result = []
    for group in _LIST.findall(after_prefix(line)):
        values: set[int] = set()
        for item in group.split(","):
            first, dash, last = item.strip().partition("-")
            if first.isdigit() and (last.isdigit() or not dash):
                values.update(range(int(first), int(last or first) + 1))
        result.append(frozenset(values))
    return result


def notifications(allowed: Sequence[frozenset[int]], report_modes: Sequence[int]) -> list[str]:
    """The parameters of AT+CNMI to try, best first: stored and announced (<mt>=1), so that a message
    survives a crash here, and reports as `report_modes` prefers."""
    if len(allowed) >= 4 and all(allowed[:2]):
        modes = [mode for mode in (2, 1, 3, 0) if mode in allowed[0]][:2]
        reports = [mode for mode in report_modes if mode in allowed[3]] or [0]
        buffers = [value for value in (0, 1) if len(allowed) < 5 or not allowed[4] or value in allowed[4]][:1]
    else:
        modes, reports, buffers = [2, 1], list(report_modes), [0]
    # The report's mode matters more than the buffering's: many chips list a mode and then refuse it.
    listed = [f"{mode},1,0,{report},{bfr}" for report in reports for mode in modes for bfr in buffers]
    return [*listed, "2,1,0,0,0", "1,1,0,0,0", "1,1,0,0,1", "2,1", "1,1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An entry of a message memory. `pdu` is "" for a free slot."""

    index: int
    pdu: str


def stored(lines: Sequence[str], index: int) -> Stored:
    """The answer to AT+CMGR=<index>. The header's status and length are not believed."""
    for line in lines:
        if not line.startswith("+"):
            return Stored(index=index, pdu=_usable(line))
    return Stored(index=index, pdu="")


def listed(lines: Sequence[str]) -> list[Stored]:
    """The answer to AT+CMGL=4: `+CMGL: <index>,…` and a PDU, in turn."""
    result = []
    index: int | None = None
    for line in lines:
        if line.startswith("+"):
            match = _DIGITS.search(after_prefix(line))
            index = int(match[0]) if match else None
        elif index is not None:
            pdu = _usable(line)
            if pdu:
                result.append(Stored(index=index, pdu=pdu))
            index = None
    return result


def announced(line: str) -> tuple[str | None, int | None]:
    """+CMTI and +CDSI: (memory, index); (None, None) for what cannot be read that way."""
    values = fields(after_prefix(line))
    memory = values[0] if values and re.fullmatch(r"[A-Z]{2}", values[0]) else None
    return memory, number(values[-1]) if len(values) >= 2 else None


def ussd(line: str) -> tuple[int | None, str, int | None]:
    """+CUSD: (m, text, data coding scheme); the text may be unquoted or run over several lines."""
    rest = after_prefix(line)
    status_text, _, rest = rest.partition(",")
    status = number(status_text)
    rest = rest.strip()
    coding: int | None = None
    if rest.startswith('"'):
        end = rest.rfind('"')
        text = rest[1:end] if end > 0 else rest[1:]
        coding = number(rest[end + 1 :].strip(" ,")) if end > 0 else None
    else:
        text, comma, last = rest.rpartition(",")
        coding = number(last) if comma else None
        if coding is None:
            text = rest
    return status, text.strip(), coding


def _usable(line: str) -> str:
    """The PDU of a line; "" for a free slot: nothing, "00", or all ones."""
    pdu = line.strip().removesuffix(",0").strip()
    if not _HEX.fullmatch(pdu) or len(pdu) < 4 or set(pdu.upper()) == {"F"}:
        return ""
    return pdu
