"""The errors a caller can meet. Each class carries its HTTP status and a stable public code.

A domain declares its own errors beside its service by subclassing one of these; the edge
(`troupe.web`) turns any of them into the failure envelope, and lists them in OpenAPI.
"""

from __future__ import annotations

from typing import Any, ClassVar


class TroupeError(Exception):
    """A failure that is safe to show.

    `message` is for people and never holds input that could be private; `details` is JSON that a
    program can act on (what would be right, what is needed, what is available).
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    message: ClassVar[str] = "Something went wrong on our side. Please try again."

    def __init__(
        self,
        message: str | None = None,
        *,
        details: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.text = message or self.message
        self.details = details
        self.retry_after = retry_after  # seconds; sent as the Retry-After header
        super().__init__(self.text)


class BadRequest(TroupeError):
    status = 400
    code = "bad_request"
    message = "The request could not be read."


class Unauthorized(TroupeError):
    status = 401
    code = "unauthorized"
    message = "Sign in first: send `Authorization: Bearer <token>`."


class PaymentRequired(TroupeError):
    status = 402
    code = "payment_required"
    message = "There is not enough left to pay for this."


class Forbidden(TroupeError):
    status = 403
    code = "forbidden"
    message = "You may not do this."


class NotFound(TroupeError):
    """Also the answer for somebody else's object: that it exists is nobody else's business."""

    status = 404
    code = "not_found"
    message = "There is nothing here."


class FileMissing(NotFound):
    code = "file_missing"
    message = "The file is not there."


class Conflict(TroupeError):
    status = 409
    code = "conflict"
    message = "This does not fit the present state."


class Unprocessable(TroupeError):
    status = 422
    code = "invalid_input"
    message = "Some fields are not right."


class UnknownChoice(Unprocessable):
    """A language, voice type or style that does not exist; the details list what does."""

    code = "unknown_choice"
    message = "That choice does not exist."

    def __init__(self, message: str | None = None, *, details: dict[str, Any]) -> None:
        """`details["fields"]`: entries of `field`, of which the message names the first."""
        first = details["fields"][0]
        super().__init__(message or f"{first['field']}: {first['message']}", details=details)

    @staticmethod
    def field(name: str, allowed: list[str]) -> dict[str, object]:
        """The entry of `details["fields"]` for one that is wrong."""
        message = f"there is no such {name} here"
        return {"field": name, "message": message, "type": "enum", "allowed": allowed}


class NotOffered(Unprocessable):
    """What is documented, and cannot be had here yet."""

    code = "not_offered"
    message = "This is not offered yet."


class TooManyRequests(TroupeError):
    status = 429
    code = "too_many_requests"
    message = "Too many requests. Please wait."


class Unavailable(TroupeError):
    status = 503
    code = "unavailable"
    message = "A service that is needed for this does not answer. Please try again."
