"""Sentences about modems, their ports and their SIMs."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "port_missing": (
        "There is no serial port {port}. Plug the modem in, or correct the port in the configuration.",
        "Порта {port} нет. Подключите модем или исправьте порт в настройках.",
    ),
    "port_busy": (
        "The port {port} is used by another program: {holder}. Stop that program (ModemManager, gammu-smsd, "
        "minicom and chan_dongle are the usual ones) or give it another modem.",
        "Порт {port} занят другой программой: {holder}. Остановите её (обычно это ModemManager, gammu-smsd, "
        "minicom или chan_dongle) или отдайте ей другой модем.",
    ),
    "port_forbidden": (
        "This program may not open the port {port}. Add its user to the group dialout "
        "(usermod -aG dialout USER) and start it again.",
        "Программе не разрешено открывать порт {port}. Добавьте её пользователя в группу dialout "
        "(usermod -aG dialout ПОЛЬЗОВАТЕЛЬ) и перезапустите её.",
    ),
    "port_unusable": (
        "The port {port} cannot be used as a serial port: {detail}. Check the port in the configuration.",
        "Порт {port} не удаётся использовать как последовательный: {detail}. Проверьте порт в настройках.",
    ),
    "port_lost": (
        "The connection to the modem on {port} is gone ({detail}). Check its cable and power; "
        "sending resumes when it is back.",
        "Связь с модемом на {port} пропала ({detail}). Проверьте кабель и питание; "
        "отправка продолжится, когда он вернётся.",
    ),
    "modem_silent": (
        "The modem on {port} does not answer. Unplug it and plug it in again; if that does not help, "
        "another of its ports may be the right one.",
        "Модем на {port} не отвечает. Отключите его и подключите снова; если не поможет, "
        "возможно, нужен другой его порт.",
    ),
    "slot_refused": (
        "The modem on {port} refuses to change to SIM slot {slot} ({said}). Correct slots or slot_command in "
        "its block of the configuration.",
        "Модем на {port} отказывается переключиться на слот SIM {slot} ({said}). Исправьте slots или "
        "slot_command в его разделе настроек.",
    ),
    "slot_changed": (
        "The limit of the SIM {sim} in slot {from} is used up; the modem {modem} changes to slot {slot}, "
        "and comes back after {until} at the earliest.",
        "Лимит SIM {sim} в слоте {from} исчерпан; модем {modem} переключается на слот {slot} и вернётся "
        "не раньше {until}.",
    ),
    "sim_in_other_slot": (
        "It lies in slot {slot} of the modem {modem}, which is not active now. It is used when the active "
        "SIM rests, and for what only this SIM may send.",
        "Она в слоте {slot} модема {modem}, который сейчас не активен. Её черёд настанет, когда активная "
        "SIM-карта не сможет отправлять или когда появится то, что может отправить только эта.",
    ),
    "cli_column_slot": ("slot", "слот"),
    "slot_changed_wanted": (
        "The modem {modem} changes from slot {from} (SIM {sim}) to slot {slot}: messages wait that only the "
        "SIM {wanted} may send.",
        "Модем {modem} переключается со слота {from} (SIM {sim}) на слот {slot}: ждут сообщения, которые "
        "может отправить только SIM {wanted}.",
    ),
    "slot_changed_probe": (
        "The modem {modem} changes from slot {from} (SIM {sim}) to slot {slot}: a test of the SIM {wanted}"
        " was ordered, and nothing else needs the modem.",
        "Модем {modem} переключается со слота {from} (SIM {sim}) на слот {slot}: заказана проверка SIM"
        " {wanted}, а больше модем никому не нужен.",
    ),
    "slot_failed": (
        "The modem {modem} does not reach the SIM {sim} in slot {slot}. {why} The next try is after {until}.",
        "Модем {modem} не смог перейти на SIM {sim} в слоте {slot}. {why} Следующая попытка после {until}.",
    ),
    "slot_changed_rests": (
        "The SIM {sim} in slot {from} sends nothing now; the modem {modem} changes to slot {slot}, "
        "and comes back after {until} at the earliest.",
        "SIM {sim} в слоте {from} сейчас ничего не отправляет; модем {modem} переключается на слот {slot} "
        "и вернётся не раньше {until}.",
    ),
    "modem_busy": (
        "The modem on {port} is still busy with another message. It is tried again by itself.",
        "Модем на {port} ещё занят другим сообщением. Попытка повторится сама.",
    ),
    "modem_in_call": (
        "There is a call on the modem on {port}. Sending resumes when the call is over.",
        "На модеме {port} идёт звонок. Отправка продолжится, когда он закончится.",
    ),
    "modem_restarted": (
        "The modem on {port} restarted by itself ({said}). If this happens often, its power supply "
        "is too weak.",
        "Модем на {port} сам перезапустился ({said}). Если это повторяется, ему не хватает питания.",
    ),
    "modem_driver_failed": (
        "The program failed while it read from the modem on {port} ({detail}). The modem is opened again; "
        "please report this as a fault of the program.",
        "Программа дала сбой при чтении с модема на {port} ({detail}). Модем открывается заново; сообщите "
        "об этом как об ошибке программы.",
    ),
    "modem_no_sms": (
        "The modem on {port} cannot be switched to sending messages; it said: {said}. Unplug it and plug it "
        "in again, and check that its SIM works in a telephone.",
        "Модем на {port} не переключается на отправку сообщений, его ответ: {said}. Отключите его и "
        "подключите "
        "снова; проверьте, работает ли его SIM-карта в телефоне.",
    ),
    "modem_locked": (
        "The modem on {port} is locked ({lock}) and does not accept this SIM. Use a SIM of its operator or "
        "another modem.",
        "Модем на {port} заблокирован ({lock}) и не принимает эту SIM-карту. Нужна карта его оператора или "
        "другой модем.",
    ),
    "modem_searching": (
        "The modem on {port} is looking for a network. If this lasts for minutes, check the antenna "
        "and the SIM.",
        "Модем на {port} ищет сеть. Если это длится минутами, проверьте антенну и SIM-карту.",
    ),
    "registration_denied": (
        "The network refuses the SIM of the modem on {port}. Ask the operator whether the SIM is blocked.",
        "Сеть не принимает SIM-карту модема на {port}. Спросите у оператора, не заблокирована ли она.",
    ),
    "sim_missing": (
        "There is no SIM in the modem on {port}. Put one in, contacts towards the contacts.",
        "В модеме на {port} нет SIM-карты. Вставьте её контактами к контактам.",
    ),
    "sim_removed": (
        "The SIM of the modem on {port} was taken out or changed. Put one in; it is recognised by itself.",
        "SIM-карту модема на {port} вынули или заменили. Вставьте карту, она определится сама.",
    ),
    "sim_not_ready": (
        "The SIM in the modem on {port} does not become ready; the modem said: {said}. Take the SIM "
        "out, clean "
        "its contacts and put it in again.",
        "SIM-карта в модеме на {port} не начинает работать, ответ модема: {said}. Выньте карту, протрите "
        "контакты и вставьте снова.",
    ),
    "sim_unreadable": (
        "The modem on {port} cannot read its SIM; it said: {said}. Clean its contacts or try the SIM "
        "in a telephone.",
        "Модем на {port} не читает SIM-карту, его ответ: {said}. Протрите контакты или проверьте "
        "карту в телефоне.",
    ),
    "sim_pin_wanted": (
        "The SIM in the modem on {port} asks for its PIN. Write it into the configuration (pin = …), "
        "or switch "
        "the PIN off in a telephone.",
        "SIM-карта в модеме на {port} требует PIN-код. Впишите его в настройки (pin = …) или "
        "отключите запрос "
        "PIN в телефоне.",
    ),
    "sim_pin_refused": (
        "The SIM in the modem on {port} refused the PIN of the configuration. It is not tried again, "
        "because a "
        "third wrong PIN locks the SIM. Correct the PIN.",
        "SIM-карта в модеме на {port} не приняла PIN-код из настроек. Повторных попыток не будет: третий "
        "неверный PIN блокирует карту. Исправьте PIN.",
    ),
    "sim_puk_wanted": (
        "The SIM in the modem on {port} is locked and asks for its PUK. Unlock it in a telephone.",
        "SIM-карта в модеме на {port} заблокирована и требует PUK-код. Разблокируйте её в телефоне.",
    ),
    "no_imsi": (
        "The modem on {port} does not tell which SIM it has; it said: {said}. Take the SIM out and "
        "put it in again.",
        "Модем на {port} не сообщает, какая в нём SIM-карта, его ответ: {said}. Выньте карту и "
        "вставьте снова.",
    ),
    "ussd_refused": (
        "The modem or the network refused the code {ussd_code}: {said}. Check the code with the operator.",
        "Модем или сеть отклонили код {ussd_code}: {said}. Уточните код у оператора.",
    ),
    "ussd_no_reply": (
        "The network did not answer the code {ussd_code}. Try again later.",
        "Сеть не ответила на код {ussd_code}. Повторите позже.",
    ),
    "ussd_unsupported": (
        "The network does not know the code {ussd_code}. Check it with the operator.",
        "Сеть не знает код {ussd_code}. Уточните его у оператора.",
    ),
    "ussd_timed_out": (
        "The network ended the code {ussd_code} without an answer. Try again later.",
        "Сеть прервала код {ussd_code} без ответа. Повторите позже.",
    ),
}
