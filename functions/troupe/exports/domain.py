"""Exports: a user's data, as one archive. It has no exporter, because its archives contain what the
others hand over."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="exports",
    endpoints={"auth": ("troupe.exports.endpoints",)},
    erasers={"exports": "troupe.exports.lifecycle:erase"},
    chores={"exports": "exports.expire"},
    job_specs={"export": "troupe.exports.specs:EXPORT"},
    limits={"export": Limit("5/86400, 30/86400", "exports of one's data, started or repeated")},
)
