"""What the simulator refuses."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "simulator_unknown_profile": (
        "There is no profile “{profile}”. Choose one of: {known}.",
        "Нет профиля «{profile}». Выберите один из: {known}.",
    ),
    "simulator_wrong_modem_count": (
        "{count} modems cannot be simulated. Give a number from 1 to {maximum}.",
        "Столько модемов смоделировать нельзя: {count}. Укажите число от 1 до {maximum}.",
    ),
    "simulator_negative_time": (
        "A time is negative. Give seconds from 0 up.",
        "Указано отрицательное время. Укажите секунды от 0.",
    ),
    "simulator_path_too_long": (
        "The folder's path is too long for a socket: {path}. Choose one so that this path has at most"
        " {maximum} bytes.",
        "Путь к папке слишком длинный для сокета: {path}. Выберите папку так, чтобы этот путь занимал не"
        " больше {maximum} байт.",
    ),
    "simulator_already_running": (
        "Another simulator already serves the folder {path}. Stop it first, or choose another folder.",
        "С папкой {path} уже работает другой симулятор. Остановите его или выберите другую папку.",
    ),
    "simulator_faults_unreadable": (
        "The faults file {path} cannot be read: {problem}. Check the path and its permissions.",
        "Не удаётся прочитать файл сбоев {path}: {problem}. Проверьте путь и права доступа.",
    ),
    "simulator_faults_not_toml": (
        "The faults file {path} is not valid TOML: {problem}. Correct it at that place.",
        "Файл сбоев {path} не является правильным TOML: {problem}. Исправьте его в этом месте.",
    ),
    "simulator_fault_unknown_key": (
        "{where}: there is no setting “{key}” here. Known: {known}.",
        "{where}: здесь нет настройки «{key}». Известны: {known}.",
    ),
    "simulator_fault_unknown_action": (
        "{where}: there is no action “{action}”. Known: {known}.",
        "{where}: нет действия «{action}». Известны: {known}.",
    ),
    "simulator_fault_wrong_value": (
        "{where}: “{key}” must be {expected}.",
        "{where}: значение «{key}» должно быть таким: {expected}.",
    ),
    "simulator_fault_whole_message": (
        "{where}: “part” cannot be used with {action}: a driver of Asterisk is given the whole message.",
        "{where}: «part» нельзя использовать с {action}: драйверу Asterisk передают сообщение целиком.",
    ),
    "simulator_fault_needs_asterisk": (
        "{action} is a fault of an Asterisk in front of the modems, and there is none. Add --asterisk.",
        "{action} — сбой Asterisk перед модемами, а его нет. Добавьте --asterisk.",
    ),
    "simulator_no_asterisk": (
        "There is no Asterisk in front of the modems. Start the simulator with --asterisk.",
        "Asterisk перед модемами нет. Запустите имитатор с --asterisk.",
    ),
    "simulator_unknown_driver": (
        "There is no driver “{driver}” for the Asterisk. Choose one of: {known}.",
        "Нет драйвера «{driver}» для Asterisk. Выберите один из: {known}.",
    ),
    "simulator_port_taken": (
        "The simulated Asterisk cannot listen on port {port}: {problem}. Choose another one.",
        "Имитация Asterisk не может занять порт {port}: {problem}. Выберите другой.",
    ),
    "simulator_fault_number_too_early": (
        "{where}: “{key}” cannot be used with {action}, which happens before the modem knows the number."
        " Use modem, nth, after, every or times.",
        "{where}: «{key}» нельзя использовать с {action}: модем в этот момент ещё не знает номера."
        " Используйте modem, nth, after, every или times.",
    ),
    "simulator_no_such_modem": (
        "There is no modem “{modem}”. Give an index below {count}, a port name or an IMSI.",
        "Нет модема «{modem}». Укажите номер меньше {count}, имя порта или IMSI.",
    ),
    "simulator_no_sim": (
        "There is no SIM in {modem}. Put one in with swap_sim.",
        "В {modem} нет SIM-карты. Вставьте её командой swap_sim.",
    ),
    "simulator_inbound_impossible": (
        "This message cannot exist: the sender must be a number or a name of at most 11 characters, the text"
        " at most 255 parts, a raw PDU whole and hexadecimal.",
        "Такого сообщения быть не может: отправитель должен быть номером или именем не длиннее 11 знаков,"
        " текст не длиннее 255 частей, готовый PDU целым и шестнадцатеричным.",
    ),
    "simulator_order_not_json": (
        "An order is one line with one JSON object, such as {example}.",
        "Команда — это одна строка с одним объектом JSON, например {example}.",
    ),
    "simulator_unknown_order": (
        "There is no order “{cmd}”. Known: {known}.",
        "Нет команды «{cmd}». Известны: {known}.",
    ),
    "simulator_order_wrong_value": (
        "“{key}” must be {expected}.",
        "Значение «{key}» должно быть таким: {expected}.",
    ),
}
