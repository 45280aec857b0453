"""What Google's clients raise when a service fails for the moment, in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions
from google.auth.exceptions import RefreshError, TransportError

from troupe.errors import Unavailable

RETRY_AFTER = 2  # seconds
# Each with its kinds: DeadlineExceeded is a GatewayTimeout, ResourceExhausted a TooManyRequests.
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
    """Raises Unavailable for an outage, such as one of the kinds `also`. Anything else, such as a
    missing permission, is a fault of the deployment or of the code, and is left as it is."""
    try:
        yield
    except (*_OUTAGES, *also) as error:
        raise Unavailable(retry_after=RETRY_AFTER) from error
