"""Activities: the log of users' actions, written by the other domains."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="activities",
    chores={"activities": "activities.expire"},
    erasers={"activities": "troupe.activities.lifecycle:erase"},
    exporters={"activities": "troupe.activities.lifecycle:export"},
)
