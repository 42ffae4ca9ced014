"""Uploaded files between upload and import: a folder for each, so that they outlive a restart.

An upload belongs to the user who made it. What nobody imports is removed after a day.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from werkzeug.datastructures import FileStorage

from pbx_sms.errors import NotFound, Refused

KEEP_S = 24 * 3600.0
#: a file system's limit is 255 bytes; nobody reads a longer name anyway
_MAX_NAME_LENGTH = 200
_KEY = re.compile(r"[A-Za-z0-9_-]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    key: str
    #: what the person's file is called
    file_name: str
    user_id: int
    path: Path
    #: of the list that it became
    list_id: int | None


class Uploads:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, file: FileStorage, user_id: int) -> Upload:
        """Stores the file. Raises `Refused`: no_file, state_folder_unwritable."""
        file_name = _clean_name(file.filename or "")
        if not file_name:
            raise Refused("no_file")
        key = secrets.token_urlsafe(12)
        folder = self._folder / key
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self.remove_old()
            folder.mkdir(mode=0o700)
            file.save(folder / "file")
            self._describe(folder, {"file_name": file_name, "user_id": user_id})
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise Refused(
                "state_folder_unwritable", folder=str(self._folder), problem=error.strerror
            ) from error
        return self.find(key, user_id)

    def find(self, key: str, user_id: int) -> Upload:
        """Raises `NotFound`: upload_not_found, also for an upload of somebody else."""
        if not _KEY.fullmatch(key):
            raise NotFound("upload_not_found")
        folder = self._folder / key
        try:
            facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NotFound("upload_not_found") from error
        if facts["user_id"] != user_id:
            raise NotFound("upload_not_found")
        return Upload(
            key=key,
            file_name=facts["file_name"],
            user_id=user_id,
            path=folder / "file",
            list_id=facts.get("list_id"),
        )

    def became_list(self, upload: Upload, list_id: int) -> None:
        """The list holds the file now; what stays says for a day which list it became."""
        self._describe(
            upload.path.parent,
            {"file_name": upload.file_name, "user_id": upload.user_id, "list_id": list_id},
        )
        upload.path.unlink(missing_ok=True)

    def discard(self, upload: Upload) -> None:
        shutil.rmtree(upload.path.parent, ignore_errors=True)

    def remove_old(self) -> None:
        """Removes what was uploaded more than a day ago."""
        oldest = time.time() - KEEP_S
        for folder in self._folder.iterdir():
            try:
                is_old = folder.stat().st_mtime < oldest
            except FileNotFoundError:
                continue
            if is_old:
                shutil.rmtree(folder, ignore_errors=True)

    def _describe(self, folder: Path, facts: dict[str, Any]) -> None:
        draft = folder / "facts.json.new"
        draft.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        draft.replace(folder / "facts.json")


def _clean_name(name: str) -> str:
    """The last step of a path as any system writes it, without what cannot be shown."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(character for character in last if character.isprintable()).strip()[-_MAX_NAME_LENGTH:]
