"""Scripts: dialogue, its audio and its video."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="scripts",
    endpoints={"scripts": ("troupe.scripts.endpoints",)},
    erasers={"scripts": "troupe.scripts.lifecycle:erase"},
    limits={"script": "30/3600, 100/3600"},
)
