"""How gunicorn serves the pages: one process of threads, because one reader feeds all live logs.

`-c python:web.gunicorn_conf`; settings by $PBX_SMS_CONFIG.
"""

from __future__ import annotations

import os
from typing import Any

from pbx_sms.config import load as _load_settings  # gunicorn would take a bare `config` for a setting

_settings = _load_settings()

bind = [_settings.web.listen]
worker_class = "gthread"
workers = 1
threads = _settings.web.threads
#: idle browsers must not hold connections that others wait for
keepalive = 5
#: open streams end within a second of the signal, imports go on in their own process until they are told
graceful_timeout = 20
# the worker's sign of life is a file: in memory, where a slow disk cannot delay it
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# nothing is steered through it, and it would leave a socket in the home folder
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Lets the live logs end when the worker is asked to leave."""
    worker.wsgi.extensions["pbx_sms_broadcaster"].stop_when(lambda: not worker.alive)


def worker_exit(_server: Any, worker: Any) -> None:
    """gunicorn knows nothing of the connections of live logs: their last words are said here."""
    if getattr(worker, "wsgi", None) is not None:
        worker.wsgi.extensions["pbx_sms_broadcaster"].close()
