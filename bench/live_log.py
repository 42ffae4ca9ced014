"""Two hundred people watch one mailing: does everybody get every event once, in order, and soon.

    python bench/live_log.py [--viewers 200] [--seconds 20] [--rate 50] [--others 550]

The pages run in gunicorn as in service, over SQLite. A process of its own opens the streams; another one
commits RATE events a second of the watched mailing and OTHERS of another one, as an engine does that sends
some 150 messages a second. Exit status 1 where anything is lost, doubled or out of order, where 99 % do not
arrive within 100 ms, where a page takes longer than that (median), or the pages' processes need over 200 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from pages_process import PagesProcess  # noqa: E402

from pbx_sms.config import Settings  # noqa: E402
from pbx_sms.operations import users  # noqa: E402
from pbx_sms.storage import events  # noqa: E402
from pbx_sms.storage.engine import open_database  # noqa: E402
from pbx_sms.storage.events import NewEvent  # noqa: E402
from pbx_sms.storage.migrations import upgrade  # noqa: E402
from pbx_sms.storage.schema import mailings  # noqa: E402
from pbx_sms.storage.users import Role  # noqa: E402

_LINE = re.compile(rb'id: (\d+)\nevent: line\ndata: .*?"at": "([^"]+)"')
PASSWORD = "correct horse battery"
TICK_S = 0.1


def prepare(url: str) -> None:
    upgrade(url)
    database = open_database(url)
    users.add(database, Settings(), name="bench", role=Role.ADMIN, password=PASSWORD)
    row = {"kind": "service", "rank": 1, "state": "running", "text": "", "created_at": database.now()}
    with database.begin() as connection:
        connection.execute(mailings.insert(), [row | {"name": "watched"}, row | {"name": "other"}])
    database.close()


def write(url: str, seconds: float, rate: int, others: int) -> None:
    database = open_database(url)
    began = time.monotonic()
    for tick in range(int(seconds / TICK_S)):
        time.sleep(max(0.0, began + tick * TICK_S - time.monotonic()))
        for mailing_id, count in ((1, rate), (2, others)):
            now = datetime.now(UTC)
            event = NewEvent(at=now, kind="message", state="submitted", mailing_id=mailing_id)
            with database.begin() as connection:
                events.append(connection, [event] * round(count * TICK_S))
            database.wake()
    database.close()


def sign_in(base: str) -> str:
    """The cookie."""
    page = urllib.request.urlopen(f"{base}/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    assert token is not None
    fields = urllib.parse.urlencode({"name": "bench", "password": PASSWORD, "csrf_token": token[1]})
    request = urllib.request.Request(f"{base}/sign-in", fields.encode())
    request.add_header("Cookie", page.headers["Set-Cookie"].split(";")[0])
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        answer = opener.open(request)
    except urllib.error.HTTPError as error:
        answer = error
    return str(answer.headers["Set-Cookie"]).split(";")[0]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


async def view(port: int, cookie: str, until: float) -> tuple[int, list[int], list[float]]:
    """Status, ids and how late each came, in seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    request = f"GET /sms/mailings/1/events HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n"
    writer.write(request.encode())
    status = int((await reader.readline()).split()[1])
    ids: list[int] = []
    late: list[float] = []
    with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(until - time.monotonic()):
            while status == 200:
                block = await reader.readuntil(b"\n\n")
                if (found := _LINE.search(block)) is not None:
                    ids.append(int(found[1]))
                    late.append(time.time() - datetime.fromisoformat(found[2].decode()).timestamp())
    writer.close()
    return status, ids, late


def watch(port: int, cookie: str, viewers: int, seconds: float, answer: Any) -> None:
    async def run() -> list[tuple[int, list[int], list[float]]]:
        until = time.monotonic() + seconds
        return await asyncio.gather(*(view(port, cookie, until) for _ in range(viewers)))

    answer.send(asyncio.run(run()))


def memory_mb(pid: int) -> float:
    """Proportional, of the process and its children."""
    total = 0.0
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for one in (str(pid), *children):
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)
        total += int(found[1]) / 1024 if found else 0.0
    return total


def page_ms(base: str, cookie: str, seconds: float) -> list[float]:
    times = []
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        request = urllib.request.Request(f"{base}/mailings", headers={"Cookie": cookie})
        began = time.monotonic()
        urllib.request.urlopen(request).read()
        times.append((time.monotonic() - began) * 1000)
        time.sleep(0.2)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--others", type=int, default=550)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pbx-sms-bench-") as folder:
        url = f"sqlite:///{folder}/bench.db"
        prepare(url)
        pages = PagesProcess(Path(folder), url, threads=32, live_logs=arguments.viewers)
        with pages:
            cookie = sign_in(pages.url)
            here, there = multiprocessing.Pipe()
            watched_s = arguments.seconds + 8
            watcher = multiprocessing.Process(
                target=watch, args=(pages.port, cookie, arguments.viewers, watched_s, there)
            )
            watcher.start()
            time.sleep(4)  # all are connected
            writer = multiprocessing.Process(
                target=write, args=(url, arguments.seconds, arguments.rate, arguments.others)
            )
            writer.start()
            times = page_ms(pages.url, cookie, arguments.seconds)
            one_more = asyncio.run(view(pages.port, cookie, time.monotonic() + 1))[0]
            memory = memory_mb(pages._process.pid)
            seen = here.recv()
            watcher.join()
            writer.join()
        database = open_database(url)
        with database.read() as connection:
            expected = [one.event_id for one in events.read_after(connection, 0, 10**6, mailing_id=1)]
        database.close()
    wrong = sum(status != 200 or ids != expected for status, ids, _ in seen)
    late = sorted(one for _, _, of_viewer in seen for one in of_viewer) or [float("inf")]
    p99_ms = late[int(len(late) * 0.99)] * 1000
    page = statistics.median(times)
    print(f"events of the mailing       {len(expected):8}")
    print(f"viewers, not all right      {len(seen):8}, {wrong}")
    print(f"one viewer more             {one_more:8} (503: it polls)")
    print(f"late, median and 99 %       {late[len(late) // 2] * 1000:8.1f} ms, {p99_ms:.1f} ms")
    print(f"a page meanwhile, median    {page:8.1f} ms, worst {max(times):.1f} ms")
    print(f"memory of the pages         {memory:8.1f} MB")
    is_wrong = wrong or one_more != 503 or p99_ms > 100 or page > 100 or memory > 200
    raise SystemExit(1 if is_wrong else 0)


if __name__ == "__main__":
    main()
