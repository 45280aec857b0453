"""Who pays for a request."""

from __future__ import annotations

from troupe.access import member_of
from troupe.caller import Caller
from troupe.errors import CompanyNotFound
from troupe.wallet.errors import CompanyDiffers
from troupe.wallet.records import Owner


def payer_of(caller: Caller, *named: str | None) -> Owner:
    """The company that the request names, in its header or its body, else the caller. Nothing
    falls back from one to the other. Raises CompanyNotFound for a company that the caller is no
    member of, and CompanyDiffers."""
    ids = {company_id for company_id in named if company_id}
    if not ids:
        return Owner.user(caller.uid)
    if len(ids) > 1:
        raise CompanyDiffers
    (company_id,) = ids
    member_of(company_id, caller, CompanyNotFound)
    return Owner.company(company_id)
