"""The audit of companies: members and users say the same, every company has one owner, and its
counters, licenses and invitations agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from troupe.accounts.writes import user_path
from troupe.adapters.firestore import Database, now
from troupe.companies.invitations import STALE_AFTER
from troupe.companies.records import (
    COLLECTION,
    Company,
    Invitation,
    InvitationStatus,
    License,
    LicenseStatus,
    Member,
    Seats,
)
from troupe.companies.writes import company_path, invitations_path, licenses_path, members_path
from troupe.payments.records import Billing, billing_path
from troupe.wallet.budgets import member_path

_BATCH = 300
_APPLIED_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CompanyFinding:
    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class CompanyAudit:
    companies: int
    findings: list[CompanyFinding]


def audit_companies(db: Database) -> CompanyAudit:
    """Reads every company, and every user who belongs to one. A change between the reads can look
    like a difference, so a finding counts only if a second look confirms it."""
    companies = 0
    findings: list[CompanyFinding] = []
    for document in db.walk(COLLECTION, select=[]):
        companies += 1
        problems = audit_company(db, document.id) and audit_company(db, document.id)
        findings += [CompanyFinding(document.path, problem) for problem in problems]
    for document in db.walk("users", select=["companies"]):
        if document.data.get("companies"):
            problems = audit_user_companies(db, document.id)
            problems = problems and audit_user_companies(db, document.id)
            findings += [CompanyFinding(document.path, problem) for problem in problems]
    return CompanyAudit(companies, findings)


def audit_company(db: Database, company_id: str) -> list[str]:
    """The problems of one company; empty if there are none, or it is being erased."""
    document = db.get(company_path(company_id))
    if not document.exists or document.data.get("deletedAt"):
        return []
    try:
        company = Company.of(document)
        members = {each.id: Member.of(each) for each in db.walk(members_path(company_id))}
        licenses = [License.of(each) for each in db.walk(licenses_path(company_id))]
        invitations = [Invitation.of(each) for each in db.walk(invitations_path(company_id))]
        paid = db.get(billing_path(company_id))
        billing = Billing.of(paid) if paid.exists else None
    except ValidationError as error:
        return [f"a document cannot be read: {error}"]
    return [
        *_members(db, company, members),
        *_licenses(company, members, licenses),
        *_seats(billing, licenses),
        *_invitations(members, licenses, invitations),
    ]


def audit_user_companies(db: Database, uid: str) -> list[str]:
    """Entries in a user's document without a member; those of companies that are being erased do
    not count. The document of a deleted company stays."""
    named = list(db.get(user_path(uid)).data.get("companies", {}))
    paths = [*map(company_path, named), *(member_path(each, uid) for each in named)]
    found = db.get_all(paths, select=["deletedAt"])
    problems = []
    for company_id, company, member in zip(
        named, found[: len(named)], found[len(named) :], strict=True
    ):
        if not company.exists:
            problems.append(f"names {company_id}, which does not exist")
        elif not member.exists and not company.data.get("deletedAt"):
            problems.append(f"names {company_id}, whose member the user is not")
    return problems


def _members(db: Database, company: Company, members: dict[str, Member]) -> Iterator[str]:
    owners = [member.id for member in members.values() if member.role == "owner"]
    if owners != [company.owner_uid]:
        yield f"its owner is {company.owner_uid}, and the members with that role are {owners}"
    if len(members) != company.member_count:
        yield f"has {len(members)} members, and counts {company.member_count}"
    ids = list(members)
    for start in range(0, len(ids), _BATCH):
        paths = [user_path(uid) for uid in ids[start : start + _BATCH]]
        for document in db.get_all(paths, select=["companies", "deletedAt"]):
            entry = document.data.get("companies", {}).get(company.id)
            member = members[document.id]
            if entry != member.access:
                yield f"member {member.id} is {member.access}, the user's document says {entry}"


def _licenses(
    company: Company, members: dict[str, Member], licenses: list[License]
) -> Iterator[str]:
    """Every assigned license is that of a member, who has at most one."""
    counted = Seats()
    for license in licenses:
        counted = counted.plus(license.counted)
    if counted != company.seats:
        yield f"its licenses add up to {counted}, it counts {company.seats}"
    features = sum((license.counted_features for license in licenses), Counter())
    if features != company.license_features:
        yield f"its licenses have the features {features}, it counts {company.license_features}"
    if company.seats.free < 0:
        yield f"more licenses are assigned or held than there are: {company.seats}"
    holders = Counter(license.user_id for license in licenses if license.user_id)
    yield from (f"{uid} has {count} licenses" for uid, count in holders.items() if count > 1)
    for license in licenses:
        member = members.get(license.user_id or "")
        if license.user_id and (member is None or member.license_id != license.id):
            yield f"license {license.id} is assigned to {license.user_id}, who does not have it"
    by_id = {license.id: license for license in licenses}
    for member in members.values():
        its = by_id.get(member.license_id or "")
        if member.license_id and (its is None or its.user_id != member.id):
            yield f"member {member.id} has license {member.license_id}, which says otherwise"
        active = its is not None and its.status is LicenseStatus.ACTIVE
        if member.license_type != (its.type if its and active else None):
            yield f"member {member.id} has a license of type {member.license_type}, which it is not"


def _seats(billing: Billing | None, licenses: list[License]) -> Iterator[str]:
    """As many licenses are active as are paid for, once that has been applied, which takes some
    minutes at most."""
    if billing is not None and billing.closed:
        return
    if billing is not None and billing.seats != billing.seats_applied:
        if billing.synced_at is None or billing.synced_at < now() - _APPLIED_WITHIN:
            yield f"pays for {billing.seats} licenses, and {billing.seats_applied} were applied"
        return
    paid = billing.seats if billing is not None else 0
    active = [each for each in licenses if each.source == "stripe" and each.counted.total]
    if len(active) != paid:
        yield f"pays for {paid} licenses, and {len(active)} of them are active"


def _invitations(
    members: dict[str, Member], licenses: list[License], invitations: list[Invitation]
) -> Iterator[str]:
    """Only a pending invitation has a token and holds a license; an accepted one has its member,
    since leaving deletes it."""
    pending = {each.id: each for each in invitations if each.status is InvitationStatus.PENDING}
    for invitation in invitations:
        if invitation.id in pending:
            if invitation.expires_at < now() - STALE_AFTER:
                yield f"invitation {invitation.id} is pending, and its time has passed"
        elif invitation.token_hash or invitation.license_id:
            yield f"invitation {invitation.id} is {invitation.status}, and could still be used"
        if invitation.status is InvitationStatus.ACCEPTED and invitation.accepted_by not in members:
            yield f"invitation {invitation.id} was accepted by somebody who is no member"
    for license in licenses:
        its = pending.get(license.held_for or "")
        if license.held_for and (its is None or its.license_id != license.id):
            yield f"license {license.id} is held for an invitation that is not pending"
