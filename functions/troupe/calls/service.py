"""Calls: create, list, show, change, cancel, start."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from troupe.access import member_of
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import (
    Create,
    Database,
    Delete,
    Document,
    Update,
    Write,
    contend,
    now,
)
from troupe.caller import Caller
from troupe.calls.attendance import MOST_ROOM_NAME, Attendance
from troupe.calls.endings import change_outcome, finish
from troupe.calls.errors import (
    CallSlugTaken,
    HostNotFound,
    TooManyParticipants,
)
from troupe.calls.hosting import hosting, hosting_paths
from troupe.calls.invitations import CallInvitations, Invited, Plan
from troupe.calls.minutes import CallMinutes
from troupe.calls.providers.choice import CallProviders
from troupe.calls.records import (
    COLLECTION,
    MOST_PARTICIPANTS,
    Call,
    CallMedia,
    CallPlace,
    CallProvider,
    CallRecordingPolicy,
    CallStatus,
    Invitee,
    default_title,
)
from troupe.calls.standing import company_call, hosted_call, run_call
from troupe.calls.starting import start
from troupe.calls.states import Action, after
from troupe.calls.writes import CODE_LENGTH, call_path, code_path, slug_path
from troupe.codes import new_code
from troupe.companies.records import RecordingPolicy
from troupe.errors import CompanyNotFound, Forbidden
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.logs import log
from troupe.moderation.service import Moderation
from troupe.paging import PageOf, PageRequest, ordered_page
from troupe.rooms.records import Room, RoomKind, RoomSettings
from troupe.rooms.writes import room_path
from troupe.text import search_key

Sort = Literal["newest", "oldest"]
# A call without a time, or whose time has passed, is missed after that.
PENDING_FOR, LATE_FOR = timedelta(days=7), timedelta(days=1)
# Fields of a call that can change only before it has started.
BEFORE_START = frozenset({"media", "max_participants", "slug", "invitees", "host_uid"})


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call as it is asked for. `host_uid`: None for the caller. None and empty fields get the
    defaults of the company."""

    title: str = ""
    media: CallMedia = "video"
    provider: CallProvider = "mesh"
    scheduled_at: datetime | None = None
    max_participants: int | None = None
    guests_allowed: bool | None = None
    lobby: bool | None = None
    captions: bool = True
    invitees: Sequence[Invitee] = ()
    slug: str | None = None
    host_uid: str | None = None
    language: str = ""
    recording_policy: CallRecordingPolicy | None = None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """None and empty fields find everything. `start` and `end`: of the time of creation."""

    status: CallStatus | None = None
    host_uid: str | None = None
    solved: bool | None = None
    start: datetime | None = None
    end: datetime | None = None
    search: str = ""
    sort: Sort = "newest"


