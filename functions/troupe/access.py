"""Access checks on objects. Services call them, and each result is recorded for the edge.

A route whose policy is `owner`, `member` or `company` answers 500 if its handler made no check: see
`troupe.web.caller.enforced` and decision 020. Checks in another thread are recorded if it runs in
the context of the request (`troupe.logs.in_context`); outside a request, none are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from troupe.caller import Caller, CompanyRole, Scope
from troupe.errors import Forbidden, ScopeMissing, TroupeError

if TYPE_CHECKING:
    from troupe.adapters.firestore import Document

Policy = Literal["owner", "member", "company"]
Refusal = TroupeError | type[TroupeError]


@dataclass(frozen=True, slots=True)
class Check:
    """Whether `uid` may access `subject`: a document path, or `companies/{id}`."""

    policy: Policy
    uid: str
    subject: str
    granted: bool


_checks: ContextVar[list[Check] | None] = ContextVar("checks", default=None)


@contextmanager
def recorded() -> Iterator[list[Check]]:
    """Collects the checks made in the context, in order."""
    made: list[Check] = []
    token = _checks.set(made)
    try:
        yield made
    finally:
        _checks.reset(token)


def passed(checks: Iterable[Check], policy: str, uid: str) -> bool:
    """Whether `uid` was granted access under `policy`, and no check was refused."""
    made = list(checks)
    granted = any((check.policy, check.uid) == (policy, uid) for check in made)
    return granted and all(check.granted for check in made)


def owned(document: Document, uid: str, missing: Refusal) -> Document:
    """The document, if it belongs to `uid`. Raises `missing` otherwise, also for another user's
    document, so as not to reveal that it exists."""
    mine = belongs(document, uid)
    _record("owner", uid, document.path, None if mine else missing)
    return document


def belongs(document: Document, uid: str) -> bool:
    """Whether the document exists and is `uid`'s. Says nothing about the caller's access, and is
    not recorded."""
    return bool(document.exists and document.data["uid"] == uid)


def readable(document: Document, uid: str, missing: Refusal) -> Document:
    """A document with a `visibility`: its owner's if it is private, else everybody's. `uid` is ""
    for a caller who is not signed in. Raises `missing` as `owned` does."""
    if not document.exists or (_is_private(document) and document.data["uid"] != uid):
        _record("owner", uid, document.path, missing)
    return document


def editable(document: Document, caller: Caller, missing: Refusal, refusal: Refusal) -> Document:
    """A document with a `visibility`, if the caller owns it or is an administrator. Raises
    `refusal` for other callers who can read it, and `missing` if it does not exist for them."""
    denied = None
    if not document.exists:
        denied = missing
    elif document.data["uid"] != caller.uid and caller.role != "admin":
        denied = missing if _is_private(document) else refusal
    _record("owner", caller.uid, document.path, denied)
    return document


def member(membership: Document, uid: str, missing: Refusal) -> Document:
    """The membership document of `uid`, for example a room's `members/{uid}`. Raises `missing` if
    it does not exist or its `active` is False: members who left may keep their document."""
    mine = membership.exists and membership.id == uid
    joined = mine and membership.data.get("active", True)
    _record("member", uid, membership.path, None if joined else missing)
    return membership


def party(membership: Document, uid: str, admitted: bool, missing: Refusal) -> None:
    """Records whether `uid` takes part in something by their membership document, whose fields the
    caller has judged. Raises `missing` if not."""
    mine = membership.exists and membership.id == uid and admitted
    _record("member", uid, membership.path, None if mine else missing)


def involved(subject: Document, uid: str, refusal: Refusal | None) -> None:
    """Records whether `uid` has a part in something that several kinds of people do, such as a
    review: the caller has judged who they are. Raises `refusal` if it is not None."""
    _record("member", uid, subject.path, refusal)


def manages(company_id: str | None, caller: Caller) -> bool:
    """Whether the caller is an owner or admin of a company. Says nothing about the caller's access,
    and is not recorded."""
    return caller.companies.get(company_id or "") in ("owner", "admin")


def keeper(membership: Document, uid: str, refusal: Refusal | None) -> None:
    """Records whether a member may change what belongs to all, such as a room's name: the check of
    `owner` for an object with several keepers. Raises `refusal` if it is not None."""
    _record("owner", uid, membership.path, refusal)


def member_of(company_id: str, caller: Caller, missing: Refusal) -> CompanyRole:
    """The caller's role in a company; `company_id` is empty if the object does not exist. Raises
    `missing` for callers outside the company."""
    denied = None if company_id in caller.companies else missing
    _record("member", caller.uid, f"companies/{company_id}", denied)
    return caller.companies[company_id]


def company_admin(company_id: str, caller: Caller, missing: Refusal) -> None:
    """Admits owners and admins of a company, and Troupe's administrators. `company_id` is empty if
    the object does not exist.

    Raises Forbidden for other members of the company, and `missing` for everybody else.
    """
    role = caller.companies.get(company_id)
    denied: Refusal | None = None
    if not company_id or (role is None and caller.role != "admin"):
        denied = missing
    elif role not in ("owner", "admin") and caller.role != "admin":
        denied = Forbidden
    _record("company", caller.uid, f"companies/{company_id}", denied)


def payer(owner_id: str, caller: Caller, missing: Refusal) -> None:
    """Admits a user to what is their own, and others as `company_admin` does: `owner_id` is the id
    of a user or a company."""
    if owner_id == caller.uid:
        _record("company", caller.uid, f"users/{owner_id}", None)
    else:
        company_admin(owner_id, caller, missing)


def key_reads(caller: Caller, scope: Scope) -> None:
    """For a request that tells what is in an object of another scope than that of its operation.
    Raises ScopeMissing if it came with an API key without the scope."""
    if caller.key is not None and not caller.key.allows(scope):
        raise ScopeMissing.of(scope)


def hosted(company_id: str, host_uid: str, caller: Caller, missing: Refusal) -> None:
    """Admits the member of a company whose object it is, such as the host of a call, and others as
    `company_admin` does."""
    if caller.uid == host_uid and company_id in caller.companies:
        _record("company", caller.uid, f"companies/{company_id}", None)
    else:
        company_admin(company_id, caller, missing)


def _is_private(document: Document) -> bool:
    return bool(document.data.get("visibility") == "private")


def _record(policy: Policy, uid: str, subject: str, denied: Refusal | None) -> None:
    """Raises `denied` if it is not None."""
    checks = _checks.get()
    if checks is not None:
        checks.append(Check(policy, uid, subject, granted=denied is None))
    if denied is not None:
        raise denied
