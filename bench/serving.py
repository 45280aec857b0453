"""Functions served as in production: functions-framework on gunicorn, one process each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from local.ports import free_ports

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = ROOT / "functions"
BARE = Path(__file__).resolve().parent / "bare"


@dataclass(frozen=True)
class Served:
    url: str
    seconds_to_first_answer: float
    pid: int


@contextmanager
def served(
    function: str,
    path: str | None,
    env: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
    *,
    body: dict[str, Any] | None = None,
    source: Path | None = None,
    log: Path | None = None,
) -> Iterator[Served]:
    """Serves `function` and requests `path` until it answers; yields the URL, and the time from
    process start to the complete first response. `path`: None for a function that only tasks
    may call, where any response will do. `body`: to be sent as JSON. `source`: a file to serve
    instead of main.py; `log`: a file for its output."""
    port = free_ports(["function"])["function"]
    folder = BARE if function == "bare" else FUNCTIONS
    command = [
        *(sys.executable, "-m", "functions_framework", "--source", str(source or "main.py")),
        *("--target", function, "--host", "127.0.0.1", "--port", str(port)),
    ]
    started = time.perf_counter()
    with (log or Path(os.devnull)).open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_without_threads({**os.environ, **env}),
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        yield Served(url, _first_answer(url, path, headers, body, started, process), process.pid)
    finally:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:  # it waits for streams that are open
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _first_answer(
    url: str,
    path: str | None,
    headers: Mapping[str, str] | None,
    body: dict[str, Any] | None,
    started: float,
    process: subprocess.Popen[bytes],
) -> float:
    while time.perf_counter() - started < 60:
        try:
            method = "GET" if body is None else "POST"
            response = requests.request(
                method, url + (path or "/"), headers=headers, json=body, timeout=60
            )
        except requests.ConnectionError:
            if process.poll() is not None:
                raise RuntimeError(f"the function ended with {process.returncode}") from None
            time.sleep(0.002)
            continue
        if path is not None:
            response.raise_for_status()
        return time.perf_counter() - started
    raise TimeoutError(url)


def _without_threads(env: Mapping[str, str]) -> dict[str, str]:
    """main.py sets THREADS for one function, and may have been imported in this process."""
    return {name: value for name, value in env.items() if name != "THREADS"}
