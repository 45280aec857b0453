"""Servers with the wire formats of Twilio, of a gateway for text messages, and of SMTP with TLS, on
real sockets.

After `server.script("busy", "ok")` the next attempt to send is refused for now, and the one after
it is taken. The steps:

- `ok`: taken. `busy`: refused for now. `no-access`: our key is wrong. `nobody`: there is no such
  recipient. `opted-out`: the recipient wants none (not SMTP). `refuse`: refused for ever.
- `cut` and `hang`: taken, and then the connection breaks, or nothing comes.
- `broken`: an error that does not say whether it was taken (not SMTP).
"""

from __future__ import annotations

import base64
import json
import socketserver
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOKEN = "the-token-of-a-fake-message-service"
ACCOUNT = "AC" + "0123456789abcdef" * 2
SENDER = "+4712345678"
USER = "troupe"


@dataclass(frozen=True)
class Taken:
    """A message as it arrived. `id`: the sender's own; "" where there is none."""

    to: str
    text: str
    id: str = ""
    subject: str = ""


@dataclass
class FakeMessenger:
    """`attempts`: how often somebody tried to send; `taken`: what the service will deliver."""

    url: str = ""
    attempts: int = 0
    taken: list[Taken] = field(default_factory=list)
    before: Callable[[], None] = lambda: None  # called with each attempt
    _script: deque[str] = field(default_factory=deque)
    _released: threading.Event = field(default_factory=threading.Event)

    def script(self, *steps: str) -> None:
        self._script.extend(steps)

    def next_step(self) -> str:
        self.attempts += 1
        self.before()
        return self._script.popleft() if self._script else "ok"

    def take(self, taken: Taken) -> str:
        """The service's id of a message that it takes."""
        self.taken.append(taken)
        return f"SM{len(self.taken):032x}"


class _Http(BaseHTTPRequestHandler):
    fake: FakeMessenger
    protocol_version = "HTTP/1.1"

    def read(self, body: bytes) -> Taken | None:
        """None without access."""
        raise NotImplementedError

    def accepted(self, id: str) -> dict[str, Any]:
        raise NotImplementedError

    def refusal(self, step: str) -> dict[str, Any]:
        raise NotImplementedError

    def do_POST(self) -> None:
        sent = self.read(self.rfile.read(int(self.headers["content-length"])))
        step = self.fake.next_step()
        if sent is None or step == "no-access":
            self._send(401, {"message": "who are you?"})
        elif step == "ok":
            self._send(201, self.accepted(self.fake.take(sent)))
        elif step == "busy":
            self._send(429, self.refusal(step))
        elif step == "broken":
            self.fake.take(sent)
            self._send(502, {"message": f"the text was: {sent.text}"})
        elif step == "cut":
            self.fake.take(sent)
            self.close_connection = True
        elif step == "hang":
            self.fake.take(sent)
            self.fake._released.wait(30)
            self.close_connection = True
        elif step == "moved":
            self._send(307, {}, location=f"{self.fake.url}/elsewhere")
        else:
            self._send(400, self.refusal(step))

    def _send(self, status: int, content: Any, location: str = "") -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class _Twilio(_Http):
    def read(self, body: bytes) -> Taken | None:
        assert self.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        given = self.headers["authorization"].removeprefix("Basic ")
        if base64.b64decode(given).decode() != f"{ACCOUNT}:{TOKEN}":
            return None
        form = {
            name: value for name, (value,) in parse_qs(body.decode(), strict_parsing=True).items()
        }
        assert form.pop("From") == SENDER
        assert set(form) == {"To", "Body"}
        return Taken(form["To"], form["Body"])

    def accepted(self, id: str) -> dict[str, Any]:
        return {"sid": id, "status": "queued", "error_code": None}

    def refusal(self, step: str) -> dict[str, Any]:
        codes = {"nobody": 21211, "opted-out": 21610, "busy": 20429, "refuse": 21606}
        return {"code": codes[step], "message": "no", "status": 400}


