"""Sentences of the pages: what a browser sent that cannot be used."""

SENTENCES: dict[str, tuple[str, str]] = {
    "no_file": (
        "No file came with the form. Choose the workbook with the numbers and upload it again.",
        "Файл не приложен. Выберите книгу с номерами и загрузите её ещё раз.",
    ),
    "upload_not_found": (
        "This upload is no longer here: uploads wait for a day. Upload the file again.",
        "Этой загрузки уже нет: загрузки хранятся сутки. Загрузите файл ещё раз.",
    ),
    "import_failed": (
        "The list could not be stored because of a fault on the server. Nothing was kept of it; try again,"
        " and if it stays so, ask the person who looks after the server to read the log.",
        "Список не удалось сохранить из-за сбоя на сервере. От него ничего не осталось; попробуйте ещё раз,"
        " а если не поможет, попросите того, кто следит за сервером, посмотреть журнал.",
    ),
    "state_folder_unwritable": (
        "The pages cannot keep files in {folder}: {problem}. Make the folder writable for the service.",
        "Страницы не могут хранить файлы в {folder}: {problem}. Дайте службе право записи в эту папку.",
    ),
    "number_expected": (
        "“{value}” is not a whole number. Type the number of a row.",
        "«{value}» — не целое число. Введите номер строки.",
    ),
    "started_before": (
        "This text was already sent to this list. Tick the box to send it to the same people once more.",
        "Этот текст по этому списку уже отправляли. Поставьте отметку, чтобы отправить его тем же людям"
        " ещё раз.",
    ),
    "start_at_work": (
        "This text is being started for this list at this moment, from another window or by somebody else."
        " Nothing was started a second time. Look among the mailings before you send it once more.",
        "Рассылку с этим текстом по этому списку прямо сейчас запускают в другом окне или с другого"
        " компьютера. Второй раз ничего не запущено. Прежде чем отправлять ещё раз, посмотрите рассылки.",
    ),
    "audience_failed": (
        "The recipients could not be put together because of a fault on the server. Nothing was sent; try"
        " again, and if it stays so, ask the person who looks after the server to read the log.",
        "Получателей не удалось собрать из-за сбоя на сервере. Ничего не отправлено; попробуйте ещё раз, а"
        " если не поможет, попросите того, кто следит за сервером, посмотреть журнал.",
    ),
    "audience_forgotten": (
        "The server was restarted before the recipients were put together. Nothing was sent. Choose them"
        " once more.",
        "Сервер перезапустили раньше, чем получатели были собраны. Ничего не отправлено. Выберите их"
        " ещё раз.",
    ),
    "start_broken_off": (
        "The Start of this mailing was broken off, or another program is at work on it. Nothing of it has"
        " been sent. Start it again; twice at once it cannot run.",
        "Запуск этой рассылки прервался, или её запускает другая программа. Из неё ничего не отправлено."
        " Запустите её ещё раз: дважды одновременно она не пойдёт.",
    ),
    "start_forgotten": (
        "The server was restarted before the mailing was stored. Nothing was sent. Go back to the text and"
        " press the button again.",
        "Сервер перезапустили раньше, чем рассылка была сохранена. Ничего не отправлено. Вернитесь к тексту"
        " и нажмите кнопку ещё раз.",
    ),
    "start_failed": (
        "The mailing could not be started because of a fault on the server. Nothing of it was sent; try"
        " again, and if it stays so, ask the person who looks after the server to read the log.",
        "Рассылку не удалось запустить из-за сбоя на сервере. Из неё ничего не отправлено; попробуйте ещё"
        " раз, а если не поможет, попросите того, кто следит за сервером, посмотреть журнал.",
    ),
}
