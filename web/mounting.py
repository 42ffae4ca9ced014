"""Where the application hangs: under a path prefix, and behind proxies that are believed only if named."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: where the name of the user that a trusted proxy vouches for is kept
PANEL_USER = "pbx_sms.panel_user"


class UnderPrefix:
    """Serves `application` under `prefix` ("/sms"; "" for the root). The bare root leads there."""

    def __init__(self, application: WSGIApplication, prefix: str) -> None:
        self._application = application
        self._prefix = prefix.rstrip("/")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not self._prefix:
            return self._application(environ, start_response)
        if path in ("", "/", self._prefix):
            response = Response(status=302, headers={"Location": f"{self._prefix}/"})
            return response(environ, start_response)
        if not path.startswith(f"{self._prefix}/"):
            missing = Response(f"404: the pages are at {self._prefix}/\n", 404, mimetype="text/plain")
            return missing(environ, start_response)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
        environ["PATH_INFO"] = path[len(self._prefix) :]
        return self._application(environ, start_response)


class BehindTrustedProxies:
    """Believes X-Forwarded-For, -Proto and -Host only when the connection comes from a named proxy, and so
    the header that names the user, where one is set; from anybody else that header is taken away.

    `proxies` are addresses or networks ("127.0.0.1", "10.0.0.0/8").
    """

    def __init__(
        self, application: WSGIApplication, proxies: Sequence[str], sign_in_header: str = ""
    ) -> None:
        self._header = f"HTTP_{sign_in_header.upper().replace('-', '_')}" if sign_in_header else None
        self._direct = application
        self._forwarded = ProxyFix(application, x_for=1, x_proto=1, x_host=1)
        self._networks = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_trusted = self._is_trusted(environ.get("REMOTE_ADDR", ""))
        environ.pop(PANEL_USER, None)
        if self._header is not None and (name := environ.pop(self._header, None)) and is_trusted:
            # WSGI carries header bytes as latin-1
            environ[PANEL_USER] = name.encode("latin-1", "replace").decode("utf-8", "replace")
        chosen = self._forwarded if is_trusted else self._direct
        return chosen(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        try:
            peer = ipaddress.ip_address(address)
        except ValueError:
            # a unix socket has no address; whoever can open it was let in by the file's rights
            return False
        return any(peer in network for network in self._networks)
