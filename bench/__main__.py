"""`make bench`: measures every promised number, prints tables, writes bench/results.json."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import (
    captions,
    dashboards,
    dubbing,
    http,
    operations,
    payments,
    reading_time,
    rooms,
    scripts,
    speech,
    streams,
    transcription,
    translation,
    uploads,
    video,
    voices,
    webhooks,
)
from local.stack import Stack

LOG = Path(__file__).resolve().parents[1] / ".local" / "bench.log"
RESULTS = Path(__file__).resolve().parent / "results.json"


def main() -> int:
    rows: list[dict[str, Any]] = []

    def measure(what: str, measured: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        print(f"{time.monotonic() - begun:6.0f} s  {what}", file=sys.stderr, flush=True)
        # Functions that run in this process log to stdout, which is for the tables.
        with LOG.open("a") as log, redirect_stdout(log):
            found = measured()
        rows.extend(found)
        return found

    LOG.parent.mkdir(exist_ok=True)
    begun = time.monotonic()
    measure("the whole stack's start", _whole_stack)
    with Stack.start(ports="auto", components={"firestore", "auth", "storage"}) as stack:
        os.environ.update(stack.env)
        account = http.new_account()
        # First: after minutes of work in both cores, the machine is slower for one process than for
        # another, and no ratio holds.
        measure("fifty users at once", lambda: operations.under_load(stack.env))
        measure("cold starts", lambda: http.cold_starts(stack.env, account))
        measure("cold starts of rooms", lambda: http.room_starts(stack.env, account))
        measure("warm requests", lambda: http.warm_requests(stack.env, account))
        measure("streams", lambda: streams.measure(stack.env, account))
        # The streams have used up the tokens of the account.
        measure("a request that waits", lambda: streams.waiting(stack.env, http.new_account()))
        measure("OpenAI's API", lambda: streams.as_openai(stack.env, http.new_account()))
        measure(
            "speech beside a bare endpoint",
            lambda: streams.beside_bare(stack.env, http.new_account()),
        )
        measure("calls", lambda: http.calls(account))
        measure("a script of 200 lines", scripts.measure)
        measure("payments and companies", payments.measure)
        measure("webhooks", webhooks.measure)
        measure("dashboards of companies", lambda: dashboards.measure(stack.env))
        measure("messages in rooms", rooms.measure)
        measure("listeners of rooms", rooms.listeners)
        costs = measure("reads and writes of every operation", operations.table)
    measure("uploads", uploads.measure)
    measure("reading", reading_time.measure)
    measure("speech", speech.measure)
    measure("voices", lambda: [*voices.measure()])
    measure("captions", captions.measure)
    measure("transcription", transcription.measure)
    measure("translation", translation.measure)
    measure("dubbing", dubbing.measure)
    measure("video", video.measure)
    RESULTS.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    _show_costs(costs)
    _show([row for row in rows if row not in costs])
    return 0 if all(row["ok"] for row in rows) else 1


def _whole_stack() -> list[dict[str, Any]]:
    with Stack.start(ports="auto", sweep=False) as stack:
        ready = http.row("whole stack ready", stack.seconds_to_ready, "s")
        return [ready]


def _show_costs(costs: list[dict[str, Any]]) -> None:
    table = Table("operation", "reads", "writes", "")
    for cost in costs:
        name = str(cost["name"]).removeprefix("reads of ")
        verdict = "" if cost["ok"] else f"answered {cost['status']}"
        table.add_row(name, f"{cost['value']:g}", str(cost["writes"]), verdict)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _show(rows: list[dict[str, Any]]) -> None:
    table = Table("what", "value", "unit", "limit", "")
    for row in rows:
        limit = "" if row["limit"] is None else f"≤ {row['limit']:g}"
        verdict = "" if row["limit"] is None else ("ok" if row["ok"] else "TOO MUCH")
        table.add_row(row["name"], f"{row['value']:g}", row["unit"], limit, verdict)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    sys.exit(main())
