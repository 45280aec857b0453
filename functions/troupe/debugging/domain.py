"""Debug logs: what is logged about a user, a room, a call or a function, for a while."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="debugging",
    endpoints={"admin": ("troupe.debugging.endpoints",)},
    chores={"debug_logs": "debug_logs.expire"},
)
