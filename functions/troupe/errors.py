"""The errors of the API. Each class has an HTTP status and a stable public code.

The `errors.py` of a domain subclasses these. The edge (`troupe.web`) turns them into the failure
envelope, and they are listed in OpenAPI. Background work raises WorkError instead, which is stored
in its job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

MOST_FIELDS = 20  # that one error lists


class PositionDetails(TypedDict):
    """The position of the JSON syntax error; both count from 1."""

    line: int
    column: int


class WrongField(TypedDict):
    """`field` is its dotted path in the request; `type` is a stable identifier of the problem."""

    field: str
    message: str
    type: str
    allowed: NotRequired[list[str]]


class FieldsDetails(TypedDict):
    """The first invalid fields."""

    fields: Annotated[list[WrongField], Field(max_length=MOST_FIELDS)]


class AllowedDetails(TypedDict):
    """What is accepted instead; `field` is the field of a form."""

    allowed: list[str]
    field: NotRequired[str]


class PaymentDetails(TypedDict):
    """The plan and its price, in the currency of the plans."""

    planId: str
    price: float


class FileSizeDetails(TypedDict):
    bytes: int
    maximum: int
    field: NotRequired[str]


class TroupeError(Exception):
    """An error that is safe to show to clients.

    `message` is for people and never contains possibly private input. `details` is JSON for
    programs (what is valid, needed or available), typed by `details_type`: a TypedDict, or
    `... | None` if details can be absent.
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
        self.retry_after = retry_after  # seconds; sent as Retry-After
        super().__init__(self.text)


class BadRequest(TroupeError):
    status = 400
    code = "bad_request"
    message = "The request is malformed."
    details_type: ClassVar[Any] = PositionDetails | None


class Unauthorized(TroupeError):
    status = 401
    code = "unauthorized"
    message = "You are not signed in. Send `Authorization: Bearer <token>`."


class AppCheckFailed(Unauthorized):
    code = "app_check_failed"
    message = "Send a valid App Check token of one of this project's apps in `X-Firebase-AppCheck`."


class PaymentRequired(TroupeError):
    status = 402
    code = "payment_required"
    message = "This requires a payment."
    details_type: ClassVar[Any] = PaymentDetails | None


class Forbidden(TroupeError):
    status = 403
    code = "forbidden"
    message = "You are not allowed to do this."


class GuestNotAllowed(Forbidden):
    code = "guest_not_allowed"
    message = "Guests cannot do this. Create an account first."


class ScopeDetails(TypedDict):
    """The scope that the operation needs."""

    needs: str


class ScopeMissing(Forbidden):
    code = "scope_missing"
    message = "This API key does not have the scope that this operation needs."
    details_type = ScopeDetails

    @classmethod
    def of(cls, scope: str) -> ScopeMissing:
        return cls(f"This API key needs the scope `{scope}` for this.", details={"needs": scope})


class KeyNotAccepted(Forbidden):
    code = "key_not_accepted"
    message = "This operation is not for API keys. Sign in, and send an access token."


class NotFound(TroupeError):
    """Also returned for another user's object, so as not to reveal that it exists."""

    status = 404
    code = "not_found"
    message = "Not found."


class CompanyNotFound(NotFound):
    """Also for outsiders: whether a company exists is nobody else's business."""

    code = "company_not_found"
    message = "You don't have a company with this id."


class FileMissing(NotFound):
    code = "file_missing"
    message = "The file no longer exists."


class Conflict(TroupeError):
    status = 409
    code = "conflict"
    message = "This conflicts with the current state."


class Unprocessable(TroupeError):
    status = 422
    code = "invalid_input"
    message = "Some fields are invalid."


class InvalidInput(Unprocessable):
    """The details list the invalid fields and their problems."""

    details_type = FieldsDetails


class UnknownChoice(Unprocessable):
    """An unknown language, voice type or style; the details list the valid ones."""

    code = "unknown_choice"
    message = "This choice is not available."
    details_type = FieldsDetails

    def __init__(self, message: str | None = None, *, details: dict[str, Any]) -> None:
        """`details["fields"]`: entries from `field`; the default message names the first."""
        first = details["fields"][0]
        super().__init__(message or f"{first['field']}: {first['message']}", details=details)

    @staticmethod
    def field(name: str, allowed: list[str]) -> WrongField:
        """An entry of `details["fields"]`."""
        message = f"must be an available {name}"
        return {"field": name, "message": message, "type": "enum", "allowed": allowed}


class NotOffered(Unprocessable):
    """Documented, but not available yet."""

    code = "not_offered"
    details_type = FieldsDetails
    message = "This is not available yet."


class TooManyRequests(TroupeError):
    status = 429
    code = "too_many_requests"
    message = "Too many requests. Please try again later."


class Unavailable(TroupeError):
    status = 503
    code = "unavailable"
    message = "A required service is not responding. Please try again."


class WorkError(Exception):
    """Background work failed. `code` is stable and public, and the message is shown to the user;
    `retryable` is true for transient errors.

    Defined here and not in `jobs`, so that a speech engine, for example, does not depend on jobs.
    """

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        self.code = code
        self.retryable = retryable
        super().__init__(message)
