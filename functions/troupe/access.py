"""Who may have an object. Services ask here, and each answer is recorded for the edge.

A route whose policy is `owner`, `member` or `company` answers 500 when its handler has not asked:
see `troupe.web.caller.enforced` and decision 020. Checks in another thread are recorded if it runs
in the context of the request (`troupe.logs.in_context`); outside a request none are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from troupe.caller import Caller, CompanyRole
from troupe.errors import Forbidden, TroupeError

if TYPE_CHECKING:
    from troupe.adapters.firestore import Document

Policy = Literal["owner", "member", "company"]
Refusal = TroupeError | type[TroupeError]


@dataclass(frozen=True, slots=True)
class Check:
    """Whether `uid` may have `subject`: the path of a document, or `companies/{id}`."""

    policy: Policy
    uid: str
    subject: str
    granted: bool


_checks: ContextVar[list[Check] | None] = ContextVar("checks", default=None)


@contextmanager
def recorded() -> Iterator[list[Check]]:
    """The checks that are made within, in order."""
    made: list[Check] = []
    token = _checks.set(made)
    try:
        yield made
    finally:
        _checks.reset(token)


def passed(checks: Iterable[Check], policy: str, uid: str) -> bool:
    """Whether `uid` was granted something under `policy`, and nothing was refused."""
    made = list(checks)
    granted = any((check.policy, check.uid) == (policy, uid) for check in made)
    return granted and all(check.granted for check in made)


def owned(document: Document, uid: str, missing: Refusal) -> Document:
    """The document, if its `uid` is this one. Raises `missing`, also where the document is somebody
    else's: strangers do not learn that it exists."""
    mine = document.exists and document.data["uid"] == uid
    _record("owner", uid, document.path, None if mine else missing)
    return document


def editable(document: Document, caller: Caller, missing: Refusal, refusal: Refusal) -> Document:
    """A document that everybody may see, if the caller owns it or is an administrator. Raises
    `missing` where there is none, and `refusal` for other callers."""
    denied = None
    if not document.exists:
        denied = missing
    elif document.data["uid"] != caller.uid and caller.role != "admin":
        denied = refusal
    _record("owner", caller.uid, document.path, denied)
    return document


def member(membership: Document, uid: str, missing: Refusal) -> Document:
    """The document that makes `uid` a member of something, and whose id is theirs: a room's
    `members/{uid}`, say. Raises `missing` where there is none, or where its `active` is False: who
    has left may keep a document."""
    mine = membership.exists and membership.id == uid
    joined = mine and membership.data.get("active", True)
    _record("member", uid, membership.path, None if joined else missing)
    return membership


def member_of(company_id: str, caller: Caller, missing: Refusal) -> CompanyRole:
    """The caller's role in a company; `company_id` is empty for an object that does not exist.
    Raises `missing` for anybody who is not in the company."""
    denied = None if company_id in caller.companies else missing
    _record("member", caller.uid, f"companies/{company_id}", denied)
    return caller.companies[company_id]


def company_admin(company_id: str, caller: Caller, missing: Refusal) -> None:
    """Lets through owners and admins of a company, and administrators of the whole. `company_id` is
    empty for an object that does not exist.

    Raises Forbidden for other members of the company, and `missing` for anybody else.
    """
    role = caller.companies.get(company_id)
    denied: Refusal | None = None
    if not company_id or (role is None and caller.role != "admin"):
        denied = missing
    elif role not in ("owner", "admin") and caller.role != "admin":
        denied = Forbidden
    _record("company", caller.uid, f"companies/{company_id}", denied)


def _record(policy: Policy, uid: str, subject: str, denied: Refusal | None) -> None:
    """Raises `denied` if there is one."""
    checks = _checks.get()
    if checks is not None:
        checks.append(Check(policy, uid, subject, granted=denied is None))
    if denied is not None:
        raise denied
