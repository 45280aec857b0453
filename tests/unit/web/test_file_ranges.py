"""Conditional requests and ranges of a file, by RFC 9110."""

from __future__ import annotations

import io
from contextlib import nullcontext
from typing import Any, cast

import pytest
from flask import Flask, Response

from troupe.web.errors import PreconditionFailed
from troupe.web.files import file_response, text_response

DATA = bytes(range(100))
ANOTHER = '"another"'


class OneFile:
    """As much of the file store as an answer needs."""

    can_sign = False

    def open(self, path: str, size: int) -> io.BytesIO:
        return io.BytesIO(DATA)

    def reading(self, path: str) -> nullcontext[None]:
        return nullcontext()


def ask(method: str = "GET", **headers: str) -> Any:
    app = Flask("files")
    app.register_error_handler(PreconditionFailed, lambda error: (error.message, error.status))

    @app.route("/file")
    def file() -> Response:
        files = cast(Any, OneFile())
        return file_response(
            files, "a/b.mp3", size=100, content_type="audio/mpeg", filename="b.mp3"
        )

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().open("/file", method=method, headers=named)


# What is asked for, the first and the last byte of the answer (None: the whole file, with 200).
RANGES: list[tuple[str, tuple[int, int] | None]] = [
    ("bytes=0-9", (0, 9)),
    ("bytes=0-0", (0, 0)),
    ("bytes=99-99", (99, 99)),
    ("bytes=90-", (90, 99)),
    ("bytes=90-99999999999999999999", (90, 99)),
    ("bytes=0-", (0, 99)),
    ("bytes=-7", (93, 99)),
    ("bytes=-100", (0, 99)),
    ("bytes=-101", (0, 99)),
    ("bytes=-99999999999999999999", (0, 99)),
    ("Bytes = 5-6", (5, 6)),
    ("bytes=0-9,20-29", None),
    ("bytes=0-9,-5", None),
    ("bytes=20-29,0-9", None),
    ("bytes=0-,0-,0-", None),
    ("bytes=" + ",".join(f"{at}-{at}" for at in range(0, 100, 2)), None),
    ("bytes=9-5", None),
    ("bytes=a-b", None),
    ("bytes=--5", None),
    ("bytes=5", None),
    ("bytes=", None),
    ("bytes", None),
    ("=", None),
    ("bytes=0x1-5", None),
    ("bytes=1_0-20", None),
    ("bytes=\u0663-\u0665".encode().decode("latin-1"), None),
    ("lines=1-2", None),
    ("", None),
]


@pytest.mark.parametrize(("asked", "bounds"), RANGES)
def test_ranges(asked: str, bounds: tuple[int, int] | None) -> None:
    answer = ask(Range=asked)
    first, last = bounds or (0, 99)
    assert answer.status_code == (206 if bounds else 200)
    assert answer.data == DATA[first : last + 1]
    assert answer.headers["Content-Length"] == str(last + 1 - first)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers.get("Content-Range") == (f"bytes {first}-{last}/100" if bounds else None)


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=100-200", "bytes=99999999999999999999-"])
def test_a_range_outside_the_file(asked: str) -> None:
    answer = ask(Range=asked)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */100"


def test_conditions_come_before_ranges() -> None:
    tag = ask().headers["ETag"]
    part = {"Range": "bytes=0-9"}
    rows: list[tuple[dict[str, str], int]] = [
        ({"If-Range": tag}, 206),
        ({"If-Range": ANOTHER}, 200),
        ({"If-Range": f"W/{tag}"}, 200),  # a weak tag never matches
        ({"If-Range": "Tue, 01 Jan 2030 00:00:00 GMT"}, 200),  # files have no date
        ({"If-Range": ANOTHER, "Range": "bytes=500-"}, 200),
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": f"W/{tag}"}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": ANOTHER}, 206),
        ({"If-None-Match": tag, "Range": "bytes=500-"}, 304),
        ({"If-Match": tag}, 206),
        ({"If-Match": ANOTHER}, 412),
        ({"If-Match": ANOTHER, "Range": "bytes=500-"}, 412),
    ]
    assert DATA not in ask(If_Match=ANOTHER).data
    found = [(headers, ask(**(part | headers)).status_code) for headers, _ in rows]
    assert found == rows


def test_head_has_the_headers_of_the_whole_file() -> None:
    for asked in ("bytes=0-9", "bytes=500-", "bytes=-500"):
        answer = ask("HEAD", Range=asked)
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["Content-Length"] == "100"
        assert answer.headers["ETag"] == ask().headers["ETag"]
        assert "Content-Range" not in answer.headers


def test_texts_are_sent_whole() -> None:
    app = Flask("texts")
    app.add_url_rule(
        "/", view_func=lambda: text_response("WEBVTT", content_type="text/vtt", filename="a.vtt")
    )
    answer = app.test_client().get("/", headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.text) == (200, "WEBVTT")
