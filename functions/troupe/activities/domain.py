"""Activities: what users did, written by the other domains."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="activities",
    erasers={"activities": "troupe.activities.lifecycle:erase"},
)
