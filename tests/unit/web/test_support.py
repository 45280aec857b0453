"""The support function: health and documentation."""

from __future__ import annotations

import json
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from tests.unit.web.conftest import code_of
from troupe.support import health, service
from troupe.support.endpoints import api
from troupe.support.health import Health
from troupe.web.app import build

Checks = dict[str, Callable[[], object]]


@pytest.fixture
def checked() -> Checks:
    """The health checks; tests fill them in."""
    return {}


@pytest.fixture
def client(checked: Checks) -> FlaskClient:
    return build(
        "support",
        [api],
        SimpleNamespace(
            health=Health(checked), faqs=None, contacts=None, settings=None, media_links=None
        ),
    ).test_client()


@pytest.mark.parametrize("page", ["/api/docs", "/docs", "/api/docs/"])
def test_the_docs_page_loads_only_our_own_files(client: FlaskClient, page: str) -> None:
    answer = client.get(page)
    assert answer.mimetype == "text/html"
    loaded = re.findall(r'(?:href|src)="([^"]+)"', answer.text)
    assert len(loaded) == 3
    for address in loaded:
        assert "//" not in address
        asset = client.get(urljoin(page, address))
        assert (asset.status_code, len(asset.data) > 1000) == (200, True)
        asset.close()
    document = re.search(r'data-document="([^"]+)"', answer.text)
    assert document
    assert urljoin(page, document[1]).endswith("/openapi.json")


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2fplugins.py", "swagger-ui-standalone-preset.js"]
)
def test_no_other_file_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/api/docs/assets/{name}").status_code == 404


def test_the_committed_document_is_served_unchanged(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    committed = tmp_path / "openapi.json"
    committed.write_text(json.dumps({"openapi": "3.1.0"}))
    monkeypatch.setattr(service, "OPENAPI", committed)
    answer = client.get("/api/openapi.json")
    assert (answer.mimetype, answer.text) == ("application/json", committed.read_text())
    again = client.get("/api/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    answer.close()
    again.close()


def test_health_lists_each_service_with_its_latency(client: FlaskClient, checked: Checks) -> None:
    checked["firestore"] = lambda: None
    data = client.get("/api/health").get_json()["data"]
    assert data["status"] == "ok"
    assert data["checks"]["firestore"]["state"] == "ok"
    assert data["checks"]["firestore"]["latencyMs"] >= 0


def test_a_service_that_is_down_is_503_and_named(client: FlaskClient, checked: Checks) -> None:
    def broken() -> None:
        raise ConnectionError

    checked.update(firestore=lambda: None, storage=broken)
    answer = client.get("/api/health")
    assert (answer.status_code, code_of(answer)) == (503, "unavailable")
    checks = answer.get_json()["error"]["details"]["checks"]
    assert (checks["firestore"]["state"], checks["storage"]["state"]) == ("ok", "down")


def test_a_hanging_service_is_down_after_the_timeout(
    client: FlaskClient, checked: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(health, "_TIMEOUT", 0.1)
    checked["storage"] = lambda: release.wait(30)
    try:
        assert client.get("/api/health").status_code == 503
    finally:
        release.set()


def stopped_at(moment: float) -> SimpleNamespace:
    """Stands for the module `time`."""
    return SimpleNamespace(monotonic=lambda: moment, perf_counter=time.perf_counter)


@pytest.mark.parametrize("broken", [False, True])
def test_a_report_is_kept_for_ten_seconds(
    client: FlaskClient, checked: Checks, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    runs: list[int] = []

    def check() -> None:
        runs.append(1)
        if broken:
            raise ConnectionError

    checked["firestore"] = check
    for moment, expected in ((0.0, 1), (5.0, 1), (10.0, 1), (10.1, 2)):
        monkeypatch.setattr(health, "time", stopped_at(moment))
        answer = client.get("/api/health")
        assert (answer.status_code, len(runs)) == (503 if broken else 200, expected)


def test_callers_at_the_same_time_share_one_run(client: FlaskClient, checked: Checks) -> None:
    runs: list[int] = []

    def check() -> None:
        runs.append(1)
        time.sleep(0.3)

    checked["firestore"] = check
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.get("/api/health").status_code, range(20)))
    assert set(answers) == {200}
    assert len(runs) == 1


def test_the_docs_page_runs_its_own_script_alone_and_keeps_no_token(client: FlaskClient) -> None:
    page = client.get("/api/docs")
    script = re.search(r"<script>(.+?)</script>", page.text, re.DOTALL)
    assert script
    assert "persistAuthorization: false" in script[1]
    digest = b64encode(sha256(script[1].encode()).digest()).decode()
    policy = dict(
        part.partition(" ")[::2] for part in page.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert "style=" not in page.text and "onload" not in page.text
