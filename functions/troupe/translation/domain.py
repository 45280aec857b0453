"""Translation, and the language of texts."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="translation",
    endpoints={"language": ("troupe.translation.endpoints",)},
    limits={
        "translation": Limit("300/3600, 1500/3600", "texts translated, which costs no tokens"),
        "guest_translation": Limit("30/3600, 300/3600", "the same for guests"),
        "detection": Limit("600/3600, 3000/3600", "languages of texts detected"),
    },
)
