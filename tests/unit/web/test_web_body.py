"""Bad bodies and queries, and their responses."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from werkzeug.test import create_environ

from tests.support.growth import is_linear
from tests.unit.web.conftest import code_of
from troupe.web.body import FORM_LIMIT, JSON_LIMIT, EdgeRequest, first_wrong, read
from troupe.web.schema import Schema

UNREADABLE = {
    "malformed": b'{"displayName": "a"',
    "trailing comma": b'{"speed": 1,}',
    "not utf-8": b'{"displayName": "\xff\xfe"}',
    "utf-16": '{"displayName": "a"}'.encode("utf-16"),
    "encoded surrogate": b'{"displayName": "\xed\xa0\x80"}',
    "lone surrogate": rb'{"displayName": "\ud800"}',
    "swapped surrogates": rb'{"displayName": "\udc00\ud800"}',
    "raw nul": b'{"displayName": "\x00"}',
    "nan": b'{"speed": NaN}',
    "infinity": b'{"speed": Infinity}',
    "minus infinity": b'{"speed": -Infinity}',
    "nested arrays": b"[" * 100_000 + b"]" * 100_000,
    "open arrays": b"[" * 100_000,
    "nested objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "huge number": b'{"speed": ' + b"9" * 100_000 + b"}",
    "two documents": b"{}{}",
    "a word": b"hello",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_invalid_json_body_is_400(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/things", data=body, content_type="application/json")
    assert (answer.status_code, code_of(answer)) == (400, "bad_request")


WRONG = {
    "array": (b"[]", ""),
    "string": (b'"text"', ""),
    "number": (b"1", ""),
    "null": (b"null", ""),
    "escaped nul": (rb'{"displayName": "a\u0000b"}', "displayName"),
    "line break": (rb'{"displayName": "a\nb"}', "displayName"),
    "blank": (b'{"displayName": "   "}', "displayName"),
    "overflow to infinity": (b'{"speed": 1e999}', "speed"),
    "wrong type": (b'{"speed": "fast"}', "speed"),
    "wrong item": (b'{"tags": ["a", 1]}', "tags.1"),
}


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG.keys())
def test_invalid_fields_are_422_and_named(client: FlaskClient, body: bytes, field: str) -> None:
    answer = client.post("/api/things", data=body, content_type="application/json")
    assert (answer.status_code, code_of(answer)) == (422, "invalid_input")
    fields = answer.get_json()["error"]["details"]["fields"]
    assert [wrong["field"] for wrong in fields] == [field]


MESSAGES = {
    "array": (b"[]", "The body must be an object."),
    "line break": (rb'{"displayName": "a\nb"}', "displayName: must be one line of plain text"),
    "blank": (b'{"displayName": "   "}', "displayName: must not be empty"),
    "wrong type": (b'{"speed": "fast"}', "speed: must be a number"),
    "wrong item": (b'{"tags": ["a", 1], "kind": 5}', "tags.1: must be a string"),
}


@pytest.mark.parametrize(("body", "message"), MESSAGES.values(), ids=MESSAGES.keys())
def test_the_message_names_the_first_invalid_field_and_the_reason(
    client: FlaskClient, body: bytes, message: str
) -> None:
    answer = client.post("/api/things", data=body, content_type="application/json")
    assert answer.get_json()["message"] == message


class Moment(Schema):
    at: datetime
    price: Decimal = Field(Decimal(0), decimal_places=2)
    one: Literal["a", "b"] = "a"
    few: list[int] = Field(default_factory=list, max_length=1)
    name: str = Field("x", pattern="^x$", max_length=3)
    key: UUID | None = None

    @model_validator(mode="after")
    def _of_all(self) -> Self:
        if self.price == 7:
            raise PydanticCustomError("unlucky", "choose another price")
        return self


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"at": None}, "at: must be a date, or a date and a time, in ISO 8601"),
        ({"at": "soon"}, "at: must be a date, or a date and a time, in ISO 8601"),
        ({"price": "0.001"}, "price: must have at most 2 decimal places"),
        ({"one": "secret"}, "one: must be 'a' or 'b'"),
        ({"few": [1, 2]}, "few: must have at most 1 item"),
        ({"few": ["1.5"]}, "few.0: must be a whole number"),
        ({"name": "secret"}, "name: must have at most 3 characters"),
        ({"name": "y"}, "name: has the wrong format"),
        ({"key": "secret"}, "key: is invalid"),
        ({"price": 7}, "Choose another price."),
    ],
)
def test_reasons_are_plain_english(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Moment.model_validate({"at": "2030-01-01"} | changes)
    assert first_wrong(wrong.value) == message


def test_a_422_never_repeats_the_input(client: FlaskClient) -> None:
    answer = client.post("/api/things", json={"speed": "hunter2", "displayName": "hunter2\n\0"})
    assert answer.status_code == 422
    assert b"hunter2" not in answer.data


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"],
)
def test_another_content_type_is_415_and_names_the_right_one(
    client: FlaskClient, content_type: str
) -> None:
    answer = client.post("/api/things", data=b"{}", content_type=content_type)
    assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type")
    assert answer.get_json()["error"]["details"] == {"allowed": ["application/json"]}


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"],
)
def test_json_types_are_read(client: FlaskClient, content_type: str) -> None:
    answer = client.post("/api/things", data=b'{"speed": 2}', content_type=content_type)
    assert (answer.status_code, answer.get_json()["data"]["speed"]) == (201, 2.0)


def test_no_body_is_an_empty_object(client: FlaskClient) -> None:
    assert client.post("/api/things").get_json()["data"]["speed"] == 1.0


def test_a_missing_body_names_the_required_field(client: FlaskClient) -> None:
    answer = client.post("/api/needed")
    assert answer.status_code == 422
    assert answer.get_json()["error"]["details"]["fields"][0]["field"] == "text"


def test_both_spellings_are_read_and_responses_are_camel_case(client: FlaskClient) -> None:
    for spelling in ("display_name", "displayName"):
        answer = client.post("/api/things", json={spelling: " Ada ", "unknown": 1})
        assert answer.get_json()["data"] == {
            "displayName": "Ada",
            "speed": 1.0,
            "tags": [],
            "kind": "plain",
        }


def test_a_form_part_without_a_name_is_ignored() -> None:
    class Words(Schema):
        text: str

    parts = ("form-data", "\r\n\r\n1"), ('form-data; name="text"', "\r\n\r\nGood day.")
    lines = "".join(f"--x\r\nContent-Disposition: {head}{value}\r\n" for head, value in parts)
    environ = create_environ(
        method="POST",
        data=f"{lines}--x--\r\n".encode(),
        content_type="multipart/form-data; boundary=x",
    )
    assert read(EdgeRequest(environ), "form", Words, {}) == Words(text="Good day.")


def test_a_body_over_the_limit_is_413(client: FlaskClient) -> None:
    body = b'{"kind": "' + b"a" * JSON_LIMIT + b'"}'
    answer = client.post("/api/things", data=body, content_type="application/json")
    assert (answer.status_code, code_of(answer)) == (413, "payload_too_large")


def test_a_content_length_over_the_platform_limit_is_413(client: FlaskClient) -> None:
    answer = client.post(
        "/api/things",
        data=b"{}",
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(FORM_LIMIT + 1)},
    )
    assert answer.status_code == 413


def test_the_largest_text_fits(client: FlaskClient) -> None:
    body = b'{"text": "' + rb"\ud83d\ude00" * 200_000 + b'"}'
    answer = client.post("/api/needed", data=body, content_type="application/json")
    assert answer.status_code == 200
    assert len(answer.get_json()["data"]["text"]) == 200_000


def test_deep_nesting_is_rejected_in_linear_time(client: FlaskClient) -> None:
    def post(size: int) -> None:
        client.post("/api/things", data=b"[" * size, content_type="application/json")

    assert is_linear(post, JSON_LIMIT)


QUERIES = [
    "page=%00",
    "page=%ff%fe",
    "%",
    "%zz=%zz",
    "page=1&page=2&tag=%00",
    "=",
    "&&&",
    "a" * 5000,
]


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_breaks_the_server(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/things/1?{query}").status_code in (200, 422)


def test_repeated_names_become_a_list_if_the_field_is_one(client: FlaskClient) -> None:
    answer = client.get("/api/things/1?tag=a&tag=b&page=2&page=3")
    assert answer.get_json()["data"]["tags"] == ["a", "b"]
    assert answer.get_json()["meta"]["currentPage"] == 2


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "limit=0", "limit=-1", "page=99999999999999999999"]
)
def test_page_numbers_and_sizes_are_bounded(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/things/1?{query}")
    assert (answer.status_code, code_of(answer)) == (422, "invalid_input")


def test_meta_describes_the_position_of_the_page(client: FlaskClient) -> None:
    answer = client.get("/api/things/1?page=3&limit=20")
    assert answer.get_json()["meta"] == {
        "total": 41,
        "limit": 20,
        "totalPages": 3,
        "currentPage": 3,
    }


@pytest.mark.parametrize("name", ["%00", "a%00b", "..", "a b", "%ff", "a" * 129, "%F0%9F%98%80"])
def test_an_invalid_id_in_the_path_is_not_found(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/api/things/{name}")
    assert (answer.status_code, code_of(answer)) == (404, "not_found")
