"""Who calls: the policy of a route, and the caller that passed it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from flask import g, request

from troupe import access, logs
from troupe.caller import Caller
from troupe.errors import Forbidden, TroupeError
from troupe.logs import log
from troupe.web.provided import services

__all__ = ["Auth", "Caller", "admit", "enforced", "signed_in"]


class Auth(StrEnum):
    """Who may call a route.

    The edge decides the policies that need no object. Those that hang on one are decided by the
    service, which has read it, through `troupe.access`; the edge sees to it that it does.
    """

    PUBLIC = "public"
    OPTIONAL = "optional"  # anybody; who sends a bearer is known, and a bad one is refused
    USER = "user"
    SELF = "self"  # the user named in the path as userId, or an administrator
    ADMIN = "admin"
    OWNER = "owner"
    MEMBER = "member"  # of a room, a call or a company
    COMPANY = "company"  # who runs one, or an administrator


CHECKED_BY_SERVICES = (Auth.OWNER, Auth.MEMBER, Auth.COMPANY)
C = TypeVar("C", bound=Caller)
C_co = TypeVar("C_co", bound=Caller, covariant=True)


class Authenticator(Protocol[C_co]):
    """The service `accounts`, as the edge needs it."""

    def authenticate(self, authorization: str | None) -> C_co:
        """The caller behind an Authorization header. Raises Unauthorized and its like."""
        ...

    def authenticate_link(self, token: str, path: str) -> C_co:
        """In whose name a media link opens `path`. Raises Unauthorized and its like."""
        ...


def admit(policy: Auth, path: dict[str, Any], *, by_link: bool = False) -> Caller | None:
    """The caller, if the policy lets them through; None where nobody has to sign in. `by_link`:
    whether `?token=` of a media link does for a bearer. Raises Unauthorized, Forbidden, and what
    the token is refused for."""
    if policy is Auth.PUBLIC:
        return None
    if policy is Auth.OPTIONAL and "Authorization" not in request.headers:
        return None
    accounts: Authenticator[Caller] = services().accounts
    if by_link and "Authorization" not in request.headers and "token" in request.args:
        # The path as routed: the same by Hosting and by the function's own URL.
        caller = _known(accounts.authenticate_link(request.args["token"], request.path))
    else:
        caller = signed_in(accounts)
    if caller.role == "admin":
        return caller
    if policy is Auth.ADMIN or (policy is Auth.SELF and path.get("userId") != caller.uid):
        raise Forbidden
    return caller


def signed_in(accounts: Authenticator[C_co]) -> C_co:
    """The caller of the present request. A public handler calls this when it turns out to need one:
    with `optional` an old bearer would be refused even where none is needed.

    Raises Unauthorized, and what the token is refused for.
    """
    return _known(accounts.authenticate(request.headers.get("Authorization")))


def _known(caller: C) -> C:
    """The caller, whom the rest of the request and its log lines know from here on."""
    g.caller = caller = replace(caller, request_id=g.get("request_id"))
    logs.bind(uid=caller.uid)
    return caller


@contextmanager
def enforced(policy: Auth, caller: Caller | None) -> Iterator[None]:
    """Around a handler: that it ends well without having asked `troupe.access`, where the policy
    wants that, is a fault of ours. Raises TroupeError then, so that its answer is not sent."""
    with access.recorded() as g.checks:
        yield
    if policy not in CHECKED_BY_SERVICES:
        return
    if caller is None or not access.passed(g.checks, policy, caller.uid):
        route = request.url_rule.rule if request.url_rule else None
        log.error("ownership_not_checked", route=route, policy=policy)
        raise TroupeError
