"""Outages at the adapters: no server listens, or a real server returns errors."""

from __future__ import annotations

import gc
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import firebase_admin
import grpc
import pytest
from firebase_admin import credentials
from google.api_core.exceptions import Forbidden, PermissionDenied
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import RefreshError
from google.cloud.storage import Client

from local.ports import free_ports
from troupe.adapters.firestore import Create, Database, IndexMissing, Stale, connect
from troupe.adapters.identity import Identity
from troupe.adapters.identity_errors import IdentityUnavailable
from troupe.adapters.storage import Files
from troupe.errors import FileMissing, Unavailable

TIMEOUT = 0.4  # seconds
ANSWERED = 20.0  # where the answer is what matters

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def nobody() -> int:
    """A port without a listener."""
    return free_ports(["nobody"])["nobody"]


class Refusing(grpc.GenericRpcHandler):
    """Answers every call with one status."""

    status = grpc.StatusCode.OK

    def service(self, handler_call_details: Any) -> grpc.RpcMethodHandler:
        def refuse(request: bytes, context: grpc.ServicerContext) -> Any:
            context.abort(self.status, "make it here: https://example.com/index")

        # A server cannot know whether a method streams; for an error it does not matter.
        return grpc.unary_unary_rpc_method_handler(refuse)


@pytest.fixture(scope="module")
def refusing() -> Iterator[tuple[Refusing, int]]:
    handler = Refusing()
    server = grpc.server(ThreadPoolExecutor(2), handlers=(handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield handler, port
    server.stop(None)


def database(monkeypatch: pytest.MonkeyPatch, port: int, *, patience: float = TIMEOUT) -> Database:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    return Database(connect("demo-outages"), patience=patience)


DATABASE_READS: list[Callable[[Database], object]] = [
    lambda db: db.get("c/one"),
    lambda db: db.get_all(["c/one", "c/two"]),
    lambda db: db.find("c", limit=1),
    lambda db: db.due("c", 1),
    lambda db: db.count("c"),
    lambda db: db.clear("c"),
]
DATABASE_WRITES: list[Callable[[Database], object]] = [
    lambda db: db.commit(Create("c/one", {})),
    lambda db: db.delete_all(["c/one"]),
]


@pytest.mark.parametrize("call", DATABASE_READS + DATABASE_WRITES)
def test_an_unreachable_database_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[Database], object]
) -> None:
    with pytest.raises(Unavailable) as raised:
        call(database(monkeypatch, nobody()))
    assert raised.value.retry_after


@pytest.mark.parametrize("call", DATABASE_READS + DATABASE_WRITES)
@pytest.mark.parametrize("status", ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "INTERNAL"])
def test_a_failing_database_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
    refusing: tuple[Refusing, int],
    status: str,
    call: Callable[[Database], object],
) -> None:
    handler, port = refusing
    monkeypatch.setattr(handler, "status", grpc.StatusCode[status])
    with pytest.raises(Unavailable):
        call(database(monkeypatch, port))


def test_a_hanging_database_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        db = database(monkeypatch, silent.getsockname()[1])
        for call in (DATABASE_READS[0], DATABASE_WRITES[0]):
            with pytest.raises(Unavailable):
                call(db)


@pytest.mark.parametrize("call", DATABASE_READS)
def test_a_missing_index_is_reported_with_the_link_to_create_it(
    monkeypatch: pytest.MonkeyPatch,
    refusing: tuple[Refusing, int],
    call: Callable[[Database], object],
) -> None:
    handler, port = refusing
    monkeypatch.setattr(handler, "status", grpc.StatusCode.FAILED_PRECONDITION)
    with pytest.raises(IndexMissing, match=r"https://example\.com/index"):
        call(database(monkeypatch, port, patience=ANSWERED))


def test_a_failed_precondition_is_not_a_missing_index(
    monkeypatch: pytest.MonkeyPatch, refusing: tuple[Refusing, int]
) -> None:
    handler, port = refusing
    monkeypatch.setattr(handler, "status", grpc.StatusCode.FAILED_PRECONDITION)
    with pytest.raises(Stale):
        DATABASE_WRITES[0](database(monkeypatch, port, patience=ANSWERED))


@pytest.mark.parametrize("call", DATABASE_READS + DATABASE_WRITES)
def test_a_missing_permission_is_permanent(
    monkeypatch: pytest.MonkeyPatch,
    refusing: tuple[Refusing, int],
    call: Callable[[Database], object],
) -> None:
    handler, port = refusing
    monkeypatch.setattr(handler, "status", grpc.StatusCode.PERMISSION_DENIED)
    with pytest.raises(PermissionDenied):
        call(database(monkeypatch, port, patience=ANSWERED))


