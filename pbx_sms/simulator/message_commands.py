"""Commands about short messages (TS 27.005), in PDU mode; text mode can be chosen and not be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx_sms.simulator.at_line import Command, Form
from pbx_sms.simulator.modem_commands import number_of
from pbx_sms.simulator.network_commands import in_character_set
from pbx_sms.simulator.profile import EmptySlot
from pbx_sms.simulator.result import CmsError, Final, PromptWanted
from pbx_sms.simulator.sim_card import Kind, Storage, StoredMessage

if TYPE_CHECKING:
    from pbx_sms.simulator.modem import SimulatedModem

#: 140 octets of user data behind the longest head of an SMS-SUBMIT
_MAX_TPDU = 164
#: a message in the file of a SIM (TS 51.011 10.5.3), hexadecimal
_RECORD_DIGITS = 2 * 176


def _format(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.require_sms()
    match command.form:
        case Form.SET:
            modem.settings.pdu_mode = number_of(command, 0, 1) == 0
        case Form.READ:
            return (f"+CMGF: {0 if modem.settings.pdu_mode else 1}",)
        case Form.TEST:
            return ("+CMGF: (0,1)",)
    return ()


def _service(modem: SimulatedModem, command: Command) -> Sequence[str]:
    match command.form:
        case Form.SET:
            modem.settings.csms = number_of(command, 0, 1)
            return ("+CSMS: 1,1,1",)
        case Form.READ:
            return (f"+CSMS: {modem.settings.csms},1,1,1",)
        case Form.TEST:
            return ("+CSMS: (0,1)",)
    return ()


def _service_centre(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.require_sms()
    assert modem.sim is not None
    if command.form is Form.READ:
        number = modem.service_centre
        kind = 145 if number.startswith("+") or not number else 129
        return (f'+CSCA: "{in_character_set(modem, number)}",{kind}',)
    if command.form is Form.SET:
        number = command.values()[0]
        if modem.settings.character_set == "UCS2":
            try:
                number = bytes.fromhex(number).decode("utf-16-be")
            except ValueError:
                raise CmsError(304) from None
        digits = number.removeprefix("+")
        if digits and not (digits.isascii() and digits.isdigit()):
            raise CmsError(304)
        modem.sim.smsc = number
        modem.reads_centre_late = False
    return ()


def _storages(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.require_sms()
    chosen = modem.settings.storages
    if command.form is Form.TEST:
        return (f"+CPMS: {modem.profile.cpms_test}",)
    if command.form is Form.SET:
        names = [name.upper() for name in command.values()]
        if len(names) > 3 or (len(names) < 3 and modem.profile.cpms_needs_three):
            raise CmsError(302)
        for name in names:
            modem.storage(name)
        # A report store takes reports only.
        if "SR" in names[1:]:
            raise CmsError(302)
        chosen[: len(names)] = names
    separator = modem.profile.cpms_separator
    fields: list[str] = []
    for name in chosen:
        memory = modem.storage(name)
        used = len(_visible(modem, memory))
        quoted = [f'"{name}"'] if command.form is Form.READ else []
        fields += [*quoted, str(used), str(memory.size)]
    return (f"+CPMS: {separator.join(fields)}",)


def _visible(modem: SimulatedModem, memory: Storage) -> dict[int, StoredMessage]:
    now = modem.loop.time()
    return {index: message for index, message in sorted(memory.messages.items()) if message.visible_at <= now}


def _notifications(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.require_sms()
    settings, profile = modem.settings, modem.profile
    match command.form:
        case Form.TEST:
            return (f"+CNMI: {profile.cnmi_test}",)
        case Form.READ:
            return (f"+CNMI: {','.join(map(str, settings.cnmi))}",)
        case Form.SET:
            wanted = list(settings.cnmi)
            values = command.values()
            if len(values) > 5:
                raise CmsError(304)
            for position, value in enumerate(values):
                if not value:
                    continue
                if not value.isdecimal() or int(value) not in profile.cnmi_values[position]:
                    raise CmsError(304)
                wanted[position] = int(value)
            if wanted[3] in profile.cnmi_refused_ds:
                raise CmsError(303)
            settings.cnmi = wanted
            settings.cnmi_was_set = True
            # A moment later, so that OK comes before what the network has been keeping.
            modem.later(0.001, modem.reached)
    return ()


def _send(modem: SimulatedModem, command: Command) -> Sequence[str]:
    if command.form is not Form.SET:
        return ()
    modem.require_sms()
    if not modem.settings.pdu_mode:
        raise CmsError(305)
    if not command.args.isdecimal() or not 1 <= int(command.args) <= _MAX_TPDU:
        raise CmsError(304)
    raise PromptWanted(int(command.args))


def _acknowledge(modem: SimulatedModem, command: Command) -> Sequence[str]:
    """AT+CNMA: wanted in phase 2+ only (AT+CSMS=1), once for each direct message or report."""
    if command.form is Form.TEST:
        return ("+CNMA: (0-2)",)
    if modem.profile.cnma_prompts:
        raise PromptWanted(0, acknowledges=True)
    if modem.settings.csms == 0 or not modem.unacknowledged:
        raise CmsError(340)
    modem.unacknowledged -= 1
    return ()


def _index(command: Command) -> int:
    value = command.values()[0]
    if not value.isdecimal():
        raise CmsError(321)
    return int(value)


def _record(modem: SimulatedModem, message: StoredMessage) -> str:
    pdu = message.delivery.pdu.hex
    if message.delivery.kind is Kind.REPORT and modem.profile.pads_reports:
        return pdu.ljust(_RECORD_DIGITS, "F")
    return pdu


def _read(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.require_sms()
    if command.form is not Form.SET:
        return ()
    memory = modem.storage(modem.settings.storages[0])
    index = _index(command)
    if not memory.first_index <= index < memory.first_index + memory.size:
        raise CmsError(321)
    message = _visible(modem, memory).get(index)
    if message is None:
        match modem.profile.empty_slot:
            case EmptySlot.ERROR_321:
                raise CmsError(321)
            case EmptySlot.ERROR_500:
                raise CmsError(500)
            case EmptySlot.EMPTY_RECORD:
                return ("+CMGR: 0,,0", "00")
            case EmptySlot.OK:
                return ()
    status, message.is_read = int(message.is_read), True
    template = "+CMGR: {status},,{length}"
    if message.delivery.kind is Kind.REPORT:
        template = modem.profile.report_header
    header = template.format(status=status, length=message.delivery.pdu.length)
    return (f"{header}\r\n{_record(modem, message)}",)


def _list(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.require_sms()
    if modem.list_hangs:
        modem.is_hung = True
        raise Final("")
    if command.form is Form.TEST:
        return ("+CMGL: (0-4)",)
    status = number_of(command, 0, 4) if command.form is Form.SET else 0
    lines: list[str] = []
    for index, message in _visible(modem, modem.storage(modem.settings.storages[0])).items():
        if status == 4 or status == int(message.is_read):
            length = message.delivery.pdu.length
            lines.append(f"+CMGL: {index},{int(message.is_read)},,{length}\r\n{_record(modem, message)}")
            message.is_read = True
    return lines


def _delete(modem: SimulatedModem, command: Command) -> Sequence[str]:
    modem.require_sms()
    memory = modem.storage(modem.settings.storages[0])
    if command.form is Form.TEST:
        held = ",".join(map(str, sorted(memory.messages)))
        return (f"+CMGD: ({held}),(0-4)",)
    values = command.values()
    flag = values[1] if len(values) > 1 and values[1] else "0"
    if flag not in ("0", "1", "2", "3", "4"):
        raise CmsError(304)
    if flag == "0":
        index = _index(command)
        if not memory.first_index <= index < memory.first_index + memory.size:
            raise CmsError(321)
        if memory.messages.pop(index, None) is None and modem.profile.delete_empty_error is not None:
            raise CmsError(modem.profile.delete_empty_error)
    else:
        for index, message in list(memory.messages.items()):
            if message.is_read or flag == "4":
                del memory.messages[index]
    modem.room_was_made()
    return ()


def _ignored(modem: SimulatedModem, command: Command) -> Sequence[str]:
    return ()


HANDLERS: dict[str, Callable[[SimulatedModem, Command], Sequence[str]]] = {
    "+CMGF": _format,
    "+CSMS": _service,
    "+CSCA": _service_centre,
    "+CPMS": _storages,
    "+CNMI": _notifications,
    "+CMGS": _send,
    "+CNMA": _acknowledge,
    "+CMGR": _read,
    "+CMGL": _list,
    "+CMGD": _delete,
    "+CSDH": _ignored,
    "+CSMP": _ignored,
}
