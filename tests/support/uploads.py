"""Sends files in parts to Cloud Storage, as clients of resumable uploads do."""

from __future__ import annotations

import requests


def send(url: str, data: bytes, start: int = 0, end: int | None = None) -> requests.Response:
    """The part of `data` from `start` to `end`; all of it by default."""
    end = len(data) if end is None else end
    told = f"bytes {start}-{end - 1}/{len(data)}"
    return requests.put(url, data[start:end], headers={"Content-Range": told}, timeout=30)


def received(url: str, size: int) -> int | None:
    """How many bytes have arrived; None if the session has ended."""
    told = {"Content-Range": f"bytes */{size}"}
    answer = requests.put(url, b"", headers=told, timeout=30)
    if answer.status_code != 308:
        return None
    return int(answer.headers.get("Range", "bytes=0--1").partition("-")[2]) + 1
