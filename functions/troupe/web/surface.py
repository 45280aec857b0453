"""An API that answers as that of another service does, so that the clients of that service work: it
has no envelope, its own failures, and its own headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask import Request, Response
from pydantic import BaseModel


class Refuse(Protocol):
    """The response to a request that failed. The arguments are those of our own failures."""

    def __call__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response: ...


@dataclass(frozen=True, slots=True)
class Surface:
    """`failure`: the body of a failure. `statuses`: those that the other service has in place of
    ours. `finish`: adds headers to a response that took so many milliseconds. `allowed`: headers
    that its clients send from browsers; `exposed`: those of responses that browsers may read.
    `claims`: whether its clients sent a request that no route takes, where a function has several
    surfaces; what none of them claims is for the first."""

    refuse: Refuse
    failure: type[BaseModel]
    statuses: Mapping[int, int] = field(default_factory=dict)
    finish: Callable[[Response, float], None] = lambda response, ms: None
    allowed: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    claims: Callable[[Request], bool] = lambda request: False