@dataclass(frozen=True, slots=True)
class CallChange:
    """`fields`: the changed fields of Call; `outcome`: those of Outcome. `unplanned`: without a
    time from now on."""

    fields: dict[str, Any] = field(default_factory=dict)
    outcome: dict[str, Any] = field(default_factory=dict)
    scheduled_at: datetime | None = None
    unplanned: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A new call, and the invitations that were made with it."""

    call: Call
    invited: list[Invited]


class Calls:
    def __init__(
        self,
        db: Database,
        moderation: Moderation,
        invitations: CallInvitations,
        minutes: CallMinutes,
        providers: CallProviders,
    ) -> None:
        self._db = db
        self._moderation = moderation
        self._invitations = invitations
        self._minutes = minutes
        self._providers = providers

    def create(
        self, caller: Caller, company_id: str, request: CallRequest, key: str | None = None
    ) -> Made:
        """Creates a call, for the caller or, by who manages the company, for another member, and
        invites people to it. `key`: repeats with the same one create one call.

        Raises CompanyNotFound, Forbidden, CallSlugTaken, TooManyParticipants, KeyReused,
        ContentRefused, ModerationUnavailable, TooManyRequests, LiveKitNotConfigured, and as
        `hosting`.
        """
        role = member_of(company_id, caller, CompanyNotFound)
        host_uid = request.host_uid or caller.uid
        if host_uid != caller.uid and role == "member":
            raise Forbidden("Only managers of the company can create calls for other members.")
        most = _most(request.provider, request.media, request.max_participants)
        self._providers.check(request.provider)
        names = [each.name for each in request.invitees]
        self._moderation.check(caller.uid, request.title, *names)
        call_id, code = _id(caller.uid, key), new_code(CODE_LENGTH)
        asked = _identified(company_id, request) if key else None
        plan: Plan | None = None  # counted once, however often this is tried

        def attempt() -> Made:
            nonlocal plan
            paths = [
                *hosting_paths(company_id, host_uid),
                call_path(call_id),
                user_path(host_uid),
            ]
            if request.slug:
                paths.append(slug_path(company_id, request.slug))
            found = {each.path: each for each in self._db.get_all(paths)}
            document = found[call_path(call_id)]
            if document.exists:  # our own commit, whose response was lost, or that of the same key
                earlier = _created(document, code, asked)
                if plan is not None:
                    return Made(earlier, plan.invited(earlier, earlier.created_at))
                made = self._invitations.made_before(earlier, caller.uid, key) if key else []
                return Made(earlier, made)
            at = now()
            here = hosting(self._db, found, company_id, host_uid, at)
            user = existing_user(found[user_path(host_uid)])
            if user is None:
                raise HostNotFound
            number, numbered = here.numbered()
            settings = here.company.settings
            if plan is None:
                plan = self._invitations.plan(
                    caller, here.company, request.invitees, key=key, about=call_id
                )
            call = Call(
                id=call_id,
                company_id=company_id,
                **_host_fields(user, here.member.name),
                creator_uid=caller.uid,
                created_by=asked,
                number=number,
                code=code,
                slug=request.slug,
                title=request.title or _title(request, number),
                media=request.media,
                provider=request.provider,
                status=CallStatus.SCHEDULED if request.scheduled_at else CallStatus.PENDING,
                scheduled_at=request.scheduled_at,
                due_at=_waits_until(request.scheduled_at, at),
                max_participants=most,
                guests_allowed=_given(request.guests_allowed, settings.guests_allowed),
                lobby=_given(request.lobby, settings.lobby),
                captions=request.captions,
                recording_policy=request.recording_policy or _asked(settings.recording_policy),
                language=request.language or here.member.language or here.company.language,
                invitees=plan.invitees,
                guest_name=request.invitees[0].name if request.invitees else "",
                room_id=call_id,
                created_at=at,
                updated_at=at,
            )
            place = CallPlace(call_id=call_id, created_at=at)
            writes: list[Write] = [
                Create(call_path(call_id), call.stored()),
                Create(code_path(code), place.stored()),
                Create(room_path(call_id), _room(call).stored()),
                numbered,
                *plan.writes(call, at),
            ]
            if request.slug:
                taken = found[slug_path(company_id, request.slug)]
                writes.append(self._slug_write(taken, place))
            self._db.commit_or_stale(*writes)
            return Made(call, plan.invited(call, at))

        made = contend(attempt)
        if plan is not None:
            self._invitations.start(made.invited)
        log.info("call_created", callId=call_id, scheduled=made.call.scheduled_at is not None)
        return made

    def page(
        self, caller: Caller, company_id: str, request: PageRequest, filter: CallFilter
    ) -> tuple[list[Call], PageOf]:
        """The calls of a company, newest first; for a member who does not manage it, those that
        they host. Raises CompanyNotFound."""
        role = member_of(company_id, caller, CompanyNotFound)
        host_uid = caller.uid if role == "member" else filter.host_uid
        where: list[tuple[str, str, Any]] = [("companyId", "==", company_id)]
        if filter.status is not None:
            where.append(("status", "==", filter.status))
        if host_uid is not None:
            where.append(("hostUid", "==", host_uid))
        if filter.solved is not None:
            where.append(("solved", "==", filter.solved))
        if filter.search:
            where.append(("starts", "array_contains", search_key(filter.search)))
        if filter.start is not None:
            where.append(("createdAt", ">=", filter.start))
        if filter.end is not None:
            where.append(("createdAt", "<", filter.end))
        found = ordered_page(
            self._db,
            COLLECTION,
            request,
            field="createdAt",
            kind=datetime,
            descending=filter.sort == "newest",
            where=where,
        )
        return [Call.of(document) for document in found.documents], found

    def get(self, caller: Caller, call_id: str) -> Call:
        """Raises CallNotFound, Forbidden."""
        return self._invitations.with_states(company_call(self._db, call_id, caller)[0])

    def update(self, caller: Caller, call_id: str, change: CallChange) -> Call:
        """Raises CallNotFound, Forbidden, CallEnded, CallActive, CallSlugTaken,
        TooManyParticipants, HostNotFound, ContentRefused, ModerationUnavailable."""
        company_call(self._db, call_id, caller)  # before moderation, which may cost money
        invitees = [each.name for each in change.fields.get("invitees", ())]
        texts = [change.fields.get("title"), change.outcome.get("note"), *invitees]
        self._moderation.check(caller.uid, *texts)

        def attempt() -> Call:
            here = Attendance(self._db, call_id)
            before = hosted_call(here.document, caller)
            fields = dict(change.fields)
            if BEFORE_START & fields.keys():
                after(before, Action.CHANGE)
            media = fields.get("media", before.media)
            most = _most(before.provider, media, fields.get("max_participants"))
            if media != before.media:
                fields["max_participants"] = most
            self._plan(here, change)
            if "host_uid" in fields:
                fields |= self._host(caller, before, fields["host_uid"])
                here.change_room(ownerUid=fields["host_uid"])
            if "captions" in fields:
                here.change_room(**{"settings.captions": fields["captions"]})
            if "slug" in fields and fields["slug"] != before.slug:
                here.add(*self._slug_writes(before, fields["slug"], here.at))
            if "invitees" in fields and not before.guest_count:
                invited = fields["invitees"]
                here.rename_guest(invited[0].name if invited else "")
            here.change(**fields)
            if here.call.recording_policy == "off" and here.call.recording is not None:
                here.end_recording("stopped")
            if change.outcome:
                change_outcome(here, change.outcome)
            if here.call != before:
                here.commit()
                self._providers.record(here)
            return here.call

        return contend(attempt)

    def cancel(self, caller: Caller, call_id: str) -> Call:
        """Repeating it changes nothing. Raises CallNotFound, Forbidden, CallActive, CallEnded."""

        def attempt() -> Call:
            here = Attendance(self._db, call_id)
            call = hosted_call(here.document, caller)
            if after(call, Action.CANCEL) is not call.status:
                finish(self._db, here, Action.CANCEL, "cancelled")
                here.commit()
            return here.call

        return contend(attempt)

    def start(self, caller: Caller, call_id: str) -> Call:
        """Lets a call ring, for its host or who manages the company; repeating it changes nothing.
        Raises CallNotFound, CallRoleRequired, CallEnded, CallLimitReached, CallUnpaid, and as
        `hosting`."""

        def attempt() -> Call:
            here = Attendance(self._db, call_id)
            run_call(here.document, caller)
            self._minutes.found(here, ahead)
            if start(self._db, here):
                self._minutes.open(here, ahead)
                here.commit()
                ahead.committed()
            return here.call

        with self._minutes.ahead() as ahead:
            call = contend(attempt)
        log.info("call_started", callId=call_id)
        return call

    def _plan(self, here: Attendance, change: CallChange) -> None:
        if change.scheduled_at is None and not change.unplanned:
            return
        action = Action.UNPLAN if change.unplanned else Action.PLAN
        status, at = after(here.call, action), change.scheduled_at
        here.change(status=status, scheduled_at=at, due_at=_waits_until(at, here.at))

    def _host(self, caller: Caller, call: Call, uid: str) -> dict[str, Any]:
        """Raises Forbidden, and as `hosting`."""
        if uid != call.host_uid and caller.companies.get(call.company_id) == "member":
            raise Forbidden("Only managers of the company can assign calls to other members.")
        paths = [*hosting_paths(call.company_id, uid), user_path(uid)]
        found = {each.path: each for each in self._db.get_all(paths)}
        here = hosting(self._db, found, call.company_id, uid, now())
        user = existing_user(found[user_path(uid)])
        if user is None:
            raise HostNotFound
        return _host_fields(user, here.member.name)

    def _slug_writes(self, call: Call, slug: str | None, at: datetime) -> list[Write]:
        """Raises CallSlugTaken."""
        writes: list[Write] = []
        if call.slug:
            old = self._db.get(slug_path(call.company_id, call.slug))
            if old.data.get("callId") == call.id:
                writes.append(Delete(old.path, seen=old))
        if slug:
            taken = self._db.get(slug_path(call.company_id, slug))
            place = CallPlace(call_id=call.id, created_at=at)
            writes.append(self._slug_write(taken, place))
        return writes

    def _slug_write(self, taken: Document, place: CallPlace) -> Write:
        """A slug is free again as soon as its call is over. Raises CallSlugTaken."""
        if not taken.exists:
            return Create(taken.path, place.stored())
        other = self._db.get(call_path(CallPlace.of(taken).call_id))
        if other.exists and not Call.of(other).is_over:
            raise CallSlugTaken
        return Update(taken.path, place.stored(), seen=taken)


def _id(uid: str, key: str | None) -> str:
    """Another one than that of a room with the same key: the call's room has its id."""
    return keyed_id(uid, None if key is None else f"call {key}")


