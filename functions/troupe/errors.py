"""The errors a caller can meet. Each class carries its HTTP status and a stable public code.

A domain declares its own errors beside its service by subclassing one of these; the edge
(`troupe.web`) turns any of them into the failure envelope, and lists them in OpenAPI. Work that
runs behind a request fails with a WorkError instead, which ends up in its job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NotRequired

from typing_extensions import TypedDict


class PositionDetails(TypedDict):
    """Where the body stops being JSON; both count from 1."""

    line: int
    column: int


class WrongField(TypedDict):
    """`field` is its path in the request, with dots; `type` is a stable word for what is wrong."""

    field: str
    message: str
    type: str
    allowed: NotRequired[list[str]]


class FieldsDetails(TypedDict):
    fields: list[WrongField]


class AllowedDetails(TypedDict):
    """What is taken instead; `field` is that of a form."""

    allowed: list[str]
    field: NotRequired[str]


class PaymentDetails(TypedDict):
    """What is to be paid, in the currency of the plans."""

    planId: str
    price: float


class FileSizeDetails(TypedDict):
    bytes: int
    maximum: int
    field: NotRequired[str]


class TroupeError(Exception):
    """A failure that is safe to show.

    `message` is for people and never holds input that could be private; `details` is JSON that a
    program can act on (what would be right, what is needed, what is available), of the shape that
    `details_type` names: a TypedDict, or `... | None` where there are not always details.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    message: ClassVar[str] = "Something went wrong on our side. Please try again."
    details_type: ClassVar[Any] = None

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Mapping[str, Any] | None = None,
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
    details_type: ClassVar[Any] = PositionDetails | None


class Unauthorized(TroupeError):
    status = 401
    code = "unauthorized"
    message = "Sign in first: send `Authorization: Bearer <token>`."


class PaymentRequired(TroupeError):
    status = 402
    code = "payment_required"
    message = "There is not enough left to pay for this."
    details_type: ClassVar[Any] = PaymentDetails | None


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


class InvalidInput(Unprocessable):
    """The details say which fields, and what is wrong with each."""

    details_type = FieldsDetails


class UnknownChoice(Unprocessable):
    """A language, voice type or style that does not exist; the details list what does."""

    code = "unknown_choice"
    message = "That choice does not exist."
    details_type = FieldsDetails

    def __init__(self, message: str | None = None, *, details: dict[str, Any]) -> None:
        """`details["fields"]`: entries of `field`, of which the message names the first."""
        first = details["fields"][0]
        super().__init__(message or f"{first['field']}: {first['message']}", details=details)

    @staticmethod
    def field(name: str, allowed: list[str]) -> WrongField:
        """The entry of `details["fields"]` for one that is wrong."""
        message = f"there is no such {name} here"
        return {"field": name, "message": message, "type": "enum", "allowed": allowed}


class NotOffered(Unprocessable):
    """What is documented, and cannot be had here yet."""

    code = "not_offered"
    details_type = FieldsDetails
    message = "This is not offered yet."


class TooManyRequests(TroupeError):
    status = 429
    code = "too_many_requests"
    message = "Too many requests. Please wait."


class Unavailable(TroupeError):
    status = 503
    code = "unavailable"
    message = "A service that is needed for this does not answer. Please try again."


class WorkError(Exception):
    """Work behind a request failed. `code` is stable and public, and the message is shown to the
    user; `retryable` tells a fault that may pass from a final one.

    It stands here, and not in `jobs`, so that what does the work (a speech engine, say) need not
    know that it does so in a job.
    """

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        self.code = code
        self.retryable = retryable
        super().__init__(message)
