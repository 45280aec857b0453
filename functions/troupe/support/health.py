"""Whether the services that Troupe depends on respond, checked rarely and in bounded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from troupe.logs import in_context, log
from troupe.support.errors import ServicesDown, State

FRESH_SECONDS = 10.0  # an instance checks no more often
_TIMEOUT = 5.0  # seconds for all checks, which run in parallel
HealthChecks = Mapping[str, Callable[[], object]]  # each raises when its service does not respond


@dataclass(frozen=True, slots=True)
class Check:
    state: State
    latency_ms: float


class Health:
    """The results of the checks, at most ten seconds old. Callers at the same time share one run:
    anybody may ask, and each run calls every service."""

    def __init__(self, checks: HealthChecks) -> None:
        self._checks = checks
        self._running = threading.Lock()
        self._results: dict[str, Check] = {}
        self._checked_at: float | None = None

    def report(self) -> dict[str, Check]:
        """Raises ServicesDown, with all results, if any check failed or timed out."""
        with self._running:
            if self._checked_at is None or time.monotonic() - self._checked_at > FRESH_SECONDS:
                self._results = _run_all(self._checks)
                self._checked_at = time.monotonic()
            results = self._results
        if any(result.state == "down" for result in results.values()):
            details = {
                name: {"state": result.state, "latencyMs": result.latency_ms}
                for name, result in results.items()
            }
            raise ServicesDown(details={"status": "down", "checks": details}, retry_after=5)
        return results


def _run_all(checks: HealthChecks) -> dict[str, Check]:
    """Runs the checks in parallel. One that takes too long is left behind and counts as down."""
    started = time.perf_counter()
    pool = ThreadPoolExecutor(max_workers=max(1, len(checks)))
    run = in_context(_run)
    runs = {name: pool.submit(run, name, check) for name, check in checks.items()}
    pool.shutdown(wait=False)
    wait(runs.values(), timeout=_TIMEOUT)
    late = Check(state="down", latency_ms=_since(started))
    return {name: run.result() if run.done() else late for name, run in runs.items()}


def _run(name: str, check: Callable[[], object]) -> Check:
    started = time.perf_counter()
    try:
        check()
    except Exception as error:
        log.error("health_check_failed", error, check=name)
        return Check(state="down", latency_ms=_since(started))
    return Check(state="ok", latency_ms=_since(started))


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
