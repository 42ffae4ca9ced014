"""From the bytes of a modem to lines with a meaning. Pure: fed bytes, it returns items; no I/O, no clock.

What a line means depends on what was asked, so the parser is told which command runs (`begin`, `end`) and
what was written (`wrote`), to know the echo. Every other line is a final result, an answer of the running
command, or unsolicited; what nobody knows is unsolicited with an empty name, to be logged and ignored.
Garbage never ends a command: only a complete final result does. Memory is bounded: a line longer than
`MAX_LINE` is dropped up to the next line end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: a PDU line is at most 2 × (1 + 255 + 164) characters
MAX_LINE = 4096
#: lines that may stand between the header of a two-line result and its PDU
_PATIENCE = 3

#: control characters that only glitches and echoes bring (NUL, Ctrl-Z, ESC …); CR, LF and TAB stay
_JUNK = bytes([*range(9), 11, 12, *range(14, 32), 127, 255])
_LINE_ENDS = re.compile(rb"[\r\n]+")
_HEX = re.compile(r"[0-9A-Fa-f]{2,}(?:,0)?")
_TRAILING_NUMBER = re.compile(r"(\d+)\s*$")
#: a result that lost its line end and hangs on another line: "…+CMGS: 5", "ERROR+CNUM: …"
_GLUED = re.compile(
    r"(?=\+(?:CMGS|CMGL|CMGR|CMTI|CMT|CDSI|CDS|CNUM|CSSU|CSSI|CUSD|CREG|CEREG|CLIP|CM[ES] ERROR):"
    r"|\^(?:RSSI|BOOT|MODE|HCSQ|SMMEMFULL|CEND|CONN|DSFLOWRPT):)"
)
_GLUED_OK = re.compile(r"(.*\d) *(OK)")
#: the answer to AT+CREG? has the mode before the status; the unsolicited form has not
_REGISTRATION_ANSWER = re.compile(r"\+C\w*REG: *\d+ *,(?: *\d{1,3}(?![\w])| *,| *$)", re.IGNORECASE)
_REGISTRATION = frozenset({"+CREG", "+CEREG", "+CGREG"})

_OK = frozenset({"OK"})
_ERRORS = frozenset({"ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "NA"})
_ERROR_STARTS = ("+CMS ERROR", "+CME ERROR", "MODEM ERROR")
_NUMERIC = {"0": "OK", "4": "ERROR"}

_TWO_LINES = frozenset({"+CMT", "+CDS", "+CBM"})
_UNSOLICITED = frozenset(
    {
        *("+CMTI", "+CMT", "+CDS", "+CDSI", "+CBM", "+CUSD", "+CMGS"),
        *("+CREG", "+CEREG", "+CGREG", "+CGEV", "+CTZV", "+CTZE", "+CIEV", "+CFUN", "+CPIN"),
        *("+CLIP", "+CRING", "+CCWA", "+CSSU", "+CSSI"),
        *("+QIND", "+QUSIM", "+CSQN", "+CUSATP", "+CUSATEND", "DST"),
    }
)
_UNSOLICITED_WORDS = frozenset(
    (
        "RING",
        "NO CARRIER",
        "BUSY",
        "NO ANSWER",
        "NO DIALTONE",
        "RDY",
        "CALL READY",
        "SMS READY",
        "NORMAL POWER DOWN",
        "UNDER-VOLTAGE WARNNING",
        "POWERED DOWN",
    )
)
#: vendors' own results: Huawei ^, SIMCom *, Telit #, position sentences $, ZTE +Z
_VENDOR_STARTS = ("^", "*", "#", "$", "+Z")


@dataclass(frozen=True, slots=True)
class Info:
    """A line that belongs to the running command."""

    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """The end of a command: `OK`, `ERROR`, `+CMS ERROR: 38` …"""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """What nobody asked for now. `name` in upper case without the colon; "" if not known.

    `pdu` is the second line of +CMT, +CDS and +CBM.
    """

    name: str
    text: str
    pdu: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem waits for a PDU."""


Item = Info | Final | Unsolicited | Prompt

_PROMPT = Prompt()
_FINAL_OK = Final(True, "OK")


