"""Characters: voices, pictures, and users' stars."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="characters",
    endpoints={"characters": ("troupe.characters.endpoints",)},
    erasers={
        "characters": "troupe.characters.lifecycle:erase",
        "stars": "troupe.characters.lifecycle:erase_stars",
    },
    chores={"clones": "clones.sweep"},
)
