"""Transcription by Google Cloud Speech-to-Text, version 2, over REST.

https://cloud.google.com/speech-to-text/v2/docs/reference/rest/v2/projects.locations.recognizers/recognize
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import requests
from google.auth import default
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from troupe.recognition.catalogue import capabilities
from troupe.recognition.engines.answers import bad_answer, wav_file
from troupe.recognition.transcriber import Capabilities, Segment, Transcript, Word
from troupe.recognition.words import spaced
from troupe.speech.engines.remote import (
    Fault,
    server_hash,
    sound_chunks,
    status_fault,
    timed_out,
    unavailable,
    with_retry,
)
from troupe.speech.errors import SpeechError

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

_MODEL = "long"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_CONNECT = 5.0  # seconds


class _Schema(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Word(_Schema):
    """Offsets are like "1.200s"; a start of zero is left out."""

    word: str
    start_offset: str = "0s"
    end_offset: str = "0s"
    confidence: float | None = None


class _Alternative(_Schema):
    words: list[_Word] = []


class _Result(_Schema):
    alternatives: list[_Alternative] = []
    language_code: str = ""


class _Answer(_Schema):
    results: list[_Result] = []


class GoogleTranscriber:
    """Thread-safe. `timeout`: seconds per call, including its retry. `languages`: those to listen
    for if none is asked for, at most three; Google does not know the others then.

    Uses the platform's default credentials. `endpoint`: a region's API host, such as
    `eu-speech.googleapis.com`, or http://HOST:PORT for a test server without credentials.
    """

    name = "google"
    version = f"{_MODEL}+1"

    def __init__(
        self,
        project: str,
        endpoint: str | None,
        languages: Sequence[str],
        *,
        timeout: float = 120.0,
    ) -> None:
        host = endpoint or "speech.googleapis.com"
        location = host.partition("-speech.")[0] if "-speech." in host else "global"
        base = host if host.startswith("http://") else f"https://{host}"
        self._url = f"{base}/v2/projects/{project}/locations/{location}/recognizers/_:recognize"
        self._languages = [each.strip() for each in languages if each.strip()]
        self._timeout = timeout
        self._server = server_hash(host)
        if host.startswith("http://"):
            self._session = requests.Session()
        else:
            credentials, _ = default(scopes=[_SCOPE])
            self._session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._session.close()

    def transcribe(
        self, samples: Samples, language: str | None, check: Callable[[], None]
    ) -> Transcript:
        """See Transcriber. Raises SpeechError as the speech engine of the same name does."""
        file = wav_file(samples)
        body = with_retry(
            lambda deadline: self._ask(file, language, deadline), _explain, self._timeout
        )
        try:
            found = [each for each in _Answer.model_validate_json(body).results if _words(each)]
            segments = tuple(Segment(tuple(_words(each))) for each in found)
        except (ValidationError, ValueError) as error:
            raise bad_answer() from error
        return Transcript(segments, language or (found[0].language_code if found else ""))

    def _ask(self, file: bytes, language: str | None, deadline: float) -> bytes:
        request: dict[str, Any] = {
            "config": {
                "model": _MODEL,
                "languageCodes": [language] if language else self._languages,
                "autoDecodingConfig": {},
                "features": {
                    "enableWordTimeOffsets": True,
                    "enableWordConfidence": True,
                    "enableAutomaticPunctuation": True,
                },
            },
            "content": base64.b64encode(file).decode(),
        }
        left = max(0.1, (deadline - time.monotonic()) / 2)
        limits = (min(_CONNECT, left), left)
        with self._session.post(self._url, json=request, stream=True, timeout=limits) as answer:
            if answer.status_code != 200:
                raise requests.HTTPError(response=answer)
            return b"".join(sound_chunks(answer.iter_content(1 << 16), deadline, requests.Timeout))


def _words(result: _Result) -> list[Word]:
    """Of the best alternative. Raises ValueError."""
    found = [
        Word(each.word, _seconds(each.start_offset), _seconds(each.end_offset), each.confidence)
        for each in (result.alternatives[0].words if result.alternatives else ())
    ]
    return spaced(found, result.language_code)


def _seconds(offset: Any) -> float:
    return float(str(offset).removesuffix("s"))


def _explain(error: Exception) -> Fault | None:
    if isinstance(error, SpeechError):
        return Fault(error)
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return status_fault(error.response.status_code, error.response.headers)
    if isinstance(error, requests.Timeout):
        return Fault(timed_out())
    if isinstance(error, requests.RequestException):
        return Fault(unavailable())
    if isinstance(error, GoogleAuthError):
        return Fault(unavailable("The server has no credentials for Google."))
    return None
