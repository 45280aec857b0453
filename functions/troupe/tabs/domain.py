"""Tabs: what is used in a room is held by the hour and charged by the minute."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="tabs",
    chores={"tabs": "tabs.close_due"},
    job_specs={"tab": "troupe.tabs.specs:TAB"},
)
