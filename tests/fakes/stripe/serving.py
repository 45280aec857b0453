"""The HTTP of the fake: keys, idempotency, scripted failures, and the pages for browsers."""

from __future__ import annotations

import re
import threading
import traceback
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.stripe import pages, world
from tests.fakes.stripe.errors import Mismatch, StripeFailure, invalid
from tests.fakes.stripe.world import Request, World, as_json

_KEY = re.compile(r"(sk|rk)_(?P<mode>test|live)_\w+")
_NO_KEY = """You did not provide an API key. You need to provide your API key in the Authorization \
header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."""
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Failure:
    """What happens to the next `times` requests that match."""

    pattern: str  # "/v1/customers*", or with a method before it
    status: int | str  # an HTTP status, "timeout", or "cut"
    times: int
    done: bool  # whether Stripe does the work before its answer is lost

    def matches(self, method: str, path: str) -> bool:
        target = f"{method} {path}" if " " in self.pattern else path
        return self.times > 0 and fnmatchcase(target, self.pattern)


@dataclass
class Call:
    """One request to the API, as tests see it."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    status: int = 0


@dataclass
class Front:
    world: World
    failures: list[Failure] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    _kept: dict[str, tuple[Any, Answer]] = field(default_factory=dict)

    def api(self, call: Call, pairs: list[tuple[str, str]]) -> Answer | None:
        """None: the connection is cut without an answer."""
        with self.world.lock:
            self.calls.append(call)
            failure = next((f for f in self.failures if f.matches(call.method, call.path)), None)
            if failure is not None:
                failure.times -= 1
                if failure.done:
                    self._once(call, pairs)
        if failure is None:
            with self.world.lock:
                return self._once(call, pairs)
        if failure.status == "timeout":
            self.stopped.wait(60)
        if isinstance(failure.status, str):
            return None
        return _error(_scripted(failure.status), call)

    def page(self, path: str, form: dict[str, str]) -> Answer:
        with self.world.lock:
            try:
                return pages.answer(self.world, path, form)
            except Exception:
                self.world.problems.append(f"{path}: {traceback.format_exc()}")
                return 500, {}, b"The fake failed."

    def forget_keys(self) -> None:
        self._kept.clear()

    def _once(self, call: Call, pairs: list[tuple[str, str]]) -> Answer:
        """Answers; with an idempotency key that was used before, as it did then."""
        key = call.headers.get("idempotency-key")
        if key is None or call.method != "POST":
            return self._answer(call, pairs, None)[0]
        same = (call.path, sorted(pairs))
        if key in self._kept:
            before, kept = self._kept[key]
            if before != same:
                text = "Keys for idempotent requests can only be used with the same parameters "
                text += f"they were first used with. Try using a key other than '{key}' if you "
                text += "meant to execute a different request."
                return _error(StripeFailure(400, "idempotency_error", text), call)
            status, headers, body = kept
            return status, headers | {"idempotent-replayed": "true"}, body
        made, keeps = self._answer(call, pairs, key)
        if keeps:
            self._kept[key] = (same, made)
        return made

    def _answer(
        self, call: Call, pairs: list[tuple[str, str]], key: str | None
    ) -> tuple[Answer, bool]:
        here = self.world
        here.request = Request(here.id("req", 14), key)
        headers = {"request-id": str(here.request.id), "stripe-version": world.API_VERSION}
        if key is not None:
            headers["idempotency-key"] = key
        try:
            self._authorize(call)
            shown = world.answer(here, call.method, call.path, pairs)
        except StripeFailure as failure:
            status, more, body = _error(failure, call)
            if status == 400:
                more |= {"stripe-should-retry": "false"}
            return (status, headers | more, body), failure.replayable
        except Exception as wrong:
            what = str(wrong) if isinstance(wrong, Mismatch) else traceback.format_exc()
            here.problems.append(f"{call.method} {call.path}: {what}")
            broken = StripeFailure(500, "api_error", f"The fake failed: {what}")
            status, more, body = _error(broken, call)
            return (status, headers | more | {"stripe-should-retry": "false"}, body), False
        finally:
            here.request = Request()
        return (200, headers, as_json(shown)), True

    def _authorize(self, call: Call) -> None:
        sent = call.headers.get("authorization", "")
        key = sent.removeprefix("Bearer ")
        known = _KEY.fullmatch(key)
        if known is None or (known["mode"] == "live") is not self.world.settings.live:
            text = f"Invalid API Key provided: {key[:8]}****" if key else _NO_KEY
            failure = invalid(text, status=401)
            failure.replayable = False
            raise failure
        version = call.headers.get("stripe-version", world.API_VERSION)
        if version != world.API_VERSION:
            raise Mismatch(f"the fake speaks {world.API_VERSION} only, not {version}")


def _scripted(status: int) -> StripeFailure:
    if status == 429:
        text = "Request rate limit exceeded."
        return StripeFailure(429, "invalid_request_error", text, code="rate_limit")
    return StripeFailure(status, "api_error", "An unknown error occurred.")


def _error(failure: StripeFailure, call: Call) -> Answer:
    return failure.status, {}, as_json({"error": failure.error})


class Handler(BaseHTTPRequestHandler):
    front: Front
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._do()

    do_POST = do_DELETE = do_GET  # noqa: N815, the names that http.server calls

    def _do(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        sent = self.rfile.read(length).decode()
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        if parts.path.startswith("/v1/"):
            pairs += parse_qsl(sent, keep_blank_values=True)
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, parts.path, dict(pairs), headers)
            answer = self.front.api(call, pairs)
            if answer is None:
                self.close_connection = True
                return
            call.status = answer[0]
            self._send(*answer, kind="application/json")
        else:
            form = dict(parse_qsl(sent, keep_blank_values=True))
            status, headers, body = self.front.page(parts.path, form)
            self._send(status, headers, body, kind="text/html; charset=utf-8")

    def _send(self, status: int, headers: dict[str, str], body: bytes, *, kind: str) -> None:
        self.send_response(status)
        for name, value in ({"content-type": kind} | headers).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Some tests make the client hang up."""


def serve(front: Front, port: int) -> tuple[Server, threading.Thread]:
    server = Server(("127.0.0.1", port), type("Bound", (Handler,), {"front": front}))
    front.world.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    return server, thread


def tick(front: Front) -> None:
    """Does what is due while the clock runs by itself, until the server stops."""
    while not front.stopped.wait(0.2):
        try:
            front.world.advance(front.world.now)
        except Exception:
            front.world.problems.append(traceback.format_exc())
