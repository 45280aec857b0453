"""Video calls of companies with their customers."""

from troupe.domain import Domain

DOMAIN = Domain(name="calls")
