"""Invitations to calls: by text message, by mail, or for colleagues as a notification.

An invitation is one document, whose id is the hash of its token. It is committed first, and a job
of its own sends it (`calls.messages`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from troupe.access import member, member_of
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import (
    Create,
    Database,
    Document,
    Missing,
    Update,
    Write,
    contend,
    now,
)
from troupe.caller import Caller
from troupe.calls import wording
from troupe.calls.errors import (
    CallEnded,
    CallNotFound,
    InviteeNotFound,
    InvitesToCallNotAllowed,
    NumberNotReachable,
    RecipientOptedOut,
    TooManyInvitees,
    TooManyToOne,
)
from troupe.calls.hosting import open_company
from troupe.calls.invitation_records import INVITATIONS, CallInvitation, Channel
from troupe.calls.messages import PATIENCE, CallMessages
from troupe.calls.records import MOST_INVITEES, Call, Invitee, InviteeState
from troupe.calls.standing import company_call
from troupe.calls.writes import access_path, call_path, link_of
from troupe.companies.records import Company
from troupe.companies.writes import company_path
from troupe.errors import Forbidden, TooManyRequests, TroupeError
from troupe.idempotency import KeyReused, request_hash
from troupe.messengers.errors import MailNotConfigured, SmsNotConfigured
from troupe.messengers.numbers import is_reachable
from troupe.notifications.records import NotificationType, muted
from troupe.notifications.writes import notice_writes
from troupe.paging import PageOf, PageRequest, newest_first

if TYPE_CHECKING:
    from troupe.messengers.stops import Stops
    from troupe.rate_limits import Limiter, LimitStatus

_MUTED = "notifications_muted"


@dataclass(frozen=True, slots=True)
class Invited:
    """`token`: shown this once. `link`: the path of the site that it leads to."""

    invitation: CallInvitation
    token: str
    link: str


@dataclass(frozen=True, slots=True)
class _Addressed:
    """An invitee, and how they are told; `channel`: None without an address. `error`: the code of
    why they cannot be."""

    invitee: Invitee
    token: str
    channel: Channel | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is to be invited to a call, and what they are told. Their limits are counted."""

    company: Company
    caller: Caller
    people: tuple[_Addressed, ...]
    note: str
    site: str  # the origin of the web app
    sender_name: str
    request_hash: str = ""

    @property
    def invitees(self) -> list[Invitee]:
        """As they are stored in the call."""
        return [each.invitee.model_copy(update={"state": _state(each)}) for each in self.people]

    def invited(self, call: Call, at: datetime) -> list[Invited]:
        return [
            Invited(
                self._invitation(each, each.channel, call, at),
                each.token,
                link_of(call.code, each.token),
            )
            for each in self.people
            if each.channel is not None
        ]

    def writes(self, call: Call, at: datetime) -> list[Write]:
        """Of the invitations, for the commit that makes the call, or adds them to it."""
        writes: list[Write] = []
        for each in self.invited(call, at):
            invitation = each.invitation
            writes.append(Create(invitation_path(each.token), invitation.stored()))
            if invitation.channel == "notification" and invitation.uid and not invitation.error:
                writes += notice_writes(
                    invitation.uid,
                    NotificationType.CALL_INVITED,
                    f"{NotificationType.CALL_INVITED}-{invitation.id}",
                    at,
                    muted=[],
                    params={
                        "name": self.sender_name or self.company.name,
                        "company": self.company.name,
                        "title": call.title,
                    },
                    link=f"/api/videocalls/{call.id}",
                    company_id=call.company_id,
                    actor=self.caller.uid,
                )
        return writes

    def _invitation(
        self, person: _Addressed, channel: Channel, call: Call, at: datetime
    ) -> CallInvitation:
        invitee, subject, text = person.invitee, "", None
        if channel != "notification" and person.error is None:
            language = invitee.language or call.language or self.company.language
            link = self.site + link_of(call.code, person.token)
            subject, text = wording.invitation(self.company.name, language, link, self.note)
        told = channel == "notification" and person.error is None
        return CallInvitation(
            id=invitee.id,
            call_id=call.id,
            company_id=call.company_id,
            invited_by=self.caller.uid,
            channel=channel,
            name=invitee.name,
            phone=invitee.phone,
            email=invitee.email,
            uid=invitee.uid,
            language=invitee.language,
            request_hash=self.request_hash,
            delivery="failed" if person.error else "sent" if told else "queued",
            error=person.error,
            text=text,
            subject=subject,
            created_at=at,
            sent_at=at if told else None,
            due_at=at + PATIENCE if text else None,
        )


