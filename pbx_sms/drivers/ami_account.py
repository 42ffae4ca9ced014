"""The account of pbx-sms in Asterisk's manager interface, from the settings to what a session needs."""

from __future__ import annotations

import ssl

from pbx_sms.config.sections import AsteriskSettings
from pbx_sms.drivers.ami_link import LinkSettings
from pbx_sms.errors import Refused


def link_settings(asterisk: AsteriskSettings) -> LinkSettings:
    """Raises `Refused`: asterisk_secret_unreadable, asterisk_ca_unreadable."""
    try:
        secret = asterisk.read_secret()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            "asterisk_secret_unreadable", path=str(asterisk.secret_file), detail=str(error)
        ) from error
    tls = None
    if asterisk.tls:
        try:
            tls = ssl.create_default_context(cafile=str(asterisk.tls_ca) if asterisk.tls_ca else None)
        except (OSError, ssl.SSLError) as error:
            raise Refused("asterisk_ca_unreadable", path=str(asterisk.tls_ca), detail=str(error)) from error
    return LinkSettings(
        host=asterisk.host, port=asterisk.port, username=asterisk.username, secret=secret, tls=tls
    )
