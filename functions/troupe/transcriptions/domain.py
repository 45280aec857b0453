"""Transcriptions: sound to text."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="transcriptions",
    endpoints={"language": ("troupe.transcriptions.endpoints",)},
    erasers={"transcriptions": "troupe.transcriptions.lifecycle:erase"},
    exporters={"transcriptions": "troupe.transcriptions.lifecycle:export"},
    chores={"transcriptions": "transcriptions.expire"},
    job_specs={"transcription": "troupe.transcriptions.specs:TRANSCRIPTION"},
)
