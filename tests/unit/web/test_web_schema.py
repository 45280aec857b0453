"""The reusable field types."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from troupe.web.schema import Email, Headers, Line, Password, Text, Username

GOOD = [
    (Line, "  Ada Lovelace ", "Ada Lovelace"),
    (Line, "日本語", "日本語"),
    (Text, "a\n\tb\r\n", "a\n\tb"),
    (Email, " Ada@Example.COM ", "ada@example.com"),
    (Username, "ada.l_1", "ada.l_1"),
    (Password, "abc123", "abc123"),
    (Password, "žluťoučký1", "žluťoučký1"),
]
BAD = [
    (Line, "", "   ", "a\nb", "a\x00b", "a\x7fb", "a\u2028b", "\x1b[31m", "a" * 201),
    (Text, "", " \n ", "a\x00b", "a\x08b"),
    (
        Email,
        "",
        "ada",
        "ada@",
        "@x.y",
        "ada@x",
        "a b@x.y",
        "a@b@c.d",
        "a@x.y\nb",
        "a" * 251 + "@x.y",
    ),
    (Username, "ab", "a" * 31, "a b", "a-b", "é" * 5, "abc\n", "abc\x00"),
    (Password, "", "ab1", "abcdef", "123456", "a1" * 65, "abc12\x00", "abc12\n"),
]


@pytest.mark.parametrize(("kind", "given", "read"), GOOD)
def test_good_values_are_accepted(kind: Any, given: str, read: str) -> None:
    assert TypeAdapter(kind).validate_python(given) == read


@pytest.mark.parametrize(
    ("kind", "given"), [(kind, given) for kind, *values in BAD for given in values]
)
def test_bad_values_are_rejected(kind: Any, given: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(given)


def test_headers_are_named_as_in_http() -> None:
    class Sent(Headers):
        idempotency_key: str | None = None

    assert Sent.model_validate({"Idempotency-Key": "k"}).idempotency_key == "k"
    assert "Idempotency-Key" in Sent.model_json_schema()["properties"]
