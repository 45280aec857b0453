"""Characters: voices, pictures, and users' stars."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="characters",
    endpoints={"characters": ("troupe.characters.endpoints",)},
    erasers={
        "characters": "troupe.characters.lifecycle:erase",
        "stars": "troupe.characters.lifecycle:erase_stars",
    },
    exporters={
        "characters": "troupe.characters.lifecycle:export",
        "stars": "troupe.characters.lifecycle:export_stars",
    },
    job_specs={"sample_text": "troupe.characters.sample_texts:SAMPLE_TEXT"},
    chores={"clones": "clones.sweep"},
)
