"""Who may do what, and signing in."""

SENTENCES = {
    "right_not_of_role": (
        "Your role does not allow this. Ask an administrator of the pages.",
        "Ваша роль этого не разрешает. Обратитесь к администратору страниц.",
    ),
    "right_not_to_write": (
        "You may not prepare mailings. Ask an administrator of the pages.",
        "Вам нельзя готовить рассылки. Обратитесь к администратору страниц.",
    ),
    "right_not_to_send": (
        "You may prepare mailings but not start them or change them once they run. Somebody with the right "
        "to send does that.",
        "Вам можно готовить рассылки, но не запускать их и не управлять ими. Это делает тот, у кого есть "
        "право отправки.",
    ),
    "right_not_of_kind": (
        "You may not send mailings of the kind “{kind}”. Choose another kind, or ask an administrator.",
        "Вам нельзя отправлять рассылки вида «{kind}». Выберите другой вид или обратитесь к администратору.",
    ),
    "right_groups_only": (
        "You may send to saved groups only, not to a list of one's own or to single numbers.",
        "Вам можно отправлять только сохранённым группам, а не по своему списку и не на отдельные номера.",
    ),
    "right_not_of_group": (
        "One of these groups is not among those that you may send to.",
        "Одна из этих групп не входит в число тех, кому вам можно отправлять.",
    ),
    "right_whole_numbers_only": (
        "Files hold whole numbers, which you may not read. Ask an administrator of the pages.",
        "В файлах номера целиком, а вам их видеть нельзя. Обратитесь к администратору страниц.",
    ),
    "second_factor_is_on": (
        "{name} has a second factor already. Switch it off first.",
        "У пользователя {name} второй фактор уже включён. Сначала выключите его.",
    ),
    "second_factor_is_off": (
        "{name} has no second factor.",
        "У пользователя {name} второй фактор не включён.",
    ),
    "second_factor_not_proposed": (
        "First show {name}'s secret to the application, then type its code.",
        "Сначала покажите приложению секрет пользователя {name}, затем введите код.",
    ),
    "second_factor_wrong": (
        "This code is wrong or was used before. Wait for the next one, and check the telephone's clock.",
        "Код неверный или уже использован. Дождитесь следующего и проверьте часы телефона.",
    ),
    "no_such_session": (
        "There is no session {session_id} any more.",
        "Сеанса {session_id} больше нет.",
    ),
    "user_has_no_password": (
        "{name} signs in through the panel and has no password here.",
        "{name} входит через панель АТС, пароля здесь нет.",
    ),
    "cli_user_rights": (
        "{name}: {role}; kinds: {kinds}; groups: {groups}; writes: {may_write}; sends: {may_send}; "
        "whole numbers: {sees_numbers}.",
        "{name}: {role}; виды: {kinds}; группы: {groups}; готовит: {may_write}; отправляет: {may_send}; "
        "номера целиком: {sees_numbers}.",
    ),
    "cli_as_role": ("as the role", "по роли"),
    "cli_second_factor_secret": (
        "Enter this secret into the application on the telephone: {secret}",
        "Введите этот секрет в приложение на телефоне: {secret}",
    ),
    "cli_second_factor_next": (
        "Then give its code: pbx-sms user second-factor {name} --confirm CODE",
        "Затем передайте код: pbx-sms user second-factor {name} --confirm КОД",
    ),
    "cli_second_factor_on": (
        "{name} needs a code from now on. Each of these opens once instead: {codes}",
        "Теперь пользователю {name} нужен код. Каждый из этих один раз его заменит: {codes}",
    ),
    "cli_second_factor_off": (
        "{name} signs in with the password alone.",
        "{name} входит только с паролем.",
    ),
    "cli_sessions_ended": ("Sessions ended: {ended}.", "Завершено сеансов: {ended}."),
    "cli_no_sessions": ("Nobody is signed in.", "Никто не вошёл."),
    "cli_column_kinds": ("kinds", "виды"),
    "cli_column_writes": ("writes", "готовит"),
    "cli_column_sends": ("sends", "отправляет"),
    "cli_column_whole_numbers": ("whole numbers", "номера целиком"),
    "cli_column_second_factor": ("second factor", "второй фактор"),
    "cli_column_session": ("session", "сеанс"),
    "cli_column_seen_at": ("last seen", "был здесь"),
    "cli_column_address": ("address", "адрес"),
    "cli_column_browser": ("browser", "браузер"),
}
