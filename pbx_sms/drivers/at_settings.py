"""What a serial modem is told by its owner, and every time that the driver waits."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_sms.drivers.serial_port import LOCK_DIR


@dataclass(frozen=True, slots=True, kw_only=True)
class AtSettings:
    #: given to the SIM at most once, see `at_pin`
    pin: str | None = None
    #: service centre, set only where the SIM has none
    smsc: str | None = None
    #: a name of `vendors.NAMES`; None: recognised
    vendor: str | None = None
    #: SIM slots; with several, the wished one is made active at each opening
    slots: int = 1
    #: instead of the vendor's: {slot} counts from 1, {index} from 0
    slot_command: str | None = None
    delivery_reports: bool = True
    baud: int = 115200
    #: None: no lock files
    lock_dir: str | None = LOCK_DIR
    #: from Ctrl-Z to the answer; None: the vendor's
    submit_timeout_s: float | None = None
    #: from AT+CMGS to the prompt
    prompt_timeout_s: float = 10.0
    #: from the prompt to the PDU; None: the vendor's
    prompt_pause_s: float | None = None
    #: for the OK that follows +CMGS
    accept_grace_s: float = 2.0
    #: how long an unanswered submission is listened for in silence before the modem is asked anything else
    late_answer_s: float = 20.0
    #: for a bare AT
    answer_timeout_s: float = 1.0
    #: for ordinary commands, for those that ask the SIM or the network, and for +CFUN
    command_timeout_s: float = 5.0
    network_timeout_s: float = 25.0
    power_timeout_s: float = 40.0
    list_timeout_s: float = 15.0
    ussd_timeout_s: float = 30.0
    #: silence that counts as "nothing more comes"
    quiet_s: float = 0.2
    #: for a SIM or a modem that still starts: how long, and how often it is asked
    sim_wait_s: float = 30.0
    sim_pause_s: float = 1.0
    #: some sticks announce a message half a second before it can be read
    read_tries: int = 3
    read_pause_s: float = 0.5
    #: RING comes every 3 to 5 s; a call that stopped ringing for so long is over
    ring_silence_s: float = 10.0
