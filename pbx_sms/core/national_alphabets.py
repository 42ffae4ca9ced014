"""National language tables of 3GPP 23.038 Annex A, for reading what others send.

A sender names them in the user data header: a *locking shift* replaces the default alphabet, a *single
shift* replaces the extension table. We never encode with them: few Russian networks carry the header
faithfully, and a text that needs them goes as UCS-2 instead.

Held here: Turkish (1), Spanish (2, single shift only) and Portuguese (3), the languages whose senders use
them in practice. The Indian languages (4 to 13) are read with the default tables.
"""

from __future__ import annotations

_TURKISH, _SPANISH, _PORTUGUESE = 1, 2, 3

#: language identifier → 128 characters by septet (23.038 A.3.1, A.3.3); the escape at its own place
LOCKING_SHIFT: dict[int, str] = {
    _TURKISH: (
        "@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§çabcdefghijklmnopqrstuvwxyzäöñüà"
    ),
    _PORTUGUESE: (
        "@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ !\"#º%&'()*+,-./0123456789:;<=>?"
        "ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§~abcdefghijklmnopqrstuvwxyzãõ`üà"
    ),
}

#: what every single shift table has in common with the default extension table
_COMMON = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

#: language identifier → {septet after an escape: character} (23.038 A.2.1 to A.2.3)
SINGLE_SHIFT: dict[int, dict[int, str]] = {
    _TURKISH: _COMMON | {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"},
    _SPANISH: _COMMON
    | {0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x61: "á", 0x69: "í", 0x6F: "ó", 0x75: "ú"},
    _PORTUGUESE: _COMMON
    | {0x05: "ê", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x12: "Φ", 0x13: "Γ", 0x15: "Ω"}
    | {0x16: "Π", 0x17: "Ψ", 0x18: "Σ", 0x19: "Θ", 0x1F: "Ê", 0x41: "À", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú"}
    | {0x5B: "Ã", 0x5C: "Õ", 0x61: "Â", 0x69: "í", 0x6F: "ó", 0x75: "ú", 0x7B: "ã", 0x7C: "õ", 0x7F: "â"},
}
