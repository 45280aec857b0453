"""Recordings of video calls."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="call_recordings",
    endpoints={"calls": ("troupe.call_recordings.endpoints",)},
    erasers={"call_recordings": "troupe.call_recordings.lifecycle:erase"},
    exporters={"call_recordings": "troupe.call_recordings.lifecycle:export"},
    chores={"call_recordings": "call_recording_endings.sweep"},
    job_specs={"call_recording": "troupe.call_recordings.specs:CALL_RECORDING"},
    limits={
        "call_recording": Limit("20/600, 0", "recordings of calls started, agreed to and stopped"),
        "call_recording_part": Limit("60/60, 0", "parts of recordings of calls"),
    },
)
