"""A notification as an e-mail, handed to the office's mail server."""

from __future__ import annotations

import base64
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
    """Returns once the server has taken it. Refused: notify_secret_unreadable, notify_mail_failed,
    notify_certificate_untrusted."""
    notify = settings.notify
    password = secret.read(notify.smtp_password, notify.smtp_password_file)
    try:
        with _connected(settings) as server:
            if notify.smtp_user:
                _sign_in(server, notify.smtp_user, password or "")
            server.send_message(_written(settings, row, language))
    except ssl.SSLCertVerificationError as error:
        raise Refused(
            "notify_certificate_untrusted", host=notify.smtp_host, problem=error.verify_message
        ) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # OSError: no such host, nobody there, silence
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


def _sign_in(server: smtplib.SMTP, user: str, password: str) -> None:
    if (user + password).isascii():
        server.login(user, password)
        return
    # the library's own ways know only ASCII; PLAIN is UTF-8 (RFC 4616)
    server.ehlo_or_helo_if_needed()
    plain = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
    code, said = server.docmd("AUTH", f"PLAIN {plain}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _written(settings: Settings, row: NotificationRow, language: str) -> EmailMessage:
    subject, text = (_stops if "source" in row.content else _message)(settings, row, language)
    message = EmailMessage()
    # the same with every try: whoever gets it twice can tell
    message["Message-ID"] = f"<pbx-sms.{row.notification_id}@{_domain(settings)}>"
    message["Subject"] = subject
    message["From"] = str(settings.notify.mail_from)
    message["To"] = ", ".join(settings.notify.mail_to)
    message["X-Pbx-Sms-Id"] = str(row.notification_id)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _stops(settings: Settings, row: NotificationRow, language: str) -> tuple[str, str]:
    """Subject and text about numbers that came onto the stop list otherwise than by SMS."""
    content = row.content
    params = {
        "count": content["count"],
        "at": _local(settings, content["received_at"]),
        "by": " ".join(str(content["sender"] or "—").split()),
        "how": render(f"notify_stops_{content['source']}", {}, language),
        "note": content["text"] or "—",
    }
    lines = list(content["numbers"])
    if content["count"] > len(lines):
        lines.append(render("notify_stops_more", {"count": content["count"] - len(lines)}, language))
    details = render("notify_stops_details", params, language)
    return render("notify_subject_stops", params, language), "\n".join(lines) + f"\n\n-- \n{details}\n"


def _message(settings: Settings, row: NotificationRow, language: str) -> tuple[str, str]:
    """Subject and text about a message that came in."""
    content = row.content
    params = {
        "sender": " ".join(str(content["sender"]).split()),
        "sim": content["sim_label"] or content["sim"] or "",
        "received_at": _local(settings, content["received_at"]),
        "mailing": content["mailing"] or "—",
        "inbound_id": content["inbound_id"],
    }
    subject = render(f"notify_subject_{row.kind}", params, language)
    return subject, f"{content['text']}\n\n-- \n{render('notify_details', params, language)}\n"


def _local(settings: Settings, instant: str) -> str:
    at = datetime.fromisoformat(instant).astimezone(ZoneInfo(settings.sending.time_zone))
    return f"{at:%d.%m.%Y %H:%M:%S}"


def _domain(settings: Settings) -> str:
    return str(settings.notify.mail_from).rpartition("@")[2]


def _problem(error: Exception) -> str:
    """What the server said, in one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"{error.smtp_code} {text}"[:300]
    return (str(error) or type(error).__name__)[:300]
