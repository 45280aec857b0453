"""Previews of voices, by the function that has the engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from flask import Response
from pydantic import Field

from troupe.voices.errors import VoiceNotFound
from troupe.voices.previews import FORM, NoPreview
from troupe.web.caller import Auth
from troupe.web.files import file_response
from troupe.web.routes import Api
from troupe.web.schema import Schema, VoiceId

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.voices.previews import Previews

api = Api("previews", "Voices")


class VoicePath(Schema):
    voice_id: Annotated[VoiceId, Field(description="An id from `GET /api/voice/voices`.")]


@api.get(
    "/api/voice/voices/<voiceId>/preview",
    auth=Auth.PUBLIC,
    errors=(VoiceNotFound, NoPreview),
    produces=FORM.mime_type,
    open_to_all_apps=True,
)
def get_voice_preview(path: VoicePath, previews: Previews, files: Files) -> Response:
    """Returns a short sentence in this voice, in the language that it speaks best."""
    preview = previews.get(path.voice_id)
    response = file_response(
        files,
        preview.path,
        size=preview.size,
        content_type=FORM.mime_type,
        filename=f"{path.voice_id}{FORM.extension}",
    )
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
