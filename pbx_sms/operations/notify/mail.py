"""A notification as an e-mail, handed to the office's mail server."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from pbx_sms.config import Settings
from pbx_sms.errors import Refused
from pbx_sms.operations.notify import secret
from pbx_sms.sentences import render
from pbx_sms.storage.notifications import NotificationRow


def send(settings: Settings, row: NotificationRow, language: str) -> None:
    """Returns once the server has taken it. Refused: notify_secret_unreadable, notify_mail_failed."""
    notify = settings.notify
    password = secret.read(notify.smtp_password, notify.smtp_password_file)
    try:
        with _connected(settings) as server:
            if notify.smtp_user:
                server.login(notify.smtp_user, password or "")
            server.send_message(_written(settings, row, language))
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # OSError: no such host, nobody there, silence, a certificate that is not trusted
        raise Refused("notify_mail_failed", host=notify.smtp_host, problem=_problem(error)) from error


def _connected(settings: Settings) -> smtplib.SMTP:
    notify = settings.notify
    host = notify.smtp_host or ""
    if notify.smtp_tls == "tls":
        return smtplib.SMTP_SSL(
            host, notify.smtp_port, timeout=notify.timeout_s, context=ssl.create_default_context()
        )
    server = smtplib.SMTP(host, notify.smtp_port, timeout=notify.timeout_s)
    if notify.smtp_tls == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _written(settings: Settings, row: NotificationRow, language: str) -> EmailMessage:
    content = row.content
    zone = ZoneInfo(settings.sending.time_zone)
    received_at = datetime.fromisoformat(content["received_at"]).astimezone(zone)
    params = {
        "sender": " ".join(str(content["sender"]).split()),
        "sim": content["sim_label"] or content["sim"] or "",
        "received_at": f"{received_at:%d.%m.%Y %H:%M:%S}",
        "mailing": content["mailing"] or "—",
        "inbound_id": content["inbound_id"],
    }
    message = EmailMessage()
    # the same with every try: whoever gets it twice can tell
    message["Message-ID"] = f"<pbx-sms.{row.notification_id}@{_domain(settings)}>"
    message["Subject"] = render(f"notify_subject_{row.kind}", params, language)
    message["From"] = str(settings.notify.mail_from)
    message["To"] = ", ".join(settings.notify.mail_to)
    message["X-Pbx-Sms-Id"] = str(row.notification_id)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{content['text']}\n\n-- \n{render('notify_details', params, language)}\n")
    return message


def _domain(settings: Settings) -> str:
    return str(settings.notify.mail_from).rpartition("@")[2]


def _problem(error: Exception) -> str:
    """What the server said, in one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"{error.smtp_code} {text}"[:300]
    return (str(error) or type(error).__name__)[:300]
