"""What a client has to know of this server before anybody signs in."""

from troupe.domain import Domain

DOMAIN = Domain(name="config", endpoints={"support": ("troupe.config.endpoints",)})
