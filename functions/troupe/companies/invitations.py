"""Invitations to a company: by address, with a role, and with a license that is held for them.

A token has the ids of company and invitation, and 32 random bytes. Only its hash is stored, so
nobody who reads the store can accept an invitation. Whoever is signed in with the invited address,
verified, needs no token: they see their invitations, and answer them by company.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Literal

from troupe.accounts.records import AccountCaller, UserRecord
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Create, Database, Delete, Stale, Update, contend, now
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.caller import Caller
from troupe.companies.choice import managed
from troupe.companies.errors import (
    AddressNotVerified,
    AlreadyMember,
    DomainNotAllowed,
    InvitationForOtherAddress,
    InvitationNotFound,
    LicenseNotFound,
    NoFreeLicense,
)
from troupe.companies.licensing import assign, free_licenses, usable
from troupe.companies.records import Company, Invitation, InvitationStatus, Member
from troupe.companies.roster import Roster, is_outside_admin, shown
from troupe.companies.writes import (
    company_of_license,
    company_path,
    invitation_id_of,
    invitation_path,
    invitations_path,
    license_path,
    members_path,
)
from troupe.errors import CompanyNotFound, GuestNotAllowed
from troupe.logs import log
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.wallet.budgets import member_path

MOST_SHOWN = 50  # of the invitations of an address
KEPT = timedelta(days=30)  # one that was not accepted, after its end
STALE_AFTER = timedelta(hours=1)  # by then, the sweep has ended one whose time has passed
_TOKEN = re.compile(r"inv_([0-9a-f]{20})([0-9a-f]{20})_[A-Za-z0-9_-]{43}")
GivenRole = Literal["admin", "member"]


@dataclass(frozen=True, slots=True)
class Invited:
    """`token` is shown this once."""

    invitation: Invitation
    token: str


@dataclass(frozen=True, slots=True)
class Look:
    company: Company
    invitation: Invitation


class Invitations:
    def __init__(self, db: Database) -> None:
        self._db = db

    def invite(
        self,
        caller: Caller,
        company_id: str,
        email: str,
        *,
        role: GivenRole = "member",
        with_seat: bool = False,
        license_id: str | None = None,
        name: str = "",
        phone: str = "",
        secret: str | None = None,
    ) -> Invited:
        """Invites an address; an earlier invitation of it is void. `with_seat`: holds a free
        license, or the one with `license_id`. Only the owner invites administrators. `secret`: of
        the token, 32 bytes in base64; the same one again changes nothing.

        Raises CompanyNotFound, Forbidden, AlreadyMember, NoFreeLicense, LicenseNotFound,
        DomainNotAllowed.
        """
        managed(caller, company_id)
        if license_id and company_of_license(license_id) != company_id:
            raise LicenseNotFound
        token = token_of(company_id, email, secret or secrets.token_urlsafe(32))
        made = contend(
            lambda: self._invite(
                caller, company_id, email, role, with_seat, license_id, name, phone, _hash(token)
            )
        )
        log.info("member_invited", companyId=company_id, role=role)
        return Invited(made, token)

    def _invite(
        self,
        caller: Caller,
        company_id: str,
        email: str,
        role: GivenRole,
        with_seat: bool,
        license_id: str | None,
        name: str,
        phone: str,
        token_hash: str,
    ) -> Invitation:
        path = invitation_path(company_id, invitation_id_of(email))
        earlier = self._db.get(path)
        held = earlier.data.get("licenseId")
        candidates = [license_id] if license_id else []
        free = None
        if with_seat and not license_id:
            free = next(free_licenses(self._db, company_id), None)
            candidates = [each for each in (held, free) if each]
        paths = [license_path(each) for each in {*candidates, *([held] if held else [])}]
        roster = Roster(self._db, company_id, [caller.uid], [path, *paths])
        roster.require_manager(caller)
        if role == "admin":
            roster.require_owner(caller)
        document = roster.document(path)
        if document.update_time != earlier.update_time:
            raise Stale
        domains = roster.company.settings.domains
        if domains and email.rpartition("@")[2] not in domains:
            raise DomainNotAllowed
        if self._db.find(members_path(company_id), where=[("email", "==", email)], limit=1):
            raise AlreadyMember
        if document.exists and document.data.get("tokenHash") == token_hash:
            return Invitation.of(document)  # our own commit, whose response was lost
        seat = None
        if with_seat or license_id:
            seat = _hold(roster, path, candidates)
            if seat is None and free:
                raise Stale  # somebody has just got it: there may be others
            if seat is None:
                raise NoFreeLicense
        if held and held != seat:
            _let_go(roster, held, document.id)
        expires = roster.at + timedelta(days=roster.company.settings.invitation_days)
        invitation = Invitation(
            id=document.id,
            company_id=company_id,
            email=email,
            name=name,
            phone=phone,
            role=role,
            license_id=seat,
            token_hash=token_hash,
            invited_by=caller.uid,
            expires_at=expires,
            lapses_at=expires,
            created_at=roster.at,
        )
        stored = invitation.stored()
        roster.add(Update(path, stored, seen=document) if document.exists else Create(path, stored))
        if is_outside_admin(caller, company_id):
            roster.add(*entry_writes(Actor.of(caller), "invite", path, {}, shown(invitation)))
        roster.commit("invite", caller)
        return invitation

    def page(
        self, caller: Caller, company_id: str, request: PageRequest
    ) -> tuple[list[Invitation], PageOf]:
        """Newest first. Raises CompanyNotFound, Forbidden."""
        managed(caller, company_id)
        Roster(self._db, company_id)
        found = newest_first(self._db, invitations_path(company_id), request, field="createdAt")
        return [Invitation.of(document) for document in found.documents], found

    def revoke(self, caller: Caller, company_id: str, invitation_id: str) -> None:
        """Ends a pending invitation, and frees the license that it holds; one that has ended stays
        as it is. Raises CompanyNotFound, Forbidden, InvitationNotFound."""
        managed(caller, company_id)

        def attempt() -> None:
            roster, invitation = self._read(company_id, invitation_id, caller.uid)
            roster.require_manager(caller)
            if invitation.status is InvitationStatus.PENDING:
                self._end(roster, invitation, InvitationStatus.REVOKED, caller)

        contend(attempt)

    def look(self, token: str) -> Look:
        """What an invitation is for. Raises InvitationNotFound."""
        company_id, invitation_id = _parts(token)
        path = invitation_path(company_id, invitation_id)
        roster = Roster(self._db, company_id, [], [path], InvitationNotFound)
        return Look(roster.company, _valid(roster, path, token))

    def addressed_to(self, uid: str) -> list[Look]:
        """The newest invitations that a user can accept; none if their address is not verified."""
        user = existing_user(self._db.get(user_path(uid)))
        if user is None or user.guest or not user.email_verified:
            return []
        found = self._db.find(
            "invitations",
            where=[("email", "==", user.email), ("status", "==", InvitationStatus.PENDING)],
            order=[("createdAt", True), ("__name__", True)],
            limit=MOST_SHOWN,
            group=True,
        )
        at = now()
        pending = [each for each in map(Invitation.of, found) if each.is_pending(at)]
        wanted = [
            path
            for each in pending
            for path in (
                company_path(each.company_id),
                member_path(each.company_id, each.invited_by),
                user_path(each.invited_by),
            )
        ]
        read = {document.path: document for document in self._db.get_all(wanted)}
        looks = []
        for each in pending:
            company = read[company_path(each.company_id)]
            inviter = read[member_path(each.company_id, each.invited_by)]
            if each.company_id in user.companies or company.data.get("deletedAt"):
                continue
            if company.exists and _may_invite(
                existing_user(read[user_path(each.invited_by)]),
                Member.of(inviter) if inviter.exists else None,
                each.role,
            ):
                looks.append(Look(Company.of(company), each))
        return looks

    def accept(
        self, caller: AccountCaller, token: str | None = None, *, company_id: str = ""
    ) -> tuple[Company, Member]:
        """Makes the caller a member: by the invitation with this token, or by that of a company.
        The invitation is for the caller's address, which must be verified, and whoever invited must
        still be allowed to.

        Raises InvitationNotFound, InvitationForOtherAddress, AddressNotVerified, AlreadyMember,
        TooManyCompanies, GuestNotAllowed.
        """
        path = _path_of(caller, token, company_id)
        accepted: list[tuple[Company, Member]] = []
        contend(lambda: self._accept(caller, path, token, accepted))
        company, member = accepted[-1]
        log.info("invitation_accepted", companyId=company.id, role=member.role)
        return company, member

    def _accept(
        self,
        caller: AccountCaller,
        path: str,
        token: str | None,
        tried: list[tuple[Company, Member]],
    ) -> None:
        company_id = path.split("/")[1]
        earlier = self._db.get(path).data
        inviter, held = earlier.get("invitedBy", caller.uid), earlier.get("licenseId")
        also = [path, *([license_path(held)] if held else [])]
        roster = Roster(self._db, company_id, [caller.uid, inviter], also, InvitationNotFound)
        document, user = roster.document(path), roster.user(caller.uid)
        if tried and document.data.get("acceptedAt") == tried[-1][1].joined_at:
            return  # our own commit, whose response was lost
        invitation = _valid(roster, path, token)
        if invitation.license_id != held or invitation.invited_by != inviter:
            raise Stale
        _check_inviter(roster, invitation)
        user = _invited_user(user, invitation)
        if roster.find(user.id) is not None:
            raise AlreadyMember
        member = Member(
            id=user.id,
            company_id=company_id,
            role=invitation.role,
            name=invitation.name or user.name,
            email=invitation.email,
            phone=invitation.phone,
            language=user.language or "",
            invited_by=inviter,
            joined_at=roster.at,
            updated_at=roster.at,
        )
        if held and (license := roster.find_license(held)) and license.held_for == invitation.id:
            if usable(license, roster):
                member = assign(roster, member, held, inviter, held=invitation.id)
            else:  # it has ended, and the sweep has not come by yet
                _let_go(roster, held, invitation.id)
        roster.set_member(member)
        ended = {
            "status": InvitationStatus.ACCEPTED,
            "acceptedBy": user.id,
            "acceptedAt": roster.at,
            "tokenHash": None,
            "licenseId": None,
            "lapsesAt": None,
        }
        roster.add(Update(path, ended, seen=document))
        tried.append((roster.company, member))
        roster.commit("acceptInvitation")

    def decline(
        self, caller: AccountCaller, token: str | None = None, *, company_id: str = ""
    ) -> None:
        """Ends an invitation of the caller's address, and frees the license that it holds; one that
        they have declined stays as it is.

        Raises InvitationNotFound, InvitationForOtherAddress, AddressNotVerified, GuestNotAllowed.
        """
        path = _path_of(caller, token, company_id)
        company_id, invitation_id = path.split("/")[1::2]

        def attempt() -> None:
            try:
                roster, invitation = self._read(company_id, invitation_id, caller.uid)
            except CompanyNotFound:
                raise InvitationNotFound from None
            if invitation.status is InvitationStatus.DECLINED:
                _invited_user(roster.user(caller.uid), invitation)
                return
            _valid(roster, path, token)
            _invited_user(roster.user(caller.uid), invitation)
            self._end(roster, invitation, InvitationStatus.DECLINED)

        contend(attempt)
        log.info("invitation_declined", companyId=company_id)

    def expire(self, limit: int) -> int:
        """Ends invitations whose time has passed, and later deletes them; returns how many."""
        due = self._db.due("invitations", limit, field="lapsesAt", select=[], group=True)
        for document in due:
            company_id, invitation_id = document.path.split("/")[1::2]
            contend(partial(self._expire, company_id, invitation_id))
        return len(due)

    def _expire(self, company_id: str, invitation_id: str) -> None:
        try:
            roster, invitation = self._read(company_id, invitation_id)
        except (CompanyNotFound, InvitationNotFound):  # the company is being erased
            return
        if invitation.lapses_at is None or invitation.lapses_at > roster.at:
            return
        if invitation.status is InvitationStatus.PENDING:
            self._end(roster, invitation, InvitationStatus.EXPIRED)
        else:
            path = invitation_path(company_id, invitation_id)
            self._db.commit_or_stale(Delete(path, seen=roster.document(path)))

    def _read(self, company_id: str, invitation_id: str, *uids: str) -> tuple[Roster, Invitation]:
        """With the license that it holds. Raises CompanyNotFound, InvitationNotFound, Stale."""
        path = invitation_path(company_id, invitation_id)
        held = self._db.get(path).data.get("licenseId")
        also = [path, *([license_path(held)] if held else [])]
        roster = Roster(self._db, company_id, uids, also)
        document = roster.document(path)
        if not document.exists:
            raise InvitationNotFound
        invitation = Invitation.of(document)
        if invitation.license_id != held:
            raise Stale
        return roster, invitation

    def _end(
        self,
        roster: Roster,
        invitation: Invitation,
        status: InvitationStatus,
        caller: Caller | None = None,
    ) -> None:
        path = invitation_path(invitation.company_id, invitation.id)
        if invitation.license_id:
            _let_go(roster, invitation.license_id, invitation.id)
        ended = {
            "status": status,
            "tokenHash": None,
            "licenseId": None,
            "lapsesAt": roster.at + KEPT,
        }
        roster.add(Update(path, ended, seen=roster.document(path)))
        if caller is not None and is_outside_admin(caller, invitation.company_id):
            before, after = {"status": invitation.status}, {"status": status}
            actor = Actor.of(caller)
            roster.add(*entry_writes(actor, "revokeCompanyInvitation", path, before, after))
        roster.commit("revokeCompanyInvitation", caller)


def token_of(company_id: str, email: str, secret: str) -> str:
    """The token of an invitation of an address."""
    return f"inv_{company_id.removeprefix('co')}{invitation_id_of(email)}_{secret}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _parts(token: str) -> tuple[str, str]:
    """The ids of company and invitation. Raises InvitationNotFound."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise InvitationNotFound
    return f"co{found[1]}", found[2]


