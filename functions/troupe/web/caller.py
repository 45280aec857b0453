"""Who calls: the policy of a route, and the caller that passed it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, cast

from flask import g, request

from troupe import tokens, wiring
from troupe.accounts.records import Caller
from troupe.errors import Forbidden, Unauthorized

__all__ = ["Auth", "Caller", "admit", "current_caller"]


class Auth(StrEnum):
    """Who may call a route. What hangs on an object (owner, member, company) its service decides,
    for it has read the object; the edge demands a signed-in caller."""

    PUBLIC = "public"
    USER = "user"
    SELF = "self"  # the user named in the path, or an admin
    OWNER = "owner"
    MEMBER = "member"
    COMPANY = "company"
    ADMIN = "admin"
    TASK = "task"


def current_caller() -> Caller:
    """The caller of this request. Raises Unauthorized on a public route."""
    caller = g.get("caller")
    if caller is None:
        raise Unauthorized
    return cast(Caller, caller)


def admit(policy: Auth, path: dict[str, Any]) -> None:
    """Lets the caller through or raises; afterwards `current_caller()` knows who it is."""
    if policy is Auth.PUBLIC:
        return
    if policy is Auth.TASK:
        tokens.decode(tokens.bearer(request.headers.get("Authorization")), purpose="task")
        return
    caller = wiring.accounts().authenticate(request.headers.get("Authorization"))
    g.caller = caller
    if caller.role == "admin":
        return
    if policy is Auth.ADMIN or (policy is Auth.SELF and path.get("userId") != caller.uid):
        raise Forbidden
