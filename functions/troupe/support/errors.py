"""Errors of FAQs, contact messages and health."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from troupe.errors import NotFound, Unavailable

State = Literal["ok", "down"]


class FaqNotFound(NotFound):
    code = "faq_not_found"
    message = "FAQ not found"


class ContactNotFound(NotFound):
    code = "contact_not_found"
    message = "Message not found."


class NoMedia(NotFound):
    code = "no_media"
    message = "No file is served at this path. Send a file URL exactly as this API returned it."


class CheckDetails(TypedDict):
    state: State
    latencyMs: float


class ServicesDownDetails(TypedDict):
    """The result of every check."""

    status: State
    checks: dict[str, CheckDetails]


class ServicesDown(Unavailable):
    details_type = ServicesDownDetails
