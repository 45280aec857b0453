"""Translation by Google Cloud Translation, version 3
(https://cloud.google.com/translate/docs/reference/rest)."""

from __future__ import annotations

from typing import Any

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from troupe.translation.engines.http import call, entries, strings
from troupe.translation.engines.once import OnceAnHour
from troupe.translation.engines.tags import HTML
from troupe.translation.translator import (
    Capabilities,
    Languages,
    TranslationRequest,
    unavailable,
)

_SCOPE = "https://www.googleapis.com/auth/cloud-translation"


class GoogleTranslator:
    """Thread-safe. Uses the platform's default credentials; none for an endpoint that begins with
    http://, which is a test's server. Texts are sent as HTML, whose elements with `translate="no"`
    are kept."""

    name = "google"

    def __init__(self, project: str, endpoint: str | None) -> None:
        self._url = (endpoint or "https://translation.googleapis.com").rstrip("/")
        self._parent = f"projects/{project}/locations/global"
        self._session = self._connected()
        self._languages = OnceAnHour(self._ask_languages)

    def _connected(self) -> requests.Session:
        if self._url.startswith("http://"):
            return requests.Session()
        try:
            credentials, _ = google.auth.default(scopes=[_SCOPE])
        except GoogleAuthError as error:
            raise ValueError("TRANSLATOR=google needs default credentials") from error
        session: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
        return session

    @property
    def version(self) -> str:
        return "v3/general/nmt"

    @property
    def capabilities(self) -> Capabilities:
        # The API takes 1,024 texts and 30,000 characters in a request, and recommends 5,000.
        return Capabilities(texts=128, characters=5_000, text_characters=5_000)

    def languages(self, deadline: float) -> Languages:
        return self._languages.get(deadline)

    def alphabet(self, source: str, target: str) -> None:
        return None

    def close(self) -> None:
        self._session.close()

    def translate(self, request: TranslationRequest) -> list[str]:
        """Raises TranslationError."""
        body = {
            "contents": [HTML.written(text) for text in request.texts],
            "mimeType": "text/html",
            "sourceLanguageCode": request.source,
            "targetLanguageCode": request.target,
        }
        answer = self._call("POST", ":translateText", request.deadline, body)
        texts = [each.get("translatedText") for each in entries(answer, "translations")]
        return [HTML.read(text) for text in strings(texts, len(request.texts))]

    def _ask_languages(self, deadline: float) -> Languages:
        found = entries(self._call("GET", "/supportedLanguages", deadline), "languages")
        codes = {
            kind: tuple(str(each["languageCode"]) for each in found if each.get(kind))
            for kind in ("supportSource", "supportTarget")
        }
        return Languages(codes["supportSource"], codes["supportTarget"])

    def _call(
        self, method: str, path: str, deadline: float, body: dict[str, Any] | None = None
    ) -> Any:
        url = f"{self._url}/v3/{self._parent}{path}"
        try:
            return call(self._session, method, url, deadline=deadline, body=body)
        except GoogleAuthError as error:
            raise unavailable("The server has no credentials for Google.") from error
