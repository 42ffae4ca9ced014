"""What one code means once the TPDU was handed over: a row of the tables that `core/network_codes` reads.

`kind` speaks of the scope: TEMPORARY with scope SIM, that SIM may pass later; PERMANENT with scope SIM, it
will be refused until a person acts, and the message itself is unharmed; only PERMANENT with scope MESSAGE
ends the message. A code that does not prove that nothing was taken is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass

from pbx_sms.core.verdict import Kind, Scope

#: shorthand for the tables
TEMPORARY, PERMANENT, UNKNOWN = Kind.TEMPORARY, Kind.PERMANENT, Kind.UNKNOWN
MESSAGE, SIM, MODEM = Scope.MESSAGE, Scope.SIM, Scope.MODEM


@dataclass(frozen=True, slots=True)
class Ruling:
    kind: Kind
    scope: Scope
    #: code of `sentences/network`; every sentence has the parameter `code`
    reason: str
    evidence: str
