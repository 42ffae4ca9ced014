"""The AT interpreter of a modem for one life of it, from power-on to power-off: lines and PDUs in, answers
and unsolicited lines out.

Says nothing before the host has sent its first octet, and runs one command at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pbx_sms.simulator import at_line, commands, error_words, submission
from pbx_sms.simulator.profile import WhenBusy
from pbx_sms.simulator.result import CmeError, CmsError, Final, PromptWanted
from pbx_sms.simulator.settings import Settings

if TYPE_CHECKING:
    from pbx_sms.simulator.modem import SimulatedModem

_MAX_LINE = 4096
_CONTROL_OCTETS = b"\x00\x1a\x1b"
_NUMERIC = {"OK": "0", "CONNECT": "1", "RING": "2", "NO CARRIER": "3", "ERROR": "4"}


@dataclass(slots=True)
class _Prompt:
    length: int
    opened_at: float
    acknowledges: bool = False
    typed: list[bytes] = field(default_factory=list)


class Console:
    def __init__(self, modem: SimulatedModem, *, has_spoken: bool) -> None:
        self._modem = modem
        self._profile = modem.profile
        self.settings = Settings.fresh(modem.profile)
        #: whether a host has sent anything
        self.has_spoken = has_spoken
        #: a command is running that gets its answer later
        self.busy = False
        self._prompt: _Prompt | None = None
        self._unfinished = b""
        #: what is still to be written one octet at a time
        self._dribbling = bytearray()
        self._noise_position = 0

    def drop_prompt(self) -> None:
        """What was being typed goes nowhere."""
        self._prompt = None

    def feed(self, data: bytes) -> None:
        if not self.has_spoken:
            self._hear_host()
        if self._modem.is_hung:
            if self._modem.obeys_reset and b"AT+CFUN=1,1\r" in data.upper():
                self._modem.restart()
            return
        data = self._unfinished + data
        self._unfinished = b""
        while data:
            if self._prompt is not None:
                data = self._type(self._prompt, data)
                continue
            end = data.find(b"\r")
            if end < 0:
                self._unfinished = data.translate(None, _CONTROL_OCTETS)[-_MAX_LINE:]
                return
            line, data = data[:end], data[end + 1 :]
            self._run_line(line)

    def _hear_host(self) -> None:
        self.has_spoken = True
        if self._profile.stale_reply:
            self.write(self._profile.stale_reply)
        if self._profile.noise:
            self._modem.later(
                self._profile.noise_interval_s * self._modem.chance.uniform(0.5, 1.5), self._make_noise
            )

    def _make_noise(self) -> None:
        lines = self._profile.noise if self.settings.is_noisy else self._profile.never_silent
        if lines:
            self.write(lines[self._noise_position % len(lines)])
            self._noise_position += 1
        self._modem.later(
            self._profile.noise_interval_s * self._modem.chance.uniform(0.5, 1.5), self._make_noise
        )

    def _run_line(self, raw: bytes) -> None:
        if self.busy:
            if self._profile.when_busy is WhenBusy.REFUSED and b"+CM" in raw.upper():
                self.write(b"\r\n+CMS ERROR: 302\r\n")
            return
        parsed = at_line.parse(raw.translate(None, _CONTROL_OCTETS).decode("latin-1"))
        echo = raw + b"\r" if self.settings.echo else b""
        if parsed is None:
            if echo:
                self.write(echo)
            return
        lines: list[str] = []
        final = "OK"
        try:
            for command in parsed:
                lines += commands.run(self._modem, command)
        except Final as result:
            final = result.text
        except CmeError as error:
            final = self.final_text(f"+CME ERROR: {error.code}")
        except CmsError as error:
            final = self.final_text(f"+CMS ERROR: {error.code}")
        except PromptWanted as wanted:
            self._open_prompt(wanted, echo)
            return
        self.write(echo + self.shape(lines, final))

    def _open_prompt(self, wanted: PromptWanted, echo: bytes) -> None:
        rule = (
            None if wanted.acknowledges else self._modem.faults.at_prompt(self._modem.key, self._modem.names)
        )
        if rule is not None and rule.action == "cms_before_prompt":
            self.write(echo + self.shape((), self.final_text(f"+CMS ERROR: {rule.params['code']}")))
            return
        if rule is not None and rule.action == "prompt_slow":
            self.busy = True
            self.write(echo)
            self._modem.later(rule.params["seconds"], self._show_prompt, wanted, b"")
            return
        if rule is not None:
            # prompt_never: the modem waits for a PDU and does not say so.
            self._prompt = _Prompt(wanted.length, self._modem.loop.time())
            self.write(echo)
            return
        self._show_prompt(wanted, echo)

    def _show_prompt(self, wanted: PromptWanted, echo: bytes) -> None:
        self.busy = False
        self.write(echo + self._profile.prompt)
        self._prompt = _Prompt(wanted.length, self._modem.loop.time(), wanted.acknowledges)

    def _type(self, prompt: _Prompt, data: bytes) -> bytes:
        """Takes what belongs to the PDU; the octets after its end."""
        escape, end = data.find(b"\x1b"), data.find(b"\x1a")
        if escape >= 0 and (end < 0 or escape < end):
            self._prompt = None
            if prompt.acknowledges:
                self.write(self.shape((), "OK"))
            elif self._profile.escape_answer:
                self.write(self.shape((), self._profile.escape_answer))
            return data[escape + 1 :]
        taken = data if end < 0 else data[:end]
        if (
            taken
            and not prompt.typed
            and self._modem.loop.time() - prompt.opened_at < self._profile.prompt_pause_s
        ):
            taken = taken[1:]
        prompt.typed.append(taken)
        if end < 0:
            if sum(map(len, prompt.typed)) > _MAX_LINE:
                self._prompt = None
                self.write(self.shape((), "ERROR"))
            return b""
        self._prompt = None
        pdu = b"".join(prompt.typed)
        if self.settings.echo:
            self.write(pdu + b"\r\n")
        if prompt.acknowledges:
            self.write(self.shape((), "OK"))
        else:
            submission.begin(self._modem, prompt.length, pdu)
        return data[end + 1 :]

    def write(self, data: bytes) -> None:
        if self._dribbling:
            # a line is slow, but nothing gets between its octets
            self._dribbling += data
            return
        port = self._modem.port
        if data and port is not None:
            port.write(data)

    def dribble(self, data: bytes) -> None:
        """Writes one octet at a time, and so whatever is written meanwhile."""
        is_begun = bool(self._dribbling)
        self._dribbling += data
        if not is_begun and data:
            self._write_next()

    def _write_next(self) -> None:
        port = self._modem.port
        if port is not None:
            port.write(bytes(self._dribbling[:1]))
        del self._dribbling[:1]
        if self._dribbling:
            self._modem.later(0.001, self._write_next)

    def say(self, line: str) -> None:
        """An unsolicited line; lost while no host has spoken."""
        if self.has_spoken:
            self.write(f"\r\n{line}\r\n".encode("latin-1", "replace"))

    def final_text(self, result: str) -> str:
        """A `+CME ERROR: n` or `+CMS ERROR: n` in the form that the host asked for."""
        kind, _, number = result.partition(": ")
        if not number:
            return result
        if kind == "+CME ERROR":
            if self.settings.error_form == 0:
                return "ERROR"
            words = error_words.CME
        else:
            if not self._profile.cms_in_words:
                return result
            words = error_words.CMS
        if self.settings.error_form == 2:
            return f"{kind}: {words.get(int(number), 'unknown error')}"
        return result

    def shape(self, lines: Sequence[str], final: str) -> bytes:
        """The lines and the final result as V.250 5.7.1 frames them."""
        if self.settings.verbose:
            text = "".join(f"\r\n{line}\r\n" for line in (*lines, final) if line)
        else:
            text = "".join(f"{line}\r\n" for line in lines)
            if final:
                text += f"{_NUMERIC[final]}\r" if final in _NUMERIC else f"{final}\r\n"
        return text.encode("latin-1", "replace")
