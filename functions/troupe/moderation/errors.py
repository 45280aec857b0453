"""The errors of moderation."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Unavailable, Unprocessable


class ContentRefusedDetails(TypedDict):
    """The reasons: names of the service's categories, or `blocklist`."""

    categories: list[str]


class ContentRefused(Unprocessable):
    code = "content_refused"
    details_type = ContentRefusedDetails
    message = "This text is not allowed here. Nothing was stored or charged."


class ModerationUnavailable(Unavailable):
    """Nothing unchecked is spoken: see docs/decisions/031-moderation.md."""

    code = "moderation_unavailable"
    message = "The text cannot be checked right now. Nothing was charged; please try again."


MODERATION_ERRORS = (ContentRefused, ModerationUnavailable)
