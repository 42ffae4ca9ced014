"""What the web process keeps on disk outside the database: its secret key and uploads not yet imported.

Beside a SQLite file it is `<database file>.web`; with PostgreSQL the folder that systemd names in
`$STATE_DIRECTORY`, else `/var/lib/pbx-sms`, and in it `web`. Only the owner may read it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sqlalchemy import make_url

from pbx_sms.config import Settings
from pbx_sms.errors import Refused


def locate(settings: Settings) -> Path:
    """The folder, created when it is missing. Raises `Refused`: state_folder_unwritable."""
    url = make_url(settings.database.url)
    if url.drivername.startswith("sqlite"):
        folder = Path(f"{url.database}.web")
    else:
        named = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
        folder = Path(named or "/var/lib/pbx-sms") / "web"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused("state_folder_unwritable", folder=str(folder), problem=error.strerror) from error
    return folder


def secret_key(folder: Path) -> str:
    """What signs the session cookies: made once, then kept, so that a restart signs nobody out."""
    path = folder / "secret_key"
    try:
        if not path.exists():
            _create(path, secrets.token_hex(32))
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise Refused("state_folder_unwritable", folder=str(folder), problem=error.strerror) from error


def _create(path: Path, content: str) -> None:
    # written whole under another name, then linked: two processes starting at once agree on one key
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
