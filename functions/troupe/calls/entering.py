"""How people come into a call: they look where a code leads, and enter as themselves or as guests.

A guest gets an account of their own, without a sign-up at Firebase, which limits those of one
address; so rooms, rules and events treat guests like everybody else.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from troupe import tokens
from troupe.accounts.records import AccountCaller, Session, UserRecord
from troupe.accounts.writes import create_writes
from troupe.adapters.firestore import Database, Document, contend, now
from troupe.caller import Caller, Device
from troupe.calls.attendance import Attendance
from troupe.calls.errors import (
    CallFull,
    CallGuestsNotAllowed,
    CallNotFound,
    NotInCall,
    Removed,
    TooManyTabs,
)
from troupe.calls.invitations import invitation_path, mark_joined
from troupe.calls.minutes import CallMinutes
from troupe.calls.providers.choice import CallProviders
from troupe.calls.records import (
    MOST_TABS,
    MOST_WAITING,
    Call,
    CallPlace,
    CallRole,
    Media,
    Participant,
)
from troupe.calls.starting import meet, start
from troupe.calls.states import Action, after
from troupe.calls.writes import (
    call_path,
    code_path,
    participant_path,
    slug_path,
)
from troupe.codes import clean_code
from troupe.companies.records import Company
from troupe.companies.writes import company_path
from troupe.companies.writes import slug_path as company_slug_path
from troupe.dashboards.days import day_writes
from troupe.errors import TooManyRequests
from troupe.logs import log
from troupe.rate_limits import Limiter
from troupe.wallet.ledger import opening_writes
from troupe.wallet.records import Owner

_CODE, _SLUG = re.compile(r"[0-9A-Z]+"), re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# A guest can write a review until a day after the call.
GUEST_SECONDS = 36 * 3600


@dataclass(frozen=True, slots=True)
class Entry:
    """How somebody wants to come in. `code`: as it was typed; `invitation`: the token of the link
    that they have, which lets nobody in, but says who has come."""

    code: str | None = None
    language: str = ""
    media: Media = field(default_factory=Media)
    invitation: str | None = None

    @property
    def reads(self) -> list[str]:
        """The path of the invitation."""
        return [invitation_path(self.invitation)] if self.invitation else []


@dataclass(frozen=True, slots=True)
class Entered:
    """`peers`: the others in the call; nobody for those who wait in its lobby. `token` and
    `session_id`: of a new guest."""

    call: Call
    participant: Participant
    peers: list[Participant]
    session_id: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """Where a code leads."""

    call: Call
    company: Company


class CallEntrance:
    def __init__(
        self,
        db: Database,
        limiter: Limiter,
        minutes: CallMinutes,
        providers: CallProviders,
        listener_token: Callable[[str, str], str | None],
    ) -> None:
        """`listener_token`: with which a session signs in to the Firebase SDK, to listen."""
        self._db = db
        self._limiter = limiter
        self._minutes = minutes
        self._providers = providers
        self._listener_token = listener_token

    def look(self, code: str, company_slug: str | None, device: Device) -> Looked:
        """A call by its code, or with the slug of a company by its own. Raises CallNotFound, and
        TooManyRequests for an address that guesses."""
        self._check_guesses(device)
        path = self._place(code, company_slug)
        place = self._db.get(path) if path else None
        if place is None or not place.exists:
            self._guessed(device)
            raise CallNotFound
        call = self._db.get(call_path(CallPlace.of(place).call_id))
        if not call.exists:
            raise CallNotFound
        found = Call.of(call)
        company = self._db.get(company_path(found.company_id))
        if not company.exists or company.data.get("deletedAt"):
            raise CallNotFound
        return Looked(found, Company.of(company))

    def _place(self, code: str, company_slug: str | None) -> str | None:
        """The path of what says where a code leads; None for what cannot be one."""
        if company_slug is None:
            typed = clean_code(code)
            return code_path(typed) if _CODE.fullmatch(typed) else None
        slugs = company_slug.lower(), code.lower()
        if not all(_SLUG.fullmatch(each) for each in slugs):
            return None
        company_id = self._db.get(company_slug_path(slugs[0])).data.get("companyId")
        return slug_path(company_id, slugs[1]) if company_id else None

    def firebase_token(self, uid: str, session_id: str) -> str | None:
        return self._listener_token(uid, session_id)

    def enter(
        self,
        caller: AccountCaller,
        call_id: str,
        entry: Entry,
        device: Device,
        key: str | None = None,
    ) -> Entered:
        """Lets a tab of the caller into a call, or into its lobby. Its host starts it. `key`:
        repeats with the same one are the same tab.

        Raises CallNotFound, also without a right and with a wrong code, Removed, CallFull,
        CallEnded, NotOpenYet, NotInCall for a repeat after leaving, TooManyTabs,
        CallGuestsNotAllowed, TooManyRequests, LiveKitNotConfigured, and for the host as
        `Calls.start`.
        """
        participant_id = _participant_id(caller.uid, call_id, key)
        if entry.code is not None:
            self._check_guesses(device)

        def attempt() -> Entered:
            path = participant_path(call_id, participant_id)
            here = Attendance(self._db, call_id, [caller.uid], [path, *entry.reads])
            known = self._again(here, here.found(path))
            if known is not None:
                self._minutes.found(here, ahead)
                return known
            role = self._role(here, caller, entry, device)
            self._providers.check(here.call.provider)
            outsider, before = _is_outsider(here.call, caller), here.access(caller.uid)
            admitted = before is not None and before.admitted
            waits = outsider and here.call.lobby and not admitted
            if caller.uid == here.call.host_uid and start(self._db, here):
                self._minutes.open(here, ahead)
            self._seat(
                here, caller.user, participant_id, entry, role, waits=waits, outsider=outsider
            )
            here.commit()
            ahead.committed()
            self._providers.told(here)
            return _entered(here, participant_id)

        with self._minutes.ahead() as ahead:
            entered = contend(attempt)
        log.info("call_entered", callId=call_id, state=entered.participant.state)
        return entered

    def enter_as_guest(self, call_id: str, name: str, entry: Entry, device: Device) -> Entered:
        """Lets somebody without an account in, or into the lobby. Raises CallNotFound, also for a
        wrong code, CallGuestsNotAllowed, CallFull, CallEnded, NotOpenYet, TooManyRequests,
        LiveKitNotConfigured."""
        self._check_guesses(device)
        at, uid = now(), secrets.token_hex(14)
        session_id = f"s{secrets.token_hex(8)}"
        user = _guest(uid, name, entry.language, session_id, device, at)
        participant_id = _participant_id(uid, call_id, None)

        def attempt() -> Entered:
            path = participant_path(call_id, participant_id)
            here = Attendance(self._db, call_id, [uid], [path, *entry.reads])
            known = self._again(here, here.found(path))
            if known is not None:  # our own commit, whose response was lost
                return known
            self._check_code(here.call, entry.code, device)
            if not here.call.guests_allowed:
                raise CallGuestsNotAllowed
            self._providers.check(here.call.provider)
            waits = here.call.lobby
            self._seat(
                here, user, participant_id, entry, "guest", waits=waits, outsider=True, name=name
            )
            call = here.call
            here.change(guest_count=call.guest_count + 1, guest_name=call.guest_name or name)
            counted = day_writes(call.company_id, here.at, member=call.host_uid, guestJoins=1)
            opened = opening_writes(Owner.user(uid), 0, at)
            here.commit(*create_writes(user), *opened, *counted)
            self._providers.told(here)
            return _entered(here, participant_id)

        entered = contend(attempt)
        token = tokens.encode(
            purpose="access", subject=uid, ttl=GUEST_SECONDS, session_id=session_id
        )
        log.info("call_guest_entered", callId=call_id, state=entered.participant.state)
        return Entered(
            call=entered.call,
            participant=entered.participant,
            peers=entered.peers,
            session_id=session_id,
            token=token,
        )

    def _again(self, here: Attendance, document: Document) -> Entered | None:
        """What a repeat gets. Raises NotInCall for a tab that has left."""
        if not document.exists:
            return None
        participant = Participant.of(document)
        if participant.state == "removed":
            raise Removed
        if participant.state == "left":
            raise NotInCall
        return _entered(here, participant.id)

    def _role(
        self, here: Attendance, caller: AccountCaller, entry: Entry, device: Device
    ) -> CallRole:
        """Raises CallNotFound, Removed, CallGuestsNotAllowed, TooManyRequests."""
        call, before = here.call, here.access(caller.uid)
        if before is not None:
            if before.state == "removed":
                raise Removed
            if len(before.participant_ids) >= MOST_TABS:
                raise TooManyTabs
        if not _is_outsider(call, caller):
            if before is not None:
                return before.role
            return "host" if _is_staff(call, caller) else "participant"
        # A guest's account was made with the code. Others may have come as members, and left since.
        known = before is not None and (before.admitted or caller.guest)
        if not known and caller.uid not in {each.uid for each in call.invitees}:
            self._check_code(call, entry.code, device)
        if caller.guest and not call.guests_allowed:
            raise CallGuestsNotAllowed
        return "guest" if caller.guest else "participant"

    def _seat(
        self,
        here: Attendance,
        user: UserRecord,
        participant_id: str,
        entry: Entry,
        role: CallRole,
        *,
        waits: bool,
        outsider: bool,
        name: str = "",
    ) -> None:
        """Raises CallFull, CallEnded, NotOpenYet."""
        after(here.call, Action.WAIT)
        here.clear_away()
        call, media = here.call, entry.media.within(here.call)
        if waits and call.waiting_count >= MOST_WAITING:
            raise CallFull(details={"maximum": MOST_WAITING})
        if not waits and call.participant_count >= call.max_participants:
            raise CallFull(details={"maximum": call.max_participants})
        participant = Participant(
            id=participant_id,
            uid=user.id,
            call_id=call.id,
            name=name or user.public_name,
            guest=user.guest,
            role=role,
            state="waiting" if waits else "in",
            media=media,
            language=entry.language or user.language or "",
            joined_at=here.at,
        )
        if media.screen and not waits:
            here.change(screen_shared=True)
        here.seat(
            participant,
            role,
            user,
            guest_name=name,
            admitted=outsider and not waits,
            invitation=next(iter(entry.reads), None) if waits else None,
        )
        if not waits:
            for each in entry.reads:
                here.add(*mark_joined(here.found(each), call.id, here.at))
            meet(here)

    def _check_code(self, call: Call, code: str | None, device: Device) -> None:
        """Raises CallNotFound."""
        if code is None or not secrets.compare_digest(
            clean_code(code).encode(), call.code.encode()
        ):
            if code is not None:
                self._guessed(device)
            raise CallNotFound

    def _check_guesses(self, device: Device) -> None:
        """Raises TooManyRequests for an address that has sent too many wrong codes."""
        status = self._limiter.peek("call_code", sources=device.sources)
        if status is not None and status.exceeded:
            raise TooManyRequests(retry_after=status.reset)

    def _guessed(self, device: Device) -> None:
        self._limiter.count("call_code", account=None, sources=device.sources)


def _is_staff(call: Call, caller: Caller) -> bool:
    """Whether a member of the company may run the call without having been in it."""
    return caller.uid == call.host_uid or caller.companies.get(call.company_id) in (
        "owner",
        "admin",
    )


def _is_outsider(call: Call, caller: Caller) -> bool:
    """Also who has left the company since."""
    return call.company_id not in caller.companies


def _entered(here: Attendance, participant_id: str) -> Entered:
    mine = here.participant(participant_id)
    if mine is None:
        raise NotInCall
    peers = [each for each in here.inside if each.id != participant_id] if mine.is_in else []
    return Entered(here.call, mine, peers)


def _participant_id(uid: str, call_id: str, key: str | None) -> str:
    if key is None:
        return secrets.token_hex(16)
    named = json.dumps([uid, call_id, key])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _guest(
    uid: str, name: str, language: str, session_id: str, device: Device, at: datetime
) -> UserRecord:
    """A session that cannot be refreshed: it lasts as long as its access token."""
    session = Session(
        created_at=at,
        last_used_at=at,
        expires_at=at + timedelta(seconds=GUEST_SECONDS),
        user_agent=device.user_agent[:200],
    )
    return UserRecord(
        id=uid,
        name=name,
        language=language or None,
        guest=True,
        sessions={session_id: session},
        created_at=at,
        updated_at=at,
    )
