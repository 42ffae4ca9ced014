"""Sentences of the SMS codec: texts, numbers, received records, delivery reports, USSD codes."""

from __future__ import annotations

_ASK_OPERATOR_EN = "if it happens often, show this code to the SIM's operator"
_ASK_OPERATOR_RU = "если это повторяется, сообщите этот код оператору SIM-карты"

SENTENCES: dict[str, tuple[str, str]] = {
    "text_broken_character": (
        "The text has half of a character at position {position}, which no phone can show. Delete the"
        " character there and type it again.",
        "В тексте на позиции {position} стоит половина символа, её не покажет ни один телефон. Удалите"
        " этот символ и введите его заново.",
    ),
    "text_not_gsm7": (
        "The character “{character}” at position {position} is not in the GSM alphabet. Remove it, or send"
        " the text as Unicode.",
        "Символа «{character}» на позиции {position} нет в алфавите GSM. Уберите его или отправьте текст в"
        " Юникоде.",
    ),
    "msisdn_not_dialable": (
        "“{number}” cannot be dialled. Write 1 to 20 digits, with + in front of a full international number.",
        "Номер «{number}» набрать нельзя. Укажите от 1 до 20 цифр, перед полным международным номером"
        " поставьте +.",
    ),
    "smsc_not_dialable": (
        "“{number}” is not the number of a message centre. Write it in the international form, such as"
        " +79168999100, or leave the setting out to use the one stored on the SIM.",
        "«{number}» — не номер центра сообщений. Укажите его в международном виде, например +79168999100,"
        " или уберите настройку, тогда будет взят номер, записанный на SIM-карте.",
    ),
    "validity_not_positive": (
        "A message cannot be valid for {seconds} seconds. Set the validity to at least five minutes.",
        "Срок действия сообщения не может быть {seconds} с. Задайте не меньше пяти минут.",
    ),
    "ussd_code_not_dialable": (
        "“{ussd_code}” is not a USSD code. Write it as on a phone, such as *100#.",
        "«{ussd_code}» — не USSD-код. Введите его так, как набирают на телефоне, например *100#.",
    ),
    # received records that could not be read
    "pdu_empty_slot": (
        "The memory place of the SIM is empty. Nothing needs to be done.",
        "Ячейка памяти SIM-карты пуста. Делать ничего не нужно.",
    ),
    "pdu_too_short": (
        "The modem gave only a part of the message. It is kept as received; ask the sender to repeat it.",
        "Модем передал сообщение не целиком. Оно сохранено как есть; попросите отправителя повторить.",
    ),
    "pdu_not_hexadecimal": (
        "The modem gave something that is no message record. It is kept as received; if this repeats,"
        " check the cable and the power of the modem.",
        "Модем передал строку, которая не является записью сообщения. Она сохранена как есть; если это"
        " повторяется, проверьте кабель и питание модема.",
    ),
    "pdu_of_another_type": (
        "The record is neither a received message nor a delivery report. It is kept as received; nothing"
        " needs to be done.",
        "Запись — не входящее сообщение и не отчёт о доставке. Она сохранена как есть; делать ничего не"
        " нужно.",
    ),
    # delivery reports: handed over
    "report_received": (
        "Delivered to the phone.",
        "Доставлено на телефон.",
    ),
    "report_forwarded": (
        "Passed on by the operator, who cannot confirm that the phone has it. Counted as delivered.",
        "Оператор передал сообщение дальше и не может подтвердить, что телефон его получил. Считается"
        " доставленным.",
    ),
    "report_replaced": (
        "The operator replaced the message with a newer one. Counted as delivered.",
        "Оператор заменил сообщение более новым. Считается доставленным.",
    ),
    "report_delivered_reserved": (
        "Delivered, says the operator with a code that has no standard meaning ({status}).",
        "Доставлено; код оператора не имеет стандартного значения ({status}).",
    ),
    "report_delivered_operator": (
        "Delivered, says the operator with a code of its own ({status}).",
        "Доставлено; оператор сообщил собственный код ({status}).",
    ),
    # delivery reports: the operator is still trying
    "report_trying_congestion": (
        "Not delivered yet: the network is overloaded. The operator keeps trying; wait.",
        "Пока не доставлено: сеть перегружена. Оператор продолжает попытки, подождите.",
    ),
    "report_trying_recipient_busy": (
        "Not delivered yet: the phone is busy. The operator keeps trying; wait.",
        "Пока не доставлено: телефон занят. Оператор продолжает попытки, подождите.",
    ),
    "report_trying_no_response": (
        "Not delivered yet: the phone does not answer. The operator keeps trying; wait.",
        "Пока не доставлено: телефон не отвечает. Оператор продолжает попытки, подождите.",
    ),
    "report_trying_service_rejected": (
        "Not delivered yet: the recipient's network refused the message. The operator keeps trying; wait.",
        "Пока не доставлено: сеть получателя отклонила сообщение. Оператор продолжает попытки, подождите.",
    ),
    "report_trying_quality": (
        "Not delivered yet: the connection is too poor. The operator keeps trying; wait.",
        "Пока не доставлено: связь слишком плохая. Оператор продолжает попытки, подождите.",
    ),
    "report_trying_recipient_error": (
        "Not delivered yet: the phone could not take the message. The operator keeps trying; wait.",
        "Пока не доставлено: телефон не смог принять сообщение. Оператор продолжает попытки, подождите.",
    ),
    "report_trying_reserved": (
        "Not delivered yet (code {status}, without a standard meaning). The operator keeps trying; wait.",
        "Пока не доставлено (код {status} без стандартного значения). Оператор продолжает попытки,"
        " подождите.",
    ),
    "report_trying_operator": (
        "Not delivered yet (the operator's own code {status}). The operator keeps trying; wait.",
        "Пока не доставлено (собственный код оператора {status}). Оператор продолжает попытки, подождите.",
    ),
    # delivery reports: permanent errors
    "report_remote_procedure_error": (
        f"Not delivered: an error between the operators (code {{status}}). Send again later;"
        f" {_ASK_OPERATOR_EN}.",
        f"Не доставлено: ошибка обмена между операторами (код {{status}}). Отправьте позже ещё раз;"
        f" {_ASK_OPERATOR_RU}.",
    ),
    "report_incompatible_destination": (
        "Not delivered: the recipient's equipment cannot take SMS. Check that this is a mobile number.",
        "Не доставлено: аппарат получателя не принимает SMS. Проверьте, что это мобильный номер.",
    ),
    "report_connection_rejected": (
        "Not delivered: the phone refused the message. Call the recipient or use another number.",
        "Не доставлено: телефон отказался принять сообщение. Позвоните получателю или возьмите другой номер.",
    ),
    "report_not_obtainable": (
        "Not delivered: the number cannot be reached. Check that it is written correctly and in use.",
        "Не доставлено: номер недоступен. Проверьте, что он записан верно и действует.",
    ),
    "report_quality_unavailable": (
        "Not delivered: the connection to the phone was too poor. Send again later.",
        "Не доставлено: связь с телефоном слишком плохая. Отправьте позже ещё раз.",
    ),
    "report_no_interworking": (
        "Not delivered: the operators do not exchange SMS with each other. Send through a SIM of another"
        " operator.",
        "Не доставлено: между операторами нет обмена SMS. Отправьте с SIM-карты другого оператора.",
    ),
    "report_validity_expired": (
        "Not delivered: the phone was off or out of range for as long as the message was valid. Send"
        " again, or set a longer validity.",
        "Не доставлено: телефон был выключен или вне сети весь срок действия сообщения. Отправьте ещё раз"
        " или увеличьте срок действия.",
    ),
    "report_deleted_by_sender": (
        "Not delivered: the message was deleted on the sender's request. Send again if it is still needed.",
        "Не доставлено: сообщение удалено по требованию отправителя. Отправьте ещё раз, если оно ещё нужно.",
    ),
    "report_deleted_by_operator": (
        "Not delivered: the operator deleted the message, perhaps as unwanted advertising. Ask the SIM's"
        " operator before sending more such texts.",
        "Не доставлено: оператор удалил сообщение, возможно, как нежелательную рекламу. Спросите оператора"
        " SIM-карты, прежде чем отправлять такие тексты дальше.",
    ),
    "report_does_not_exist": (
        "Not delivered: the operator no longer knows the message. Send again if it is still needed.",
        "Не доставлено: у оператора больше нет этого сообщения. Отправьте ещё раз, если оно ещё нужно.",
    ),
    "report_failed_reserved": (
        f"Not delivered: a permanent error without a standard meaning (code {{status}}). Check the number;"
        f" {_ASK_OPERATOR_EN}.",
        f"Не доставлено: постоянная ошибка без стандартного значения (код {{status}}). Проверьте номер;"
        f" {_ASK_OPERATOR_RU}.",
    ),
    "report_failed_operator": (
        f"Not delivered: a permanent error, the operator's own code {{status}}. Check the number;"
        f" {_ASK_OPERATOR_EN}.",
        f"Не доставлено: постоянная ошибка, собственный код оператора {{status}}. Проверьте номер;"
        f" {_ASK_OPERATOR_RU}.",
    ),
    # delivery reports: temporary errors after which the operator gave up
    "report_congestion": (
        "Not delivered: the network was overloaded and the operator gave up. Send again later.",
        "Не доставлено: сеть была перегружена, оператор прекратил попытки. Отправьте позже ещё раз.",
    ),
    "report_recipient_busy": (
        "Not delivered: the phone was busy and the operator gave up. Send again later.",
        "Не доставлено: телефон был занят, оператор прекратил попытки. Отправьте позже ещё раз.",
    ),
    "report_no_response": (
        "Not delivered: the phone did not answer and the operator gave up. Send again later.",
        "Не доставлено: телефон не отвечал, оператор прекратил попытки. Отправьте позже ещё раз.",
    ),
    "report_service_rejected": (
        "Not delivered: the recipient's network refused the message and the operator gave up. Send again"
        " later or through a SIM of another operator.",
        "Не доставлено: сеть получателя отклонила сообщение, оператор прекратил попытки. Отправьте позже"
        " или с SIM-карты другого оператора.",
    ),
    "report_quality": (
        "Not delivered: the connection was too poor and the operator gave up. Send again later.",
        "Не доставлено: связь была слишком плохой, оператор прекратил попытки. Отправьте позже ещё раз.",
    ),
    "report_recipient_error": (
        "Not delivered: the phone could not take the message, perhaps its memory is full, and the"
        " operator gave up. Send again later.",
        "Не доставлено: телефон не смог принять сообщение (возможно, память заполнена), оператор прекратил"
        " попытки. Отправьте позже ещё раз.",
    ),
    "report_given_up_reserved": (
        "Not delivered: an error without a standard meaning (code {status}), and the operator gave up."
        " Send again later.",
        "Не доставлено: ошибка без стандартного значения (код {status}), оператор прекратил попытки."
        " Отправьте позже ещё раз.",
    ),
    "report_given_up_operator": (
        "Not delivered: the operator's own code {status}, and it gave up. Send again later.",
        "Не доставлено: собственный код оператора {status}, попытки прекращены. Отправьте позже ещё раз.",
    ),
    "report_reserved": (
        f"Counted as not delivered: the report has a code without a meaning ({{status}}). Ask the recipient;"
        f" {_ASK_OPERATOR_EN}.",
        f"Считается недоставленным: в отчёте код без значения ({{status}}). Спросите получателя;"
        f" {_ASK_OPERATOR_RU}.",
    ),
}
