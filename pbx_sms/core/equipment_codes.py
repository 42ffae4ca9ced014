"""What the modem itself says went wrong: +CMS ERROR from 256 on (27.005 §3.2.5) and +CME ERROR (27.007 §9.2).

From 512 on, and in practice from 256, every make has its own meanings, so those tables are chosen by make.
"""

from __future__ import annotations

from pbx_sms.core.ruling import MESSAGE, MODEM, PERMANENT, SIM, TEMPORARY, UNKNOWN, Ruling

_LOCAL = "27.005 §3.2.5: the modem refused the order before it gave the message to the network"
_VAGUE = "the modem does not say whether it failed before or after the message was on the air"
_TIMED = "no answer of the network in time; the service centre may have the message"
_500 = "27.005 §3.2.5: unknown error; Huawei sticks say it for everything, lost answers included"
_350 = "LTE modules say it minutes after the hand-over, for any failure; nothing shows that it was not taken"
_MAKER = "the maker's list: refused by the modem before transmission"
_CME = "27.007 §9.2: the modem refused the order before it gave the message to the network"

_NOT_READY = Ruling(TEMPORARY, MODEM, "modem_not_ready", _LOCAL)
#: The modem found the PDU wrong: ours to answer for, or garbled on the way into a modem that was not ready.
#: Only the message waits, so that one such number cannot stop the queue.
_GARBLED = Ruling(TEMPORARY, MESSAGE, "pdu_refused", _LOCAL)
_VAGUE_MODEM = Ruling(UNKNOWN, MODEM, "modem_failed_unknown", _VAGUE)

EQUIPMENT: dict[int, Ruling] = {
    300: _VAGUE_MODEM,
    301: Ruling(TEMPORARY, MODEM, "modem_used_by_other", _LOCAL),
    302: _NOT_READY,
    303: Ruling(TEMPORARY, MODEM, "modem_cannot", _LOCAL),
    304: _GARBLED,
    305: _NOT_READY,  # it is in text mode; the driver sets PDU mode again
    310: Ruling(PERMANENT, SIM, "sim_not_inserted", _LOCAL),
    311: Ruling(PERMANENT, SIM, "sim_wants_pin", _LOCAL),
    312: Ruling(PERMANENT, SIM, "modem_locked_to_operator", _LOCAL),
    313: Ruling(TEMPORARY, SIM, "sim_failed", _LOCAL),
    314: Ruling(TEMPORARY, MODEM, "sim_busy", _LOCAL),
    315: Ruling(PERMANENT, SIM, "sim_failed", _LOCAL),
    316: Ruling(PERMANENT, SIM, "sim_wants_puk", _LOCAL),
    317: _NOT_READY,
    318: _NOT_READY,
    320: Ruling(TEMPORARY, MODEM, "memory_full", _LOCAL),
    321: Ruling(TEMPORARY, MODEM, "memory_full", _LOCAL),
    322: Ruling(TEMPORARY, MODEM, "memory_full", _LOCAL),
    330: Ruling(PERMANENT, SIM, "service_centre_wrong", _LOCAL),
    331: Ruling(TEMPORARY, SIM, "no_network", _LOCAL),
    332: Ruling(UNKNOWN, SIM, "network_silent", _TIMED),
    340: _NOT_READY,
    350: Ruling(UNKNOWN, SIM, "no_sms_over_lte", _350),
    500: Ruling(UNKNOWN, SIM, "unknown_error", _500),
}
OTHER_EQUIPMENT = _VAGUE_MODEM

_WAIT = Ruling(TEMPORARY, MODEM, "modem_not_ready", _MAKER)
_SYNTAX = Ruling(TEMPORARY, MESSAGE, "pdu_refused", _MAKER)
_TIMER = Ruling(UNKNOWN, SIM, "network_silent", _TIMED)

