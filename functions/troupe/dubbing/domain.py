"""Dubbing: a recording or a film in another language."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="dubbing",
    endpoints={"language": ("troupe.dubbing.endpoints",)},
    erasers={"dubbings": "troupe.dubbing.lifecycle:erase"},
    exporters={"dubbings": "troupe.dubbing.lifecycle:export"},
    chores={"dubbings": "dubbings.expire"},
    job_specs={"dubbing": "troupe.dubbing.specs:DUBBING"},
)
