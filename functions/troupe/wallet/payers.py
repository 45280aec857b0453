"""Who pays for a request."""

from __future__ import annotations

from dataclasses import dataclass

from troupe.access import member_of
from troupe.caller import Caller, KeyUse
from troupe.errors import CompanyNotFound
from troupe.wallet.errors import CompanyDiffers
from troupe.wallet.records import Owner


@dataclass(frozen=True, slots=True)
class Payer:
    """`key`: the API key that spends the owner's money, if the request came with one."""

    owner: Owner
    key: KeyUse | None = None

    @property
    def company_id(self) -> str | None:
        return self.owner.company_id

    @property
    def key_id(self) -> str | None:
        return self.key.id if self.key else None


def payer_of(caller: Caller, *named: str | None) -> Payer:
    """The company that the request names, in its header or its body, or that the API key belongs
    to, else the caller. Nothing falls back from one to the other. Raises CompanyNotFound for a
    company that the caller is no member of, and CompanyDiffers."""
    ids = {company_id for company_id in named if company_id}
    if caller.key is not None and caller.key.company_id:
        ids.add(caller.key.company_id)
    if not ids:
        return Payer(Owner.user(caller.uid), caller.key)
    if len(ids) > 1:
        raise CompanyDiffers
    (company_id,) = ids
    member_of(company_id, caller, CompanyNotFound)
    return Payer(Owner.company(company_id), caller.key)
