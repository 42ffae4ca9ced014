"""Bringing a modem from "answers AT" to "ready for messages", in the order that all makes accept.

Most of these commands are missing on some make, so a refusal is fatal only where nothing works without:
the SIM, its IMSI, PDU mode. What is slow to start (SIM, SMS service) is asked again for `sim_wait_s`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pbx_sms.drivers import at_answers, at_pin, vendors
from pbx_sms.drivers.at_channel import AtChannel
from pbx_sms.drivers.at_settings import AtSettings
from pbx_sms.drivers.modem import Identity
from pbx_sms.drivers.vendors import Vendor
from pbx_sms.errors import ModemError

#: how often a service centre that is empty is asked for
_CENTRE_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """Who made the modem, as it says itself."""

    vendor: Vendor
    manufacturer: str | None
    model: str | None
    firmware: str | None


async def introduce(channel: AtChannel, settings: AtSettings) -> Make:
    """Echo off, answers in words, errors with numbers; then who it is, and its chatter silenced."""
    # a modem that was left in ATV0 answers digits until it hears this
    if not (await channel.attempt("ATE0V1", timeout_s=settings.answer_timeout_s)).ok:
        await channel.attempt("ATE0", timeout_s=settings.answer_timeout_s)
        await channel.attempt("ATV1", timeout_s=settings.answer_timeout_s)
    channel.parser.numeric_results = False
    spoken = await channel.attempt("AT", timeout_s=settings.answer_timeout_s)
    # ATV1 refused: it goes on with digits, and they must be understood
    channel.parser.numeric_results = not spoken.final
    await channel.attempt("AT+CMEE=1", timeout_s=settings.answer_timeout_s)
    manufacturer = await _bare(channel, "AT+CGMI", "+CGMI")
    model = await _bare(channel, "AT+CGMM", "+CGMM")
    firmware = await _bare(channel, "AT+CGMR", "+CGMR")
    vendor = vendors.find(manufacturer, model, settings.vendor)
    for command in vendor.noise_off:
        await channel.attempt(command, timeout_s=settings.command_timeout_s)
    return Make(vendor=vendor, manufacturer=manufacturer, model=model, firmware=firmware)


async def identify(channel: AtChannel, settings: AtSettings, make: Make) -> Identity:
    """Radio on, SIM unlocked, and who is behind the port."""
    power = await channel.attempt("AT+CFUN?", answers=("+CFUN",))
    if power.ok and at_answers.number(at_answers.fields(at_answers.after_prefix(power.line))[0]) in (0, 4):
        await channel.attempt("AT+CFUN=1", timeout_s=settings.power_timeout_s)
    # readable while the SIM is locked, so that a refused PIN is remembered with its SIM
    iccid = await _iccid(channel, make.vendor)
    await at_pin.unlock(channel, settings, iccid=iccid)
    imei_answer = await channel.attempt("AT+CGSN", answers=("+CGSN", "+GSN"), bare=True)
    imsi = await _imsi(channel, settings)
    own = await channel.attempt("AT+CNUM", answers=("+CNUM",))
    return Identity(
        imsi=imsi,
        imei=at_answers.digits(imei_answer.lines),
        iccid=iccid or await _iccid(channel, make.vendor),
        own_number=at_answers.own_number(own.lines),
        manufacturer=make.manufacturer,
        model=make.model,
        firmware=make.firmware,
    )


async def prepare_messages(channel: AtChannel, settings: AtSettings, vendor: Vendor) -> bool:
    """PDU mode, character set, service centre, bearer. True if direct reports must be acknowledged, which
    is so only where message service 1 cannot be switched off (27.005 §3.2.1)."""
    await channel.attempt("AT+CSMS=0", answers=("+CSMS",))
    service = await channel.attempt("AT+CSMS?", answers=("+CSMS",))
    await set_pdu_mode(channel, settings)
    await channel.attempt('AT+CSCS="GSM"')
    await _service_centre(channel, settings)
    if vendor.lte:
        # circuit-switched preferred: where SMS over LTE has no route, it gets through like this
        await channel.attempt("AT+CGSMS=3")
    # the status alone; with the cell (2) it would chatter at every hand-over
    await channel.attempt("AT+CREG=1")
    if vendor.lte:
        await channel.attempt("AT+CEREG=1")
    await channel.attempt("AT+COPS=3,0", timeout_s=settings.network_timeout_s)
    await channel.attempt("AT+CLIP=1")
    return at_answers.fields(at_answers.after_prefix(service.line))[:1] == ["1"]


async def set_pdu_mode(channel: AtChannel, settings: AtSettings) -> None:
    """Message commands fail until the SIM's messages are read, some seconds after it is ready."""
    loop = asyncio.get_running_loop()
    end = loop.time() + settings.sim_wait_s
    while True:
        answer = await channel.attempt("AT+CMGF=0")
        if answer.ok:
            channel.mode_doubtful = False
            return
        if loop.time() >= end:
            raise ModemError("modem_no_sms", port=channel.port.path, said=answer.final or "?")
        await asyncio.sleep(settings.sim_pause_s)


async def _bare(channel: AtChannel, command: str, prefix: str) -> str | None:
    answer = await channel.attempt(command, answers=(prefix,), bare=True)
    text = " ".join(at_answers.after_prefix(line).strip('" ') for line in answer.lines)
    return text or None


async def _imsi(channel: AtChannel, settings: AtSettings) -> str:
    loop = asyncio.get_running_loop()
    end = loop.time() + settings.sim_wait_s
    while True:
        answer = await channel.attempt("AT+CIMI", answers=("+CIMI",), bare=True)
        imsi = at_answers.digits(answer.lines, longest=15)
        if answer.ok and imsi is not None:
            return imsi
        if loop.time() >= end:
            raise ModemError("no_imsi", port=channel.port.path, said=answer.final or "?")
        await asyncio.sleep(settings.sim_pause_s)


async def _iccid(channel: AtChannel, vendor: Vendor) -> str | None:
    for command, prefix in vendor.iccid:
        answer = await channel.attempt(command, answers=(prefix,), bare=True)
        iccid = at_answers.iccid(answer.lines) if answer.ok else None
        if iccid is not None:
            return iccid
    answer = await channel.attempt("AT+CRSM=176,12258,0,0,10", answers=("+CRSM",))
    return at_answers.iccid_from_record(answer.lines)


async def _service_centre(channel: AtChannel, settings: AtSettings) -> None:
    """Sets the configured service centre where the SIM has none. Right after the radio was switched on some
    modems do not know it yet, so an empty one is asked for again before the SIM's own is written over."""
    for attempt in range(_CENTRE_TRIES):
        if attempt:
            await asyncio.sleep(settings.sim_pause_s)
        answer = await channel.attempt("AT+CSCA?", answers=("+CSCA",))
        if answer.ok and at_answers.service_centre(answer.line) is not None:
            return
    if settings.smsc is not None:
        await channel.attempt(f'AT+CSCA="{settings.smsc}",{145 if settings.smsc.startswith("+") else 129}')
