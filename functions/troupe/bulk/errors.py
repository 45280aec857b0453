"""What can go wrong with bulk operations."""

from __future__ import annotations

from troupe.errors import NotFound, Unprocessable


class BulkNotFound(NotFound):
    code = "bulk_not_found"
    message = "You don't have a bulk operation with this id."


class TooManyItems(Unprocessable):
    code = "too_many_items"
    message = "The filter finds more than 500. Narrow it down."


class NothingFound(Unprocessable):
    code = "nothing_found"
    message = "The filter finds nobody."


class InvalidEmail(Unprocessable):
    code = "invalid_email"
    message = "This is not an email address."
