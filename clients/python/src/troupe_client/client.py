"""The client."""

from __future__ import annotations

import inspect
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from troupe_client.errors import ApiError, JobFailed
from troupe_client.generated import AuthenticatedClient, Client
from troupe_client.generated.api.auth import create_guest, login
from troupe_client.generated.api.files import upload_file
from troupe_client.generated.api.voice import generate_voice, get_generation
from troupe_client.generated.models import GenerateVoice, JobView, LoginBody, UploadForm
from troupe_client.generated.types import File
from troupe_client.session import ATTEMPTS, Bearer, Retrying, Session

LOCAL = "http://127.0.0.1:5000"
_TIMEOUT = 60.0  # seconds
_FIRST_LOOK, _MOST_BETWEEN = 0.3, 3.0  # seconds between looks at a job
_CHUNK = 1 << 16


class Troupe:
    """A signed-in user of an installation, or a program with an API key. Thread-safe.

    `url`: of the installation; by default TROUPE_URL, or that of `make up` on this machine.
    `key`: by default TROUPE_API_KEY. `on_session`: gets each renewed session, to be kept for the
    next start.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        session: Session | None = None,
        on_session: Callable[[Session], object] | None = None,
        attempts: int = ATTEMPTS,
        timeout: float = _TIMEOUT,
    ) -> None:
        credentials = session or key or os.environ.get("TROUPE_API_KEY")
        if not credentials:
            raise ValueError("a key or a session is needed; or Troupe.sign_in, or Troupe.guest")
        self.url = _url(url)
        self._bearer = Bearer(credentials, on_session)
        # Redirects lead to signed URLs of files; credentials are not sent there.
        self.http = httpx.Client(
            base_url=self.url,
            auth=self._bearer,
            transport=Retrying(httpx.HTTPTransport(), attempts),
            timeout=timeout,
            follow_redirects=True,
        )
        self.client = AuthenticatedClient(self.url, token="").set_httpx_client(self.http)

    @classmethod
    def guest(cls, url: str | None = None, **options: Any) -> Self:
        """A new account without a name, which can do little, and ends by itself."""
        return cls(url, session=_sign_in(url, create_guest), **options)

    @classmethod
    def sign_in(cls, email: str, password: str, url: str | None = None, **options: Any) -> Self:
        """Raises ApiError."""
        body = LoginBody(email=email, password=password)
        return cls(url, session=_sign_in(url, login, body=body), **options)

    @property
    def session(self) -> Session | None:
        """To be kept, and passed to `Troupe(session=…)` later."""
        return self._bearer.session

    def call(self, operation: Any, **given: Any) -> Any:
        """Calls an operation of `troupe_client.generated.api`, and returns its data. Those that
        take an idempotency key get one, so that they are repeated safely. Raises ApiError."""
        if "idempotency_key" in inspect.signature(operation.sync_detailed).parameters:
            given.setdefault("idempotency_key", secrets.token_hex(16))
        return _data(operation.sync_detailed(client=self.client, **given))

    def speak(
        self,
        text: str,
        *,
        on_progress: Callable[[JobView], object] | None = None,
        idempotency_key: str | None = None,
        **choices: Any,
    ) -> Speech:
        """Has a text spoken, and waits until it is. `choices`: of GenerateVoice, such as
        `language`. Raises ApiError, JobFailed."""
        body = GenerateVoice.from_dict({"text": text, **_camel(choices)})
        key = idempotency_key or secrets.token_hex(16)
        made = self.call(generate_voice, body=body, idempotency_key=key)
        return self.speech(made.generation.id, on_progress=on_progress)

    def speech(
        self, generation_id: str, *, on_progress: Callable[[JobView], object] | None = None
    ) -> Speech:
        """A generation, once it is completed. Raises ApiError, JobFailed."""
        found = self.follow(
            lambda: self.call(get_generation, generation_id=generation_id), on_progress
        )
        return Speech(self, found.generation)

    def follow(
        self, look: Callable[[], Any], on_progress: Callable[[JobView], object] | None = None
    ) -> Any:
        """Looks again until the `job` of what `look` returns has ended; returns the last. Raises
        JobFailed if it was not completed."""
        wait = _FIRST_LOOK
        while True:
            found = look()
            job = found.job
            if on_progress is not None:
                on_progress(job)
            if job.status == "completed":
                return found
            if job.status in ("failed", "cancelled"):
                code = job.error.code if job.error else None
                message = job.error_message or f"The job was {job.status}"
                raise JobFailed(str(job.status), code, message)
            time.sleep(wait)
            wait = min(_MOST_BETWEEN, wait * 1.5)

    def upload(self, path: str | Path) -> Any:
        """Uploads a file, and returns what the API says of it. Raises ApiError."""
        path = Path(path)
        with path.open("rb") as file:
            form = UploadForm(file=File(file, path.name))
            return self.call(upload_file, body=form)

    def download(self, path: str, target: str | Path) -> Path:
        """Loads what is at a path of the API, or at a URL that it has returned. A part of a file is
        never left at `target`. Raises ApiError."""
        target = Path(target)
        part = target.with_name(f".{target.name}.part")
        try:
            with self.http.stream("GET", path) as answer:
                if answer.status_code != 200:
                    raise ApiError.of(answer.status_code, answer.read())
                with part.open("wb") as file:
                    for chunk in answer.iter_bytes(_CHUNK):
                        file.write(chunk)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def close(self) -> None:
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Speech:
    """A completed generation. `generation`: as the API shows it."""

    troupe: Troupe
    generation: Any

    @property
    def id(self) -> str:
        return str(self.generation.id)

    def save(self, target: str | Path) -> Path:
        """Loads the audio."""
        return self.troupe.download(f"/api/voice/generations/{self.id}/audio", target)

    def captions(self, target: str | Path, format: str = "vtt") -> Path:
        """Loads the captions: `vtt` or `srt`, among others."""
        path = f"/api/voice/generations/{self.id}/captions?format={format}"
        return self.troupe.download(path, target)


def _url(url: str | None) -> str:
    return (url or os.environ.get("TROUPE_URL") or LOCAL).rstrip("/")


def _sign_in(url: str | None, operation: Any, **given: Any) -> Session:
    # Somebody waits for it, so it gives up sooner.
    transport = Retrying(httpx.HTTPTransport(), attempts=3)
    with httpx.Client(base_url=_url(url), transport=transport, timeout=_TIMEOUT) as http:
        client = Client(_url(url)).set_httpx_client(http)
        found = _data(operation.sync_detailed(client=client, **given))
    return Session(found.access_token, found.refresh_token)


def _data(answer: Any) -> Any:
    if not 200 <= answer.status_code < 300:
        raise ApiError.of(int(answer.status_code), answer.content)
    return getattr(answer.parsed, "data", answer.parsed)


def _camel(choices: dict[str, Any]) -> dict[str, Any]:
    """`voice_type` is `voiceType` in JSON."""
    found = {}
    for name, value in choices.items():
        first, *others = name.split("_")
        found[first + "".join(other.title() for other in others)] = value
    return found
