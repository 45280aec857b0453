"""What hosts do with those in their call: let in, refuse, remove, silence, and make hosts."""

from __future__ import annotations

from typing import Literal

from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Database, contend
from troupe.caller import Caller
from troupe.calls.attendance import Attendance
from troupe.calls.errors import (
    CallFull,
    CallRoleRequired,
    CannotModerateSelf,
    Gone,
    GuestCannotHost,
    ParticipantNotFound,
)
from troupe.calls.invitations import mark_joined
from troupe.calls.providers.choice import CallProviders
from troupe.calls.records import Access, Participant
from troupe.calls.standing import Standing, admitted
from troupe.calls.starting import meet
from troupe.calls.writes import access_path, participant_path
from troupe.logs import log

Moderation = Literal["admit", "deny", "remove", "mute", "promote"]


class CallModeration:
    def __init__(self, db: Database, providers: CallProviders) -> None:
        self._db = db
        self._providers = providers

    def moderate(
        self, caller: Caller, call_id: str, participant_id: str, action: Moderation
    ) -> Participant:
        """Repeating it changes nothing. `deny` and `remove` are for good, and for all tabs of the
        person; from then on outsiders wait in the lobby. `mute` asks their client to be silent.

        Raises CallNotFound, CallRoleRequired, ParticipantNotFound, Gone, CallFull,
        CannotModerateSelf, GuestCannotHost, LiveKitUnavailable, LiveKitNotConfigured, and as
        `admitted`.
        """

        def attempt() -> tuple[Attendance, Participant]:
            path = participant_path(call_id, participant_id)
            here = Attendance(self._db, call_id, [caller.uid], [path])
            entry = here.found(access_path(call_id, caller.uid))
            call, access = admitted(here.document, entry, caller.uid)
            documents = {each.path: each for each in (here.document, entry)}
            Standing(call, access, documents).require_host(caller)
            document = here.found(path)
            if not document.exists:
                raise ParticipantNotFound
            stored = Participant.of(document)
            if action in ("deny", "remove") and stored.state == "removed":
                return here, stored
            found = here.participant(participant_id)
            if found is None:
                raise Gone
            changed = self._done(here, caller, found, action)
            if changed is None:
                return here, found
            here.commit()
            return here, changed

        here, participant = contend(attempt)
        log.info("call_moderated", callId=call_id, action=action)
        if participant.state == "removed":
            self._providers.record(here)
            self._providers.remove(here.call, {*here.gone, *self._tabs(participant)})
        elif action == "mute" and participant.is_in:  # again: they may have spoken since
            self._providers.mute(here.call, participant)
        else:
            self._providers.told(here)
        return participant

    def _tabs(self, removed: Participant) -> list[str]:
        """All tabs of somebody who is removed: the provider may not have heard that one is gone."""
        access = self._db.get(access_path(removed.call_id, removed.uid))
        return Access.of(access).participant_ids if access.exists else [removed.id]

    def _done(
        self, here: Attendance, caller: Caller, found: Participant, action: Moderation
    ) -> Participant | None:
        """The participant after it; None if nothing changes."""
        match action:
            case "admit":
                return self._admit(here, found)
            case "mute":
                if found.muted:
                    return None
                muted = found.model_copy(update={"muted": True})
                here.put(muted)
                return muted
            case "promote":
                return self._promote(here, found)
        if found.uid == caller.uid:
            raise CannotModerateSelf
        if found.uid == here.call.host_uid:
            raise CallRoleRequired
        here.take_out([each for each in here.present if each.uid == found.uid], "removed")
        # They know the code, and could be back at once under another name.
        here.change(lobby=True)
        return here.latest(found.id)

    def _admit(self, here: Attendance, found: Participant) -> Participant | None:
        if found.is_in:
            return None
        here.clear_away(but=found.id)
        call = here.call
        if call.participant_count >= call.max_participants:
            raise CallFull(details={"maximum": call.max_participants})
        here.admit(found)
        access = here.access(found.uid)
        if access is not None and access.invitation:
            document = self._db.get(access.invitation)
            here.add(*mark_joined(document, call.id, here.at))
        meet(here)
        return here.latest(found.id)

    def _promote(self, here: Attendance, found: Participant) -> Participant | None:
        """A host sees the company's side of a call, so only its members become hosts."""
        if found.role == "host":
            return None
        user = existing_user(self._db.get(user_path(found.uid)))
        if user is None or here.call.company_id not in user.roles:
            raise GuestCannotHost
        here.set_role(found.uid, "host")
        return here.latest(found.id)
