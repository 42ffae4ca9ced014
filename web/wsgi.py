"""What gunicorn serves: `gunicorn -c python:web.gunicorn_conf web.wsgi:app`. Settings by $PBX_SMS_CONFIG."""

from __future__ import annotations

from pbx_sms import config
from web.app import create_app

app = create_app(config.load())
