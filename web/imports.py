"""Imports at work: each in a thread of its own, so that other pages go on answering.

What an import is doing is kept in memory: after a restart the upload is still there and is imported anew;
of a broken-off import no list remains that anybody could use.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from pbx_sms.config import Settings
from pbx_sms.core import actor
from pbx_sms.core.actor import Actor
from pbx_sms.errors import PbxSmsError, Refused
from pbx_sms.lists.request import ListMapping
from pbx_sms.operations import lists
from pbx_sms.storage.engine import Database
from web.uploads import Upload, Uploads

log = logging.getLogger(__name__)

#: imports at the same time; each reads in a child process that may take much memory
MAX_AT_ONCE = 2


@dataclass(slots=True)
class Import:
    """One import, read by the page while its thread writes."""

    upload: Upload
    rows_done: int = 0
    rows: int = 0
    list_id: int | None = None
    problem: tuple[str, dict[str, Any]] | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class Imports:
    def __init__(self, database: Database, settings: Settings, uploads: Uploads) -> None:
        self._database = database
        self._settings = settings
        self._uploads = uploads
        self._places = threading.BoundedSemaphore(MAX_AT_ONCE)
        self._lock = threading.Lock()
        self._by_key: dict[str, Import] = {}

    def start(self, upload: Upload, *, name: str, mapping: ListMapping, language: str, by: str) -> None:
        """Begins unless this upload is being imported already."""
        with self._lock:
            known = self._by_key.get(upload.key)
            if known is not None and (known.list_id is not None or not known.ended.is_set()):
                return
            self._forget_ended()
            work = self._by_key[upload.key] = Import(upload)
        threading.Thread(
            target=self._run,
            args=(work, upload, name, mapping, language, by, actor.current()),
            name=f"import-{upload.key}",
            daemon=True,
        ).start()

    def find(self, key: str) -> Import | None:
        with self._lock:
            return self._by_key.get(key)

    def of_user(self, user_id: int) -> list[Import]:
        """Those at work and those that failed and were not thrown away, in the order of their beginning."""
        with self._lock:
            own = [work for work in self._by_key.values() if work.upload.user_id == user_id]
        return [work for work in own if work.list_id is None and work.upload.path.exists()]

    def _forget_ended(self) -> None:
        ended = [key for key, work in self._by_key.items() if work.ended.is_set()]
        for key in ended[:-50]:
            del self._by_key[key]

    def _run(
        self,
        work: Import,
        upload: Upload,
        name: str,
        mapping: ListMapping,
        language: str,
        by: str,
        who: Actor,
    ) -> None:
        def progress(rows_done: int, rows: int) -> None:
            work.rows_done, work.rows = rows_done, rows

        try:
            with self._places, actor.acting(who):
                report = lists.import_list(
                    self._database,
                    self._settings,
                    upload.path,
                    file_name=upload.file_name,
                    name=name,
                    mapping=mapping,
                    language=language,
                    by=by,
                    progress=progress,
                )
            self._uploads.became_list(upload, report["list_id"])
            work.list_id = report["list_id"]
        except Refused as refused:
            work.problem = (refused.code, dict(refused.params))
        except (PbxSmsError, SQLAlchemyError, OSError):
            log.exception("import of upload=%s failed", upload.key)
            work.problem = ("import_failed", {})
        finally:
            if work.list_id is None and work.problem is None:
                work.problem = ("import_failed", {})
            work.ended.set()
