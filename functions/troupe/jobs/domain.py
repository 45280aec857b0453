"""Jobs: durable work of any kind."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="jobs",
    erasers={"jobs": "troupe.jobs.lifecycle:erase"},
    exporters={"jobs": "troupe.jobs.lifecycle:export"},
)
