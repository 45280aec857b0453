"""Google's REST APIs, read with the application default credentials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import google.auth
import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
from google.auth.transport.requests import AuthorizedSession

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT = 20.0  # seconds
_PAGES = 100  # at most, of a list


class NoCredentials(Exception):
    """There are none, or Google refuses them."""


class Unreachable(Exception):
    """Google does not answer, or not properly."""


class Denied(Exception):
    """The credentials do not allow this. `reason`: as the API says it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Disabled(Denied):
    """The API is not enabled in the project."""


class GoogleRest:
    """`base`: where a host is reached, with the place `{host}`; tests have a server of their own.

    All methods raise NoCredentials, Unreachable and Denied.
    """

    def __init__(self, project: str, base: str = "https://{host}.googleapis.com") -> None:
        self.project = project
        self._base = base
        try:
            credentials, _ = google.auth.default(scopes=[_SCOPE])
        except DefaultCredentialsError as error:
            raise NoCredentials(str(error)) from error
        # A person's credentials name no project that the requests count for.
        if hasattr(credentials, "with_quota_project") and not credentials.quota_project_id:
            credentials = credentials.with_quota_project(project)
        session: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
        self._session = session

    def get(self, host: str, path: str, **params: str) -> dict[str, Any] | None:
        """None if it does not exist."""
        return self._ask("GET", host, path, params=params)

    def policy(self, host: str, path: str, *, post: bool = True) -> dict[str, Any] | None:
        """An IAM policy."""
        return self._ask("POST" if post else "GET", host, f"{path}:getIamPolicy")

    def pages(self, host: str, path: str, field: str, **params: str) -> Iterator[dict[str, Any]]:
        """All in a list."""
        for _ in range(_PAGES):
            page = self.get(host, path, **params) or {}
            yield from page.get(field, [])
            if not page.get("nextPageToken"):
                return
            params["pageToken"] = page["nextPageToken"]

    def _ask(self, method: str, host: str, path: str, **more: Any) -> dict[str, Any] | None:
        url = f"{self._base.format(host=host)}/{path}"
        try:
            answer = self._session.request(method, url, timeout=_TIMEOUT, **more)
        except (requests.ConnectionError, requests.Timeout, TransportError) as error:
            raise Unreachable(f"{host} cannot be reached") from error
        except GoogleAuthError as error:
            raise NoCredentials(str(error)) from error
        if answer.status_code == 404:
            return None
        try:
            found = answer.json()
        except ValueError:
            found = {}
        if answer.ok:
            return cast(dict[str, Any], found)
        told = found.get("error", {}) if isinstance(found, dict) else {}
        if answer.status_code == 401:
            raise NoCredentials(told.get("message", "Google refuses the credentials"))
        if answer.status_code == 403:
            reasons = {each.get("reason") for each in told.get("details", [])}
            kind = Disabled if "SERVICE_DISABLED" in reasons else Denied
            raise kind(told.get("message", "no permission"))
        raise Unreachable(f"{host} answered {answer.status_code}: {told.get('message', '')}")
