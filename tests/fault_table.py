"""What goes wrong between this program and a recipient, and what then becomes of the message.

One table for two readers: `system/test_fault_matrix` brings every fault about on every make of modem and
compares what becomes of it, and `fault_document` writes `docs/faults.md` from it. Ports are not part of it:
in parameters they stand as PORT.
"""

from __future__ import annotations

from collections.abc import Mapping

from fault_kinds import Fault
from fault_modem_rows import MODEM_FAULTS
from fault_network_rows import NETWORK_FAULTS

FAULTS: tuple[Fault, ...] = (*MODEM_FAULTS, *NETWORK_FAULTS)
BY_KEY: Mapping[str, Fault] = {fault.key: fault for fault in FAULTS}
