"""Pronunciation dictionaries of users."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="dictionaries",
    endpoints={"voice": ("troupe.dictionaries.endpoints",)},
    erasers={"dictionaries": "troupe.dictionaries.lifecycle:erase"},
    exporters={"dictionaries": "troupe.dictionaries.lifecycle:export"},
    chores={"dictionaries": "dictionary_service.expire"},
    limits={"dictionary": Limit("100/3600, 500/3600", "dictionaries created or changed")},
)
