"""What can be wrong with a request in OpenAI's form, besides what can be wrong with any."""

from __future__ import annotations

from troupe.errors import NotFound, Unavailable, Unprocessable
from troupe.openai_api.names import VOICES


class ModelNotFound(NotFound):
    code = "model_not_found"
    message = "There is no such model here. `GET /v1/models` lists those that there are."


class InvalidVoice(Unprocessable):
    code = "invalid_voice"
    message = (
        f"There is no such voice here. Use {', '.join(VOICES)}, an id of `GET /v1/audio/voices`, "
        "or the id of a character."
    )


class TranscriptionFailed(Unprocessable):
    code = "transcription_failed"
    message = "The sound could not be transcribed."


class StillListening(Unavailable):
    code = "still_listening"
    message = "The transcription is not ready in time. It goes on: send the same request again."