class CallInvitations:
    def __init__(
        self,
        db: Database,
        limiter: Limiter,
        stops: Stops,
        messages: CallMessages,
        *,
        sms: bool,
        mail: bool,
        site: str,
        secret: str,
    ) -> None:
        """`sms` and `mail`: whether these are sent; `site`: the origin of the web app; `secret`:
        makes the tokens of requests that have a key."""
        self._db = db
        self._limiter = limiter
        self._stops = stops
        self._messages = messages
        self._sms = sms
        self._mail = mail
        self._site = site
        self._secret = secret.encode()

    def invite(
        self, caller: Caller, call_id: str, invitee: Invitee, note: str = "", key: str | None = None
    ) -> Invited:
        """Invites one more person to a call: by its host, the managers of its company, and its
        members who are in it. Repeats with the same `key` invite once.

        Raises CallNotFound, Forbidden, InvitesToCallNotAllowed, CallEnded, CompanyNotFound,
        CompanySuspended, InviteeNotFound, TooManyInvitees, TooManyRequests, KeyReused, and what
        says why no message can be sent, with the link.
        """
        paths = [call_path(call_id), access_path(call_id, caller.uid)]
        document, entry = self._db.get_all(paths)
        call = _invitable(document, entry, caller)
        asked = {"call": call_id, "note": note, **invitee.stored()}
        hashed = request_hash("inviteToCall", asked)
        token = self._token(caller.uid, _about(call_id, 0), key)
        if key is not None and (earlier := self._db.get(invitation_path(token))).exists:
            if earlier.data.get("requestHash") != hashed:
                raise KeyReused
            return Invited(CallInvitation.of(earlier), token, link_of(call.code, token))
        _require_open(call)
        company = open_company(self._db.get(company_path(call.company_id)))
        plan = self.plan(caller, company, [invitee], note=note, key=key, about=call_id)
        plan, token = replace(plan, request_hash=hashed), plan.people[0].token
        if plan.people[0].channel is None:
            raise InviteeNotFound
        if refusal := _refusal(plan.people[0].error, link_of(call.code)):
            raise refusal

        def attempt() -> Invited:
            document, made = self._db.get_all([call_path(call_id), invitation_path(token)])
            if made.exists:  # our own commit, whose response was lost
                return Invited(CallInvitation.of(made), token, link_of(call.code, token))
            if not document.exists:
                raise CallNotFound
            before = Call.of(document)
            _require_open(before)
            after = before.model_copy(
                update={"invitees": _joined(before.invitees, plan.invitees), "updated_at": now()}
            )
            stored = after.stored()
            fields = {name: stored[name] for name in ("invitees", "starts", "updatedAt")}
            writes = plan.writes(after, after.updated_at)
            self._db.commit_or_stale(Update(document.path, fields, seen=document), *writes)
            return plan.invited(after, after.updated_at)[0]

        invited = contend(attempt, on=call_path(call_id))
        self.start([invited])
        return invited

    def plan(
        self,
        caller: Caller,
        company: Company,
        invitees: Sequence[Invitee],
        *,
        note: str = "",
        key: str | None = None,
        about: str = "",
    ) -> Plan:
        """How people are to be invited to a call of the company; their ids are set. Whoever cannot
        be told has an error. After the commit with its writes, call `start`. `key`: of the request;
        `about`: the id of the call.

        Raises TooManyInvitees, TooManyRequests.
        """
        if len(invitees) > MOST_INVITEES:
            raise TooManyInvitees
        colleagues = self._colleagues(company.id, invitees)
        people: list[_Addressed] = []
        counted: list[LimitStatus | None] = []
        for number, invitee in enumerate(invitees):
            token = self._token(caller.uid, _about(about, number), key)
            named = invitee.model_copy(update={"id": invitation_id_of(token)})
            colleague = colleagues.get(invitee.uid or "")
            channel = "notification" if colleague else self._channel(invitee)
            if channel is None:
                people.append(_Addressed(invitee, token, None))
                continue
            if channel == "notification":
                off = colleague and NotificationType.CALL_INVITED in muted(colleague.data)
                people.append(_Addressed(named, token, channel, _MUTED if off else None))
                continue
            error = self._obstacle(invitee, channel)
            if error is None:
                status = self._count_recipient(invitee, channel)
                if status is not None and status.exceeded:
                    error = TooManyToOne.code
                else:
                    counted.append(status)
            people.append(_Addressed(named, token, channel, error))
        sendable = sum(each.channel is not None and each.error is None for each in people)
        if sendable:
            self._count(caller.uid, company.id, sendable, counted)
        sender = self._db.get(user_path(caller.uid)).data.get("name") or ""
        return Plan(company, caller, tuple(people), note, self._site, sender)

    def start(self, invited: Sequence[Invited]) -> None:
        """Sends what has been committed. Never fails: the sweep tries again."""
        for each in invited:
            if each.invitation.delivery == "queued":
                self._messages.start(each.invitation)

    def page(
        self, caller: Caller, call_id: str, request: PageRequest
    ) -> tuple[list[CallInvitation], PageOf]:
        """Newest first, for the host and the managers of the company. Raises CallNotFound,
        Forbidden."""
        company_call(self._db, call_id, caller)
        found = newest_first(
            self._db,
            INVITATIONS,
            request,
            field="createdAt",
            where=[("callId", "==", call_id), ("kind", "==", "invitation")],
        )
        return [CallInvitation.of(document) for document in found.documents], found

    def made_before(self, call: Call, uid: str, key: str) -> list[Invited]:
        """The invitations that a request of the user with this key has made with the call."""
        tokens = [self._token(uid, _about(call.id, each), key) for each in range(MOST_INVITEES)]
        found = self._db.get_all([invitation_path(token) for token in tokens])
        return [
            Invited(CallInvitation.of(document), token, link_of(call.code, token))
            for token, document in zip(tokens, found, strict=True)
            if document.exists
        ]

    def with_states(self, call: Call) -> Call:
        """The call, with what has become of its invitations by now."""
        paths = [f"{INVITATIONS}/{each.id}" for each in call.invitees]
        found = [CallInvitation.of(each) for each in self._db.get_all(paths) if each.exists]
        states = {each.id: each.state for each in found}
        invitees = [
            each.model_copy(update={"state": states.get(each.id, each.state)})
            for each in call.invitees
        ]
        return call.model_copy(update={"invitees": invitees})

    def opened(self, call_id: str, token: str | None) -> CallInvitation | None:
        """The invitation to this call with this token, when it is looked up with it. Never fails
        for one that is wrong."""
        if not token:
            return None
        document = self._db.get(invitation_path(token))
        invitation = _of_call(document, call_id)
        if invitation is not None and invitation.opened_at is None:
            with suppress(Missing):  # erased meanwhile
                self._db.commit(Update(document.path, {"openedAt": now()}))
        return invitation

    def _token(self, uid: str, about: str, key: str | None) -> str:
        """16 bytes. The same again for a request with the same key, so that a repeat finds what the
        first one has made."""
        if key is None:
            return secrets.token_urlsafe(16)
        named = "\n".join(("call_invitation", uid, about, key)).encode()
        return hmac.new(self._secret, named, hashlib.sha256).hexdigest()[:32]

    def _colleagues(self, company_id: str, invitees: Sequence[Invitee]) -> dict[str, Document]:
        """The users among the invitees who belong to the company. Only they are notified: a
        stranger must not be able to write to somebody by naming their user id."""
        uids = [each.uid for each in invitees if each.uid]
        found: dict[str, Document] = {}
        for document in self._db.get_all([user_path(uid) for uid in uids]):
            user = existing_user(document)
            if user is not None and not user.suspended and company_id in user.roles:
                found[user.id] = document
        return found

    def _channel(self, invitee: Invitee) -> Channel | None:
        if invitee.phone and (self._sms or not invitee.email):
            return "sms"
        return "email" if invitee.email else None

    def _obstacle(self, invitee: Invitee, channel: Channel) -> str | None:
        """The code of why no message can be sent."""
        if channel == "email":
            return None if self._mail else MailNotConfigured.code
        if not self._sms:
            return SmsNotConfigured.code
        if not is_reachable(invitee.phone):
            return NumberNotReachable.code
        return RecipientOptedOut.code if self._stops.has(invitee.phone) else None

    def _count_recipient(self, invitee: Invitee, channel: Channel) -> LimitStatus | None:
        to = invitee.phone if channel == "sms" else invitee.email
        status = self._limiter.count("call_message_to_one", account=to, sources=[])
        if status is not None and status.exceeded:
            self._limiter.forget(status)
        return status

    def _count(
        self, uid: str, company_id: str, messages: int, before: Sequence[LimitStatus | None]
    ) -> None:
        """Counts for who invites, and for the company. Raises TooManyRequests, and then takes
        `before` back."""
        status = self._limiter.count(
            "call_invite",
            account=f"{company_id}\n{uid}",
            sources=[],
            weight=messages,
            also=[("call_messages", company_id)],
        )
        if status is not None and status.exceeded:
            # One that counts as several is forgotten already. Whoever is over their own limit must
            # not use up that of the company.
            for each in (*before, *([status] if messages == 1 else [])):
                self._limiter.forget(each)
            raise TooManyRequests(retry_after=status.reset)


