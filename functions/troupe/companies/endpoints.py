"""Companies over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.accounts.errors import OrgNumberTaken
from troupe.companies import schemas
from troupe.companies.errors import (
    CompanyInUse,
    LogoTooLarge,
    SlugReserved,
    SlugTaken,
    TooManyCompanies,
)
from troupe.errors import CompanyNotFound, Forbidden, GuestNotAllowed
from troupe.idempotency import KeyReused
from troupe.media.uploads.checks import (
    BrokenImage,
    DecodersBusy,
    ImageTooLarge,
    TooDemanding,
    UnsupportedFile,
)
from troupe.paging import BadCursor, PageTooDeep
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.companies.features import Features
    from troupe.companies.founding import Founding
    from troupe.companies.records import Company
    from troupe.companies.service import Companies

api = Api("companies", "Companies")


@api.get("/api/companies", data=schemas.CompaniesData, errors=(BadCursor, PageTooDeep))
def list_companies(query: schemas.CompaniesQuery, caller: Caller, companies: Companies) -> Reply:
    """Lists the companies that you belong to. Administrators of Troupe see all companies."""
    found, page = companies.page(
        caller, query, search=query.search, status=query.status, sort=query.sort
    )
    data = schemas.CompaniesData(companies=[schemas.ListedCompany.of(each) for each in found])
    meta = query.meta(page.total, page.next_cursor)
    return Reply(data, "Companies fetched successfully", meta=meta)


@api.post(
    "/api/companies",
    status=201,
    data=schemas.CompanyData,
    errors=(
        *(GuestNotAllowed, SlugTaken, SlugReserved, OrgNumberTaken),
        *(TooManyCompanies, KeyReused),
    ),
    headers=("Location",),
    limit="company",
)
def create_company(
    header: KeyHeader, body: schemas.CreateCompany, caller: Caller, company_founding: Founding
) -> Reply:
    """Creates a company that you own. A user can belong to at most 20."""
    made = company_founding.create(caller, body.request(), header.idempotency_key)
    headers = {"Location": f"/api/companies/{made.id}"}
    return Reply(schemas.CompanyData.of(made), "Company created successfully", headers=headers)


@api.get(
    "/api/companies/<companyId>",
    auth=Auth.COMPANY,
    data=schemas.CompanyData,
    errors=(CompanyNotFound, Forbidden),
)
def get_company(
    path: schemas.CompanyPath, caller: Caller, companies: Companies, features: Features
) -> Reply:
    """Returns a company. Only its owner and administrators can see it."""
    company = companies.get(caller, path.company_id)
    return Reply(_shown(company, features), "Company fetched successfully")


@api.put(
    "/api/companies/<companyId>",
    auth=Auth.COMPANY,
    data=schemas.CompanyData,
    errors=(CompanyNotFound, Forbidden, SlugTaken, SlugReserved, OrgNumberTaken),
)
def update_company(
    path: schemas.CompanyPath,
    body: schemas.UpdateCompany,
    caller: Caller,
    companies: Companies,
    features: Features,
) -> Reply:
    """Changes a company; fields that you omit stay unchanged."""
    company = companies.update(caller, path.company_id, body.changes())
    return Reply(_shown(company, features), "Company updated successfully")


@api.put(
    "/api/companies/<companyId>/settings",
    auth=Auth.COMPANY,
    data=schemas.CompanyData,
    errors=(CompanyNotFound, Forbidden),
)
def company_settings(
    path: schemas.CompanyPath,
    body: schemas.CompanySettingsBody,
    caller: Caller,
    companies: Companies,
    features: Features,
) -> Reply:
    """Changes settings of a company. Settings that you omit stay unchanged; null restores the
    default."""
    settings, fields = body.settings.given()
    company = companies.set_settings(caller, path.company_id, settings, fields)
    return Reply(_shown(company, features), "Settings updated successfully")


@api.post(
    "/api/companies/<companyId>/logo",
    auth=Auth.COMPANY,
    data=schemas.CompanyData,
    errors=(
        *(CompanyNotFound, Forbidden, LogoTooLarge, UnsupportedFile, BrokenImage),
        *(ImageTooLarge, TooDemanding, DecodersBusy),
    ),
    body_bytes=6 * 1024 * 1024,
)
def company_logo(
    path: schemas.CompanyPath,
    form: schemas.LogoForm,
    caller: Caller,
    companies: Companies,
    features: Features,
) -> Reply:
    """Sets the logo, replacing the previous one. Metadata is removed. The picture is public."""
    company = companies.set_logo(caller, path.company_id, form.logo)
    return Reply(_shown(company, features), "Logo uploaded successfully")


@api.delete(
    "/api/companies/<companyId>",
    auth=Auth.COMPANY,
    errors=(CompanyNotFound, Forbidden, CompanyInUse),
)
def delete_company(
    path: schemas.CompanyPath, body: schemas.DeleteCompany, caller: Caller, companies: Companies
) -> Reply:
    """Closes a company for all its members at once, and erases its data within hours. Only its
    owner can do this. If it has other members, licenses or a plan, send its name as `confirm`."""
    companies.delete(caller, path.company_id, body.confirm)
    return Reply(message="Company deleted successfully")


def _shown(company: Company, features: Features) -> schemas.CompanyData:
    return schemas.CompanyData.of(company, features.keys(company))
