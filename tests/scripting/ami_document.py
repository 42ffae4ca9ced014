"""Puts the dialogues of `ami_scenes` into `docs/ami.md`, each below the line that names its scene.

python tests/scripting/ami_document.py        plays them and writes; `test_ami_document` plays and compares
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from ami_scenes import play  # noqa: E402
from script_client import ScriptClient  # noqa: E402
from whole_office import WholeOffice  # noqa: E402

from pbx_sms.storage import migrations  # noqa: E402

PATH = ROOT / "docs" / "ami.md"
_BLOCK = re.compile(r"(<!-- scene: (\w+) -->\n```\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)


def shown(text: str) -> dict[str, str]:
    """Scene → the dialogue that a document shows for it."""
    return {name: dialogue.rstrip("\n") for _, name, dialogue, _ in _BLOCK.findall(text)}


def with_dialogues(text: str, dialogues: dict[str, str]) -> str:
    return _BLOCK.sub(lambda block: block[1] + dialogues[block[2]] + "\n" + block[4], text)


async def played(office: WholeOffice) -> dict[str, str]:
    async with ScriptClient(office.asterisk.port) as script:
        return await play(office, script)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/pbx-sms.db"
        migrations.upgrade(url)
        with WholeOffice(Path(folder), url) as office:
            office.start_engine()
            dialogues = asyncio.run(played(office))
    PATH.write_text(with_dialogues(PATH.read_text(encoding="utf-8"), dialogues), encoding="utf-8")


if __name__ == "__main__":
    main()