_SIEMENS: dict[int, Ruling] = {
    256: _WAIT,
    257: Ruling(PERMANENT, SIM, "sim_barred", _MAKER),
    258: _WAIT,
    259: _VAGUE_MODEM,
    260: Ruling(PERMANENT, MESSAGE, "number_refused", _MAKER),
    261: _WAIT,
    262: Ruling(PERMANENT, SIM, "sim_failed", _MAKER),
    263: _SYNTAX,
    512: _VAGUE_MODEM,
    513: _VAGUE_MODEM,
    514: _SYNTAX,
    515: Ruling(PERMANENT, MESSAGE, "number_refused", _MAKER),
    **dict.fromkeys((516, 517, 519, 520), _SYNTAX),
    521: _TIMER,
    522: _WAIT,
    532: _WAIT,
    535: _WAIT,
    **dict.fromkeys((538, 549, 550, 551, 553, 554), _SYNTAX),
    615: Ruling(UNKNOWN, SIM, "link_broke", _VAGUE),
    616: Ruling(UNKNOWN, SIM, "link_broke", _VAGUE),
    639: _WAIT,
    640: _WAIT,
    764: _WAIT,
    765: _WAIT,  # SIM800 before "SMS Ready"
    767: _VAGUE_MODEM,
    769: _VAGUE_MODEM,
    770: Ruling(PERMANENT, SIM, "sim_failed", _MAKER),
    771: _WAIT,
    772: _WAIT,
}
_QUECTEL: dict[int, Ruling] = {
    512: _WAIT,
    513: Ruling(PERMANENT, MESSAGE, "pdu_refused", _MAKER),
    514: _SYNTAX,
    515: Ruling(TEMPORARY, MODEM, "memory_full", _MAKER),
    517: _WAIT,
    528: _WAIT,
    529: Ruling(PERMANENT, SIM, "service_not_provided", _MAKER),
    530: _WAIT,
    531: Ruling(TEMPORARY, MODEM, "memory_full", _MAKER),
}
_WAVECOM: dict[int, Ruling] = {
    # no connection came about, mostly because a message was just coming in
    512: Ruling(TEMPORARY, MODEM, "exchange_collided", _MAKER),
    513: Ruling(UNKNOWN, SIM, "link_broke", _VAGUE),
    514: Ruling(UNKNOWN, SIM, "link_broke", _VAGUE),
    515: _WAIT,
}
#: make → codes from 256 on; the names are those of `Vendor.codes` in the drivers
BY_MAKE: dict[str, dict[int, Ruling]] = {
    "siemens": _SIEMENS,
    "simcom": _SIEMENS,
    "quectel": _QUECTEL,
    "wavecom": _WAVECOM,
}

_CME_WAIT = Ruling(TEMPORARY, MODEM, "modem_not_ready", _CME)
_CME_NETWORK = Ruling(PERMANENT, SIM, "registration_refused", _CME)

CME: dict[int, Ruling] = {
    0: _VAGUE_MODEM,
    1: _VAGUE_MODEM,
    2: _CME_WAIT,
    3: _CME_WAIT,
    4: Ruling(TEMPORARY, MODEM, "modem_cannot", _CME),
    **dict.fromkeys((5, 6, 7), Ruling(PERMANENT, SIM, "modem_locked_to_operator", _CME)),
    10: Ruling(PERMANENT, SIM, "sim_not_inserted", _CME),
    11: Ruling(PERMANENT, SIM, "sim_wants_pin", _CME),
    12: Ruling(PERMANENT, SIM, "sim_wants_puk", _CME),
    13: Ruling(TEMPORARY, SIM, "sim_failed", _CME),
    14: Ruling(TEMPORARY, MODEM, "sim_busy", _CME),
    15: Ruling(PERMANENT, SIM, "sim_failed", _CME),
    16: Ruling(PERMANENT, SIM, "sim_wants_pin", _CME),
    **dict.fromkeys((17, 18), _CME_WAIT),
    **dict.fromkeys((20, 21, 22, 23), Ruling(TEMPORARY, MODEM, "memory_full", _CME)),
    **dict.fromkeys((24, 25, 26, 27, 50), Ruling(TEMPORARY, MESSAGE, "pdu_refused", _CME)),
    30: Ruling(TEMPORARY, SIM, "no_network", _CME),
    31: _TIMER,
    32: Ruling(TEMPORARY, SIM, "no_network", _CME),
    **dict.fromkeys(range(40, 49), Ruling(PERMANENT, SIM, "modem_locked_to_operator", _CME)),
    100: _VAGUE_MODEM,
    **dict.fromkeys((103, 106, 107, 111, 112, 113), _CME_NETWORK),
    126: _CME_WAIT,
    **dict.fromkeys((132, 133, 134, 148, 149, 150), _CME_WAIT),
    262: Ruling(PERMANENT, SIM, "sim_failed", _CME),
    515: _CME_WAIT,
}
OTHER_CME = _VAGUE_MODEM
