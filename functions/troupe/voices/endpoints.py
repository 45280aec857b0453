"""Endpoints of the voices that a request can name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.speech.choice import find_voices
from troupe.voices import schemas
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.settings import Settings

api = Api("voices", "Voices")
# They change with a deployment.
_CACHED = {"Cache-Control": "public, max-age=300"}


@api.get("/api/voice/voices", auth=Auth.PUBLIC, data=schemas.VoicesData)
def list_voices(query: schemas.VoicesQuery, settings: Settings) -> Reply:
    """Lists the voices of all speech engines, those of the preferred engine first. With
    `language`, only voices that speak it, the one that a request without `voiceId` gets first."""
    found = find_voices(
        settings.speech_engines,
        language=query.language,
        voice_type=query.type,
        engine=query.engine,
        style=query.style,
        search=query.search,
    )
    page = found[query.offset : query.offset + query.limit]
    return Reply(
        schemas.VoicesData(voices=[schemas.VoiceView.of(voice) for voice in page]),
        "Voices fetched successfully",
        meta=query.meta(len(found)),
        headers=_CACHED,
    )
