"""Authentication and the access policies of routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from flask import current_app, g, request

from troupe import access, logs
from troupe.caller import Caller, Device, Scope
from troupe.errors import Forbidden, KeyNotAccepted, ScopeMissing, TroupeError
from troupe.logs import log
from troupe.tokens import KEY_PREFIX
from troupe.web.addresses import current_device
from troupe.web.provided import services

__all__ = ["Auth", "Caller", "admit", "enforced", "signed_in"]


class Auth(StrEnum):
    """Who may call a route.

    The edge checks the policies that need no object. The service, which reads the object, checks
    the others through `troupe.access`, and the edge verifies that it did.
    """

    PUBLIC = "public"
    OPTIONAL = "optional"  # anybody; a bearer token or media link is checked if there is one
    USER = "user"
    SELF = "self"  # the user named in the path as userId, or an administrator
    ADMIN = "admin"
    OWNER = "owner"
    MEMBER = "member"  # of a room, a call or a company
    COMPANY = "company"  # a manager of the company, or an administrator


# Of ElevenLabs' clients, Azure's, and many others.
KEY_HEADERS = ("xi-api-key", "api-key", "X-API-Key")
CHECKED_BY_SERVICES = (Auth.OWNER, Auth.MEMBER, Auth.COMPANY)
C = TypeVar("C", bound=Caller)
C_co = TypeVar("C_co", bound=Caller, covariant=True)


class Authenticator(Protocol[C_co]):
    """The part of the service `callers` that the edge uses."""

    def authenticate(self, authorization: str | None, device: Callable[[], Device]) -> C_co:
        """The caller with this Authorization header. `device` returns what sent it. Raises
        Unauthorized and its subclasses, and AccountSuspended."""
        ...


class AppChecker(Protocol):
    """The part of the service `app_checks` that the edge uses."""

    def verify(self, token: str | None) -> str:
        """The id of the app. Raises AppCheckFailed and Unavailable."""
        ...


def check_app(*, by_link: bool) -> None:
    """Raises AppCheckFailed if App Check is enforced and the request has no valid token of it.
    `by_link`: a media link is enough, since players cannot send headers, and only a request with a
    token gets a link."""
    checks: AppChecker | None = current_app.config["APP_CHECKS"]
    if checks is None or (by_link and _has_link()):
        return
    checks.verify(request.headers.get("X-Firebase-AppCheck"))


def _has_link() -> bool:
    return _credentials() is None and "token" in request.args


def _credentials() -> str | None:
    """The Authorization header, or an API key as other services' clients send it."""
    if "Authorization" in request.headers:
        return request.headers["Authorization"]
    for name in KEY_HEADERS:
        if key := request.headers.get(name):
            return f"Bearer {key}"
    return None


def has_key() -> bool:
    """Whether the request came with something that looks like an API key."""
    return (_credentials() or "").partition(" ")[2].strip().startswith(KEY_PREFIX)


def admit(
    policy: Auth, path: dict[str, Any], *, by_link: bool = False, scope: Scope | None = None
) -> Caller | None:
    """The caller, if the policy admits them; None if the route needs no sign-in and has none.
    `by_link`: accept `?token=` of a media link instead of a bearer token. `scope`: what an API key
    needs; None: keys are refused.

    Raises Forbidden, Unauthorized, TokenInvalid, TokenExpired, AccountSuspended, KeyNotAccepted,
    ScopeMissing, and the errors of `KeyCallers.authenticate`.
    """
    if policy is Auth.PUBLIC:
        return None
    link = by_link and _has_link()
    if policy is Auth.OPTIONAL and _credentials() is None and not link:
        return None
    caller: Caller
    if link:
        # The path as routed: the same by Hosting and by the function's own URL.
        caller = _known(services().media_links.authenticate(request.args["token"], request.path))
    else:
        caller = signed_in(services().callers, scope)
    if caller.role == "admin":
        return caller
    if policy is Auth.ADMIN or (policy is Auth.SELF and path.get("userId") != caller.uid):
        raise Forbidden
    return caller


def signed_in(callers: Authenticator[C_co], scope: Scope | None = None) -> C_co:
    """The caller of the current request, for a public handler that turns out to need one: the
    policy `optional` would reject an expired token even when none is needed.

    Raises Unauthorized, TokenInvalid, TokenExpired, AccountSuspended, and of an API key what
    `admit` raises.
    """
    caller = _known(callers.authenticate(_credentials(), current_device))
    if caller.key is not None and not caller.key.allows(scope):
        raise KeyNotAccepted if scope is None else ScopeMissing.of(scope)
    return caller


def _known(caller: C) -> C:
    """Stores the caller for the rest of the request and its log lines."""
    g.caller = caller = replace(caller, request_id=g.get("request_id"))
    logs.bind(uid=caller.uid)
    return caller


@contextmanager
def enforced(policy: Auth, caller: Caller | None) -> Iterator[None]:
    """Wraps a handler. Raises TroupeError, so that its response is not sent, if the handler
    succeeds without the `troupe.access` check that its policy requires: that is a bug."""
    with access.recorded() as g.checks:
        yield
    if policy not in CHECKED_BY_SERVICES:
        return
    if caller is None or not access.passed(g.checks, policy, caller.uid):
        route = request.url_rule.rule if request.url_rule else None
        log.error("ownership_not_checked", route=route, policy=policy)
        raise TroupeError
