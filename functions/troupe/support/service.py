"""Health, and where the API's documentation lies."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from troupe.errors import Unavailable
from troupe.logs import log
from troupe.support.schemas import Check, HealthData

_PATIENCE = 5.0  # seconds that a check may take
OPENAPI = Path(__file__).parents[2] / "openapi.json"


def health(checks: Mapping[str, Callable[[], object]]) -> HealthData:
    """Runs each check; one that raises is down. Raises Unavailable with all results if any is."""
    results = _run_all(checks)
    if any(result.status == "down" for result in results.values()):
        told = HealthData(status="down", checks=results)
        raise Unavailable(details=told.model_dump(by_alias=True), retry_after=5)
    return HealthData(status="ok", checks=results)


@cache
def asset(name: str) -> Path:
    """A file of Swagger UI, out of the wheel that ships it; the wheel itself is not imported."""
    spec = find_spec("flask_openapi_swagger")
    if spec is None or spec.origin is None:
        raise RuntimeError("flask-openapi-swagger is not installed")
    kind = {".css": "css", ".js": "js", ".svg": "images"}[Path(name).suffix]
    return Path(spec.origin).parent / "templates" / "swagger" / kind / name


def _run_all(checks: Mapping[str, Callable[[], object]]) -> dict[str, Check]:
    """All at once, so that the slowest decides how long it takes, and that is bounded: the SDKs
    below retry for two minutes where there is no network."""
    started = time.perf_counter()
    pool = ThreadPoolExecutor(max_workers=max(1, len(checks)))
    runs = {name: pool.submit(_run, name, check) for name, check in checks.items()}
    pool.shutdown(wait=False)
    wait(runs.values(), timeout=_PATIENCE)
    late = Check(status="down", latency_ms=_since(started))
    return {name: run.result() if run.done() else late for name, run in runs.items()}


def _run(name: str, check: Callable[[], object]) -> Check:
    started = time.perf_counter()
    try:
        check()
    except Exception as error:
        log.error("health_check_failed", error, check=name)
        return Check(status="down", latency_ms=_since(started))
    return Check(status="ok", latency_ms=_since(started))


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
