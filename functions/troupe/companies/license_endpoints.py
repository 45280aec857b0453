"""Licenses of companies over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.companies import license_schemas as schemas
from troupe.companies.choice import chosen
from troupe.companies.errors import (
    CompanyRequired,
    HasLicense,
    LicenseNotActive,
    LicenseNotFound,
    LicensePaid,
    LicenseTaken,
    NotAMember,
    UsePortal,
)
from troupe.companies.people_schemas import UserPath
from troupe.companies.schemas import CompanyKeyHeader
from troupe.errors import CompanyNotFound, Forbidden
from troupe.idempotency import KeyReused
from troupe.paging import BadCursor, PageTooDeep
from troupe.wallet.errors import CompanyDiffers
from troupe.wallet.schemas import CompanyHeader
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.companies.licenses import Licenses

api = Api("licenses", "Licenses of companies")

_REFUSALS = (CompanyNotFound, CompanyRequired, CompanyDiffers, Forbidden)
_ASSIGNING = (LicenseNotFound, NotAMember, LicenseTaken, HasLicense, LicenseNotActive)


@api.get(
    "/api/licenses",
    auth=Auth.COMPANY,
    data=schemas.LicensesData,
    errors=(*_REFUSALS, BadCursor, PageTooDeep),
)
def list_licenses(
    header: CompanyHeader, query: schemas.LicensesQuery, caller: Caller, licenses: Licenses
) -> Reply:
    """Lists the licenses of a company, newest first."""
    company_id = chosen(caller, query.company_id, header.x_troupe_company)
    found, page = licenses.page(caller, company_id, query, query.filter())
    data = schemas.LicensesData(licenses=[schemas.LicenseView.of(each) for each in found])
    meta = query.meta(page.total, page.next_cursor)
    return Reply(data, "Licenses fetched successfully", meta=meta)


@api.post(
    "/api/licenses",
    auth=Auth.COMPANY,
    status=201,
    data=schemas.CreatedLicenses,
    errors=(*_REFUSALS, UsePortal, NotAMember, HasLicense, LicenseNotActive, KeyReused),
)
def create_license(
    header: CompanyKeyHeader, body: schemas.CreateLicense, caller: Caller, licenses: Licenses
) -> Reply:
    """Creates licenses for a company. Only administrators of Troupe can do this."""
    company_id = chosen(caller, body.company_id, header.x_troupe_company)
    made = licenses.create(
        caller,
        company_id,
        body.given(),
        body.count,
        user_id=body.user_id,
        key=header.idempotency_key,
    )
    views = [schemas.LicenseView.of(each) for each in made]
    data = schemas.CreatedLicenses(license=views[0], licenses=views)
    return Reply(data, "Licenses created successfully")


@api.get(
    "/api/licenses/<licenseId>",
    auth=Auth.COMPANY,
    data=schemas.LicenseData,
    errors=(LicenseNotFound, Forbidden),
)
def get_license(path: schemas.LicensePath, caller: Caller, licenses: Licenses) -> Reply:
    """Returns a license."""
    license = licenses.get(caller, path.license_id)
    return Reply(schemas.LicenseData.of(license), "License fetched successfully")


@api.put(
    "/api/licenses/<licenseId>",
    auth=Auth.COMPANY,
    data=schemas.LicenseData,
    errors=(LicenseNotFound, Forbidden, UsePortal, LicenseTaken, LicensePaid),
)
def update_license(
    path: schemas.LicensePath, body: schemas.UpdateLicense, caller: Caller, licenses: Licenses
) -> Reply:
    """Changes a license. Only administrators of Troupe can do this."""
    license = licenses.update(caller, path.license_id, body.given())
    return Reply(schemas.LicenseData.of(license), "License updated successfully")


@api.delete(
    "/api/licenses/<licenseId>",
    auth=Auth.COMPANY,
    errors=(LicenseNotFound, Forbidden, UsePortal, LicenseTaken, LicensePaid),
)
def delete_license(path: schemas.LicensePath, caller: Caller, licenses: Licenses) -> Reply:
    """Deletes a license, also if a member has it. Only administrators of Troupe can do this."""
    licenses.delete(caller, path.license_id)
    return Reply(message="License deleted successfully")


@api.put(
    "/api/licenses/<licenseId>/assign",
    auth=Auth.COMPANY,
    data=schemas.LicenseData,
    errors=(*_ASSIGNING, Forbidden),
)
def assign_license(
    path: schemas.LicensePath, body: schemas.AssignLicense, caller: Caller, licenses: Licenses
) -> Reply:
    """Assigns a free license to a member who has none. Repeating the request changes nothing."""
    license = licenses.assign(caller, path.license_id, body.user_id)
    return Reply(schemas.LicenseData.of(license), "License assigned successfully")


@api.put(
    "/api/licenses/<licenseId>/unassign",
    auth=Auth.COMPANY,
    data=schemas.LicenseData,
    errors=(LicenseNotFound, Forbidden),
)
def unassign_license(path: schemas.LicensePath, caller: Caller, licenses: Licenses) -> Reply:
    """Takes a license away from its member. Does nothing if it is free."""
    license = licenses.unassign(caller, path.license_id)
    return Reply(schemas.LicenseData.of(license), "License unassigned successfully")


@api.put(
    "/api/users/<userId>/assign-license",
    auth=Auth.COMPANY,
    data=schemas.LicenseData,
    errors=(*_ASSIGNING, Forbidden),
)
def assign_user_license(
    path: UserPath, body: schemas.AssignUserLicense, caller: Caller, licenses: Licenses
) -> Reply:
    """Assigns a free license to a member, like `PUT /api/licenses/{licenseId}/assign`."""
    license = licenses.assign(caller, body.license_id, path.user_id)
    return Reply(schemas.LicenseData.of(license), "License assigned successfully")
