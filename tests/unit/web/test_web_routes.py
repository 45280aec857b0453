"""Routes with raw bodies, event streams and PATCH."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Response
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from werkzeug.test import TestResponse

from tests.unit.web.conftest import ThingBody, ThingPath, code_of, edge
from troupe.app.openapi import document
from troupe.errors import BadRequest, NotFound
from troupe.web.body import RAW_LIMIT
from troupe.web.caller import Auth
from troupe.web.events import EVENT_STREAM, Event
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Headers, Schema

SECRET = b"whsec"


class Tick(Schema):
    so_far: int
    text: str = ""


class SignedHeaders(Headers):
    signature: str | None = None


class ResumeHeaders(Headers):
    last_event_id: str | None = None


def small() -> Api:
    api = Api("small", "Small things")

    @api.patch("/api/things/<thingId>", auth=Auth.PUBLIC)
    def change_thing(path: ThingPath, body: ThingBody) -> Reply:
        """Changes the fields that are sent."""
        return Reply(body.model_dump(exclude_unset=True))

    @api.post("/api/hooks", auth=Auth.PUBLIC, errors=(BadRequest,))
    def receive_hook(header: SignedHeaders, raw: bytes) -> Reply:
        """Takes a signed message."""
        expected = hmac.new(SECRET, raw, hashlib.sha256).hexdigest()
        if header.signature != expected:
            raise BadRequest("The signature is wrong.")
        return Reply({"bytes": len(raw)})

    @api.get("/api/ticks/<thingId>", auth=Auth.PUBLIC, produces=EVENT_STREAM, data=Tick)
    def watch_ticks(path: ThingPath, header: ResumeHeaders) -> Iterator[Event]:
        """Counts. It resumes after the client's last event."""
        if path.thing_id == "none":
            raise NotFound
        first = int(header.last_event_id or -1) + 1
        for number in range(first, 3):
            yield Event(Tick(so_far=number, text="a\nb"), id=str(number), name="tick")

    @api.get("/api/page", auth=Auth.PUBLIC, produces=("text/html", "image/png"))
    def get_page() -> Response:
        """A page."""
        return Response("<p>", mimetype="text/html")

    return api


@pytest.fixture
def client() -> FlaskClient:
    return edge(small()).test_client()


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return document([small()])


def test_a_patch_is_served(client: FlaskClient) -> None:
    answer = client.patch("/api/things/1", json={"speed": 2})
    assert answer.get_json()["data"] == {"speed": 2.0}
    asked = {"Origin": "https://a.example.com", "Access-Control-Request-Method": "PATCH"}
    allowed = client.options("/api/things/1", headers=asked)
    assert "PATCH" in allowed.headers["Access-Control-Allow-Methods"]


def signed(client: FlaskClient, sent: bytes, **options: Any) -> TestResponse:
    signature = hmac.new(SECRET, sent, hashlib.sha256).hexdigest()
    return client.post("/api/hooks", data=sent, headers={"Signature": signature}, **options)


@pytest.mark.parametrize("sent", [b'{"a":  1}', b"\xff\x00not json", b"", b"a=1&b=%ff"])
@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", None]
)
def test_a_raw_body_is_passed_unchanged(
    client: FlaskClient, sent: bytes, content_type: str | None
) -> None:
    answer = signed(client, sent, content_type=content_type)
    assert answer.get_json()["data"] == {"bytes": len(sent)}
    assert code_of(client.post("/api/hooks", data=sent + b" ")) == "bad_request"


def test_a_raw_body_has_a_limit(client: FlaskClient) -> None:
    assert signed(client, b"x" * RAW_LIMIT).status_code == 200
    assert code_of(signed(client, b"x" * (RAW_LIMIT + 1))) == "payload_too_large"


def test_events_are_streamed(client: FlaskClient) -> None:
    answer = client.get("/api/ticks/1", headers={"Last-Event-ID": "0"})
    assert (answer.status_code, answer.mimetype) == (200, EVENT_STREAM)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_data() == (
        b'id: 1\nevent: tick\ndata: {"soFar":1,"text":"a\\nb"}\n\n'
        b'id: 2\nevent: tick\ndata: {"soFar":2,"text":"a\\nb"}\n\n'
    )


def test_a_stream_comes_event_by_event(client: FlaskClient) -> None:
    answer = client.get("/api/ticks/1", buffered=False)
    assert next(iter(answer.iter_encoded())).startswith(b"id: 0\n")
    answer.close()


def test_a_client_has_few_streams_at_once(client: FlaskClient) -> None:
    with client.get("/api/ticks/1", buffered=False):
        for _ in range(2):  # the place of a closed stream is free again
            with client.get("/api/ticks/1", buffered=False) as second:
                third = client.get("/api/ticks/1")
            assert (second.status_code, third.status_code) == (200, 503)
            assert third.headers["Retry-After"] == "5"
    for _ in range(5):  # neither an error nor an empty stream keeps a place
        assert code_of(client.get("/api/ticks/none")) == "not_found"
        assert client.get("/api/ticks/1", headers={"Last-Event-ID": "2"}).get_data() == b""
    assert client.get("/api/ticks/1", buffered=True).status_code == 200


def test_a_stream_may_have_no_events(client: FlaskClient) -> None:
    answer = client.get("/api/ticks/1", headers={"Last-Event-ID": "2"})
    assert (answer.status_code, answer.get_data()) == (200, b"")


def test_an_error_before_the_first_event_is_an_ordinary_error(client: FlaskClient) -> None:
    assert code_of(client.get("/api/ticks/none")) == "not_found"


def test_an_event_cannot_be_forged_by_its_id() -> None:
    with pytest.raises(ValueError, match="one line"):
        Event(Tick(so_far=1), id="1\ndata: {}")


def test_a_raw_body_is_bytes() -> None:
    def handler(raw: str) -> Reply:
        return Reply()

    with pytest.raises(TypeError, match="raw"):
        Api("x", "X").post("/api/x")(handler)


def test_raw_bodies_and_streams_are_documented(spec: dict[str, Any]) -> None:
    validate(spec, cls=OpenAPIV31SpecValidator)
    paths = spec["paths"]
    assert paths["/api/things/{thingId}"]["patch"]["requestBody"]["required"] is False
    hook = paths["/api/hooks"]["post"]
    assert hook["requestBody"]["required"] is True
    (kind,) = hook["requestBody"]["content"]
    assert kind == "application/octet-stream"
    assert {"400", "413"} <= hook["responses"].keys()
    assert "415" not in hook["responses"]
    stream = paths["/api/ticks/{thingId}"]["get"]["responses"]["200"]["content"]
    assert stream[EVENT_STREAM]["schema"] == {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": "#/components/schemas/Tick"},
    }
    assert spec["components"]["schemas"]["Tick"]["properties"].keys() == {"soFar", "text"}
    page = paths["/api/page"]["get"]["responses"]["200"]["content"]
    assert page["text/html"]["schema"] == {"type": "string"}
    assert page["image/png"]["schema"] == {"type": "string", "format": "binary"}
