"""Characters: a voice, pictures, and the stars that users give."""

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
