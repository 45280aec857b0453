"""Files: recordings that users upload."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="files",
    endpoints={"files": ("troupe.files.endpoints",)},
    erasers={"files": "troupe.files.lifecycle:erase"},
    exporters={"files": "troupe.files.lifecycle:export"},
    chores={"files": "user_files.expire", "uploads": "uploads.expire"},
)
