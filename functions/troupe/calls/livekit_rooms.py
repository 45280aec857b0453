"""Compares LiveKit's rooms with the calls: what LiveKit was not told, and what it has told us in
vain, is made good by the sweep."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from troupe import logs
from troupe.adapters.firestore import Database, contend
from troupe.calls.attendance import Attendance
from troupe.calls.providers.livekit import LiveKit
from troupe.calls.providers.provider import ProviderFailed
from troupe.logs import log

SECONDS = 90  # of a sweep, which has other things to do
_FAILURES = 3  # in a row, after which LiveKit is asked no more


class Recordings(Protocol):
    """What LiveKit records: see `troupe.call_recordings.egresses`."""

    def stop_strays(self, livekit: LiveKit, call_id: str) -> None: ...


class LiveKitRooms:
    def __init__(
        self,
        db: Database,
        livekit: Callable[[], LiveKit | None],
        recordings: Recordings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._livekit = livekit
        self._recordings = recordings
        self._clock = clock

    def sweep(self, limit: int) -> int:
        """Ends rooms whose calls are over, cuts off whoever is not in a call, and stops recordings
        of which nobody knows, in up to `limit` rooms; returns at how many it looked. A LiveKit that
        is slow or fails has to wait for the next sweep."""
        ends_at = self._clock() + SECONDS
        livekit = self._livekit()
        if livekit is None:
            return 0
        try:
            rooms = livekit.open_calls()
        except ProviderFailed as error:
            log.warning("livekit_not_swept", reason=str(error))
            return 0
        chosen = random.sample(rooms, min(limit, len(rooms)))
        failures = 0
        for done, call_id in enumerate(chosen):
            if failures == _FAILURES or self._clock() > ends_at:
                log.warning("livekit_sweep_cut_short", left=len(chosen) - done, failures=failures)
                return done
            try:
                self._compare(livekit, call_id)
                failures = 0
            except Exception as error:  # one room must not block the others
                failures += isinstance(error, ProviderFailed)
                log.error("livekit_room_not_swept", error, callId=call_id)
        return len(chosen)

    def _compare(self, livekit: LiveKit, call_id: str) -> None:
        logs.bind(callId=call_id)
        # Before the call is read, in which everybody is who can have connected.
        connected = livekit.people(call_id)
        inside = contend(partial(self._inside, call_id, connected))
        if inside is None:
            livekit.end(call_id)
            return
        self._recordings.stop_strays(livekit, call_id)
        if others := connected - inside:
            livekit.remove(call_id, others)
            log.info("livekit_people_removed", callId=call_id, count=len(others))

    def _inside(self, call_id: str, connected: set[str]) -> set[str] | None:
        """The ids of those who are in a call and still heard of; None if there is no such call any
        more. Whoever is connected without being heard of pays for that time, too."""
        here = Attendance(self._db, call_id)
        if not here.document.exists or here.call.is_over:
            return None
        if here.clear_away(connected=connected):
            here.commit()
        return {each.id for each in here.inside}
