"""A small API client for the demo and the end-to-end tests."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Self

import requests

from local.errors import StackError

Json = dict[str, Any]
FINAL = frozenset({"completed", "failed", "cancelled"})


class Client:
    """Calls the API as one user. `base_url` is Hosting's, without /api."""

    def __init__(self, base_url: str, token: str = "") -> None:
        self._base = base_url
        self._http = requests.Session()
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Raises StackError with the response if the request fails."""
        answer = self._http.request(method, self._base + path, timeout=90, **options)
        if not answer.ok:
            raise StackError(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer

    def data(self, method: str, path: str, **options: Any) -> Json:
        """Like `call`; returns the envelope's `data`."""
        data: Json = self.call(method, path, **options).json()["data"]
        return data

    def sign_in(self, email: str, password: str) -> None:
        tokens = self.data("POST", "/api/auth/login", json={"email": email, "password": password})
        self._http.headers["Authorization"] = f"Bearer {tokens['accessToken']}"

    def generate(self, **request: Any) -> Json:
        """Requests speech: {generation, job, …}."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return self.data("POST", "/api/voice/generate", json=request, headers=headers)

    def follow(self, generation_id: str, *, every: float = 0.3) -> Iterator[Json]:
        """Polls {generation, job} until the generation ends."""
        while True:
            data = self.data("GET", f"/api/voice/generations/{generation_id}")
            yield data
            if data["generation"]["status"] in FINAL:
                return
            time.sleep(every)

    def speak(
        self,
        *,
        timeout: float = 180,
        seen: Callable[[Json], None] = lambda _data: None,
        **request: Any,
    ) -> Json:
        """Generates speech and waits until it is finished: see `finished`."""
        return self.finished(self.generate(**request), timeout=timeout, seen=seen)

    def finished(
        self,
        started: Json,
        *,
        timeout: float = 180,
        seen: Callable[[Json], None] = lambda _data: None,
    ) -> Json:
        """Waits for what `generate` returned: {generation, job}. `seen` gets every state.

        Raises StackError if it fails or takes longer than `timeout` seconds.
        """
        begun = time.monotonic()
        data = started
        for current in self.follow(started["generation"]["id"]):
            seen(current)
            data = current
            if time.monotonic() - begun > timeout:
                raise StackError(f"the speech was not ready after {timeout:.0f} s: {data['job']}")
        status = data["generation"]["status"]
        if status != "completed":
            raise StackError(f"the speech ended as {status}: {data['job']['error']}")
        return data

    def perform(
        self,
        script_id: str,
        kind: str,
        *,
        timeout: float = 600,
        seen: Callable[[Json], None] = lambda _data: None,
        **request: Any,
    ) -> Json:
        """Generates the audio or video of a script (`kind`) and waits for it; returns the job.
        `seen` gets every state.

        Raises StackError if it fails or takes longer than `timeout` seconds.
        """
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        place = f"/api/scripts/{script_id}/generate-{kind}"
        job: Json = self.data("POST", place, json=request, headers=headers)["job"]
        begun = time.monotonic()
        while True:
            seen({"job": job})
            if job["status"] in FINAL:
                break
            if time.monotonic() - begun > timeout:
                raise StackError(f"the {kind} was not ready after {timeout:.0f} s: {job}")
            time.sleep(0.5)
            job = self.data("GET", f"/api/video-jobs/{job['jobId']}")["job"]
        if job["status"] != "completed":
            raise StackError(f"the {kind} ended as {job['status']}: {job['error']}")
        return job
