"""The provider of a call, and what it is told after a commit."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from troupe.adapters.firestore import Database
from troupe.caller import Caller
from troupe.calls.attendance import Attendance
from troupe.calls.errors import (
    LiveKitNotConfigured,
    LiveKitUnavailable,
    NotInCall,
    ParticipantNotFound,
)
from troupe.calls.providers.livekit import LiveKit
from troupe.calls.providers.mesh import Mesh
from troupe.calls.providers.provider import Connection, Provider, ProviderFailed
from troupe.calls.records import Call, CallProvider, Participant
from troupe.calls.standing import standing
from troupe.calls.writes import participant_path
from troupe.logs import log


class Recorder(Protocol):
    """What the provider records of calls: see `troupe.call_recordings.egresses`."""

    def follow(self, recording_id: str) -> None: ...

    def is_silent(self, recording_id: str) -> bool: ...


class CallProviders:
    def __init__(
        self,
        db: Database,
        mesh: Mesh,
        livekit: Callable[[], LiveKit | None],
        recorder: Callable[[], Recorder],
    ) -> None:
        """`livekit`: None if it is not configured, or this function has not its secret."""
        self._db = db
        self._mesh = mesh
        self._livekit = livekit
        self._recorder = recorder

    def check(self, name: CallProvider) -> Provider:
        """Raises LiveKitNotConfigured."""
        if name == "mesh":
            return self._mesh
        livekit = self._livekit()
        if livekit is None:
            raise LiveKitNotConfigured
        return livekit

    def connection(self, call: Call, participant: Participant) -> Connection:
        """For somebody who is in the call. While LiveKit still records what they have not agreed
        to, they do not connect. Raises LiveKitNotConfigured, LiveKitUnavailable."""
        provider = self.check(call.provider)
        live = call.recording
        asked = live if live and live.source == "egress" and live.paused else None
        if asked and participant.is_in and not self._recorder().is_silent(asked.id):
            raise LiveKitUnavailable
        return provider.connection(call, participant)

    def renewed(self, caller: Caller, call_id: str, participant_id: str | None) -> Connection:
        """For a participant of the caller who is in the call, by default the latest. Raises
        ParticipantNotFound, NotInCall, LiveKitNotConfigured, LiveKitUnavailable, and as
        `standing`."""
        here = standing(self._db, call_id, caller.uid)
        mine = here.access.participant_ids
        if participant_id is None and mine:
            participant_id = mine[-1]
        if participant_id is None or participant_id not in mine:
            raise ParticipantNotFound
        document = self._db.get(participant_path(call_id, participant_id))
        participant = Participant.of(document)
        if not participant.is_in:
            raise NotInCall
        return self.connection(here.call, participant)

    def told(self, here: Attendance) -> bool:
        """Tells the provider, after the commit, who has gone, or that the call is over. What fails
        is repeated by the sweep. Returns whether there is nothing left to tell."""
        call = here.call
        self.record(here)
        if call.provider == "mesh" or not (here.gone or call.is_over):
            return True
        provider = self._livekit()
        if provider is None:
            return False
        try:
            if call.is_over:
                provider.end(call.id)
            else:
                provider.remove(call.id, here.gone)
        except ProviderFailed as error:
            log.warning("provider_not_told", callId=call.id, reason=str(error))
            return False
        return True

    def record(self, here: Attendance) -> None:
        """Lets the provider record, after the commit, what may be recorded, and nothing else."""
        if (recording_id := here.egress_recording) is not None:
            self._recorder().follow(recording_id)

    def remove(self, call: Call, participant_ids: Collection[str]) -> None:
        """Cuts off tabs of somebody whom a host has removed. Raises LiveKitNotConfigured,
        LiveKitUnavailable."""
        try:
            self.check(call.provider).remove(call.id, participant_ids)
        except ProviderFailed as error:
            raise LiveKitUnavailable from error

    def mute(self, call: Call, participant: Participant) -> None:
        """Raises as `remove`."""
        try:
            self.check(call.provider).mute(call.id, participant.id)
        except ProviderFailed as error:
            raise LiveKitUnavailable from error