def _path_of(caller: AccountCaller, token: str | None, company_id: str) -> str:
    """The path of the invitation with a token, or of that of the caller's address to a company.
    Raises GuestNotAllowed, InvitationNotFound, AddressNotVerified."""
    if caller.guest:
        raise GuestNotAllowed
    if token is not None:
        return invitation_path(*_parts(token))
    # Before anything is read: with somebody else's address, nothing is learnt about its
    # invitations.
    if not caller.user.email_verified or caller.email is None:
        raise AddressNotVerified
    return invitation_path(company_id, invitation_id_of(caller.email))


def _valid(roster: Roster, path: str, token: str | None) -> Invitation:
    """The pending invitation, with this token if there is one. Raises InvitationNotFound."""
    document = roster.document(path)
    if not document.exists:
        raise InvitationNotFound
    invitation = Invitation.of(document)
    same = token is None or hmac.compare_digest(invitation.token_hash or "", _hash(token))
    if not same or not invitation.is_pending(roster.at):
        raise InvitationNotFound
    return invitation


def _check_inviter(roster: Roster, invitation: Invitation) -> None:
    """Raises InvitationNotFound if whoever invited could not do so now."""
    user, member = roster.user(invitation.invited_by), roster.find(invitation.invited_by)
    if not _may_invite(user, member, invitation.role):
        raise InvitationNotFound


