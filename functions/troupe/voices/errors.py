"""What can be wrong with the name of a voice."""

from __future__ import annotations

from troupe.errors import NotFound


class VoiceNotFound(NotFound):
    code = "voice_not_found"
    message = "There is no voice with this id. `GET /api/voice/voices` lists them."