class _Gateway(_Http):
    def read(self, body: bytes) -> Taken | None:
        if self.headers["authorization"] != f"Bearer {TOKEN}":
            return None
        sent = json.loads(body)
        assert sent["id"] == self.headers["idempotency-key"]
        return Taken(sent["to"], sent["text"], sent["id"])

    def accepted(self, id: str) -> dict[str, Any]:
        return {"id": id}

    def refusal(self, step: str) -> dict[str, Any]:
        codes = {"nobody": "invalid_recipient", "opted-out": "recipient_opted_out"}
        return {"code": codes[step]} if step in codes else {"code": "no"}


class _Smtp(socketserver.StreamRequestHandler):
    fake: FakeMessenger

    def handle(self) -> None:
        step = self.fake.next_step()
        if step == "busy":
            self._say("421 busy")
            return
        self._say("220 fake")
        while line := self.rfile.readline().decode().rstrip():
            word = line.partition(" ")[0].upper()
            if word == "EHLO":
                self._say("250-fake\r\n250 AUTH PLAIN")
            elif word == "AUTH":
                good = base64.b64decode(line.split()[2]) == f"\0{USER}\0{TOKEN}".encode()
                self._say("235 welcome" if good and step != "no-access" else "535 who are you?")
            elif word == "RCPT":
                self._to = line.partition("<")[2].partition(">")[0]
                self._say("550 nobody" if step == "nobody" else "250 fine")
            elif word == "DATA":
                self._say("354 go on")
                if not self._data(step):
                    return
            else:  # MAIL
                self._say("250 fine")

    def _data(self, step: str) -> bool:
        """Whether the connection goes on."""
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            assert line.endswith(b"\r\n") and line.isascii()
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if step == "refuse":
            self._say("554 no")
            return True
        mail: Any = message_from_bytes(b"".join(lines), policy=policy.default)
        id = mail["message-id"].partition("@")[0].removeprefix("<")
        assert mail["to"] == self._to
        self.fake.take(Taken(self._to, _lines(mail.get_content()), id, mail["subject"]))
        if step == "cut":
            return False
        if step == "hang":
            self.fake._released.wait(30)
            return False
        self._say("250 taken")
        return True

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up."""


class _SmtpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, handler: type[_Smtp], certificate: Path | None) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self._tls and certificate:
            self._tls.load_cert_chain(certificate)
        super().__init__(("127.0.0.1", 0), handler)

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        connection.settimeout(30)
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True)
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up."""


@contextmanager
def http_service(kind: str) -> Iterator[FakeMessenger]:
    """`kind`: twilio or http."""
    fake = FakeMessenger()
    handler = {"twilio": _Twilio, "http": _Gateway}[kind]
    server = _HttpServer(("127.0.0.1", 0), type("Handler", (handler,), {"fake": fake}))
    fake.url = f"http://127.0.0.1:{server.server_port}"
    with _running(server, fake):
        yield fake


@contextmanager
def smtp_service(certificate: Path | None) -> Iterator[FakeMessenger]:
    """`certificate`: a file from `new_certificate`; None for a server without TLS."""
    fake = FakeMessenger()
    server = _SmtpServer(type("Handler", (_Smtp,), {"fake": fake}), certificate)
    fake.url = (
        f"smtp{'s' if certificate else ''}://{USER}:{TOKEN}@127.0.0.1:{server.server_address[1]}"
    )
    with _running(server, fake):
        yield fake


@contextmanager
def _running(server: socketserver.BaseServer, fake: FakeMessenger) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        fake._released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def new_certificate(folder: Path, host: str | None = None) -> Path:
    """A key and a certificate for a name, or for 127.0.0.1, in one file. Clients trust it by
    SSL_CERT_FILE."""
    subject = x509.DNSName(host) if host else x509.IPAddress(IPv4Address("127.0.0.1"))
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host or "127.0.0.1")])
    at = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
