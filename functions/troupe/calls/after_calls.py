"""The message to guests after a call, if their company has switched it on.

The commit that ends a call leaves a note of it, and the sweep sends the messages. Their ids are
made from the invitations with which the guests came, so each is made once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from troupe.adapters.firestore import AlreadyExists, Create, Database, Delete, Merge, Write, now
from troupe.calls import wording
from troupe.calls.invitation_records import AFTER_CALLS, INVITATIONS, AfterCall, CallInvitation
from troupe.calls.messages import PATIENCE, CallMessages
from troupe.calls.records import Call
from troupe.calls.writes import call_path, review_link_of
from troupe.companies.records import Company
from troupe.companies.writes import company_path
from troupe.logs import log

if TYPE_CHECKING:
    from troupe.companies.features import Features
    from troupe.rate_limits import Limiter

FEATURE = "after_call_message"
_MOST = 100  # invitations of a call


def after_call_writes(call: Call, company: Company, at: datetime) -> list[Write]:
    """For the commit that ends a call in which people have met."""
    if not company.settings.after_call.enabled:
        return []
    note = AfterCall(id=call.id, company_id=company.id, due_at=at)
    return [Merge(f"{AFTER_CALLS}/{call.id}", note.stored())]


class AfterCalls:
    def __init__(
        self,
        db: Database,
        messages: CallMessages,
        features: Features,
        limiter: Limiter,
        *,
        sms: bool,
        mail: bool,
        site: str,
    ) -> None:
        """`sms` and `mail`: whether these are sent; `site`: the origin of the web app."""
        self._db = db
        self._messages = messages
        self._features = features
        self._limiter = limiter
        self._sent = {"sms": sms, "email": mail}
        self._site = site

    def send_due(self, limit: int) -> int:
        """Starts the messages after up to `limit` calls; returns after how many."""
        due = self._db.due(AFTER_CALLS, limit)
        for document in due:
            try:
                self._send(AfterCall.of(document))
                self._db.commit(Delete(document.path))
            except Exception as error:  # one call must not block the others
                log.error("after_call_stumbled", error, callId=document.id)
        return len(due)

    def _send(self, note: AfterCall) -> None:
        paths = [call_path(note.id), company_path(note.company_id)]
        call_document, company_document = self._db.get_all(paths)
        if not call_document.exists or not company_document.exists:
            return
        call, company = Call.of(call_document), Company.of(company_document)
        wanted = company.settings.after_call
        if company.deleted_at or not wanted.enabled or not self._sent[wanted.channel]:
            return
        if not self._features.allows(company, FEATURE):
            return
        for message in self._messages_of(call, company, now()):
            status = self._limiter.count("call_message_to_one", account=message.to, sources=[])
            if status is not None and status.exceeded:
                continue
            status = self._limiter.count("call_messages", account=company.id, sources=[])
            if status is not None and status.exceeded:
                log.info("after_call_limited", callId=call.id, companyId=company.id)
                return
            try:
                self._db.commit(Create(f"{INVITATIONS}/{message.id}", message.stored()))
            except AlreadyExists:
                continue
            self._messages.start(message)

    def _messages_of(self, call: Call, company: Company, at: datetime) -> Iterator[CallInvitation]:
        """One for each address of a guest who came."""
        wanted = company.settings.after_call
        found = self._db.find(
            INVITATIONS,
            where=[("callId", "==", call.id), ("kind", "==", "invitation")],
            order=[("createdAt", True)],
            limit=_MOST,
        )
        told: set[str] = set()
        for invitation in map(CallInvitation.of, found):
            to = invitation.phone if wanted.channel == "sms" else invitation.email
            if invitation.joined_at is None or not to or to in told:
                continue
            told.add(to)
            language = invitation.language or call.language or company.language
            link = self._site + review_link_of(call.code)
            said = wording.after_call(company.name, language, link, wanted.text)
            yield CallInvitation(
                id=_id_after(invitation.id),
                kind="after_call",
                call_id=call.id,
                company_id=company.id,
                invited_by=call.host_uid,
                channel=wanted.channel,
                name=invitation.name,
                phone=invitation.phone,
                email=invitation.email,
                text=said.text,
                subject=said.subject,
                created_at=at,
                due_at=at + PATIENCE,
            )


def _id_after(invitation_id: str) -> str:
    return hashlib.sha256(f"after {invitation_id}".encode()).hexdigest()[:32]
