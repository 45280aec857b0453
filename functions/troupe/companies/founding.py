"""Creating a company: for a user, or together with one."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from troupe.accounts.companies import Founded, NewCompany
from troupe.accounts.errors import OrgNumberTaken
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Create, Database, Document, Update, Write, contend, now
from troupe.caller import Caller
from troupe.companies.errors import SlugReserved, SlugTaken, TooManyCompanies
from troupe.companies.records import Company, Member
from troupe.companies.roster import MOST_COMPANIES
from troupe.companies.writes import company_path, new_company_id, number_path, slug_path
from troupe.dashboards.days import day_writes
from troupe.errors import GuestNotAllowed
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.text import slug
from troupe.tokens import TokenInvalid
from troupe.wallet.budgets import member_path
from troupe.wallet.ledger import opening_writes
from troupe.wallet.records import Owner

MOST_SLUG = 40  # characters
# Paths and host names of the product, and what could be taken for them.
_RESERVED = frozenset(
    """
    about account accounts admin api app assets auth billing blog company companies contact
    docs faq help home index legal login logout mail new null pricing privacy public
    register root security settings signup static status support system terms troupe user
    users www
    """.split()  # noqa: SIM905 (a list would be as long as the page)
)


@dataclass(frozen=True, slots=True)
class CompanyRequest:
    """A company as it is asked for. `fields`: other fields of `Company`."""

    name: str
    slug: str | None = None
    org_number: str | None = None
    country: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


class Founding:
    """Implements `accounts.companies.Founder`, too."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, caller: Caller, request: CompanyRequest, key: str | None = None) -> Company:
        """Creates a company that the caller owns. `key`: repeats with the same one create one.

        Raises GuestNotAllowed, SlugTaken, SlugReserved, OrgNumberTaken, TooManyCompanies,
        KeyReused.
        """
        if caller.guest:
            raise GuestNotAllowed
        if request.slug is not None:
            check_slug(request.slug)
        company_id = f"co{keyed_id(caller.uid, key)[:20]}"
        asked = request_hash("createCompany", _plain(request)) if key else None
        return contend(lambda: self._create(caller.uid, company_id, request, asked)[0])

    def check(self, company: NewCompany) -> None:
        request = _of(company)
        if _number(request) and self._db.get(_number(request)).exists:
            raise OrgNumberTaken

    def found(self, user: UserRecord, company: NewCompany) -> Founded:
        request, company_id = _of(company), new_company_id()
        _, taken, number = self._read(company_path(company_id), request)
        made = _made(company_id, user, request, _free_slug(request, taken, number), user.created_at)
        companies = {**user.companies, company_id: "owner"}
        user = user.model_copy(update={"companies": companies})
        return Founded(user, _writes(made, user))

    def found_for(self, uid: str, company: NewCompany) -> UserRecord:
        company_id = new_company_id()
        return contend(lambda: self._create(uid, company_id, _of(company), None)[1])

    def _create(
        self, uid: str, company_id: str, request: CompanyRequest, asked: str | None
    ) -> tuple[Company, UserRecord]:
        path = company_path(company_id)
        document, taken, number, account = self._read(path, request, user_path(uid))
        user = existing_user(account)
        if user is None:
            raise TokenInvalid
        if document.exists:  # our own commit, whose response was lost, or that of the same key
            company = Company.of(document)
            if company.created_by != asked or company.deleted_at:
                raise KeyReused
            return company, user
        if len(user.companies) >= MOST_COMPANIES:
            raise TooManyCompanies
        at = now()
        company = _made(company_id, user, request, _free_slug(request, taken, number), at)
        company = company.model_copy(update={"created_by": asked})
        joined = Update(
            account.path, {f"companies.{company_id}": "owner", "updatedAt": at}, seen=account
        )
        self._db.commit_or_stale(joined, *_writes(company, user))
        companies = {**user.companies, company_id: "owner"}
        return company, user.model_copy(update={"companies": companies})

    def _read(self, path: str, request: CompanyRequest, *also: str) -> Sequence[Document]:
        """The company, and what reserves its slug and its number; the last does not exist for a
        company without a number."""
        paths = [path, slug_path(request.slug or derived_slug(request.name)), *also]
        number = _number(request)
        found = self._db.get_all([*paths, number] if number else paths)
        reserved = found.pop() if number else Document("", {}, False, None)
        return [*found[:2], reserved, *found[2:]]


def check_slug(wanted: str) -> None:
    """Raises SlugReserved."""
    if wanted in _RESERVED:
        raise SlugReserved


def derived_slug(name: str) -> str:
    """Of a name; others may have the same one."""
    made = slug(name)[:MOST_SLUG].strip("-")
    return made if len(made) >= 3 and made not in _RESERVED else f"company-{made}".strip("-")


def reservations(company: Company) -> list[Write]:
    """Reserve what only one company can have: another one's commit raises AlreadyExists."""
    taken = {"companyId": company.id, "createdAt": company.created_at}
    writes: list[Write] = [Create(slug_path(company.slug), taken)]
    if company.org_number and company.country:
        writes.append(Create(number_path(company.country, company.org_number), taken))
    return writes


def _free_slug(request: CompanyRequest, taken: Document, number: Document) -> str:
    """Raises SlugTaken, OrgNumberTaken."""
    if number.exists:
        raise OrgNumberTaken
    if not taken.exists:
        return taken.id
    if request.slug is not None:
        raise SlugTaken
    return f"{taken.id[: MOST_SLUG - 7].strip('-')}-{secrets.token_hex(3)}"


def _made(
    company_id: str, user: UserRecord, request: CompanyRequest, slug: str, at: datetime
) -> Company:
    return Company(
        id=company_id,
        name=request.name,
        slug=slug,
        org_number=request.org_number,
        country=request.country,
        owner_uid=user.id,
        created_at=at,
        updated_at=at,
        **request.fields,
    )


def _writes(company: Company, user: UserRecord) -> list[Write]:
    """Everything that a new company consists of, besides the entry in its owner's document. Its
    wallet is empty: founding companies must not be a way to get tokens."""
    owner = Member(
        id=user.id,
        company_id=company.id,
        role="owner",
        name=user.name,
        email=user.email or "",
        language=user.language or "",
        joined_at=company.created_at,
        updated_at=company.created_at,
    )
    return [
        Create(company_path(company.id), company.stored()),
        Create(member_path(company.id, user.id), owner.stored()),
        *opening_writes(Owner.company(company.id), 0, company.created_at),
        *day_writes(company.id, company.created_at, newMembers=1),
        *reservations(company),
    ]


def _of(company: NewCompany) -> CompanyRequest:
    return CompanyRequest(company.name, org_number=company.org_number, country=company.country)


def _number(request: CompanyRequest) -> str:
    """The path that reserves the number; empty without one."""
    if request.org_number is None or request.country is None:
        return ""
    return number_path(request.country, request.org_number)


def _plain(request: CompanyRequest) -> dict[str, Any]:
    fields = {
        name: value.model_dump(mode="json") if hasattr(value, "model_dump") else value
        for name, value in request.fields.items()
    }
    return {
        "name": request.name,
        "slug": request.slug,
        "orgNumber": request.org_number,
        "country": request.country,
        **fields,
    }
