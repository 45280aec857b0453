"""The edge: paths, envelopes, policies, CORS, request ids, logs, errors."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.api_core import exceptions

from tests.unit.web.conftest import RAISED, code_of, edge, things
from troupe.adapters.firestore import Stale
from troupe.errors import Unavailable
from troupe.web.app import build
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Schema


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("path", ["/api/things", "/things", "/api/things/", "/api/make-thing"])
def test_a_route_is_found_under_hosting_and_under_the_direct_url(
    client: FlaskClient, path: str
) -> None:
    assert client.post(path).status_code == 201


def test_a_path_without_the_functions_name_is_found() -> None:
    api = Api("voice", "Voice")

    @api.get("/api/voice/languages", auth=Auth.PUBLIC)
    def languages() -> Reply:
        return Reply()

    client = build("voice", [api], object()).test_client()
    for path in ("/languages", "/voice/languages", "/api/voice/languages"):
        assert client.get(path).status_code == 200
    for path in ("/", "/voice", "/api/languages", "/api/voice/voice/languages", "//languages"):
        assert client.get(path).status_code == 404


def test_a_success_has_the_envelope(client: FlaskClient) -> None:
    answer = client.post("/api/things", json={"displayName": "Ada"})
    assert answer.headers["Location"] == "/api/things/1"
    assert answer.get_json() == {
        "success": True,
        "statusCode": 201,
        "message": "Made",
        "data": {"displayName": "Ada", "speed": 1.0, "tags": [], "kind": "plain"},
    }


def test_a_plain_response_is_unchanged(client: FlaskClient) -> None:
    answer = client.get("/api/bytes")
    assert (answer.data, answer.mimetype) == (b"abc", "audio/mpeg")


def test_an_unknown_path_is_404_in_the_envelope(client: FlaskClient) -> None:
    for path in ("/__/health", "/api", "/api/nothing", "/api/things/1/2", "/%00", "/%ff"):
        assert code_of(client.get(path)) == "not_found"


def test_another_method_is_405_and_lists_the_allowed_ones(client: FlaskClient) -> None:
    for path in ("/api/things", "/things"):
        answer = client.delete(path)
        assert (answer.status_code, code_of(answer)) == (405, "method_not_allowed")
        assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_a_troupe_error_keeps_status_code_and_details(client: FlaskClient) -> None:
    answer = client.get("/api/raise/poor")
    assert (answer.status_code, code_of(answer)) == (402, "not_enough_tokens")
    assert answer.get_json()["error"]["details"] == {"needed": 3, "available": 1}


@pytest.mark.parametrize("error", [Unavailable(retry_after=2), Stale()])
def test_an_outage_is_503_with_retry_after_and_a_warning(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    monkeypatch.setitem(RAISED, "outage", error)
    answer = client.get("/api/raise/outage")
    assert (answer.status_code, code_of(answer)) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    told = [line for line in logged(capsys) if line["message"] == "service_unavailable"]
    assert [(line["severity"], line["kind"]) for line in told] == [
        ("WARNING", type(error).__name__)
    ]


def test_a_permanent_failure_of_a_service_is_500(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RAISED, "denied", exceptions.PermissionDenied("x"))
    assert code_of(client.get("/api/raise/denied")) == "internal_error"


def test_a_bug_is_500_and_logs_one_error_with_the_stack_trace(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.get("/api/raise/bug", headers={"X-Request-Id": "abc"})
    assert (answer.status_code, code_of(answer)) == (500, "internal_error")
    assert b"private" not in answer.data
    errors = [line for line in logged(capsys) if line["severity"] == "ERROR"]
    assert [line["message"] for line in errors] == ["unexpected_error"]
    assert "ZeroDivisionError" in errors[0]["stack_trace"]
    assert errors[0]["requestId"] == "abc"


def test_an_invalid_record_is_500_not_422(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stored(Schema):
        n: int

    with pytest.raises(ValueError) as broken:
        Stored.model_validate({"n": "x"})
    monkeypatch.setitem(RAISED, "record", broken.value)
    assert client.get("/api/raise/record").status_code == 500


def test_policies_are_checked_before_the_body_is_validated(client: FlaskClient) -> None:
    assert client.post("/api/admin", json={}).status_code == 401
    assert client.post("/api/admin", json={}, headers=bearer("ada")).status_code == 403
    assert client.post("/api/admin", json={}, headers=bearer("admin")).status_code == 422


def test_a_private_route_requires_a_bearer_token(client: FlaskClient) -> None:
    answer = client.get("/api/mine")
    assert (answer.status_code, code_of(answer)) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.get("/api/mine", headers=bearer("ada")).get_json()["data"] == {"uid": "ada"}


def test_self_is_the_user_named_in_the_path_or_an_admin(client: FlaskClient) -> None:
    assert client.get("/api/users/ada", headers=bearer("ada")).status_code == 200
    assert client.get("/api/users/ada", headers=bearer("admin")).status_code == 200
    assert client.get("/api/users/ada", headers=bearer("eve")).status_code == 403


def test_an_optional_bearer_may_be_absent_but_not_invalid(
    client: FlaskClient,
) -> None:
    assert client.get("/api/greeting").get_json()["data"] == {"uid": None}
    known = client.get("/api/greeting", headers=bearer("ada"))
    assert known.get_json()["data"] == {"uid": "ada"}
    assert code_of(client.get("/api/greeting", headers=bearer("expired"))) == "token_expired"
    for header in ("", "Basic YTpi"):
        answer = client.get("/api/greeting", headers={"Authorization": header})
        assert (answer.status_code, code_of(answer)) == (401, "unauthorized")


def test_every_route_and_alias_has_a_policy() -> None:
    api = things()
    assert api.policies["POST", "/api/make-thing"] is Auth.PUBLIC
    assert api.policies["GET", "/api/mine"] is Auth.USER
    assert len(api.policies) == len(api.routes)


def test_a_handler_with_an_unknown_parameter_is_rejected_at_startup() -> None:
    api = Api("x", "X")

    @api.post("/api/x")
    def handler(payload: Schema) -> Reply:
        return Reply()

    with pytest.raises(TypeError, match="payload"):
        edge(api)


@pytest.mark.parametrize("sent", ["abc", "A-b.c_1", "x" * 64])
def test_a_valid_request_id_is_kept(client: FlaskClient, sent: str) -> None:
    answer = client.get("/api/bytes", headers={"X-Request-Id": sent})
    assert answer.headers["X-Request-Id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "<script>", "a;b", "é"])
def test_any_other_request_id_is_replaced(client: FlaskClient, sent: str) -> None:
    answer = client.get("/api/nothing", headers={"X-Request-Id": sent})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_one_line_is_logged_without_path_values(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/api/users/secret-id?tag=secret", headers=bearer("admin"))
    (line,) = logged(capsys)
    assert line.pop("ms") >= 0
    assert re.fullmatch(r"[0-9a-f]{32}", line.pop("requestId"))
    assert line == {
        "severity": "INFO",
        "message": "request",
        "route": "/api/users/<userId>",
        "method": "GET",
        "status": 200,
        "uid": "admin",
    }


def test_every_line_of_a_request_carries_its_id_and_trace(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"X-Request-Id": "mine", "X-Cloud-Trace-Context": f"{trace}/1;o=1"}
    client.get("/api/raise/bug", headers=headers)
    told = logged(capsys)
    assert [line["message"] for line in told] == ["unexpected_error", "request"]
    assert {line["requestId"] for line in told} == {"mine"}
    assert {line["logging.googleapis.com/trace"] for line in told} == {
        f"projects/demo-troupe/traces/{trace}"
    }


def test_an_unmatched_request_is_logged_without_its_path(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.open("/api/secret", method="SECRET")
    assert "secret" not in capsys.readouterr().out.lower()


def test_preflight_names_methods_and_headers(client: FlaskClient) -> None:
    answer = client.options(
        "/things",
        headers={
            "Origin": "https://app.example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,idempotency-key,prefer",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = set(answer.headers["Access-Control-Allow-Headers"].lower().split(", "))
    assert allowed == {"authorization", "content-type", "idempotency-key", "prefer"}


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/mine", "/api/raise/bug", "/api/things/1?page=0"]
)
def test_failures_have_cors_headers_too(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Origin": "https://app.example.com"})
    assert answer.status_code >= 400
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://app.example.com")
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]


def test_only_configured_origins_are_allowed() -> None:
    origins = "https://a.example.com, https://b.example.com"
    client = edge(things(), CORS_ORIGINS=origins).test_client()
    for origin, allowed in {
        "https://a.example.com": "https://a.example.com",
        "https://b.example.com": "https://b.example.com",
        "https://axexample.com": None,
        "https://a.example.com.evil.com": None,
        "null": None,
    }.items():
        answer = client.get("/api/bytes", headers={"Origin": origin})
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
