"""Sends the sample list through the command line and checks the result against what it must be.

Three witnesses have to agree: the list itself (`make_clients.py` knows what each row must become), the
product's own report, and the ledger in which the simulated network wrote every part it accepted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from make_clients import SHEET, TEXT, WORKBOOK, Client, clients

if TYPE_CHECKING:
    from demo import Demo

#: sixty rows through four modems take about half a minute; a stalled demo must end nevertheless
LIMIT_S = 900.0


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def send_everything(demo: Demo, modems: list[dict[str, Any]]) -> int:
    """Imports, starts, follows to the end, prints the report. 0 when every row ended as it should."""
    names = {modem["imsi"]: f"{modem['operator']} {number}" for number, modem in enumerate(modems, 1)}
    say(f"SIMs: {', '.join(names.values())}")
    imported = demo.json_lines("list", "import", str(WORKBOOK), "--sheet", SHEET)[0]
    say(f"Rows: {imported['rows']}, accepted {imported['accepted']}, rejected {len(imported['rejected'])}")
    created = demo.json_lines(
        *("mailing", "create", "--list", str(imported["list_id"]), "--text", TEXT),
        *("--name", "Sample", "--kind", "information", "--repeats", "first", "--start"),
    )[0]
    say(
        f"Mailing: {created['messages']} messages in {created['parts']} parts,"
        f" left out {len(left_out_here(imported, created))}"
    )
    demo.start("engine", "run")
    began_at = time.monotonic()
    follow(demo, str(created["mailing_id"]))
    took_s = time.monotonic() - began_at
    messages = demo.json_lines("message", "list", "--mailing", str(created["mailing_id"]))
    report = demo.folder / "report.xlsx"
    demo.run("mailing", "report", str(created["mailing_id"]), "--out", str(report))
    print_report(imported, created, messages, names)
    say(f"Time: {took_s:.0f} s. The report as a workbook: {report}")
    wrong = [
        *rejected_wrongly(imported),
        *left_out_wrongly(imported, created),
        *ended_wrongly(messages),
        *sent_wrongly(demo.folder / "modems" / "ledger.jsonl"),
    ]
    say()
    for line in wrong:
        say(f"WRONG: {line}")
    say("Every row ended as it should." if not wrong else f"Not as it should be: {len(wrong)}")
    return 1 if wrong else 0


def follow(demo: Demo, mailing_id: str) -> None:
    """Waits until all is sent and reported."""
    with (demo.folder / "watch.jsonl").open("wb") as output:
        watch = subprocess.Popen(
            [sys.executable, "-P", "-m", "pbx_sms", "--json", "mailing", "watch", mailing_id, "--reports"],
            cwd=demo.folder,
            env=demo.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
        )
    give_up_at = time.monotonic() + LIMIT_S
    try:
        while watch.poll() is None:
            demo.check_alive()
            if time.monotonic() > give_up_at:
                say(f"Not finished after {LIMIT_S:.0f} s.")
                return
            try:
                watch.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if watch.poll() is None:
            watch.terminate()
            watch.wait()


def print_report(
    imported: dict[str, Any], created: dict[str, Any], messages: list[dict[str, Any]], names: dict[str, str]
) -> None:
    say()
    say(f"{'row':>4}  {'number':<14} {'state':<12} {'SIM':<12} parts  sent")
    lines = {
        message["row"]: f"{message['number']:<14} {message['state']:<12} {names.get(message['sim'], '-'):<12}"
        f" {message['parts_submitted']}/{message['parts']}    {(message['submitted_at'] or '-')[:19]}"
        f"{'  ' + message['reason_text'] if message.get('reason_text') else ''}"
        for message in messages
    }
    for left_out in created["left_out"]:
        lines[left_out["row"]] = f"{left_out['number'] or '-':<27}left out: {left_out['reason_text']}"
    for rejection in imported["rejected"]:
        lines[rejection["row"]] = (
            f"{str(rejection['value'] or '-')[:24]:<27}rejected: {rejection['reason_text']}"
        )
    for row, line in sorted(lines.items()):
        say(f"{row:>4}  {line}")
    say()
    states = Counter(message["state"] for message in messages)
    states["rejected"] = len(imported["rejected"])
    states["left out"] = len(left_out_here(imported, created))
    say("Totals: " + ", ".join(f"{state} {count}" for state, count in states.items()))
    say(
        "Parts by SIM: "
        + ", ".join(f"{names.get(sim, sim)} {count}" for sim, count in sorted(parts_by_sim(messages).items()))
    )


def parts_by_sim(messages: list[dict[str, Any]]) -> Counter[str]:
    count: Counter[str] = Counter()
    for message in messages:
        count[message["sim"] or "-"] += message["parts_submitted"]
    return count


def to_be_sent() -> list[Client]:
    return [client for client in clients() if client.number and client.repeats_row is None]


def rejected_wrongly(imported: dict[str, Any]) -> list[str]:
    expected = {client.row for client in clients() if client.number is None}
    rejected = {rejection["row"] for rejection in imported["rejected"]}
    return [
        *(f"row {row} has no number and was not rejected" for row in sorted(expected - rejected)),
        *(f"row {row} was rejected" for row in sorted(rejected - expected)),
        *(
            f"row {row['row']} was rejected without a reason"
            for row in imported["rejected"]
            if not row["reason_text"]
        ),
    ]


def left_out_here(imported: dict[str, Any], created: dict[str, Any]) -> set[int]:
    """Rows with a number that get no message; rows without one were told of at the import."""
    return {row["row"] for row in created["left_out"]} - {row["row"] for row in imported["rejected"]}


def left_out_wrongly(imported: dict[str, Any], created: dict[str, Any]) -> list[str]:
    expected = {client.row for client in clients() if client.repeats_row is not None}
    left_out = left_out_here(imported, created)
    return [f"row {row} was left out, or should have been" for row in sorted(expected ^ left_out)]


def ended_wrongly(messages: list[dict[str, Any]]) -> list[str]:
    by_row = {message["row"]: message for message in messages}
    wrong = []
    for client in to_be_sent():
        message = by_row.pop(client.row, None)
        if message is None:
            wrong.append(f"row {client.row} has no message")
        elif (message["number"], message["text"]) != (client.number, client.text()):
            wrong.append(f"row {client.row} says {message['number']} {message['text']!r}")
        elif message["state"] != "delivered":
            wrong.append(f"row {client.row} ended as {message['state']}")
    return [*wrong, *(f"row {row} has a message and should have none" for row in by_row)]


def sent_wrongly(ledger: Path) -> list[str]:
    """Compares what the network took with what had to be sent, number by number and letter by letter."""
    sent = Counter(joined_messages(ledger))
    expected = Counter((str(client.number), client.text()) for client in to_be_sent())
    return [
        *(
            f"the network did not get {count} × {number} {text!r}"
            for (number, text), count in (expected - sent).items()
        ),
        *(
            f"the network got {count} × too much: {number} {text!r}"
            for (number, text), count in (sent - expected).items()
        ),
    ]


def joined_messages(ledger: Path) -> list[tuple[str, str]]:
    """(number, text) of every message the network could put together; a torn one as the parts it has."""
    parts: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    whole = []
    for line in ledger.read_text(encoding="utf-8").splitlines():
        part = json.loads(line)
        if part["parts"] == 1:
            whole.append((part["number"], part["text"]))
            continue
        key = (part["imsi"], part["number"], part["reference"])
        parts[key].append(part)
        if len(parts[key]) == part["parts"]:
            whole.append(_joined(parts.pop(key)))
    return whole + [_joined(torn) for torn in parts.values()]


def _joined(parts: list[dict[str, Any]]) -> tuple[str, str]:
    ordered = sorted(parts, key=lambda part: part["part"])
    return ordered[0]["number"], "".join(part["text"] for part in ordered)
