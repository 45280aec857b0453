"""Which company a request is about, and whether its caller manages it."""

from __future__ import annotations

from troupe.access import company_admin
from troupe.caller import Caller
from troupe.companies.errors import CompanyRequired
from troupe.errors import CompanyNotFound, TroupeError
from troupe.wallet.errors import CompanyDiffers


def chosen(caller: Caller, *given: str | None) -> str:
    """The company that a request names, in its body, query or header; if it names none, the only
    one that the caller manages, or belongs to. Raises CompanyRequired, and CompanyNotFound for a
    caller without companies, and CompanyDiffers."""
    named = {company_id for company_id in given if company_id}
    if len(named) > 1:
        raise CompanyDiffers
    if named:
        return named.pop()
    managed = [each for each, role in caller.companies.items() if role != "member"]
    mine = managed or list(caller.companies)
    if not mine and caller.role != "admin":
        raise CompanyNotFound
    if len(mine) != 1:
        raise CompanyRequired
    return mine[0]


def own(caller: Caller, *given: str | None) -> str:
    """As `chosen`, for what only members of a company do: who belongs to none has nothing to
    choose. Raises likewise."""
    if not any(given) and not caller.companies:
        raise CompanyNotFound
    return chosen(caller, *given)


def managed(caller: Caller, company_id: str, missing: type[TroupeError] = CompanyNotFound) -> str:
    """The id of a company that the caller manages. Raises Forbidden, and `missing` as
    `company_admin` does."""
    company_admin(company_id, caller, missing)
    return company_id