class Answering(ThreadingHTTPServer):
    daemon_threads = True
    status = 503


class Handler(BaseHTTPRequestHandler):
    server: Answering

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def answering() -> Iterator[Answering]:
    with Answering(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield server
        server.shutdown()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Files]]:
    """`Files` for a server on a port."""
    made: list[Client] = []

    def at(port: int, patience: float = TIMEOUT) -> Files:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
        made.append(Client(project="demo-outages", credentials=AnonymousCredentials()))
        return Files(made[-1].bucket("a-bucket"), can_sign=False, patience=patience)

    yield at
    for client in made:
        client.close()


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """Closes the sockets of rejected downloads, which the client leaves open. Once for the module,
    because it takes a third of a second."""
    yield
    gc.collect()


FILE_CALLS: dict[str, Callable[[Files, Path], object]] = {
    "upload": lambda files, path: files.upload("a", b"abc", "text/plain"),
    "upload of a path": lambda files, path: files.upload("a", path, "text/plain"),
    "read": lambda files, path: files.read("a"),
    "download": lambda files, path: files.download("a", path),
    "stat": lambda files, path: files.stat("a"),
    "delete": lambda files, path: files.delete(["a"]),
    "list": lambda files, path: files.list("a"),
    "check": lambda files, path: files.check(),
}


@pytest.mark.parametrize("name", FILE_CALLS)
def test_an_unreachable_bucket_is_unavailable(
    bucket: Callable[[int], Files], tmp_path: Path, name: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with pytest.raises(Unavailable):
        FILE_CALLS[name](bucket(nobody()), path)


@pytest.mark.parametrize("name", FILE_CALLS)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_bucket_is_unavailable(
    bucket: Callable[[int], Files], tmp_path: Path, answering: Answering, status: int, name: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    answering.status = status
    with pytest.raises(Unavailable):
        FILE_CALLS[name](bucket(answering.server_port), path)


@pytest.mark.parametrize("is_there", [True, False], ids=["failing", "unreachable"])
def test_a_session_that_cannot_be_ended_stays_secret(
    bucket: Callable[[int], Files], answering: Answering, is_there: bool
) -> None:
    port = answering.server_port if is_there else nobody()
    url = f"http://127.0.0.1:{port}/upload?upload_id=opensesame"
    with pytest.raises(Unavailable) as failed:
        bucket(port).cancel_upload(url)
    told = "".join(traceback.format_exception(failed.value))
    assert "cancel_upload" in told
    assert "opensesame" not in told


@pytest.mark.parametrize("name", ["read", "download", "stat"])
def test_a_missing_file_is_not_an_outage(
    bucket: Callable[..., Files], tmp_path: Path, answering: Answering, name: str
) -> None:
    answering.status = 404
    with pytest.raises(FileMissing):
        FILE_CALLS[name](bucket(answering.server_port, ANSWERED), tmp_path / "file")


def test_a_forbidden_bucket_is_permanent(
    bucket: Callable[..., Files], answering: Answering
) -> None:
    answering.status = 403
    with pytest.raises(Forbidden):
        bucket(answering.server_port, ANSWERED).stat("a")


class NoMetadata(AnonymousCredentials):
    """Credentials without a token, as when the metadata server is unreachable."""

    def before_request(self, *_: Any) -> None:
        raise RefreshError("no token")

    def refresh(self, *_: Any) -> None:
        raise RefreshError("no token")


class Credential(credentials.Base):
    def get_credential(self) -> NoMetadata:
        return NoMetadata()


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[Identity]:
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST", raising=False)
    options = {"projectId": "demo-outages"}
    app = firebase_admin.initialize_app(Credential(), options, name="outages")
    made = Identity(app, "key", emulated=False)
    yield made
    made.close()
    firebase_admin.delete_app(app)


@pytest.mark.parametrize(
    "call",
    [
        lambda identity: identity.create("ada@example.com", "secret-123", "Ada"),
        lambda identity: identity.uid_of("ada@example.com"),
        lambda identity: identity.set_password("ada", "secret-123"),
        lambda identity: identity.set_email("ada", "ada@example.com"),
        lambda identity: identity.delete("ada"),
        lambda identity: identity.revoke("ada"),
    ],
)
def test_an_unreachable_firebase_auth_is_unavailable(
    identity: Identity, call: Callable[[Identity], object]
) -> None:
    with pytest.raises(IdentityUnavailable):
        call(identity)
