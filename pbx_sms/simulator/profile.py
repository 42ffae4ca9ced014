"""What distinguishes one make of modem from another on the wire, as data. `profiles` holds the makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pbx_sms.simulator.submit_tpdu import Mistake


class WhenBusy(StrEnum):
    """What becomes of a command that comes while another one runs."""

    IGNORED = "ignored"
    #: SMS commands get `+CMS ERROR: 302`, all others nothing
    REFUSED = "refused"


class UssdCoding(StrEnum):
    #: packed septets in hexadecimal both ways, until `AT^USSDMODE=0`
    PACKED = "packed"
    PLAIN = "plain"


class EmptySlot(StrEnum):
    """What `AT+CMGR` says of an index that holds nothing."""

    OK = "ok"
    ERROR_321 = "321"
    ERROR_500 = "500"
    #: a header that announces no octets
    EMPTY_RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """How the modem comes up after it was plugged in or reset; all times are multiplied by the
    simulator's `boot_scale`."""

    #: the port is gone for so long after `AT+CFUN=1,1`; 0: the port stays, as on a real UART
    port_gone_s: float = 9.0
    #: until then `AT+CPIN?` says that the SIM is busy
    sim_ready_s: float = 2.0
    #: until then SMS commands fail
    sms_ready_s: float = 2.0
    registered_s: float = 4.0
    #: (seconds, lines) told to a host that has already spoken
    said: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    name: str
    manufacturer: tuple[str, ...]
    #: `+CGMI: ` before the manufacturer
    manufacturer_prefixed: bool = False
    model: str
    revision: str
    #: lines of `ATI`, with {imei}
    information: tuple[str, ...]
    #: first eight digits of the IMEI
    type_code: str

    echo: bool = True
    prompt: bytes = b"\r\n> "
    #: a TPDU written sooner after the prompt loses its first character
    prompt_pause_s: float = 0.0
    #: what ends the prompt after ESC; empty: nothing is said
    escape_answer: str = ""
    #: CR inside the TPDU makes it unreadable; elsewhere it is skipped
    chokes_on_cr: bool = False
    pdu_errors: Mapping[Mistake, int] = field(default_factory=dict)
    pdu_error: int = 304
    no_network_error: int = 331
    unknown_command: str = "ERROR"
    #: `AT+CMEE=2` makes `+CMS ERROR` a text as well
    cms_in_words: bool = False
    when_busy: WhenBusy = WhenBusy.IGNORED
    sms_not_ready: str = "+CMS ERROR: 314"

    #: "SM", "ME", "SR" and how many messages each holds
    storages: Mapping[str, int]
    default_storage: str = "SM"
    cpms_test: str
    #: the separator in `+CPMS?`
    cpms_separator: str = ","
    cpms_needs_three: bool = False
    index_base: int = 0
    empty_slot: EmptySlot = EmptySlot.OK
    #: `AT+CMGD` of an empty slot
    delete_empty_error: int | None = None
    #: {status} {length}: the header of a stored status report
    report_header: str = "+CMGR: {status},,{length}"
    #: a stored report comes padded with FF to the size of a SIM record
    pads_reports: bool = False
    #: a new message is counted and readable only after so long
    storage_lag_s: float = 0.0
    memory_full: str = ""
    #: the storage that `+CDSI` names, whatever holds the report
    cdsi_names: str = "SR"

    cnmi_test: str
    #: accepted values of the five parameters
    cnmi_values: tuple[frozenset[int], ...]
    #: values of <ds> that are listed and yet refused
    cnmi_refused_ds: frozenset[int] = frozenset()

    #: exact command -> its lines; for what a make has and others lack
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: names of commands that this make lacks
    lacks: frozenset[str] = frozenset()
    cmms_error: int | None = None
    #: with {number}; empty: `OK` alone
    own_number: str = ""
    #: with {name} and {technology}
    cops: str = '+COPS: 0,0,"{name}",{technology}'
    technology: int = 2
    #: with {mode} and {state}, when `AT+CREG=2` asked for the cell
    creg: str = '+CREG: {mode},{state},"5E25","605F"'
    #: a line that comes inside the answer to this command
    noise_inside: Mapping[str, str] = field(default_factory=dict)

    ussd: UssdCoding = UssdCoding.PLAIN
    ussd_needs_gsm: bool = False
    ussd_before_ok: bool = False

    #: lines told on their own account, in turn, each `noise_interval_s`
    noise: tuple[bytes, ...] = ()
    noise_interval_s: float = 5.0
    #: commands after which the noise stops, and lines that go on all the same
    silenced_by: frozenset[str] = frozenset()
    never_silent: tuple[bytes, ...] = ()
    #: told once, before the answer to the first command of a host
    stale_reply: bytes = b""
    #: told when the SIM is taken out, and when one is put in
    sim_removed: str = ""
    sim_inserted: str = ""
    #: AT+CNMA asks for a PDU
    cnma_prompts: bool = False
    call_end: str = "NO CARRIER"
    boot: Boot = field(default_factory=Boot)
