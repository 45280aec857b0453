"""Comments on calls, reviews and scripts."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="comments",
    endpoints={"calls": ("troupe.comments.endpoints",)},
    erasers={"comments": "troupe.comments.lifecycle:erase"},
    exporters={"comments": "troupe.comments.lifecycle:export"},
    chores={"ended_subjects": "subject_endings.sweep"},
    limits={"comment": Limit("30/600, 300/600", "comments written or changed")},
)
