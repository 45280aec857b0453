"""API keys: what programs of users and companies sign in with."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="api_keys",
    endpoints={"developers": ("troupe.api_keys.endpoints",)},
    erasers={"api_keys": "troupe.api_keys.lifecycle:erase"},
    exporters={"api_keys": "troupe.api_keys.lifecycle:export"},
    chores={"expiring_keys": "api_keys.warn"},
    limits={
        "key": Limit("60/60, 0", "requests with an API key that has no `rate` of its own"),
        "new_key": Limit("60/3600, 300/3600", "API keys created or rotated"),
    },
)
