"""Translates temporary failures of Google's services into Unavailable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions
from google.auth.exceptions import RefreshError, TransportError

from troupe.deadlines import charged
from troupe.errors import Unavailable

RETRY_AFTER = 2  # seconds
# Includes subclasses: DeadlineExceeded is a GatewayTimeout, ResourceExhausted a TooManyRequests.
_OUTAGES: tuple[type[Exception], ...] = (
    exceptions.BadGateway,
    exceptions.GatewayTimeout,
    exceptions.InternalServerError,
    exceptions.RetryError,
    exceptions.ServiceUnavailable,
    exceptions.TooManyRequests,
    RefreshError,
    TransportError,
)


@contextmanager
def outages(*also: type[Exception]) -> Iterator[None]:
    """Raises Unavailable for an outage, which includes the exceptions in `also`. Other errors, such
    as a missing permission, are faults of the deployment or the code, and pass unchanged."""
    kinds = (*_OUTAGES, *also)
    try:
        with charged(*kinds):
            yield
    except kinds as error:
        raise Unavailable(retry_after=RETRY_AFTER) from error
