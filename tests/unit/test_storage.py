"""Deleting many files."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from google.api_core.exceptions import NotFound, ServiceUnavailable

from troupe.adapters.storage import Files
from troupe.errors import Unavailable


class Bucket:
    """Deletes take 5 ms. `failures`: by path, raised instead."""

    def __init__(self, **failures: Exception) -> None:
        self._failures = failures
        self._lock = threading.Lock()
        self._now = self.most_at_once = 0
        self.tried: list[str] = []

    def blob(self, path: str) -> Any:
        bucket = self

        class Blob:
            def delete(self, **_: Any) -> None:
                with bucket._lock:
                    bucket.tried.append(path)
                    bucket._now += 1
                    bucket.most_at_once = max(bucket.most_at_once, bucket._now)
                time.sleep(0.005)
                with bucket._lock:
                    bucket._now -= 1
                if path in bucket._failures:
                    raise bucket._failures[path]

        return Blob()


def files(bucket: Any) -> Files:
    return Files(bucket, can_sign=False)


PATHS = [f"p{number}" for number in range(200)]


def test_files_are_deleted_several_at_once_and_missing_ones_do_not_matter() -> None:
    bucket = Bucket(p3=NotFound("gone"))
    files(bucket).delete(path for path in PATHS)
    assert sorted(bucket.tried) == sorted(PATHS)
    assert 1 < bucket.most_at_once <= 8


def test_deleting_stops_at_a_failure() -> None:
    bucket = Bucket(p3=ServiceUnavailable("down"))
    with pytest.raises(Unavailable):
        files(bucket).delete(PATHS)
    assert len(bucket.tried) < 50
