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

    def authenticate_link(self, token: str, path: str) -> Caller:
        """In whose name a media link opens `path`. Raises Unauthorized and its like."""
        ...


def admit(policy: Auth, path: dict[str, Any], *, by_link: bool = False) -> Caller | None:
    """The caller, if the policy lets them through; None where nobody has to sign in. `by_link`:
    whether `?token=` of a media link does for a bearer. Raises Unauthorized, Forbidden, and what
    the token is refused for."""
    if policy is Auth.PUBLIC:
        return None
    if policy is Auth.TASK:
        tokens.decode(tokens.bearer(request.headers.get("Authorization")), purpose="task")
        return None
    accounts: Authenticator = services().accounts
    sent = request.headers.get("Authorization")
    if by_link and sent is None and "token" in request.args:
        # The path as routed: the same by Hosting and by the function's own URL.
        caller = accounts.authenticate_link(request.args["token"], request.path)
    else:
        caller = accounts.authenticate(sent)
    caller = replace(caller, request_id=g.get("request_id"))
    g.caller = caller
    logs.bind(uid=caller.uid)
    if caller.role == "admin":
        return caller
    if policy is Auth.ADMIN or (policy is Auth.SELF and path.get("userId") != caller.uid):
        raise Forbidden
    return caller
