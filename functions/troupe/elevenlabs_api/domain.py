"""ElevenLabs' API for speech with the times of its words, for programs that are made for it."""

from troupe.domain import Domain

DOMAIN = Domain(name="elevenlabs_api", endpoints={"v1": ("troupe.elevenlabs_api.endpoints",)})