def _about(call_id: str, number: int) -> str:
    """What a token is for: the invitee with this number of a request about a call."""
    return f"{call_id}\n{number}"


def invitation_id_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def invitation_path(token: str) -> str:
    return f"{INVITATIONS}/{invitation_id_of(token)}"


def mark_joined(document: Document, call_id: str, at: datetime) -> list[Write]:
    """For the commit with which somebody comes into a call. `document`: of the `invitation_path` of
    the token that they have, as read; whatever it is, it does not keep them out."""
    invitation = _of_call(document, call_id)
    if invitation is None or invitation.joined_at is not None:
        return []
    opened = {} if invitation.opened_at else {"openedAt": at}
    return [Update(document.path, {"joinedAt": at, **opened}, seen=document)]


def _of_call(document: Document, call_id: str) -> CallInvitation | None:
    invitation = CallInvitation.of(document) if document.exists else None
    return invitation if invitation is not None and invitation.call_id == call_id else None


def _invitable(document: Document, entry: Document, caller: Caller) -> Call:
    """Raises CallNotFound, Forbidden, InvitesToCallNotAllowed."""
    call = Call.of(document) if document.exists else None
    company_id = call.company_id if call else ""
    if entry.data.get("active"):
        member(entry, caller.uid, CallNotFound)
        if call is None or company_id not in caller.companies:
            raise InvitesToCallNotAllowed
        return call
    role = member_of(company_id, caller, CallNotFound)
    if call is None:
        raise CallNotFound
    if role == "member" and caller.uid != call.host_uid:
        raise Forbidden
    return call


def _require_open(call: Call) -> None:
    """Raises CallEnded."""
    if call.is_over:
        raise CallEnded(details={"status": call.status})


def _refusal(code: str | None, link: str) -> TroupeError | None:
    """The error for why somebody can be sent nothing, with the link of the call."""
    details = {"joinUrl": link}
    refusals = (
        SmsNotConfigured(details=details),
        MailNotConfigured(details=details),
        NumberNotReachable(details=details),
        RecipientOptedOut(details=details),
        TooManyToOne(details=details),
    )
    return next((each for each in refusals if each.code == code), None)


def _joined(before: Sequence[Invitee], new: Sequence[Invitee]) -> list[Invitee]:
    """Whoever is invited again is listed once. Raises TooManyInvitees."""
    again = {_address(each) for each in new}
    after = [*(each for each in before if _address(each) not in again), *new]
    if len(after) > MOST_INVITEES:
        raise TooManyInvitees
    return after


def _address(invitee: Invitee) -> tuple[str | None, str, str]:
    return invitee.uid, invitee.phone, invitee.email


def _state(person: _Addressed) -> InviteeState:
    if person.channel is None:
        return "new"
    if person.error:
        return "failed"
    return "sent" if person.channel == "notification" else "queued"
