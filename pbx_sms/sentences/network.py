"""Sentences about what the network or the modem answered to a message. `code` is what was said."""

from __future__ import annotations

_WAITS = "It is tried again later by itself."
_WAITS_RU = "Попытка повторится сама позже."
SETTLE = (
    "It is not sent again by itself, so that nobody gets it twice: a delivery report may settle it, "
    "or decide "
    "yourself."
)
SETTLE_RU = (
    "Сама программа его не повторит, чтобы никто не получил его дважды: дождитесь отчёта о доставке или "
    "решите сами."
)

SENTENCES: dict[str, tuple[str, str]] = {
    "accepted": ("The network accepted it.", "Сеть приняла сообщение."),
    "accepted_before": (
        "The network already has this message ({code}).",
        "У сети это сообщение уже есть ({code}).",
    ),
    # the recipient or the message
    "number_unassigned": (
        "The network says that this number does not exist ({code}). Check the number; if it happens to every "
        "number, the SMS centre of the SIM is wrong.",
        "Сеть отвечает, что такого номера нет ({code}). Проверьте номер; если так с каждым номером, "
        "у SIM-карты неверный SMS-центр.",
    ),
    "number_refused": (
        "The number was refused ({code}). Check how it is written.",
        "Номер не принят ({code}). Проверьте, как он записан.",
    ),
    "recipient_barred": (
        "The recipient does not take messages from this SIM's operator ({code}). A SIM of another "
        "operator may pass.",
        "Получатель не принимает сообщения от оператора этой SIM-карты ({code}). Может помочь карта "
        "другого оператора.",
    ),
    "recipient_unavailable": (
        f"The recipient cannot be reached now ({{code}}). {_WAITS}",
        f"Получатель сейчас недоступен ({{code}}). {_WAITS_RU}",
    ),
    "network_rejected": (
        f"The network refused the message without a clear cause ({{code}}): the number, the tariff, "
        f"the balance or a "
        f"filter. {_WAITS} If many are refused, check the SIM's balance and tariff.",
        f"Сеть отклонила сообщение без ясной причины ({{code}}): номер, тариф, баланс или фильтр. "
        f"{_WAITS_RU} "
        "Если отклонённых много, проверьте баланс и тариф SIM-карты.",
    ),
    "message_malformed": (
        "The network could not read the message ({code}). Please report this as a fault of the program.",
        "Сеть не смогла прочитать сообщение ({code}). Сообщите об этом как об ошибке программы.",
    ),
    "feature_refused": (
        "The SMS centre does not support this kind of message ({code}). Try a SIM of another operator.",
        "SMS-центр не поддерживает такие сообщения ({code}). Попробуйте SIM-карту другого оператора.",
    ),
    "alphabet_refused": (
        "The SMS centre does not accept the letters of this text ({code}). Try Latin letters or a "
        "SIM of another "
        "operator.",
        "SMS-центр не принимает буквы этого текста ({code}). Попробуйте латиницу или SIM-карту "
        "другого оператора.",
    ),
    "validity_refused": (
        "The SMS centre does not accept a validity period ({code}). Set validity_h = 0 in the configuration.",
        "SMS-центр не принимает срок действия ({code}). Укажите в настройках validity_h = 0.",
    ),
    "pdu_refused": (
        f"The modem could not read the message ({{code}}). {_WAITS}",
        f"Модем не смог прочитать сообщение ({{code}}). {_WAITS_RU}",
    ),
    # the SIM
    "sim_barred": (
        "The operator has barred sending from this SIM ({code}). Check its balance and ask the operator.",
        "Оператор запретил отправку с этой SIM-карты ({code}). Проверьте баланс и спросите оператора.",
    ),
    "sender_not_identified": (
        "The SMS centre does not accept this SIM ({code}). Check the SMS centre's number, the "
        "balance, and that "
        "the SIM is active.",
        "SMS-центр не принимает эту SIM-карту ({code}). Проверьте номер SMS-центра, баланс и активна "
        "ли карта.",
    ),
    "sender_unknown": (
        "The network does not know this SIM ({code}). It may be switched off: ask the operator.",
        "Сеть не знает эту SIM-карту ({code}). Возможно, она отключена: спросите оператора.",
    ),
    "service_not_provided": (
        "Sending messages is not part of this SIM's tariff, or its balance is used up ({code}). Check both.",
        "Отправка сообщений не входит в тариф этой SIM-карты, или на ней кончились деньги ({code}). "
        "Проверьте это.",
    ),
    "service_centre_wrong": (
        "The SMS centre of this SIM is missing or wrong ({code}). Enter the operator's SMS centre as "
        "smsc in the "
        "configuration.",
        "SMS-центр этой SIM-карты не задан или неверен ({code}). Впишите SMS-центр оператора в "
        "настройки (smsc).",
    ),
    "registration_refused": (
        "The network refuses this SIM or this modem ({code}). Ask the operator.",
        "Сеть не принимает эту SIM-карту или этот модем ({code}). Спросите оператора.",
    ),
    "sim_not_inserted": (
        "There is no SIM in the modem ({code}). Put it in again.",
        "В модеме нет SIM-карты ({code}). Вставьте её снова.",
    ),
    "sim_wants_pin": (
        "The SIM asks for its PIN ({code}). Write it into the configuration or switch the PIN off in "
        "a telephone.",
        "SIM-карта требует PIN-код ({code}). Впишите его в настройки или отключите запрос PIN в телефоне.",
    ),
    "sim_wants_puk": (
        "The SIM is locked and asks for its PUK ({code}). Unlock it in a telephone.",
        "SIM-карта заблокирована и требует PUK-код ({code}). Разблокируйте её в телефоне.",
    ),
    "sim_failed": (
        "The modem cannot use its SIM ({code}). Clean its contacts and put it in again.",
        "Модем не может работать с SIM-картой ({code}). Протрите контакты и вставьте её снова.",
    ),
    "modem_locked_to_operator": (
        "The modem is locked to another operator ({code}). Use a SIM of that operator or another modem.",
        "Модем заблокирован под другого оператора ({code}). Нужна его SIM-карта или другой модем.",
    ),
    "no_network": (
        f"The modem has no network ({{code}}). {_WAITS} If it lasts, check the antenna.",
        f"У модема нет сети ({{code}}). {_WAITS_RU} Если это надолго, проверьте антенну.",
    ),
    "network_congested": (
        f"The network is overloaded ({{code}}). {_WAITS}",
        f"Сеть перегружена ({{code}}). {_WAITS_RU}",
    ),
    "network_trouble": (
        f"The network has a temporary fault ({{code}}). {_WAITS}",
        f"В сети временный сбой ({{code}}). {_WAITS_RU}",
    ),
    # the modem
    "sim_busy": (f"The SIM is busy ({{code}}). {_WAITS}", f"SIM-карта занята ({{code}}). {_WAITS_RU}"),
    "memory_full": (
        f"The memory for messages is full ({{code}}). Read messages are deleted by themselves. {_WAITS}",
        f"Память сообщений заполнена ({{code}}). Прочитанные удаляются сами. {_WAITS_RU}",
    ),
    "exchange_collided": (
        f"Another exchange was going on, an incoming message perhaps ({{code}}). {_WAITS}",
        f"Помешал другой обмен, например входящее сообщение ({{code}}). {_WAITS_RU}",
    ),
    "modem_not_ready": (
        f"The modem was not ready for it ({{code}}). {_WAITS}",
        f"Модем был не готов ({{code}}). {_WAITS_RU}",
    ),
    "modem_used_by_other": (
        f"Another program uses the modem for messages ({{code}}). Stop it. {_WAITS}",
        f"Другая программа отправляет сообщения через этот модем ({{code}}). Остановите её. {_WAITS_RU}",
    ),
    "modem_cannot": (
        f"The modem refused the way in which it was asked ({{code}}). {_WAITS} If it lasts, use "
        f"another modem.",
        f"Модем отклонил такой способ отправки ({{code}}). {_WAITS_RU} Если так всегда, нужен другой модем.",
    ),
    "modem_failed": (
        f"The modem reports a fault of its own ({{code}}). {_WAITS}",
        f"Модем сообщает о своей неисправности ({{code}}). {_WAITS_RU}",
    ),
    "modem_refused": (
        f"The modem refused before the message was handed over ({{code}}). {_WAITS}",
        f"Модем отказал до передачи сообщения ({{code}}). {_WAITS_RU}",
    ),
    "modem_no_prompt": (
        f"The modem did not ask for the message; nothing was handed over. {_WAITS}",
        f"Модем не запросил сообщение; ничего не передано. {_WAITS_RU}",
    ),
    "modem_lost": (
        f"The modem disappeared before the message was handed over. {_WAITS}",
        f"Модем пропал до передачи сообщения. {_WAITS_RU}",
    ),
    # not known
    "modem_lost_unknown": (
        f"The modem disappeared after the message was handed over; it may have been sent. {SETTLE}",
        f"Модем пропал после передачи сообщения; оно могло уйти. {SETTLE_RU}",
    ),
    "modem_no_answer": (
        f"The modem took the message and did not answer; it may have been sent. {SETTLE}",
        f"Модем принял сообщение и не ответил; оно могло уйти. {SETTLE_RU}",
    ),
    "modem_failed_unknown": (
        f"The modem failed without saying when ({{code}}); the message may have been sent. {SETTLE}",
        f"У модема сбой, и неясно, в какой момент ({{code}}); сообщение могло уйти. {SETTLE_RU}",
    ),
    "no_reference": (
        f"The modem said OK but gave no number of the message ({{code}}); it may or may not have been "
        f"sent. {SETTLE}",
        f"Модем ответил OK, но не дал номер сообщения ({{code}}); ушло оно или нет, неизвестно. {SETTLE_RU}",
    ),
    "link_broke": (
        f"The radio link broke during sending ({{code}}); the message may have been sent. {SETTLE}",
        f"Радиосвязь прервалась при отправке ({{code}}); сообщение могло уйти. {SETTLE_RU}",
    ),
    "network_out_of_order": (
        f"The network failed while it took the message ({{code}}); it may have been sent. {SETTLE} "
        f"If it repeats, "
        "check the SIM's balance and SMS centre.",
        f"Сеть дала сбой во время приёма ({{code}}); сообщение могло уйти. {SETTLE_RU} Если повторяется, "
        "проверьте баланс и SMS-центр SIM-карты.",
    ),
    "network_silent": (
        f"The network did not answer in time ({{code}}); the message may have been sent. {SETTLE}",
        f"Сеть не ответила вовремя ({{code}}); сообщение могло уйти. {SETTLE_RU}",
    ),
    "no_sms_over_lte": (
        f"The modem failed after a long wait ({{code}}); the message may have been sent. {SETTLE} If "
        f"it repeats, "
        "switch the modem to 3G or 2G.",
        f"Модем после долгого ожидания сообщил об ошибке ({{code}}); сообщение могло уйти. {SETTLE_RU} Если "
        "повторяется, переключите модем на 3G или 2G.",
    ),
    "unknown_error": (
        f"The modem gave its answer for every trouble ({{code}}); the message may have been sent. "
        f"{SETTLE} If it "
        "repeats, check the SIM's balance, SMS centre and reception.",
        f"Модем дал свой общий ответ на любую беду ({{code}}); сообщение могло уйти. {SETTLE_RU} Если "
        "повторяется, проверьте баланс, SMS-центр и приём.",
    ),
}