def _created(document: Document, code: str, asked: str | None) -> Call:
    """Raises KeyReused."""
    call = Call.of(document)
    if call.code != code and call.created_by != asked:
        raise KeyReused
    return call


def _room(call: Call) -> Room:
    """The room of a call: nobody is in it until they come into the call."""
    return Room(
        id=call.room_id,
        name=call.title[:MOST_ROOM_NAME],
        kind=RoomKind.CALL,
        owner_uid=call.host_uid,
        language=call.language or "en",
        company_id=call.company_id,
        member_count=0,
        settings=RoomSettings(payer="company", captions=call.captions),
        active_at=call.created_at,
        created_at=call.created_at,
        updated_at=call.updated_at,
    )


def _host_fields(user: UserRecord, name: str) -> dict[str, Any]:
    return {
        "host_uid": user.id,
        "host_name": name or user.public_name,
        "host_picture": user.profile_picture,
    }


def _title(request: CallRequest, number: int) -> str:
    return default_title(request.invitees[0].name if request.invitees else "", number)


def _waits_until(scheduled_at: datetime | None, at: datetime) -> datetime:
    return scheduled_at + LATE_FOR if scheduled_at else at + PENDING_FOR


def _most(provider: CallProvider, media: CallMedia, wanted: int | None) -> int:
    """How many participants a call has at most. Raises TooManyParticipants."""
    most = MOST_PARTICIPANTS[provider][media]
    if wanted is not None and wanted > most:
        raise TooManyParticipants(details={"maximum": most})
    return wanted or most


def _given(value: bool | None, default: bool) -> bool:
    return default if value is None else value


def _asked(policy: RecordingPolicy) -> CallRecordingPolicy:
    """What the setting of a company says of a call. Nobody is ever recorded without being asked."""
    return "off" if policy == "off" else "ask"


def _identified(company_id: str, request: CallRequest) -> str:
    """Identifies a request that has an idempotency key."""
    named = {
        "companyId": company_id,
        "title": request.title,
        "media": request.media,
        "provider": request.provider,
        "scheduledAt": request.scheduled_at.isoformat() if request.scheduled_at else None,
        "maxParticipants": request.max_participants,
        "guestsAllowed": request.guests_allowed,
        "lobby": request.lobby,
        "captions": request.captions,
        "invitees": [each.model_dump(exclude={"id", "state"}) for each in request.invitees],
        "slug": request.slug,
        "hostUid": request.host_uid,
        "language": request.language,
        "recordingPolicy": request.recording_policy,
    }
    return request_hash("createCall", named)


def new_invitee(**given: Any) -> Invitee:
    """Somebody to invite, with an id of their own."""
    return Invitee(id=secrets.token_hex(8), **given)
