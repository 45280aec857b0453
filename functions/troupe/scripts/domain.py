"""Scripts: dialogue with its audio and video."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="scripts",
    endpoints={"scripts": ("troupe.scripts.endpoints",)},
    erasers={"scripts": "troupe.scripts.lifecycle:erase"},
    exporters={"scripts": "troupe.scripts.lifecycle:export"},
    job_specs={
        "script_audio": "troupe.scripts.specs:AUDIO",
        "script_line": "troupe.scripts.specs:LINE",
        "video": "troupe.scripts.specs:VIDEO",
    },
    limits={
        "script": Limit(
            "30/3600, 100/3600", "scripts written by the language model, which cost no tokens"
        )
    },
)
