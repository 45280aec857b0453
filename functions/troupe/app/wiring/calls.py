"""Video calls."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from troupe.app.wiring.call_messages import Messaging

if TYPE_CHECKING:
    from troupe.call_recordings.egresses import Egresses
    from troupe.call_recordings.endings import CallRecordingEndings
    from troupe.call_recordings.service import CallRecordings
    from troupe.call_recordings.worker import CallRecordingWorker
    from troupe.calls.departures import CallDepartures
    from troupe.calls.endings import CallEndings
    from troupe.calls.entering import CallEntrance
    from troupe.calls.events import CallEvents
    from troupe.calls.ice import IceServers
    from troupe.calls.livekit_events import LiveKitEvents
    from troupe.calls.livekit_rooms import LiveKitRooms
    from troupe.calls.minutes import CallMinutes
    from troupe.calls.moderation import CallModeration
    from troupe.calls.presence import CallPresence
    from troupe.calls.providers.choice import CallProviders
    from troupe.calls.providers.livekit import LiveKit
    from troupe.calls.quality import CallQualities
    from troupe.calls.service import Calls
    from troupe.calls.signals import Signals
    from troupe.calls.tabs import CallTabs


class Calling(Messaging):
    @cached_property
    def calls(self) -> Calls:
        from troupe.calls.service import Calls

        return Calls(
            self.database,
            self.moderation,
            self.call_invitations,
            self.call_minutes,
            self.call_providers,
        )

    @cached_property
    def call_entrance(self) -> CallEntrance:
        from troupe.calls.entering import CallEntrance

        return CallEntrance(
            self.database,
            self.limiter,
            self.call_minutes,
            self.call_providers,
            self._listener_token,
        )

    @cached_property
    def call_presence(self) -> CallPresence:
        from troupe.calls.presence import CallPresence

        return CallPresence(self.database, self.call_minutes, self.call_providers)

    @cached_property
    def call_tabs(self) -> CallTabs:
        from troupe.calls.tabs import CallTabs

        return CallTabs(self.database, self.tabs, self.settings.prices)

    @cached_property
    def call_minutes(self) -> CallMinutes:
        from troupe.calls.minutes import CallMinutes

        return CallMinutes(self.call_tabs)

    @cached_property
    def call_departures(self) -> CallDepartures:
        from troupe.calls.departures import CallDepartures

        return CallDepartures(self.database, self.call_providers)

    @cached_property
    def call_moderation(self) -> CallModeration:
        from troupe.calls.moderation import CallModeration

        return CallModeration(self.database, self.call_providers)

    @cached_property
    def call_qualities(self) -> CallQualities:
        from troupe.calls.quality import CallQualities

        return CallQualities(self.database)

    @cached_property
    def call_endings(self) -> CallEndings:
        from troupe.calls.endings import CallEndings

        def erase_recordings(call_id: str) -> None:
            self.call_recording_endings.erase_of_call(call_id)

        return CallEndings(
            self.database,
            self.orphans,
            self.call_minutes,
            self.call_providers,
            erase_recordings,
        )

    @cached_property
    def call_recordings(self) -> CallRecordings:
        from troupe.call_recordings.service import CallRecordings

        return CallRecordings(
            self.database,
            self.orphans,
            self.call_tabs,
            self.call_recording_endings,
            self.call_egresses,
        )

    @cached_property
    def call_egresses(self) -> Egresses:
        from troupe.call_recordings.egresses import Egresses

        def finish(recording_id: str) -> None:
            self.call_recording_endings.finish(recording_id)

        return Egresses(
            self.database,
            lambda: self.livekit,
            self._files,
            self.call_tabs,
            finish,
        )

    @cached_property
    def call_recording_endings(self) -> CallRecordingEndings:
        from troupe.call_recordings.endings import CallRecordingEndings

        return CallRecordingEndings(self.database, self._files, self.jobs, self.call_egresses)

    @cached_property
    def call_recording_worker(self) -> CallRecordingWorker:
        from troupe.call_recordings.worker import CallRecordingWorker

        return CallRecordingWorker(self.database, self.files, self.decoders)

    @cached_property
    def call_signals(self) -> Signals:
        from troupe.calls.signals import Signals

        return Signals(self.database)

    @cached_property
    def call_ice(self) -> IceServers:
        from troupe.calls.ice import IceServers

        return IceServers(self.settings)

    @cached_property
    def call_providers(self) -> CallProviders:
        from troupe.calls.providers.choice import CallProviders
        from troupe.calls.providers.mesh import Mesh

        return CallProviders(
            self.database,
            Mesh(self.call_ice),
            lambda: self.livekit,
            lambda: self.call_egresses,
        )

    @cached_property
    def livekit(self) -> LiveKit | None:
        """None if it is not configured, or this function does not have the secret."""
        config = self.settings
        if not (config.livekit_url and config.livekit_api_secret):
            return None
        from troupe.calls.providers.livekit import Bucket, LiveKit
        from troupe.calls.providers.livekit_api import LiveKitApi
        from troupe.calls.providers.livekit_tokens import LiveKitKey

        key = LiveKitKey(config.livekit_api_key, config.livekit_api_secret)
        server = config.livekit_url.partition("://")
        secure = "s" if server[0] in ("wss", "https") else ""
        api = LiveKitApi(f"http{secure}://{server[2]}", key)
        credentials = config.livekit_egress_credentials if config.livekit_egress else ""
        bucket = Bucket(config.bucket, credentials) if credentials else None
        return LiveKit(api, f"ws{secure}://{server[2]}", key, config.project_id, bucket)

    @cached_property
    def livekit_events(self) -> LiveKitEvents:
        from troupe.calls.livekit_events import LiveKitEvents

        return LiveKitEvents(self.database, lambda: self.livekit, lambda: self.call_egresses)

    @cached_property
    def livekit_rooms(self) -> LiveKitRooms:
        from troupe.calls.livekit_rooms import LiveKitRooms

        return LiveKitRooms(self.database, lambda: self.livekit, self.call_egresses)

    @cached_property
    def call_events(self) -> CallEvents:
        from troupe.calls.events import CallEvents

        return CallEvents(self.database)

    def _listener_token(self, uid: str, session_id: str) -> str | None:
        """None for who has signed in with the SDK already, and if none can be made now: then the
        client asks for one later."""
        from troupe.accounts.sessions import is_of_sdk
        from troupe.adapters.identity_errors import IdentityError
        from troupe.logs import log

        if is_of_sdk(session_id):
            return None
        try:
            return self.identity.listener_token(uid, session_id)
        except IdentityError as error:
            log.warning("listener_token_not_made", reason=str(error))
            return None
