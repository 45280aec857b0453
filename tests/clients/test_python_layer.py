"""What the Python client does beside calling operations: sessions, retries, jobs and files, against
a local server that answers as a test wants."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from werkzeug import Request, Response
from werkzeug.serving import make_server

from tools.clients import PYTHON, generate_python

Answer = Callable[[Request], Response]


@pytest.fixture(scope="module")
def package() -> Iterator[ModuleType]:
    generate_python()
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(PYTHON / "src"))
    yield importlib.import_module("troupe_client")
    patch.undo()


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    @Request.application
    def app(request: Request) -> Response:
        request.get_data()
        return answer(request)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ok(**data: Any) -> Response:
    return Response(json.dumps({"success": True, "data": data}), mimetype="application/json")


def refused(status: int, code: str, **headers: str) -> Response:
    body = {"success": False, "statusCode": status, "message": "No.", "error": {"code": code}}
    return Response(json.dumps(body), status, headers, mimetype="application/json")


@contextmanager
def retrying(package: ModuleType, answer: Answer, waits: list[float]) -> Iterator[httpx.Client]:
    session = importlib.import_module("troupe_client.session")
    transport = session.Retrying(httpx.HTTPTransport(), sleep=waits.append)
    with serving(answer) as url, httpx.Client(base_url=url, transport=transport) as http:
        yield http


@pytest.mark.parametrize(
    ("method", "headers", "status", "sent"),
    [
        ("GET", {}, 503, 3),
        ("DELETE", {}, 502, 3),
        ("POST", {}, 503, 1),
        ("POST", {"Idempotency-Key": "a"}, 503, 3),
        ("POST", {}, 429, 3),
        ("GET", {}, 500, 1),
        ("POST", {"Idempotency-Key": "a"}, 402, 1),
    ],
)
def test_only_what_is_safe_is_repeated(
    package: ModuleType, method: str, headers: dict[str, str], status: int, sent: int
) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.get_data(as_text=True))
        return ok() if len(asked) == 3 else refused(status, "busy")

    with retrying(package, answer, []) as http:
        final = http.request(method, "/api/x", headers=headers, content=b"the body")
    assert final.status_code == (200 if sent == 3 else status)
    assert asked == ["the body"] * sent


def test_the_server_says_how_long_to_wait(package: ModuleType) -> None:
    waits: list[float] = []
    answers = [refused(429, "too_many_requests", **{"Retry-After": "7"}), ok()]
    with retrying(package, lambda request: answers.pop(0), waits) as http:
        assert http.get("/").status_code == 200
    assert waits == [7.0]
    answers = [refused(429, "too_many_requests", **{"Retry-After": "3600"})]
    with retrying(package, lambda request: answers.pop(0), waits) as http:
        assert http.get("/").status_code == 429
    assert waits == [7.0]


def test_it_gives_up(package: ModuleType) -> None:
    waits: list[float] = []
    with retrying(package, lambda request: refused(503, "unavailable"), waits) as http:
        assert http.get("/").status_code == 503
        assert len(waits) == 4
        assert waits[-1] > waits[0]
        with pytest.raises(httpx.ConnectError):
            http.post("http://127.0.0.1:9/")
    assert len(waits) == 8


def test_a_session_is_renewed_once_for_several_threads(package: ModuleType) -> None:
    stored: list[Any] = []
    renewals: list[str] = []
    together = threading.Barrier(4)

    def answer(request: Request) -> Response:
        if request.path == "/api/auth/refresh":
            renewals.append(json.loads(request.get_data())["refreshToken"])
            return ok(accessToken="new", refreshToken="next")
        if request.headers["Authorization"] == "Bearer old":
            together.wait(10)  # all four have been refused before one renews
            return refused(401, "token_expired")
        assert request.headers["Authorization"] == "Bearer new"
        return ok()

    session = package.Session("old", "first")
    with (
        serving(answer) as url,
        package.Troupe(url, session=session, on_session=stored.append) as troupe,
    ):
        statuses: list[int] = []

        def ask() -> None:
            statuses.append(troupe.http.get("/api/auth/me").status_code)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 4
    assert renewals == ["first"]
    assert stored == [troupe.session] == [package.Session("new", "next")]


@pytest.mark.parametrize("code", ["account_suspended", "token_expired"])
def test_what_no_renewal_mends_is_an_error(package: ModuleType, code: str) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.path)
        return refused(401, code)

    me = importlib.import_module("troupe_client.generated.api.auth.get_me")
    with (
        serving(answer) as url,
        package.Troupe(url, session=package.Session("a", "b")) as troupe,
        pytest.raises(package.ApiError) as error,
    ):
        troupe.call(me)
    assert (error.value.status, error.value.code) == (401, code)
    assert asked.count("/api/auth/refresh") == (code == "token_expired")


def test_credentials_are_not_sent_where_a_redirect_leads(
    package: ModuleType, tmp_path: Path
) -> None:
    seen: list[str | None] = []

    def elsewhere(request: Request) -> Response:
        seen.append(request.headers.get("Authorization"))
        return Response(b"sound")

    with serving(elsewhere) as other:
        there = {"Location": other.replace("127.0.0.1", "localhost")}
        redirect = Response(status=302, headers=there)
        with serving(lambda request: redirect) as url, package.Troupe(url, key="trp_x") as troupe:
            assert troupe.download("/api/x", tmp_path / "a.mp3").read_bytes() == b"sound"
    assert seen == [None]


def test_a_broken_download_leaves_nothing(package: ModuleType, tmp_path: Path) -> None:
    cut = Response(iter([b"half"]), headers={"Content-Length": "100"})
    (tmp_path / "a.mp3").write_bytes(b"before")
    with (
        serving(lambda request: cut) as url,
        package.Troupe(url, key="trp_x", attempts=1) as troupe,
        pytest.raises(httpx.TransportError),
    ):
        troupe.download("/api/x", tmp_path / "a.mp3")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp3"]
    assert (tmp_path / "a.mp3").read_bytes() == b"before"


def test_a_proxy_that_answers_is_an_error_too(package: ModuleType, tmp_path: Path) -> None:
    with (
        serving(lambda request: Response("<html>", 404)) as url,
        package.Troupe(url, key="trp_x") as troupe,
        pytest.raises(package.ApiError, match="The server answered 404"),
    ):
        troupe.download("/api/x", tmp_path / "a.mp3")


def test_somebody_has_to_be_named(package: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TROUPE_API_KEY", raising=False)
    with pytest.raises(ValueError, match="a key or a session"):
        package.Troupe("http://127.0.0.1:9")
