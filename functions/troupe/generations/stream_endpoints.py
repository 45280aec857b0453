"""Speech that is heard while it is made. A function of its own, because it loads the engines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Response

from troupe.caller import Scope
from troupe.generations import request_schemas
from troupe.generations.endpoints import CHOICE_ERRORS, TRANSLATES, audio_response, notices_of
from troupe.generations.errors import AudioNotReady, SpeechFailed, StillSpeaking
from troupe.generations.streaming import LiveSpeech
from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.jobs.headers import PAID_HEADERS, paid_headers
from troupe.jobs.schemas import PaidHeaders
from troupe.wallet.errors import PAYER_ERRORS, CostAboveMax, NotEnoughTokens
from troupe.wallet.payers import payer_of
from troupe.web.body import TEXT_LIMIT
from troupe.web.headers import secure_file
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.adapters.storage import Files
    from troupe.generations.service import Generations
    from troupe.generations.streaming import Streams

api = Api("streaming", "Text to speech")


@api.post(
    "/api/voice/stream",
    scope=Scope.SPEECH,
    produces=("audio/mpeg", "audio/ogg", "audio/aac", "audio/pcm"),
    headers=("Location", "X-Warnings", *PAID_HEADERS),
    errors=(
        *CHOICE_ERRORS,
        *PAYER_ERRORS,
        NotEnoughTokens,
        CostAboveMax,
        KeyReused,
        TooManyJobs,
        AudioNotReady,
        SpeechFailed,
        StillSpeaking,
    ),
    body_bytes=TEXT_LIMIT,
    **TRANSLATES,
)
def stream_voice(
    body: request_schemas.StreamVoice,
    header: PaidHeaders,
    caller: AccountCaller,
    streams: Streams,
    generations: Generations,
    files: Files,
) -> Response:
    """Speaks a short text at once, and sends the audio while it is made. It is a generation like
    any other, with the same price, history and captions: `Location` names it. A client that goes
    away changes nothing. Through Firebase Hosting, the audio arrives as a whole; the address of the
    function itself streams it. A repeat under the same `Idempotency-Key` gets the stored audio, or
    409 `audio_not_ready`. `X-Warnings` has what `warnings` has elsewhere, as JSON."""
    key = header.idempotency_key
    asked = body.command(caller.user.voice_id)
    payer = payer_of(caller, header.x_troupe_company, body.company_id)
    speech = streams.speak(caller.uid, asked, body.format, key, body.max_tokens, payer)
    found = speech.found if isinstance(speech, LiveSpeech) else speech
    if isinstance(speech, LiveSpeech):
        response = Response(speech.chunks, mimetype=body.format.mime_type(speech.rate))
        response.headers["X-Accel-Buffering"] = "no"  # otherwise nginx buffers the audio
        response.headers["Cache-Control"] = "private, no-store"
        secure_file(response)
    else:
        done, audio = generations.audio(caller.uid, found.generation.id)
        response = audio_response(files, done, audio, attachment=False)
    response.headers["Location"] = f"/api/voice/generations/{found.generation.id}"
    response.headers.update(paid_headers(found.job))
    if notices := [*body.ignored, *notices_of(found.warnings)]:
        response.headers["X-Warnings"] = json.dumps([each.model_dump() for each in notices])
    return response
