"""The contact form, FAQs and health over HTTP."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.wiring import app_for, services
from troupe.adapters.firestore import Database
from troupe.settings import settings

SUBMIT = "/api/contact/submit"


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("support").test_client()


def body(**changes: Any) -> dict[str, Any]:
    subject = secrets.token_hex(8)
    message = {"name": "Ada", "email": f"{subject.upper()}@Example.com", "subject": subject}
    return message | {"message": "Two lines,\nno more."} | changes


def test_a_message_arrives(client: FlaskClient, db: Database) -> None:
    sent = body()
    answer = client.post(SUBMIT, json=sent)
    assert (answer.status_code, answer.json["data"]) == (201, {})
    (found,) = db.find("contacts", where=[("subject", "==", sent["subject"])], limit=2)
    assert found.data["email"] == f"{sent['subject']}@example.com"
    assert (found.data["message"], found.data["status"]) == (sent["message"], "new")


def test_a_message_with_the_hidden_field_is_dropped_silently(
    client: FlaskClient, db: Database
) -> None:
    honest, program = body(), body(website="https://spam.example")
    answers = [client.post(SUBMIT, json=sent) for sent in (honest, program)]
    assert answers[0].json == answers[1].json
    assert answers[0].status_code == answers[1].status_code
    assert db.find("contacts", where=[("subject", "==", program["subject"])], limit=1) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x" * 10_000},
        {"name": ""},
        {"name": "a\r\nBcc: b@c.example"},
        {"email": "nobody"},
        {"email": None},
        {"subject": "x" * 201},
        {"message": "x" * 5001},
        {"message": " "},
        {"message": "a\x00b"},
        {"message": 7},
    ],
)
def test_bad_messages_are_rejected(client: FlaskClient, wrong: dict[str, Any]) -> None:
    assert client.post(SUBMIT, json=body(**wrong)).status_code == 422


def test_faqs_are_public_and_can_be_filtered_by_category(client: FlaskClient) -> None:
    faq = services().faqs.create({"category": "Technical", "question": "How?", "answer": "So."})
    answer = client.get("/api/faq?category=Technical")
    assert answer.status_code == 200
    shown = {each["id"]: each for each in answer.json["data"]["faqs"]}
    assert shown[faq.id]["answer"] == "So."
    assert {each["category"] for each in shown.values()} == {"Technical"}
    others = client.get("/api/faq?category=Billing").json["data"]["faqs"]
    assert faq.id not in {each["id"] for each in others}


@pytest.mark.parametrize("query", ["category=Gossip", "page=0", "limit=1e9", "limit=0", "cursor=x"])
def test_bad_list_queries_are_rejected(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/faq?{query}").status_code == 422


def test_the_demo_adds_up_at_current_prices(client: FlaskClient) -> None:
    demo = client.get("/api/demo/token-usage").json["data"]["demo"]
    spent = [use["tokens"] for use in demo["usage"]]
    assert spent == [1, 3, 7, 1]
    assert demo["usedTokens"] == sum(spent) == demo["totalTokens"] - demo["remainingTokens"]
    assert demo["usage"][-1]["remainingTokens"] == demo["remainingTokens"]
    assert demo["usagePercentage"] == 60.0


class TestHealth:
    @pytest.fixture(autouse=True)
    def _fresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Results are not kept for the next test."""
        monkeypatch.setattr("troupe.support.health.FRESH_SECONDS", -1.0)

    @pytest.fixture
    def tasks(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
        """A listening socket in place of the Tasks emulator."""
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
            monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", address)
            yield server

    @pytest.fixture
    def engine(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
        settings.cache_clear()
        yield monkeypatch
        settings.cache_clear()

    def test_all_services_respond(self, client: FlaskClient, tasks: object) -> None:
        answer = client.get("/api/health")
        assert answer.status_code == 200
        checks = answer.json["data"]["checks"]
        names = {"firestore", "storage", "queue", "engine", "transcriber", "translator"}
        assert set(checks) == names
        assert {check["state"] for check in checks.values()} == {"ok"}
        assert all(check["latencyMs"] >= 0 for check in checks.values())

    def test_an_unreachable_queue_is_down(self, client: FlaskClient, tasks: socket.socket) -> None:
        tasks.close()
        answer = client.get("/api/health")
        assert answer.status_code == 503
        checks = answer.json["error"]["details"]["checks"]
        down = {name for name, check in checks.items() if check["state"] == "down"}
        assert down == {"queue"}

    def test_a_remote_engine_is_checked(
        self, client: FlaskClient, tasks: socket.socket, engine: pytest.MonkeyPatch
    ) -> None:
        engine.setenv("SPEECH_ENGINES", "openai")
        with socket.create_server(("127.0.0.1", 0)) as server:
            engine.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}/v1")
            assert client.get("/api/health").status_code == 200
        answer = client.get("/api/health")
        assert answer.status_code == 503
        assert answer.json["error"]["details"]["checks"]["engine"]["state"] == "down"

    def test_a_translator_is_checked(
        self, client: FlaskClient, tasks: object, engine: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        engine.setenv("TRANSCRIBER", "off")  # it would lack its model too
        engine.setattr("troupe.adapters.models.files.DEPLOYED", tmp_path)
        checks = client.get("/api/health").json["error"]["details"]["checks"]
        assert checks["translator"]["state"] == "down"
        engine.setenv("TRANSLATOR", "libretranslate")
        with socket.create_server(("127.0.0.1", 0)) as server:
            engine.setenv("LIBRETRANSLATE_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
            settings.cache_clear()
            assert client.get("/api/health").status_code == 200
        settings.cache_clear()
        engine.setenv("TRANSLATOR", "off")
        assert "translator" not in client.get("/api/health").json["data"]["checks"]

    def test_an_embedded_engine_must_be_installed(
        self, client: FlaskClient, tasks: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from troupe.adapters import probe

        monkeypatch.setattr(probe, "find_spec", lambda name: None)
        checks = client.get("/api/health").json["error"]["details"]["checks"]
        assert checks["engine"]["state"] == "down"

    def test_the_model_of_the_transcriber_must_be_there(
        self, client: FlaskClient, tasks: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("troupe.adapters.models.files.DEPLOYED", tmp_path)
        checks = client.get("/api/health").json["error"]["details"]["checks"]
        down = {name for name, each in checks.items() if each["state"] == "down"}
        assert down == {"transcriber", "translator"}

    def test_a_remote_transcriber_is_checked_and_none_is_not(
        self, client: FlaskClient, tasks: object, engine: pytest.MonkeyPatch
    ) -> None:
        engine.setenv("TRANSCRIBER", "google")
        with socket.create_server(("127.0.0.1", 0)) as server:
            engine.setenv("GOOGLE_STT_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
            assert client.get("/api/health").status_code == 200
        checks = client.get("/api/health").json["error"]["details"]["checks"]
        assert checks["transcriber"]["state"] == "down"
        settings.cache_clear()
        engine.setenv("TRANSCRIBER", "off")
        assert "transcriber" not in client.get("/api/health").json["data"]["checks"]
