"""Generations: text to speech."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="generations",
    endpoints={
        "voice": ("troupe.generations.endpoints",),
        "stream": ("troupe.generations.stream_endpoints",),
    },
    erasers={"generations": "troupe.generations.lifecycle:erase"},
    exporters={"generations": "troupe.generations.lifecycle:export"},
    chores={"generations": "generations.expire"},
    job_specs={"voice": "troupe.generations.specs:VOICE"},
)
