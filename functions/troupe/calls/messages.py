"""Sends invitations, and messages after calls: each once, or it says why not.

Neither mail servers nor Twilio can tell a repeated message. So a message is marked as `sending` in
a commit of its own before it is handed over, and whoever finds it so later does not send it again:
it may have been sent, and its state says so.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from troupe.adapters.firestore import Database, Missing, Update, contend, now
from troupe.calls.errors import NumberNotReachable
from troupe.calls.hosting import open_company
from troupe.calls.invitation_records import (
    INVITATIONS,
    CallInvitation,
    MessageInput,
)
from troupe.calls.message_specs import CALL_MESSAGE
from troupe.calls.records import Call
from troupe.calls.writes import call_path
from troupe.companies.writes import company_path
from troupe.errors import TroupeError, Unavailable
from troupe.idempotency import keyed_id, request_hash
from troupe.jobs.records import Job
from troupe.jobs.writes import read_whole
from troupe.logs import log
from troupe.messengers.messenger import (
    Message,
    MessageError,
    Messenger,
    opted_out,
    uncertain,
)
from troupe.messengers.numbers import is_reachable

if TYPE_CHECKING:
    from troupe.jobs.service import JobService
    from troupe.messengers.stops import Stops

# When the sweep looks at a message that is still not sent, and how long it tries.
PATIENCE = timedelta(minutes=5)
_LATEST = timedelta(hours=1)
_SECONDS = 20.0  # for all attempts of one delivery of the task
_NOT_SENT = "not_sent"
_CALL_OVER = "call_over"


class CallMessages:
    """`jobs`, `text_messenger` and `mail_messenger` are called when they are needed."""

    def __init__(
        self,
        db: Database,
        jobs: Callable[[], JobService],
        stops: Stops,
        text_messenger: Callable[[], Messenger | None],
        mail_messenger: Callable[[], Messenger | None],
    ) -> None:
        self._db = db
        self._jobs = jobs
        self._stops = stops
        self._text_messenger = text_messenger
        self._mail_messenger = mail_messenger

    def start(self, message: CallInvitation) -> None:
        """Starts the job that sends a message which has been committed. Never fails."""
        try:
            self._submit(message)
        except Exception as error:
            log.error("call_message_not_started", error, messageId=message.id)

    def send(self, message_id: str) -> str:
        """Sends a message, unless it was sent, or may have been. Returns the id that the service
        has given it. Raises MessageError, which is retryable if it was surely not sent."""
        me = secrets.token_hex(8)
        message = contend(lambda: self._begin(message_id, me))
        if message is None:
            return ""
        try:
            sent_as = self._hand_over(message)
        except MessageError as error:
            if error.retryable:
                contend(lambda: self._put_back(message_id, me))
            else:
                self._record(message_id, _failed(error.code))
            raise
        done = {"delivery": "sent", "sentAt": now(), "sentAs": sent_as, "error": None}
        self._record(message_id, done | _ENDED)
        log.info("call_message_sent", messageId=message_id, channel=message.channel)
        return sent_as

    def settle(self, job: Job) -> None:
        """A message whose job has ended is sent, or has failed."""
        if not job.input:
            return
        given = MessageInput.model_validate(job.input)
        self._give_up(given.message_id, job.error.code if job.error else _NOT_SENT)

    def resume_due(self, limit: int) -> int:
        """Starts again what was lost, and gives up what could not be sent; returns how many."""
        due = self._db.due(INVITATIONS, limit)
        for document in due:
            try:
                self._resume(CallInvitation.of(document))
            except Exception as error:  # one must not block the others
                log.error("call_message_not_resumed", error, messageId=document.id)
        return len(due)

    def _resume(self, message: CallInvitation) -> None:
        job = read_whole(self._db, _job_id(message.id))
        if job.exists and Job.of(job).status.ended:
            self.settle(Job.of(job))
            return
        if now() > message.created_at + _LATEST:
            self._give_up(message.id, _NOT_SENT)
            return
        self._record(message.id, {"dueAt": now() + PATIENCE})
        if job.exists:
            return  # the sweep of jobs looks after it
        try:
            self._submit(message)
        except TroupeError as error:
            if isinstance(error, Unavailable):
                raise
            self._give_up(message.id, error.code)  # who invited is suspended, for example

    def _submit(self, message: CallInvitation) -> None:
        given = MessageInput(message_id=message.id)
        job = CALL_MESSAGE.job(
            id=_job_id(message.id),
            uid=message.invited_by,
            subject=f"{INVITATIONS}/{message.id}",
            given=given,
            request_hash=request_hash("sendCallMessage", given.stored()),
            at=now(),
        )
        self._jobs().submit(job, None, [], keyed=True)

    def _begin(self, message_id: str, me: str) -> CallInvitation | None:
        """Claims a message. None if there is nothing to send. Raises MessageError, Stale."""
        document = self._db.get(f"{INVITATIONS}/{message_id}")
        if not document.exists:
            return None  # erased
        message = CallInvitation.of(document)
        if message.delivery == "sending" and document.data.get("sender") != me:
            self._db.commit_or_stale(
                Update(document.path, _failed(uncertain().code), seen=document)
            )
            raise uncertain()
        if message.delivery in ("sent", "failed"):
            return None
        if error := self._obstacle(message):
            self._db.commit_or_stale(Update(document.path, _failed(error.code), seen=document))
            raise error
        if message.delivery == "queued":
            fields = {"delivery": "sending", "sender": me}
            self._db.commit_or_stale(Update(document.path, fields, seen=document))
        return message

    def _obstacle(self, message: CallInvitation) -> MessageError | None:
        """What has happened since the message was made."""
        paths = [company_path(message.company_id), call_path(message.call_id)]
        company, call = self._db.get_all(paths)
        try:
            open_company(company)
        except TroupeError as error:
            return MessageError(error.code, error.text)
        if message.channel == "sms" and not is_reachable(message.phone):
            return MessageError(NumberNotReachable.code, NumberNotReachable.message)
        if message.channel == "sms" and self._stops.has(message.phone):
            return opted_out()
        if message.kind == "after_call":
            return None
        if not call.exists or Call.of(call).is_over:
            return MessageError(_CALL_OVER, "The call was over before its invitation was sent.")
        return None

    def _hand_over(self, message: CallInvitation) -> str:
        if not message.text:
            raise MessageError(_NOT_SENT, "The message has no text.")
        by_text = message.channel == "sms"
        messenger = self._text_messenger() if by_text else self._mail_messenger()
        if messenger is None:  # switched off meanwhile
            raise MessageError(f"{'sms' if by_text else 'mail'}_not_configured", "It is off.")
        return messenger.send(
            Message(
                id=message.id,
                to=message.to,
                text=message.text,
                subject=message.subject,
                deadline=time.monotonic() + _SECONDS,
            )
        )

    def _put_back(self, message_id: str, me: str) -> None:
        """Lets a message that was surely not sent be sent again, unless it was given up meanwhile:
        then its text is gone. Raises Stale."""
        document = self._db.get(f"{INVITATIONS}/{message_id}")
        if document.data.get("sender") == me and document.data["delivery"] == "sending":
            self._db.commit_or_stale(Update(document.path, {"delivery": "queued"}, seen=document))

    def _give_up(self, message_id: str, code: str) -> None:
        def attempt() -> None:
            document = self._db.get(f"{INVITATIONS}/{message_id}")
            if not document.exists:
                return
            delivery = CallInvitation.of(document).delivery
            if delivery in ("sent", "failed"):
                return
            why = uncertain().code if delivery == "sending" else code
            self._db.commit_or_stale(Update(document.path, _failed(why), seen=document))

        contend(attempt)

    def _record(self, message_id: str, fields: dict[str, Any]) -> None:
        with suppress(Missing):  # erased meanwhile
            self._db.commit(Update(f"{INVITATIONS}/{message_id}", fields))


# Nothing is left to send.
_ENDED: dict[str, Any] = {"text": None, "subject": "", "sender": None, "dueAt": None}


def _failed(code: str) -> dict[str, Any]:
    return {"delivery": "failed", "error": code, **_ENDED}


def _job_id(message_id: str) -> str:
    return keyed_id(message_id, "call_message")
