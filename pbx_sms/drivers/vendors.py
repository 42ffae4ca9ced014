"""What makes of modems do differently, as rows. A difference that is not here does not exist in the driver.

The first row whose `match` is found in manufacturer and model (lower case) applies; the last one, "generic",
always does. `AtSettings.vendor` forces a row by its name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    name: str
    #: words of which one must occur in "manufacturer model"; empty: by name only, or as the last resort
    match: tuple[str, ...] = ()
    #: sent after the identity is known; errors are ignored
    noise_off: tuple[str, ...] = ()
    #: commands that tell the ICCID, with the prefix of their answers; AT+CRSM follows for all
    iccid: tuple[tuple[str, str], ...] = (("AT+CCID", "+CCID"),)
    #: between the prompt and the PDU; where it is needed, what is written earlier loses characters
    prompt_pause_s: float = 0.0
    submit_timeout_s: float = 60.0
    #: asks +CEREG and sets +CGSMS
    lte: bool = False
    #: values of <ds> in +CNMI, best first: 1 = +CDS, 2 = stored and +CDSI, 0 = none
    report_modes: tuple[int, ...] = (1, 2, 0)
    #: "packed": USSD codes and replies as packed septets in hex; "text": as they are
    ussd: str = "text"
    #: +CMGL hangs after a while: read slot by slot instead
    list_hangs: bool = False
    #: the table of `core/equipment_codes.BY_MAKE` for codes from 256 on
    codes: str | None = None
    #: tried in turn to make a SIM slot active: {slot} counts from 1, {index} from 0; 27.007 §8.66 by default
    slot_commands: tuple[str, ...] = ("AT+CSUS={index}",)


_QUECTEL_SLOTS = ("AT+QUIMSLOT={slot}", "AT+QDSIM={index}")
_HUAWEI_QUIET = ("AT^CURC=0",)
_ZTE_QUIET = ("AT+CPMS?", "AT+ZOPRT=5")

VENDORS: tuple[Vendor, ...] = (
    # LTE sticks in stick (not HiLink) mode: answers to AT^ICCID?, and IMS or CS fallback takes its time
    Vendor(
        name="huawei_lte",
        match=("e3372", "e3272", "e3276", "e8372", "me909", "e392", "e398"),
        noise_off=_HUAWEI_QUIET,
        iccid=(("AT^ICCID?", "^ICCID"),),
        submit_timeout_s=180.0,
        lte=True,
        ussd="packed",
        codes="huawei",
    ),
    Vendor(
        name="huawei",
        match=(
            "huawei",
            "e1550",
            "e150",
            "e153",
            "e171",
            "e173",
            "e175",
            "e220",
            "e169",
            "e3131",
            "e3531",
            "k3765",
        ),
        noise_off=_HUAWEI_QUIET,
        iccid=(("AT^ICCID?", "^ICCID"),),
        ussd="packed",
        list_hangs=True,
        codes="huawei",
    ),
    # AT+CPMS? once after the PIN stops the flood of +ZUSIMR
    Vendor(
        name="zte_lte",
        match=("mf710", "mf79", "mf82", "mf83"),
        prompt_pause_s=0.05,
        noise_off=_ZTE_QUIET,
        iccid=(("AT+ZGETICCID", "+ZGETICCID"), ("AT+CCID", "+CCID")),
        submit_timeout_s=180.0,
        lte=True,
        codes="zte",
    ),
    Vendor(
        name="zte",
        match=("zte", "mf180", "mf1", "mf62", "mf63", "mf66", "k3565"),
        prompt_pause_s=0.05,
        noise_off=_ZTE_QUIET,
        iccid=(("AT+ZGETICCID", "+ZGETICCID"), ("AT+CCID", "+CCID")),
        codes="zte",
    ),
    Vendor(
        name="simcom_lte",
        match=("sim7", "sim_7", "a7670", "a7600"),
        iccid=(("AT+CICCID", "+ICCID"), ("AT+CCID", "+CCID")),
        prompt_pause_s=0.02,
        submit_timeout_s=180.0,
        lte=True,
        codes="simcom",
        slot_commands=("AT+SMSIMCFG=1,{slot}", "AT+SWITCHSIM={index}"),
    ),
    # a serial line without flow control: characters written at once after the prompt are lost
    Vendor(
        name="simcom",
        match=("simcom", "sim800", "sim900", "sim_800"),
        iccid=(("AT+CCID", "+CCID"),),
        prompt_pause_s=0.1,
        report_modes=(1, 0),
        codes="simcom",
    ),
    # <ds>=2 stores the report in "SR" but announces "SM",0: only <ds>=1 is of use
    Vendor(
        name="quectel_lte",
        match=("ec2", "eg2", "eg0", "ep06", "em06", "eg9", "bg9"),
        noise_off=('AT+QINDCFG="csq",0', 'AT+QINDCFG="act",0', 'AT+QURCCFG="urcport","usbat"'),
        iccid=(("AT+QCCID", "+QCCID"), ("AT+CCID", "+CCID")),
        submit_timeout_s=180.0,
        lte=True,
        report_modes=(1, 0),
        codes="quectel",
        slot_commands=_QUECTEL_SLOTS,
    ),
    Vendor(
        name="quectel",
        match=("quectel", "uc20", "uc15"),
        noise_off=('AT+QINDCFG="csq",0',),
        iccid=(("AT+QCCID", "+QCCID"), ("AT+CCID", "+CCID")),
        prompt_pause_s=0.05,
        codes="siemens",
        slot_commands=_QUECTEL_SLOTS,
    ),
    Vendor(
        name="siemens",
        match=("siemens", "cinterion", "gemalto", "thales", "mc35", "mc55", "mc75", "bgs", "pls8", "ehs"),
        iccid=(("AT^SCID", "^SCID"), ("AT+CCID", "+CCID")),
        prompt_pause_s=0.05,
        report_modes=(2, 1, 0),
        codes="siemens",
    ),
    Vendor(
        name="telit",
        match=("telit",),
        noise_off=("AT#STIA=0",),
        iccid=(("AT#CCID", "#CCID"), ("AT+CCID", "+CCID")),
        prompt_pause_s=0.05,
    ),
    Vendor(
        name="wavecom",
        match=("wavecom", "sierra", "wismo"),
        iccid=(("AT+CCID", "+CCID"),),
        prompt_pause_s=0.05,
        codes="wavecom",
    ),
    # an unknown make: the pause costs little, lost characters cost a message
    Vendor(name="generic", prompt_pause_s=0.05, submit_timeout_s=120.0),
)

NAMES: tuple[str, ...] = tuple(vendor.name for vendor in VENDORS)


def find(manufacturer: str | None, model: str | None, forced: str | None = None) -> Vendor:
    """The row for a modem. `forced` is a row's name; an unknown one is ignored (the settings check it)."""
    if forced is not None:
        for vendor in VENDORS:
            if vendor.name == forced.lower():
                return vendor
    text = f"{manufacturer or ''} {model or ''}".lower()
    for vendor in VENDORS:
        if any(word in text for word in vendor.match):
            return vendor
    return VENDORS[-1]
