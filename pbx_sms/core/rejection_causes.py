"""Why the network refused a short message: RP-causes and TP-Failure-Causes.

0 to 127 are RP-causes (3GPP 24.011 §8.2.5.4, table 8.4) and, where modems pass them on, CP-causes
(§8.1.4.2); 128 to 255 are the service centre's TP-FCS (3GPP 23.040 §9.2.3.22). As +CMS ERROR see 27.005
§3.2.5.
"""

from __future__ import annotations

from pbx_sms.core.ruling import MESSAGE, MODEM, PERMANENT, SIM, TEMPORARY, UNKNOWN, Ruling

_RP = "24.011 §8.2.5.4: RP-ERROR is the network's answer in place of RP-ACK; it did not take the message"
_TIMED = "24.011: also the network's own time-out towards the service centre, which may hold the message"
_CP = "24.011 §8.1.4.2: a CP-cause; the link broke, and the message may have passed before it did"
_FCS = "23.040 §9.2.2.2: SUBMIT-REPORT for RP-ERROR; the service centre itself refused the message"

RP_CAUSES: dict[int, Ruling] = {
    # unassigned number; a wrong service centre number is reported like this too
    1: Ruling(PERMANENT, MESSAGE, "number_unassigned", _RP),
    8: Ruling(PERMANENT, SIM, "sim_barred", _RP),
    10: Ruling(PERMANENT, SIM, "sim_barred", _RP),
    11: Ruling(TEMPORARY, MESSAGE, "network_rejected", _RP),
    17: Ruling(UNKNOWN, SIM, "link_broke", _CP),
    # a bad number, the tariff, a filter or no credit: who is at fault shows only over several recipients
    21: Ruling(TEMPORARY, MESSAGE, "network_rejected", _RP),
    22: Ruling(TEMPORARY, SIM, "network_congested", _RP),
    27: Ruling(TEMPORARY, MESSAGE, "recipient_unavailable", _RP),
    28: Ruling(PERMANENT, SIM, "sender_not_identified", _RP),
    29: Ruling(PERMANENT, SIM, "service_not_provided", _RP),
    30: Ruling(PERMANENT, SIM, "sender_unknown", _RP),
    # MAP systemFailure, but MAP time-outs as well
    38: Ruling(UNKNOWN, SIM, "network_out_of_order", _TIMED),
    41: Ruling(TEMPORARY, SIM, "network_trouble", _RP),
    42: Ruling(TEMPORARY, SIM, "network_congested", _RP),
    47: Ruling(TEMPORARY, SIM, "network_congested", _RP),
    50: Ruling(PERMANENT, SIM, "service_not_provided", _RP),
    69: Ruling(PERMANENT, SIM, "service_centre_wrong", _RP),
    81: Ruling(TEMPORARY, MODEM, "exchange_collided", _RP),
    95: Ruling(PERMANENT, MESSAGE, "message_malformed", _RP),
    96: Ruling(PERMANENT, MESSAGE, "message_malformed", _RP),
    97: Ruling(PERMANENT, MESSAGE, "message_malformed", _RP),
    98: Ruling(TEMPORARY, MODEM, "exchange_collided", _RP),
    99: Ruling(PERMANENT, MESSAGE, "message_malformed", _RP),
    111: Ruling(TEMPORARY, MESSAGE, "network_rejected", _RP),
    127: Ruling(TEMPORARY, MESSAGE, "network_rejected", _RP),
}
#: 24.011 §8.2.5.4: any other cause is to be treated as 41
OTHER_RP_CAUSE = RP_CAUSES[41]

#: 197, duplicate: the service centre has the message already; accepted
DUPLICATE = 197

TP_FAILURE_CAUSES: dict[int, Ruling] = {
    **dict.fromkeys((128, 129, 130), Ruling(PERMANENT, MESSAGE, "feature_refused", _FCS)),
    143: Ruling(PERMANENT, MESSAGE, "feature_refused", _FCS),
    **dict.fromkeys((144, 145, 159), Ruling(PERMANENT, MESSAGE, "alphabet_refused", _FCS)),
    **dict.fromkeys((160, 161, 175, 176), Ruling(PERMANENT, MESSAGE, "feature_refused", _FCS)),
    192: Ruling(TEMPORARY, SIM, "network_congested", _FCS),
    193: Ruling(PERMANENT, SIM, "service_not_provided", _FCS),
    194: Ruling(TEMPORARY, SIM, "network_trouble", _FCS),
    195: Ruling(PERMANENT, MESSAGE, "number_refused", _FCS),
    196: Ruling(PERMANENT, MESSAGE, "recipient_barred", _FCS),
    **dict.fromkeys((198, 199), Ruling(PERMANENT, MESSAGE, "validity_refused", _FCS)),
    **dict.fromkeys((208, 209, 211), Ruling(TEMPORARY, MODEM, "memory_full", _FCS)),
    210: Ruling(TEMPORARY, MODEM, "modem_failed", _FCS),
    **dict.fromkeys((212, 213), Ruling(TEMPORARY, MODEM, "sim_busy", _FCS)),
    255: Ruling(TEMPORARY, MESSAGE, "network_rejected", _FCS),
}
#: reserved and application specific values
OTHER_FAILURE_CAUSE = TP_FAILURE_CAUSES[255]
