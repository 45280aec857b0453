"""What goes wrong."""

from __future__ import annotations

from typing import Any

import httpx


class ApiError(Exception):
    """The API has refused. `code` is stable and meant for programs; `details` depend on it."""

    def __init__(self, status: int, code: str, message: str, details: Any = None) -> None:
        super().__init__(f"{message} ({code})")
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    @classmethod
    def of(cls, status: int, content: bytes) -> ApiError:
        try:
            found = httpx.Response(status, content=content).json()
            error = found["error"]
            return cls(status, error["code"], found["message"], error.get("details"))
        except (ValueError, KeyError, TypeError):  # not of Troupe: of a proxy, for example
            return cls(status, "unexpected", f"The server answered {status}")


class JobFailed(Exception):
    """A job has failed, or was cancelled. `status`, `code`: as the job has them."""

    def __init__(self, status: str, code: str | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
