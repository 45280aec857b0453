"""Firebase Cloud Messaging on a real socket, as the Admin SDK speaks to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch

import firebase_admin
from firebase_admin import credentials, messaging
from google.auth.credentials import AnonymousCredentials


@dataclass
class FakeFcm:
    """`gone`: tokens of uninstalled apps; `status`: what all requests are answered."""

    app: firebase_admin.App
    messages: list[dict[str, Any]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    status: int = 200

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        message = body["message"]
        if self.status != 200:
            return self.status, {"error": {"status": "UNAVAILABLE", "message": "try again"}}
        if message["token"] in self.gone:
            kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
            details = [{"@type": kind, "errorCode": "UNREGISTERED"}]
            error = {"status": "NOT_FOUND", "message": "not registered", "details": details}
            return 404, {"error": error}
        self.messages.append(message)
        return 200, {"name": f"projects/p/messages/{len(self.messages)}"}


class _Nobody(credentials.Base):
    def get_credential(self) -> Any:
        return AnonymousCredentials()


@contextmanager
def fcm_server() -> Iterator[FakeFcm]:
    options = {"projectId": "p", "httpTimeout": 5}
    app = firebase_admin.initialize_app(_Nobody(), options, name="fake-fcm")
    fake = FakeFcm(app)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = fake.answer(json.loads(sent))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/v1/projects/{{0}}/messages:send"
    try:
        with patch.object(messaging._MessagingService, "FCM_URL", url):
            yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        firebase_admin.delete_app(app)
