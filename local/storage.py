"""gcp-storage-emulator, with what it lacks for browsers and resumable sessions: CORS, the end of a
session, and the right answer of one that has nothing yet.

    python -m local.storage --port 9199 --bucket demo.appspot.com --folder /tmp/storage
"""

from __future__ import annotations

import argparse
import io
import threading
from collections.abc import Callable
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import RESUMABLE_DIR, Storage

CANCELLED = 499  # Cloud Storage's answer to the end of a session
# As the bucket's CORS rule in docs/deploy.md.
_SHOWN = "Content-Range, Content-Type, Location, Range"
_TAKEN = "Content-Range, Content-Type"
# The emulator's storage is not made for several threads. There are several because browsers open
# connections that they do not use yet: with one thread, everybody would wait for those.
_one_at_a_time = threading.Lock()


class Handler(RequestHandler):  # type: ignore[misc]
    rfile: BinaryIO

    @property
    def _session(self) -> str | None:
        return parse_qs(urlsplit(self.path).query).get("upload_id", [None])[0]

    def _handled(self, method: Callable[[], None]) -> None:
        connection = self.rfile
        if length := self.headers.get("Content-Length"):
            # First of all: a slow sender must not keep the others waiting.
            self.rfile = io.BytesIO(connection.read(int(length)))
        try:
            with _one_at_a_time:
                method()
        finally:
            self.rfile = connection

    def do_GET(self) -> None:  # noqa: N802
        self._handled(super().do_GET)

    def do_POST(self) -> None:  # noqa: N802
        self._handled(super().do_POST)

    def do_PUT(self) -> None:  # noqa: N802
        self._handled(super().do_PUT)

    def do_PATCH(self) -> None:  # noqa: N802
        self._handled(super().do_PATCH)

    def do_DELETE(self) -> None:  # noqa: N802
        self._handled(self._cancel if self._session else super().do_DELETE)

    def do_OPTIONS(self) -> None:  # noqa: N802
        self._answer(200)

    def _cancel(self) -> None:
        session = self._session
        try:
            self.storage.delete_resumable_file_obj(session)
        except NotFound:
            self._answer(404)
            return
        self.storage._delete_file(RESUMABLE_DIR, self.storage.safe_id(session))
        self.storage._write_config_to_file()
        self._answer(CANCELLED)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_header(self, keyword: str, value: str) -> None:
        # Cloud Storage sends no range if nothing has arrived; the emulator sends that of one byte.
        session = self._session
        if keyword == "Range" and session and not self.storage.get_resumable_byte_count(session):
            return
        super().send_header(keyword, value)

    def end_headers(self) -> None:
        if origin := self.headers.get("Origin"):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Methods", "GET, PUT")
            self.send_header("Access-Control-Allow-Headers", _TAKEN)
            self.send_header("Access-Control-Expose-Headers", _SHOWN)
        super().end_headers()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.storage")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    storage = Storage(data_dir=str(options.folder))
    create_bucket(options.bucket, storage)
    server = ThreadingHTTPServer((options.host, options.port), partial(Handler, storage))
    print(f"Cloud Storage listens at {options.host}:{options.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
