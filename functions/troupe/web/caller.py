"""Who calls: the policy of a route, and the caller that passed it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any, Protocol

from flask import g, request

from troupe import logs, tokens
from troupe.caller import Caller
from troupe.errors import Forbidden
from troupe.web.provided import services

__all__ = ["Auth", "Caller", "admit"]


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


class Authenticator(Protocol):
    """The service `accounts`, as the edge needs it."""

    def authenticate(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header. Raises Unauthorized and its like."""
        ...


def admit(policy: Auth, path: dict[str, Any]) -> Caller | None:
    """The caller, if the policy lets them through; None where nobody has to sign in. Raises
    Unauthorized, Forbidden, and what the token is refused for."""
    if policy is Auth.PUBLIC:
        return None
    if policy is Auth.TASK:
        tokens.decode(tokens.bearer(request.headers.get("Authorization")), purpose="task")
        return None
    accounts: Authenticator = services().accounts
    caller = accounts.authenticate(request.headers.get("Authorization"))
    caller = replace(caller, request_id=g.get("request_id"))
    g.caller = caller
    logs.bind(uid=caller.uid)
    if caller.role == "admin":
        return caller
    if policy is Auth.ADMIN or (policy is Auth.SELF and path.get("userId") != caller.uid):
        raise Forbidden
    return caller
