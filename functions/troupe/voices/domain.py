"""The voices that a request can name."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="voices",
    endpoints={
        "voice": ("troupe.voices.endpoints",),
        "stream": ("troupe.voices.preview_endpoints",),
    },
)
