"""For whom a caller pays: themselves, or a company that they manage."""

from __future__ import annotations

from troupe import access
from troupe.caller import Caller
from troupe.errors import Forbidden
from troupe.wallet.errors import OwnerNotFound
from troupe.wallet.records import Owner, OwnerKind


def payer(caller: Caller, company_id: str | None, *, admin_of: str | None = None) -> Owner:
    """`admin_of`: anybody's id, for administrators. Raises OwnerNotFound for a company that the
    caller is not in, Forbidden for its other members."""
    if admin_of is not None and admin_of != caller.uid:
        if caller.role != "admin":
            raise Forbidden
        return Owner.user(admin_of)
    if company_id is None:
        return Owner.user(caller.uid)
    access.company_admin(company_id, caller, OwnerNotFound)
    return Owner.company(company_id)


def pays_for(caller: Caller, owner: Owner) -> bool:
    """Whether the caller is this payer, or manages the company that is."""
    if owner.kind is OwnerKind.USER:
        return owner.id == caller.uid
    return caller.companies.get(owner.id) in ("owner", "admin")
