"""Logs: the fields of a line."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from troupe.logs import begin, bind, in_context, log, trace_fields

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FOUND = {"logging.googleapis.com/trace": f"projects/p/traces/{TRACE}"}


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_has_the_fields_of_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    begin(requestId="one")
    bind(uid="ada")
    log.info("done", ms=3)
    begin(requestId="two")
    log.warning("done", uid=None)
    first, second = lines(capsys)
    assert first == {
        "severity": "INFO",
        "message": "done",
        "requestId": "one",
        "uid": "ada",
        "ms": 3,
    }
    assert second == {"severity": "WARNING", "message": "done", "requestId": "two"}


def test_only_threads_of_a_request_have_its_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    begin(requestId="one")
    for target in (in_context(lambda: log.info("mine")), lambda: log.info("other")):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    mine, other = lines(capsys)
    assert (mine.get("requestId"), other.get("requestId")) == ("one", None)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (
            {"traceparent": f"00-{TRACE}-{SPAN}-01"},
            FOUND | {"logging.googleapis.com/spanId": SPAN},
        ),
        ({"X-Cloud-Trace-Context": f"{TRACE}/123;o=1"}, FOUND),
        ({"X-Cloud-Trace-Context": TRACE}, FOUND),
        ({"X-Cloud-Trace-Context": f"{TRACE}/../x"}, {}),
        ({"traceparent": "anything"}, {}),
        ({}, {}),
    ],
)
def test_the_trace_has_the_format_of_cloud_logging(
    headers: dict[str, str], found: dict[str, str]
) -> None:
    assert trace_fields(headers, lambda: "p") == found
