"""Sentences about the health of SIMs and modems: patterns of refusals, tests, idle SIMs, modems that hang."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # patterns
    "sim_refused_for_all": (
        "quarantined: since {since_at} the network refused this SIM for different recipients: {recipients}"
        " ({numbers}; answers: {codes}), while parts that passed through other SIMs: {passed}. Check its"
        " balance and whether the operator blocked it; then “pbx-sms sim probe” or “pbx-sms sim release”",
        "карантин: с {since_at} сеть отказала этой SIM-карте для разных получателей: {recipients}"
        " ({numbers}; ответы: {codes}), а через другие SIM-карты прошло частей: {passed}. Проверьте баланс и"
        " не заблокировал ли её оператор; затем «pbx-sms sim probe» или «pbx-sms sim release»",
    ),
    "looks_like_daily_limit": (
        "looks like the operator's daily limit: after {parts} parts in 24 hours everything was refused"
        " (recipients: {recipients}; answers: {codes}). It goes on when the first of those parts is a day"
        " old. Set the SIM's per_day below {parts}",
        "похоже на суточный лимит оператора: после {parts} частей за 24 часа пошли сплошные отказы"
        " (получателей: {recipients}; ответы: {codes}). Отправка продолжится, когда первой из этих частей"
        " исполнятся сутки. Задайте per_day этой SIM-карты меньше {parts}",
    ),
    "all_sims_refused": (
        "all SIMs are refused since {since_at} (answers: {codes}): it is the network, not this SIM. It is"
        " tried again by itself",
        "с {since_at} отказы получают все SIM-карты (ответы: {codes}): дело в сети, а не в этой карте."
        " Попытки продолжатся сами",
    ),
    "several_refused": (
        "refused since {since_at} for different recipients: {recipients} ({numbers}; answers: {codes}), and"
        " no other SIM to compare with. It is tried again by itself; check the SIM's balance",
        "с {since_at} отказы для разных получателей: {recipients} ({numbers}; ответы: {codes}), а сравнить не"
        " с чем: других SIM-карт в работе нет. Попытки продолжатся сами; проверьте баланс",
    ),
    "sim_does_not_deliver": (
        "quarantined: of {due} parts that the network took from this SIM, {delivered} were reported"
        " delivered; through the other SIMs {others_percent} %. The operator may be dropping them silently."
        " Send a test (“pbx-sms sim probe”). If messages do arrive and only the reports are missing,"
        " “pbx-sms sim release”",
        "карантин: сеть приняла у этой SIM-карты частей: {due}, а отчётов о доставке: {delivered}; через"
        " остальные карты доставлено {others_percent} %. Возможно, оператор молча отбрасывает сообщения."
        " Отправьте проверочное («pbx-sms sim probe»). Если сообщения доходят и нет только отчётов —"
        " «pbx-sms sim release»",
    ),
    "number_suspect": (
        "the number is suspect: two SIMs were refused for it that work for everybody else (last answer:"
        " {code}). Check the number",
        "номер под подозрением: для него отказали двум SIM-картам, которые для остальных работают (последний"
        " ответ: {code}). Проверьте номер",
    ),
    # what a stopped SIM was refused
    "waits_for_own_sim": (
        "waits for SIM {sim}, which was refused for it and has stopped; release that SIM, or allow the"
        " mailing other SIMs",
        "ждёт SIM-карту {sim}: ей отказали, и она остановлена; выпустите её или разрешите рассылке"
        " другие карты",
    ),
    "rerouted": (
        "goes through another SIM: SIM {from_sim} was refused for it",
        "уходит через другую SIM-карту: карте {from_sim} для него отказали",
    ),
    # tests
    "probe": (
        "a test of SIM {sim}",
        "проверка SIM-карты {sim}",
    ),
    "probe_delivered": (
        "the test was delivered: the SIM sends again",
        "проверочное сообщение доставлено: SIM-карта снова отправляет",
    ),
    "probe_failed": (
        "the test failed ({said}); the SIM stays as it is",
        "проверка не прошла ({said}); состояние SIM-карты не изменено",
    ),
    "probe_refused": (
        "the test was refused ({code}); see why the SIM is refused, then test again",
        "проверочному сообщению отказано ({code}); выясните причину и проверьте ещё раз",
    ),
    "probe_no_report": (
        "the test was taken, and no delivery report came within {minutes} minutes; look at the telephone:"
        " if it arrived, “pbx-sms sim release”",
        "проверочное сообщение принято, но отчёта о доставке нет уже {minutes} мин; посмотрите на телефон:"
        " если оно пришло — «pbx-sms sim release»",
    ),
    "probe_left_out": (
        "the daily test was left out ({why})",
        "ежедневная проверка пропущена ({why})",
    ),
    "probe_needs_reports": (
        "A test is confirmed by its delivery report, and reports are switched off. Set"
        " delivery_reports = true in [sending].",
        "Проверку подтверждает отчёт о доставке, а отчёты выключены. Задайте delivery_reports = true в"
        " [sending].",
    ),
    "probe_no_number": (
        "There is no number to send the test of SIM {sim} to. Set probe_number in [health]; no other SIM here"
        " knows its own number.",
        "Некуда отправить проверку SIM-карты {sim}. Задайте probe_number в [health]: ни одна другая карта"
        " здесь не знает своего номера.",
    ),
    "probe_under_way": (
        "A test of SIM {sim} is under way already (message {message_id}). Wait for its end.",
        "Проверка SIM-карты {sim} уже идёт (сообщение {message_id}). Дождитесь её конца.",
    ),
    "cli_sim_probed": (
        "A test goes through SIM {sim} to {number} (message {message_id}); its delivery report decides.",
        "Через SIM-карту {sim} на {number} уходит проверка (сообщение {message_id}); решит отчёт о доставке.",
    ),
    "cli_sim_probe_waits": (
        "SIM {sim} lies in another slot of modem {at_rest_in}. Once nothing else needs the modem it changes"
        " the slot, and a test goes to {number} (message {message_id}); its delivery report decides.",
        "SIM-карта {sim} лежит в другом слоте модема {at_rest_in}. Когда модем больше никому не нужен, он"
        " переключит слот, и на {number} уйдёт проверка (сообщение {message_id}); решит отчёт о доставке.",
    ),
    "probe_modem_away": (
        "SIM {sim} lies in another slot of modem {modem}, and that modem is not at work: it cannot change the"
        " slot. “pbx-sms modem list” says why.",
        "SIM-карта {sim} лежит в другом слоте модема {modem}, а он сейчас не работает и переключить слот не"
        " может. Причину покажет «pbx-sms modem list».",
    ),
    # idle SIMs
    "kept_alive": (
        "unused for long, so its balance was asked: {reply}",
        "давно не использовалась, поэтому запрошен баланс: {reply}",
    ),
    "keep_alive_failed": (
        "unused for long, and neither its balance could be asked nor a test be sent ({why}); send something"
        " through it, or the operator may block its SMS",
        "давно не используется, и не удалось ни запросить баланс, ни отправить проверку ({why}); отправьте"
        " через неё что-нибудь, иначе оператор может закрыть ей SMS",
    ),
    # modems that hang
    "recovery_step": (
        "modem {modem} does not answer; step taken to bring it back: {step}",
        "модем {modem} не отвечает; шаг восстановления: {step}",
    ),
    "cli_column_keep_alive_at": ("use by", "использовать до"),
    "cli_column_balance": ("balance", "баланс"),
}
