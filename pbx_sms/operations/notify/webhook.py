"""A notification as a POST with JSON, signed so that the receiver knows whose it is.

`X-Pbx-Sms-Signature: sha256=…` is the HMAC of the body under the secret, in hexadecimal; `X-Pbx-Sms-Id` is
the same with every try. Any 2xx is an answer; a redirection is none, because what was signed for one
address is not for another.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from pbx_sms import __version__
from pbx_sms.config import Settings
from pbx_sms.errors import Refused
from pbx_sms.operations.notify import secret
from pbx_sms.storage.notifications import NotificationRow


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


#: the address of the settings and no other: neither a proxy of the environment nor another scheme
_OPENER = urllib.request.OpenerDirector()
for _handler in (
    urllib.request.HTTPHandler(),
    urllib.request.HTTPSHandler(),
    urllib.request.HTTPErrorProcessor(),
    urllib.request.HTTPDefaultErrorHandler(),
    _NoRedirection(),
):
    _OPENER.add_handler(_handler)


def send(settings: Settings, row: NotificationRow) -> None:
    """Returns once the receiver has answered well. Refused: notify_secret_unreadable,
    notify_webhook_refused, notify_webhook_failed, notify_certificate_untrusted."""
    notify = settings.notify
    key = secret.read(notify.webhook_secret, notify.webhook_secret_file)
    content = {"id": row.notification_id, "kind": row.kind} | row.content
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")
    request = urllib.request.Request(notify.webhook_url or "", data=body, method="POST")
    request.add_header("Content-Type", "application/json; charset=utf-8")
    request.add_header("User-Agent", f"pbx-sms/{__version__}")
    request.add_header("X-Pbx-Sms-Id", str(row.notification_id))
    if key:
        request.add_header("X-Pbx-Sms-Signature", f"sha256={signature(key, body)}")
    try:
        with _OPENER.open(request, timeout=notify.timeout_s) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        error.close()
        raise Refused("notify_webhook_refused", status=error.code) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, ssl.SSLCertVerificationError):
            host = urlsplit(notify.webhook_url or "").hostname
            raise Refused("notify_certificate_untrusted", host=host, problem=cause.verify_message) from error
        raise Refused("notify_webhook_failed", problem=(str(error) or type(error).__name__)[:300]) from error


def signature(secret_text: str, body: bytes) -> str:
    return hmac.new(secret_text.encode(), body, hashlib.sha256).hexdigest()
