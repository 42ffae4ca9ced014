"""The four simulated operators: their networks, number ranges and what they answer to USSD codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    name: str
    #: as `AT+COPS?` shows it, long format
    shown_as: str
    mcc_mnc: str
    smsc: str
    number_prefix: str
    #: issuer identifier at the head of the ICCID
    iccid_prefix: str
    price_per_part: float
    #: code -> text; `{balance}` and `{number}` stand for those of the SIM. A text that begins with "?"
    #: asks for an answer, which is looked up as the code, a space and the answer.
    ussd: Mapping[str, str] = field(default_factory=dict)
    unknown_ussd: str


OPERATORS: tuple[Operator, ...] = (
    Operator(
        name="MTS",
        shown_as="MTS-RUS",
        mcc_mnc="25001",
        smsc="+79168999100",
        number_prefix="7916",
        iccid_prefix="8970101",
        price_per_part=0.06,
        ussd={
            "*100#": "Баланс:{balance}р.",
            "#100#": "Balans:{balance}r.",
            "*111*0887#": "Ваш номер {number}",
            "*111#": "?1 Баланс\n2 Мой номер\n0 Выход",
            "*111# 1": "Баланс:{balance}р.",
            "*111# 2": "Ваш номер {number}",
            "*111# 0": "До свидания",
            "*100*1#": "Остаток пакета: 1500 SMS",
        },
        unknown_ussd="Услуга недоступна",
    ),
    Operator(
        name="MegaFon",
        shown_as="MegaFon",
        mcc_mnc="25002",
        smsc="+79262000331",
        number_prefix="7926",
        iccid_prefix="8970102",
        price_per_part=0.06,
        ussd={"*100#": "OCTATOK {balance} p.", "*205#": "Vash nomer {number}"},
        unknown_ussd="Nevernyi kod uslugi",
    ),
    Operator(
        name="Beeline",
        shown_as="Beeline",
        mcc_mnc="25099",
        smsc="+79037011111",
        number_prefix="7903",
        iccid_prefix="8970199",
        price_per_part=0.06,
        ussd={
            "*102#": "Balans:{balance} rub.",
            "*110*10#": "Vash nomer {number}",
            "*106#": "Ostatok: 100 SMS",
        },
        unknown_ussd="Zapros ne obrabotan",
    ),
    Operator(
        name="t2",
        shown_as="TELE2",
        mcc_mnc="25020",
        smsc="+79043490000",
        number_prefix="7952",
        iccid_prefix="8970120",
        price_per_part=0.06,
        ussd={
            "*105#": "Ваш баланс {balance} руб.",
            "*201#": "Ваш номер {number}",
            "*107#": "Остаток: 200 SMS",
        },
        unknown_ussd="Неверный запрос",
    ),
)

BY_NAME: dict[str, Operator] = {operator.name.lower(): operator for operator in OPERATORS}
