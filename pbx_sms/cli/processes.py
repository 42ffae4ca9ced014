"""`pbx-sms run` and `pbx-sms web`: the two processes of a PBX, in the foreground."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pbx_sms
from pbx_sms import config
from pbx_sms.cli.arguments import Commands, add_command
from pbx_sms.cli.context import Context
from pbx_sms.config import Settings

if TYPE_CHECKING:
    from pbx_sms.engine.companions import Companion
    from pbx_sms.engine.scheduler import Duty

#: how old the forecast of a running mailing gets while something happens
FORECAST_S = 60.0
#: how late a repeating mailing may begin
SERIES_S = 10.0
#: a person who waits for an e-mail looks for it after some seconds
NOTIFY_S = 5.0
#: of a message after a missed call, beside the wait that its rule asks for
MISSED_CALLS_S = 2.0


def add_commands(commands: Commands) -> None:
    add_command(commands, "run", run, "Run the engine: modems, sending, delivery reports, what comes in.")
    add_command(commands, "web", web, "Serve the pages with gunicorn.")


def run(context: Context, args: argparse.Namespace) -> int:
    """Until SIGTERM or SIGINT; the exit status is the engine's."""
    from pbx_sms.engine import daemon

    # mistakes are found here, where they become sentences
    settings = context.settings
    _require_database(context)
    # systemd's journal keeps the time itself
    time_of_line = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(level=logging.INFO, format=f"{time_of_line}%(levelname)s %(name)s: %(message)s")
    # its schema messages are of no use to whoever reads the log
    logging.getLogger("alembic").setLevel(logging.WARNING)
    status: int = daemon.main(settings, duties=duties(settings), companions=companions(settings))
    return status


def duties(settings: Settings) -> list[Duty]:
    """What the engine looks after beside the sending: orders of `operations` that nobody gives by hand."""
    from pbx_sms.engine.scheduler import Duty
    from pbx_sms.operations import forecasts, message_search, missed_calls, notify, planning, series
    from pbx_sms.operations.planning.duty import EVERY_S
    from pbx_sms.operations.routing import replanning

    return [
        Duty(name="planner", every_s=EVERY_S, carry_out=planning.Planner(settings).look),
        Duty(
            name="routes",
            every_s=replanning.EVERY_S,
            carry_out=lambda database: replanning.look(database, settings),
        ),
        Duty(name="forecasts", every_s=FORECAST_S, carry_out=forecasts.Keeper(settings).refresh),
        Duty(name="series", every_s=SERIES_S, carry_out=lambda database: series.fire_due(database, settings)),
        Duty(
            name="notifications",
            every_s=NOTIFY_S,
            carry_out=lambda database: notify.deliver_due(database, settings),
        ),
        Duty(
            name="missed calls",
            every_s=MISSED_CALLS_S,
            carry_out=lambda database: missed_calls.send_due(database, settings),
        ),
        Duty(name="search", every_s=message_search.EVERY_S, carry_out=message_search.Keeper().look),
    ]


def companions(settings: Settings) -> list[Companion]:
    """What runs beside the sending: the session for scripts, where any desk has something to listen for."""
    from pbx_sms.scripting import desks
    from pbx_sms.scripting.session import ScriptSession

    makers = desks.configured(settings)
    return [ScriptSession(settings, makers)] if settings.asterisk is not None and makers else []


def web(context: Context, args: argparse.Namespace) -> int:
    """Becomes gunicorn; does not return. How it serves stands in `web/gunicorn_conf.py`."""
    # mistakes are found here, where they become sentences, and not in a worker's traceback
    _require_database(context)
    environment = os.environ.copy()
    path = config.find(context.config_path)
    if path is not None:
        environment["PBX_SMS_CONFIG"] = str(path.absolute())
    # the package `web` is found wherever the command is called
    root = str(Path(pbx_sms.__file__).resolve().parents[1])
    search_path = [root, *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(search_path)
    command = [sys.executable, "-m", "gunicorn", "-c", "python:web.gunicorn_conf", "web.wsgi:app"]
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)


def _require_database(context: Context) -> None:
    """Refuses early when the database is not ready, and leaves no connection open."""
    assert context.database is not None
    context.close()