def _may_invite(user: UserRecord | None, member: Member | None, role: GivenRole) -> bool:
    """Whether somebody can invite people who get this role."""
    if user is None or user.suspended:
        return False
    needed = ("owner",) if role == "admin" else ("owner", "admin")
    return user.role == "admin" or (member is not None and member.access in needed)


def _invited_user(user: UserRecord | None, invitation: Invitation) -> UserRecord:
    """The user as stored, whom the invitation is for. Raises InvitationForOtherAddress,
    AddressNotVerified, InvitationNotFound for one who is being deleted."""
    if user is None:
        raise InvitationNotFound
    if user.email != invitation.email:
        raise InvitationForOtherAddress
    if not user.email_verified:
        raise AddressNotVerified
    return user


def _hold(roster: Roster, path: str, candidates: list[str]) -> str | None:
    """Holds the first license that can be for an invitation."""
    invitation_id = path.rpartition("/")[2]
    for license_id in candidates:
        license = roster.find_license(license_id)
        if license is None or license.user_id or license.held_for not in (None, invitation_id):
            continue
        if usable(license, roster):
            if license.held_for is None:
                roster.set_license(license.model_copy(update={"held_for": invitation_id}))
            return license_id
    return None


def _let_go(roster: Roster, license_id: str, invitation_id: str) -> None:
    """Frees a license, unless another invitation holds it by now."""
    license = roster.find_license(license_id)
    if license is not None and license.held_for == invitation_id:
        roster.set_license(license.model_copy(update={"held_for": None}))
