"""Errors of reading requests and sending files."""

from __future__ import annotations

from troupe.errors import AllowedDetails, TroupeError


class PayloadTooLarge(TroupeError):
    """Also raised by werkzeug, as an HTTPException."""

    status = 413
    code = "payload_too_large"
    message = "The request is too large."


class UnsupportedMediaType(TroupeError):
    status = 415
    code = "unsupported_media_type"
    message = "This operation does not accept a body of this type."
    details_type = AllowedDetails


class PreconditionFailed(TroupeError):
    status = 412
    code = "precondition_failed"
    message = "The file is not the one that If-Match names. Ask again without this header."


class RangeNotSatisfiable(TroupeError):
    """Raised by werkzeug as an HTTPException; this class documents it."""

    status = 416
    code = "requested_range_not_satisfiable"
    message = "The range lies outside the file."
