"""The USSD codes that tell a SIM's balance, by the network that its IMSI names."""

from __future__ import annotations

#: MCC and MNC → code; Russian operators publish these, and asking costs nothing
_CODES = {
    "25001": "*100#",  # MTS
    "25002": "*100#",  # MegaFon
    "25099": "*102#",  # Beeline
    "25028": "*102#",  # Beeline
    "25020": "*105#",  # t2
    "25035": "*102#",  # Motiv
    "25039": "*102#",  # Rostelecom
}


def code_of(imsi: str, configured: str | None) -> str | None:
    """The code for this SIM; None where none is known (other countries) or the operator has none (Yota)."""
    return configured or _CODES.get(imsi[:5])
