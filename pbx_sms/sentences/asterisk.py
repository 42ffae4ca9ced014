"""Sentences about the manager interface of Asterisk and the modems behind it."""

from __future__ import annotations

from pbx_sms.sentences.network import SETTLE, SETTLE_RU

SENTENCES: dict[str, tuple[str, str]] = {
    "asterisk_not_configured": (
        "Modem {modem}: {driver} is reached through Asterisk, and the configuration has no "
        "[asterisk] section.",
        "Модем {modem}: {driver} работает через Asterisk, а раздела [asterisk] в настройках нет.",
    ),
    "asterisk_secret_unreadable": (
        "The file {path} with the secret for Asterisk cannot be read: {detail}.",
        "Не удаётся прочитать файл {path} с паролем для Asterisk: {detail}.",
    ),
    "asterisk_ca_unreadable": (
        "The certificates in {path} for the connection to Asterisk cannot be read: {detail}.",
        "Не удаётся прочитать сертификаты {path} для связи с Asterisk: {detail}.",
    ),
    "ami_connecting": (
        "The connection to Asterisk at {host}:{port} is being made.",
        "Устанавливается связь с Asterisk по адресу {host}:{port}.",
    ),
    "ami_unreachable": (
        "Asterisk at {host}:{port} cannot be reached ({detail}). Check that it runs and that manager.conf "
        "says enabled = yes; it is tried again by itself.",
        "Asterisk по адресу {host}:{port} недоступен ({detail}). Проверьте, что он запущен и что в "
        "manager.conf стоит enabled = yes; попытки повторяются сами.",
    ),
    "ami_login_refused": (
        "Asterisk does not let the account {username} in ({said}). Compare name and secret with "
        "manager.conf, and its permit and deny with this machine's address.",
        "Asterisk не принимает учётную запись {username} ({said}). Сверьте имя и пароль с manager.conf, "
        "а его permit и deny с адресом этой машины.",
    ),
    "ami_lost": (
        "The connection to Asterisk at {host}:{port} is gone ({detail}). It is made again by itself.",
        "Связь с Asterisk по адресу {host}:{port} пропала ({detail}). Она восстанавливается сама.",
    ),
    "ami_silent": (
        "Asterisk at {host}:{port} no longer answers. The connection is made again by itself.",
        "Asterisk по адресу {host}:{port} больше не отвечает. Связь восстанавливается сама.",
    ),
    "ami_closed": (
        "The connection to Asterisk was closed because the engine stops.",
        "Связь с Asterisk закрыта, потому что служба отправки останавливается.",
    ),
    "ami_no_answer": (
        "Asterisk did not answer {action} in time, so nobody knows whether it was carried out.",
        "Asterisk не ответил вовремя на {action}, поэтому неизвестно, выполнено ли это действие.",
    ),
    "ami_value_breaks_line": (
        "What was to go to Asterisk as {header} holds a line break, which would have become an order of its "
        "own. Nothing was sent.",
        "В значении {header} для Asterisk есть перевод строки, который стал бы отдельной командой. "
        "Ничего не отправлено.",
    ),
    "ami_line_too_long": (
        "What was to go to Asterisk as {header} takes {length} octets; Asterisk takes {limit}. "
        "Nothing was sent.",
        "Значение {header} для Asterisk занимает {length} байт, а он принимает {limit}. "
        "Ничего не отправлено.",
    ),
    "text_too_long_for_line": (
        "The text takes {length} octets in one line, and a modem behind Asterisk is handed {limit} at most. "
        "A modem on a serial port takes it.",
        "Текст занимает {length} байт в одной строке, а модему за Asterisk можно передать не больше {limit}. "
        "Модем на последовательном порту его возьмёт.",
    ),
    "text_not_joined": (
        "The text makes {parts} parts, and the driver of this modem behind Asterisk joins no parts. A newer "
        "chan_dongle or a modem on a serial port takes it.",
        "Текст занимает частей: {parts}, а драйвер этого модема за Asterisk части не склеивает. Его возьмёт "
        "более новый chan_dongle или модем на последовательном порту.",
    ),
    "text_breaks_line": (
        "The text has a line break, which the driver of this modem behind Asterisk cannot carry. A newer "
        "chan_dongle or a modem on a serial port takes it.",
        "В тексте есть перевод строки, а драйвер этого модема за Asterisk его не передаёт. Его возьмёт более "
        "новый chan_dongle или модем на последовательном порту.",
    ),
    "ami_right_missing": (
        "The account in manager.conf lacks the write class {right}, which {action} needs. Add it, then "
        'asterisk -rx "manager reload".',
        "У учётной записи в manager.conf нет права write {right}, а оно нужно для {action}. Добавьте его и "
        'выполните asterisk -rx "manager reload".',
    ),
    "ami_driver_missing": (
        "Asterisk does not know {action}: the channel driver of this modem is not loaded, or is another one. "
        'Look with asterisk -rx "module show like dongle".',
        "Asterisk не знает {action}: драйвер этого модема не загружен или он другой. Проверьте командой "
        'asterisk -rx "module show like dongle".',
    ),
    "ami_device_missing": (
        "Asterisk has no device {device}. Compare it with dongle.conf or quectel.conf.",
        "В Asterisk нет устройства {device}. Сверьте имя с dongle.conf или quectel.conf.",
    ),
    "ami_device_down": (
        "The device {device} behind Asterisk is not ready ({state}). Sending resumes when it is.",
        "Устройство {device} за Asterisk не готово ({state}). Отправка продолжится, когда оно будет готово.",
    ),
    "ami_device_closed": (
        "The device {device} behind Asterisk is not used now.",
        "Устройство {device} за Asterisk сейчас не используется.",
    ),
    "ami_other_sim": (
        "There is another SIM in the device {device} behind Asterisk. It is taken up anew.",
        "В устройстве {device} за Asterisk теперь другая SIM-карта. Устройство открывается заново.",
    ),
    "ami_refused_order": (
        "Asterisk refused {action}: {said}. Nothing was sent.",
        "Asterisk отклонил {action}: {said}. Ничего не отправлено.",
    ),
    "ami_cannot_complete": (
        "The device {device} behind Asterisk takes whole messages only, and parts of this one "
        "were sent already.",
        "Устройство {device} за Asterisk берёт только целые сообщения, а часть этого уже отправлена.",
    ),
    "ami_refused": (
        "The modem behind Asterisk refused the message; the driver does not tell why.",
        "Модем за Asterisk отклонил сообщение; причину драйвер не сообщает.",
    ),
    "ami_part_refused": (
        "One of {parts} parts was refused by the modem behind Asterisk; the driver sends the others all "
        f"the same and does not tell which, so nobody knows what arrived. {SETTLE}",
        "Модем за Asterisk отклонил одну из частей (всего {parts}); остальные драйвер всё равно отправляет "
        f"и не говорит какие, поэтому неизвестно, что дошло. {SETTLE_RU}",
    ),
    "ami_part_refused_and_no_more": (
        "One of {parts} parts was refused by the modem behind Asterisk. The driver does not tell which; the "
        "parts before it were taken, those after it were not sent.",
        "Модем за Asterisk отклонил одну из частей (всего {parts}). Какую, драйвер не сообщает; части до неё "
        "приняты, следующие не отправлены.",
    ),
    "ami_technology_missing": (
        "Asterisk does not know the message technology “mobile”, by which the device {device} takes "
        'messages: the module chan_quectel of RoEdAl is not loaded (asterisk -rx "module show like '
        'quectel"), or Asterisk is older than 16.22 or 18.8.',
        "Asterisk не знает способ передачи сообщений «mobile», через который их берёт устройство {device}: "
        'не загружен модуль chan_quectel от RoEdAl (asterisk -rx "module show like quectel") или Asterisk '
        "старше 16.22 или 18.8.",
    ),
    "ami_message_refused": (
        "The driver of the device {device} behind Asterisk did not take the message ({said}). Nothing was "
        "sent. If that goes on: it takes none while [default] in the dialplan has an extension s.",
        "Драйвер устройства {device} за Asterisk не взял сообщение ({said}). Ничего не отправлено. Если так "
        "каждый раз: он не берёт сообщения, пока в диалплане в контексте [default] есть номер s.",
    ),
    "ami_dialplan_missing": (
        "The device {device} behind Asterisk uses the context {context}, and there nobody would tell "
        "what becomes of its messages. Put “include => pbx-sms-mobile” into it "
        "(asterisk_conf/extensions_pbx-sms_mobile.conf).",
        "Устройство {device} за Asterisk работает в контексте {context}, а там никто не сообщит о судьбе его "
        "сообщений. Добавьте туда «include => pbx-sms-mobile» "
        "(asterisk_conf/extensions_pbx-sms_mobile.conf).",
    ),
    "ami_dialplan_silent": (
        "The device {device} behind Asterisk took a message, and the dialplan tells nothing of it. It gets "
        "no other for ten minutes. Put “include => pbx-sms-mobile” into the device's context "
        "(asterisk_conf/extensions_pbx-sms_mobile.conf).",
        "Устройство {device} за Asterisk взяло сообщение, а диалплан ничего о нём не сообщает. Десять минут "
        "новых оно не получит. Добавьте «include => pbx-sms-mobile» в контекст этого устройства "
        "(asterisk_conf/extensions_pbx-sms_mobile.conf).",
    ),
    "ami_no_outcome": (
        "The device {device} behind Asterisk did not finish the message in time, so nobody knows "
        f"whether it went. {SETTLE}",
        "Устройство {device} за Asterisk не закончило сообщение вовремя, поэтому неизвестно, ушло ли оно. "
        f"{SETTLE_RU}",
    ),
    "ami_lost_unknown": (
        "The connection to Asterisk broke after the message was handed over; it may have been sent. "
        f"{SETTLE}",
        f"Связь с Asterisk прервалась после передачи сообщения; оно могло уйти. {SETTLE_RU}",
    ),
    "ami_hand_over_unanswered": (
        f"Asterisk did not say whether it took the message; it may have been sent. {SETTLE}",
        f"Asterisk не сказал, взял ли он сообщение; оно могло уйти. {SETTLE_RU}",
    ),
}
