"""OpenAI's API for speech and transcription, for programs that are made for it."""

from troupe.domain import Domain

DOMAIN = Domain(name="openai_api", endpoints={"v1": ("troupe.openai_api.endpoints",)})
