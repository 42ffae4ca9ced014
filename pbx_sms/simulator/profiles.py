"""The makes that can be simulated. Each line stands for something that modems of that make were seen doing;
where models differ, the worse habit was chosen, since a host has to live with it."""

from __future__ import annotations

from collections.abc import Sequence

from pbx_sms.simulator.profile import Boot, EmptySlot, Profile, UssdCoding, WhenBusy
from pbx_sms.simulator.submit_tpdu import Mistake

_ANY = frozenset(range(4))

HUAWEI_E1550 = Profile(
    name="huawei_e1550",
    manufacturer=("huawei",),
    model="E1550",
    revision="11.608.12.10.209",
    information=(
        "Manufacturer: huawei",
        "Model: E1550",
        "Revision: 11.608.12.10.209",
        "IMEI: {imei}",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    type_code="35383004",
    chokes_on_cr=True,
    # Says 500 for whatever goes wrong.
    pdu_error=500,
    no_network_error=500,
    unknown_command="COMMAND NOT SUPPORT",
    storages={"SM": 50, "ME": 23, "SR": 10},
    cpms_test='("SM","ME"),("SM","ME"),("SM","ME")',
    empty_slot=EmptySlot.ERROR_321,
    memory_full='^SMMEMFULL: "{storage}"',
    cnmi_test="(0-2),(0-3),(0,2),(0-2),(0,1)",
    cnmi_values=(frozenset({0, 1, 2}), _ANY, frozenset({0, 2}), frozenset({0, 1, 2}), frozenset({0, 1})),
    answers={"^CURC=0": (), "^CURC=1": (), "^PORTSEL=0": (), "^PORTSEL=1": (), "^CVOICE?": ("^CVOICE:0",)},
    lacks=frozenset({"+CGSMS", "+CEREG", "+CCID"}),
    cmms_error=500,
    own_number='+CNUM: "","{number}",145',
    creg="+CREG: {mode},{state},5E25,605F",
    ussd=UssdCoding.PACKED,
    noise=(b"\r\n^RSSI:18\r\n", b"\r\n^MODE:5,4\r\r\n", b"\r\n^BOOT:44964621,0,0,0,99\r\n"),
    silenced_by=frozenset({"^CURC=0"}),
    never_silent=(b"\r\n^BOOT:44964621,0,0,0,99\r\n",),
    sim_removed="^SIMST:255",
    sim_inserted="^SIMST:1",
    call_end="^CEND:1,0,104,16",
)

HUAWEI_E173 = Profile(
    name="huawei_e173",
    manufacturer=("huawei",),
    model="E173",
    revision="11.126.15.00.170",
    information=(
        "Manufacturer: huawei",
        "Model: E173",
        "Revision: 11.126.15.00.170",
        "IMEI: {imei}",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    type_code="86131301",
    escape_answer="ERROR",
    chokes_on_cr=True,
    no_network_error=500,
    unknown_command="COMMAND NOT SUPPORT",
    when_busy=WhenBusy.REFUSED,
    storages={"SM": 20, "ME": 100, "SR": 10},
    cpms_test='("SM","ME"),("SM","ME"),("SM","ME")',
    empty_slot=EmptySlot.ERROR_500,
    storage_lag_s=0.3,
    memory_full='^SMMEMFULL: "{storage}"',
    cnmi_test="(2),(0-1,3),(0,2),(0-1),(0)",
    cnmi_values=(
        frozenset({2}),
        frozenset({0, 1, 3}),
        frozenset({0, 2}),
        frozenset({0, 1}),
        frozenset({0}),
    ),
    answers={
        "^CURC=0": (),
        "^CURC=1": (),
        "^PORTSEL=0": (),
        "^PORTSEL=1": (),
        "^ICCID?": ("^ICCID: {iccid}",),
    },
    lacks=frozenset({"+CGSMS", "+CEREG", "+CCID"}),
    own_number='+CNUM: "*Subscriber Number","{number}",145',
    # The name is cut and its quote never closed.
    cops='+COPS: 0,0,"{name},{technology}',
    creg="+CREG: {mode},{state},5E25,605F",
    noise_inside={"+CSQ": "^RSSI:21"},
    ussd=UssdCoding.PACKED,
    noise=(b"\r\n^RSSI:21\r\n", b"\r\n^DSFLOWRPT:0000003C,00000000,00000000,0000000000000000\r\n"),
    silenced_by=frozenset({"^CURC=0"}),
    sim_removed="^SIMST:255",
    sim_inserted="^SIMST:1",
    call_end="^CEND:1,0,104,16",
)

ZTE_MF180 = Profile(
    name="zte_mf180",
    manufacturer=("ZTE CORPORATION",),
    model="MF180",
    revision="BD_MTSP673M5V1.0.0B02",
    information=(
        "Manufacturer: ZTE CORPORATION",
        "Model: MF180",
        "Revision: BD_MTSP673M5V1.0.0B02",
        "IMEI: {imei}",
        "+GCAP: +CGSM,+FCLASS,+DS",
    ),
    type_code="86461200",
    prompt=b"\r\n>",
    prompt_pause_s=0.02,
    escape_answer="ERROR",
    unknown_command="+CME ERROR: 100",
    storages={"ME": 100, "SM": 50, "SR": 50},
    default_storage="ME",
    cpms_test='("ME","MT","SM","SR"),("ME","MT","SM","SR"),("ME","MT","SM","SR")',
    cpms_separator=", ",
    cpms_needs_three=True,
    empty_slot=EmptySlot.EMPTY_RECORD,
    report_header="+CMGR: {length}",
    pads_reports=True,
    memory_full="+ZSMMEMFULL",
    cnmi_test="(0-2),(0-3),(0,2),(0-2),(0,1)",
    cnmi_values=(frozenset({0, 1, 2}), _ANY, frozenset({0, 2}), frozenset({0, 1, 2}), frozenset({0, 1})),
    # The chip lists direct reports and will not do them.
    cnmi_refused_ds=frozenset({1}),
    answers={"+ZCDRUN=8": ("Close autorun state result(0:FAIL 1:SUCCESS):1",), "+ZOPRT=5": ()},
    lacks=frozenset({"+CEREG", "+CCID"}),
    ussd_needs_gsm=True,
    ussd_before_ok=True,
    noise=(b"\r\n+ZUSIMR:2\r\n", b'\r\n+ZPASR: "UMTS"\r\n'),
    noise_interval_s=2.0,
    silenced_by=frozenset({"+CPMS?"}),
    stale_reply=b'\r\n+CPMS: "ME", 0, 100, "ME", 0, 100, "ME", 0, 100\r\n\r\nOK\r\n',
    sim_removed="+ZUSIMR:0",
    sim_inserted="+ZUSIMR:2",
)

SIM800 = Profile(
    name="sim800",
    manufacturer=("SIMCOM_Ltd",),
    model="SIMCOM_SIM800L",
    revision="Revision:1418B05SIM800L24",
    information=("SIM800 R14.18",),
    type_code="86671600",
    prompt_pause_s=0.02,
    pdu_errors={
        Mistake.HEX: 517,
        Mistake.SMSC: 554,
        Mistake.TYPE: 550,
        Mistake.ADDRESS: 551,
        Mistake.USER_DATA: 553,
        Mistake.HEADER: 553,
    },
    unknown_command="+CME ERROR: 100",
    cms_in_words=True,
    sms_not_ready="+CME ERROR: 3",
    cnma_prompts=True,
    storages={"SM": 50, "ME": 10, "SR": 10},
    cpms_test='("SM","ME"),("SM","ME"),("SM","ME")',
    index_base=1,
    cnmi_test="(0-3),(0-3),(0,2),(0,1),(0,1)",
    cnmi_values=(_ANY, _ANY, frozenset({0, 2}), frozenset({0, 1}), frozenset({0, 1})),
    answers={"+CCID": ("{iccid}",), "+CSMINS?": ("+CSMINS: 0,1",)},
    lacks=frozenset({"+CEREG"}),
    own_number='+CNUM: "","{number}",145,0,4',
    cops='+COPS: 0,0,"{name}"',
    sim_removed="+CPIN: NOT READY",
    sim_inserted="+CPIN: READY",
    boot=Boot(
        port_gone_s=0.0,
        sim_ready_s=3.0,
        sms_ready_s=6.0,
        registered_s=5.0,
        said=(
            (1.0, "RDY"),
            (1.1, "+CFUN: 1"),
            (3.0, "+CPIN: READY"),
            (5.0, "Call Ready"),
            (6.0, "SMS Ready"),
        ),
    ),
)

QUECTEL_EC25 = Profile(
    name="quectel_ec25",
    manufacturer=("Quectel",),
    model="EC25",
    revision="EC25EFAR06A06M4G",
    information=("Quectel", "EC25", "Revision: EC25EFAR06A06M4G"),
    type_code="86632303",
    escape_answer="OK",
    cms_in_words=True,
    storages={"ME": 255, "SM": 50, "SR": 20},
    default_storage="ME",
    cpms_test='("ME","MT","SM","SR"),("ME","MT","SM","SR"),("ME","MT","SM","SR")',
    delete_empty_error=321,
    cnmi_test="(0-2),(0-3),(0,2),(0-2),(0,1)",
    cnmi_values=(frozenset({0, 1, 2}), _ANY, frozenset({0, 2}), frozenset({0, 1, 2}), frozenset({0, 1})),
    # Keeps a report in SR and announces SM, always at 0.
    cdsi_names="SM",
    answers={
        "+QCCID": ("+QCCID: {iccid}",),
        "+CCID": ("+CCID: {iccid}",),
        '+QINDCFG="CSQ",0': (),
        '+QINDCFG="ALL",0': (),
        '+QURCCFG="URCPORT","USBAT"': (),
    },
    own_number='+CNUM: ,"{number}",145',
    technology=7,
    creg='+CREG: {mode},{state},"2AF5","0B88E350",7',
    noise=(b'\r\n+QIND: "csq",22,99\r\n', b'\r\n+QIND: "act","LTE"\r\n'),
    silenced_by=frozenset({'+QINDCFG="CSQ",0', '+QINDCFG="ALL",0'}),
    sim_removed="+CPIN: NOT READY",
    sim_inserted="+QUSIM: 1",
    boot=Boot(
        sim_ready_s=2.0,
        sms_ready_s=5.0,
        registered_s=4.0,
        said=((0.5, "RDY"), (2.0, "+CPIN: READY"), (2.0, "+QUSIM: 1"), (5.0, "+QIND: SMS DONE")),
    ),
)

#: in the order in which `mixed` takes them
PROFILES: dict[str, Profile] = {
    profile.name: profile for profile in (HUAWEI_E1550, ZTE_MF180, QUECTEL_EC25, SIM800, HUAWEI_E173)
}
#: what `--profile` accepts
PROFILE_NAMES: Sequence[str] = ("huawei_e1550", "huawei_e173", "zte_mf180", "sim800", "quectel_ec25", "mixed")


def profile_of(name: str, index: int) -> Profile:
    """The make of modem `index` when the simulator was asked for `name`. Raises KeyError."""
    if name == "mixed":
        makes = list(PROFILES.values())
        return makes[index % len(makes)]
    return PROFILES[name]