class AtParser:
    def __init__(self) -> None:
        #: a modem that answers digits (ATV0) whatever it is told; set by the initialisation
        self.numeric_results = False
        self._tail = b""
        self._overlong = False
        self._answers: tuple[str, ...] = ()
        self._bare = False
        self._hexadecimal = False
        self._prompt_expected = False
        self._echoes: list[str] = []
        #: name, text, declared length of the TPDU, lines it still waits
        self._header: tuple[str, str, int, int] | None = None
        self._quoted: tuple[str, int] | None = None

    def begin(
        self,
        command: str,
        *,
        answers: tuple[str, ...] = (),
        bare: bool = False,
        hexadecimal: bool = False,
        prompt: bool = False,
    ) -> None:
        """`command` is being written. Its answer lines start with one of `answers` (such as "+CSQ"), are
        PDUs (`hexadecimal`), or any text (`bare`); `prompt` if it asks for a PDU with "> "."""
        self._answers = answers
        self._bare = bare
        self._hexadecimal = hexadecimal
        self._prompt_expected = prompt
        self._echoes = [command]

    def wrote(self, text: str) -> None:
        """More was written within the running command: its echo is to be dropped too."""
        self._echoes.append(text)

    def expect(self, answers: tuple[str, ...]) -> None:
        """From here on the running command may answer with lines that start so."""
        self._answers = answers

    def end(self) -> None:
        """The command is over. Its echo is remembered: a slow port may still bring it."""
        self._answers = ()
        self._bare = self._hexadecimal = self._prompt_expected = False

    def reset(self) -> None:
        """Forgets half a line and everything that waits for more; `numeric_results` stays."""
        self._tail = b""
        self._overlong = False
        self._header = self._quoted = None
        self._echoes = []
        self.end()

    def feed(self, data: bytes) -> list[Item]:
        items: list[Item] = []
        lines = _LINE_ENDS.split(self._tail + data.translate(None, _JUNK))
        tail = lines.pop()
        if self._overlong and lines:
            lines[0] = b""
            self._overlong = False
        for line in lines:
            if line:
                self._line(_decode(line).strip(), items)
        if self._prompt_expected and tail[:1] == b">" and tail.strip() == b">":
            self._prompt_expected = False
            items.append(_PROMPT)
            tail = b""
        elif len(tail) > MAX_LINE:
            tail = b""
            self._overlong = True
        self._tail = tail
        return items

    def _line(self, text: str, items: list[Item]) -> None:
        if text in self._echoes:
            return
        while text[:1] == ">":
            if self._prompt_expected:
                self._prompt_expected = False
                items.append(_PROMPT)
            text = text[1:].lstrip()
            if text in self._echoes:
                return
        if not text:
            return
        if self._quoted is not None:
            text = self._join_quoted(text, items)
            if not text:
                return
        if text.find("+", 1) > 0 or text.find("^", 1) > 0:
            glued = _GLUED.search(text, 1)
            # the text of a USSD reply is the network's and may hold anything
            if glued is not None and not text.startswith("+CUSD"):
                self._one(text[: glued.start()].rstrip(), items)
                self._line(text[glued.start() :], items)
                return
        if text.startswith("+CMGS") and text.endswith("OK"):
            match = _GLUED_OK.fullmatch(text)
            if match is not None:
                self._one(match[1], items)
                text = match[2]
        self._one(text, items)

    def _one(self, text: str, items: list[Item]) -> None:
        """One line, already freed of echoes and neighbours."""
        if text in self._echoes:
            return
        upper = text.upper()
        final = self._final(text, upper)
        if final is not None:
            items.append(final)
            return
        if self._header is not None and self._take_pdu(text, items):
            return
        name = upper.partition(":")[0].rstrip()
        if name in self._answers and (name not in _REGISTRATION or _REGISTRATION_ANSWER.match(text)):
            items.append(Info(text))
        elif name in _TWO_LINES:
            match = _TRAILING_NUMBER.search(text)
            self._header = (name, text, int(match[1]) if match else -1, _PATIENCE)
        elif name == "+CUSD" and text.count('"') % 2:
            self._quoted = (text, 12)
        elif name in _UNSOLICITED or name in _UNSOLICITED_WORDS or upper.startswith(_VENDOR_STARTS):
            items.append(Unsolicited(name, text))
        elif self._is_expected(text, upper):
            items.append(Info(text))
        else:
            items.append(Unsolicited("", text))

    def _is_expected(self, text: str, upper: str) -> bool:
        """A line without a prefix that the running command may answer with."""
        if self._hexadecimal and _HEX.fullmatch(text):
            return True
        return self._bare and not upper.startswith(("AT+", "AT^", "ATE", "ATI", "AT&"))

    def _final(self, text: str, upper: str) -> Final | None:
        if upper in _OK:
            return _FINAL_OK
        if upper in _ERRORS or upper.startswith(_ERROR_STARTS):
            return Final(False, text)
        if self.numeric_results and text in _NUMERIC:
            return Final(_NUMERIC[text] == "OK", _NUMERIC[text])
        return None

    def _take_pdu(self, text: str, items: list[Item]) -> bool:
        """True if `text` is the second line of the pending header."""
        assert self._header is not None
        name, header, length, patience = self._header
        if _HEX.fullmatch(text):
            pdu = text.removesuffix(",0")
            if not self._hexadecimal or _tpdu_length(pdu) == length:
                self._header = None
                items.append(Unsolicited(name, header, pdu))
                return True
            return False
        # other output in between: the PDU may still come, but not for ever
        self._header = (name, header, length, patience - 1) if patience > 1 else None
        return False

    def _join_quoted(self, text: str, items: list[Item]) -> str:
        """Collects a quoted text that runs over several lines; returns what does not belong to it."""
        assert self._quoted is not None
        begun, patience = self._quoted
        if self._final(text, text.upper()) is not None or patience == 0:
            self._quoted = None
            items.append(Unsolicited("+CUSD", begun + '"'))
            return text
        joined = f"{begun}\n{text}"
        if joined.count('"') % 2:
            self._quoted = (joined, patience - 1)
        else:
            self._quoted = None
            items.append(Unsolicited("+CUSD", joined))
        return ""


def _decode(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _tpdu_length(pdu: str) -> int:
    """The octets after the service centre's address, as +CMT and +CDS count them."""
    return len(pdu) // 2 - 1 - int(pdu[:2], 16)
