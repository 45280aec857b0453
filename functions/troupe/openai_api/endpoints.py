"""OpenAI's API over HTTP. Its requests and answers, with our jobs, prices and history."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING

from flask import Response
from pydantic import BaseModel
from pydantic_core import to_json

from troupe.adapters.models.errors import ModelMissing
from troupe.caller import Scope
from troupe.characters.errors import VoiceNotShared
from troupe.errors import FileMissing, UnknownChoice
from troupe.generations.errors import SpeechFailed, StillSpeaking, TextTooLong
from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.jobs.headers import PAID_HEADERS, paid_headers
from troupe.media.captions import MIME_TYPES
from troupe.media.uploads.checks import BrokenAudio, DecodersBusy, TooDemanding, UnsupportedFile
from troupe.media.uploads.proofs import RecordingTooLong
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.openai_api import names, schemas
from troupe.openai_api.errors import (
    InvalidVoice,
    ModelNotFound,
    StillListening,
    TranscriptionFailed,
)
from troupe.openai_api.surface import OPENAI, SPEECH_HEADERS
from troupe.speech.errors import NothingToSpeak, SpeechTooLong, UnreadableText
from troupe.speech.voices import all_voices
from troupe.transcriptions.errors import TranscriberNotConfigured, TranscriptNotReady
from troupe.wallet.errors import PAYER_ERRORS, CostAboveMax, NotEnoughTokens
from troupe.wallet.payers import payer_of
from troupe.web.caller import Auth
from troupe.web.events import EVENT_STREAM
from troupe.web.headers import secure_file
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.caller import Caller
    from troupe.openai_api.service import Asking, OpenAIAudio, Spoken
    from troupe.settings import Settings
    from troupe.transcriptions.service import TranscriptionWithJob

api = Api("openai", "OpenAI's API, in its own form: snake_case, and no envelope", OPENAI)
_JSON = "application/json"
_CACHED = {"Cache-Control": "public, max-age=300"}  # they change with a deployment
_CACHED_BY_CLIENT = {**_CACHED, "Vary": "xi-api-key"}
_CAPTIONS = {form: MIME_TYPES[form] for form in ("srt", "vtt")}
_PAID = (*PAYER_ERRORS, NotEnoughTokens, CostAboveMax, KeyReused, TooManyJobs)


@api.post(
    "/v1/audio/speech",
    scope=Scope.SPEECH,
    produces=(*schemas.SPEECH_TYPES.values(), EVENT_STREAM),
    headers=SPEECH_HEADERS,
    errors=(
        *(ModelNotFound, InvalidVoice, UnknownChoice, VoiceNotShared, TextTooLong),
        *(NothingToSpeak, UnreadableText, SpeechTooLong, ModelMissing, *MODERATION_ERRORS),
        *(*_PAID, SpeechFailed, StillSpeaking, FileMissing),
    ),
)
def v1_speech(
    body: schemas.Speech,
    header: schemas.OpenAIHeaders,
    caller: AccountCaller,
    openai_audio: OpenAIAudio,
    settings: Settings,
) -> Response:
    """Speaks a text, as OpenAI's `audio.speech.create` does. It is a generation like any other,
    with the same price, history and captions. `mp3`, `opus`, `aac` and `pcm` are sent while they
    are made, `wav` and `flac` when they are complete. If the client goes away, the audio is made
    all the same."""
    request = body.command(caller.user.voice_id, settings.speech_engines)
    asking = _asking(caller, header, body.max_cost)
    spoken = openai_audio.speak(asking, request, body.response_format.live)
    if body.stream_format == "sse":
        response = _events(_spoken_events(spoken, openai_audio))
    else:
        response = Response(spoken.chunks, mimetype=body.response_format.mime_type)
        response.headers["X-Accel-Buffering"] = "no"  # otherwise nginx buffers the audio
    response.headers["Cache-Control"] = "private, no-store"
    secure_file(response)
    response.headers.update(paid_headers(spoken.found.job))
    response.headers["X-Troupe-Generation-Id"] = spoken.found.generation.id
    if body.ignored:
        response.headers["X-Troupe-Ignored"] = ", ".join(body.ignored)
    return response


@api.post(
    "/v1/audio/transcriptions",
    scope=Scope.TRANSCRIBE,
    produces=(_JSON, "text/plain", *_CAPTIONS.values(), EVENT_STREAM),
    produced_json=schemas.OpenAITranscription,
    headers=PAID_HEADERS,
    errors=(
        *(ModelNotFound, TranscriberNotConfigured, UnknownChoice, UnsupportedFile, BrokenAudio),
        *(RecordingTooLong, TooDemanding, DecodersBusy, TranscriptNotReady, *_PAID),
        *(TranscriptionFailed, StillListening),
    ),
)
def v1_transcribe(
    form: schemas.Transcribe,
    header: schemas.OpenAIHeaders,
    caller: Caller,
    openai_audio: OpenAIAudio,
) -> Response:
    """Turns speech into text, as OpenAI's `audio.transcriptions.create` does, and waits for it. It
    is a transcription like any other, with the same price and history."""
    if not names.listens(form.model):
        raise ModelNotFound
    asking = _asking(caller, header)
    found = openai_audio.transcribe(asking, form.file, form.file.filename, form.language)
    if form.stream:
        response = _events(_heard_events(found))
    elif form.response_format == "json":
        response = _json(schemas.OpenAITranscription.of(found))
    elif form.response_format == "verbose_json":
        text = found.transcription.text
        language = _language_name(text.language if text else "")
        made = schemas.OpenAITranscription.verbose(found, form.timestamp_granularities, language)
        response = _json(made)
    elif form.response_format == "text":
        response = Response(f"{schemas.text_of(found)}\n", mimetype="text/plain")
    else:
        captions = openai_audio.captions(found, form.response_format)
        response = Response(captions, mimetype=_CAPTIONS[form.response_format])
    response.headers.update(paid_headers(found.job))
    return response


@api.get(
    "/v1/models",
    auth=Auth.PUBLIC,
    produces=_JSON,
    produced_json=schemas.AnyModels,
    open_to_all_apps=True,
)
def v1_models(header: schemas.ModelsHeaders, settings: Settings) -> Response:
    """Lists the models that a request can name. All of OpenAI's mean the same: the engine that this
    server prefers. `troupe-…` names an engine. With `xi-api-key`, the answer is that of ElevenLabs'
    API: a list of the models that speak, with `model_id`, `name` and `languages`."""
    if header.xi_api_key is not None:
        return _elevenlabs_models(settings)
    data = [schemas.ModelView(id=each) for each in _models(settings)]
    return _json(schemas.ModelList(data=data), _CACHED_BY_CLIENT)


@api.get(
    "/v1/models/<model>",
    auth=Auth.PUBLIC,
    produces=_JSON,
    produced_json=schemas.ModelView,
    errors=(ModelNotFound,),
    open_to_all_apps=True,
)
def v1_model(path: schemas.ModelPath, settings: Settings) -> Response:
    """Returns a model."""
    if path.model not in _models(settings):
        raise ModelNotFound
    return _json(schemas.ModelView(id=path.model), _CACHED)


@api.get(
    "/v1/audio/models",
    auth=Auth.PUBLIC,
    produces=_JSON,
    produced_json=schemas.AudioModels,
    open_to_all_apps=True,
)
def v1_audio_models(settings: Settings) -> Response:
    """Lists the models that speak, as Open WebUI asks for them."""
    found = names.speaking_models(settings.speech_engines)
    models = schemas.AudioModels(
        models=[schemas.AudioModel(id=each, name=each) for each in found],
        data=[schemas.ModelView(id=each) for each in found],
    )
    return _json(models, _CACHED)


@api.get(
    "/v1/audio/voices",
    auth=Auth.PUBLIC,
    produces=_JSON,
    produced_json=schemas.AudioVoices,
    errors=(ModelNotFound,),
    open_to_all_apps=True,
)
def v1_voices(query: schemas.AudioVoicesQuery, settings: Settings) -> Response:
    """Lists the voices that a request can name, OpenAI's first."""
    engines = settings.speech_engines
    if not names.speaks(query.model, engines):
        raise ModelNotFound
    engine = names.engine_of(query.model, engines)
    found = [
        schemas.AudioVoice(id=each, name=each.title(), language="mul") for each in names.VOICES
    ]
    ours = all_voices((engine,) if engine else engines).values()
    found = [*found, *map(schemas.AudioVoice.of, ours)][: query.limit]
    return _json(schemas.AudioVoices(voices=found, data=found), _CACHED)


def _elevenlabs_models(settings: Settings) -> Response:
    engines = settings.speech_engines
    models = [schemas.ElevenLabsModel.of(names.ANY, engines)]
    models += [schemas.ElevenLabsModel.of(f"{names.ANY}-{each}", (each,)) for each in engines]
    return Response(to_json(models), headers=_CACHED_BY_CLIENT, mimetype=_JSON)


def _models(settings: Settings) -> list[str]:
    transcribes = settings.transcriber != "off"
    return names.models(settings.speech_engines, transcribes=transcribes)


def _asking(caller: Caller, header: schemas.OpenAIHeaders, most: int | None = None) -> Asking:
    from troupe.openai_api.service import Asking  # noqa: PLC0415 (lists need none)

    return Asking(
        uid=caller.uid,
        payer=payer_of(caller, header.x_troupe_company),
        key=header.idempotency_key,
        retried=header.x_stainless_retry_count > 0,
        max_tokens=most,
    )


def _json(data: BaseModel, headers: Mapping[str, str] | None = None) -> Response:
    return Response(to_json(data), headers=headers, mimetype=_JSON)


def _events(events: Iterator[bytes]) -> Response:
    """The first is made here, so that an error before it is an ordinary response."""
    response = Response(chain([*islice(events, 1)], events), mimetype=EVENT_STREAM)
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _event(data: BaseModel) -> bytes:
    return b"data: " + to_json(data) + b"\n\n"


def _spoken_events(spoken: Spoken, openai_audio: OpenAIAudio) -> Iterator[bytes]:
    for chunk in spoken.chunks:
        yield _event(schemas.SpeechDelta(audio=b64encode(chunk).decode()))
    made = openai_audio.made(spoken.found)
    generation, audio = made.generation, made.generation.audio
    usage = schemas.SpeechUsage(
        input_tokens=generation.tokens_used,
        total_tokens=generation.tokens_used,
        characters=generation.characters,
        seconds=audio.seconds if audio else 0,
    )
    yield _event(schemas.SpeechDone(usage=usage))


def _heard_events(found: TranscriptionWithJob) -> Iterator[bytes]:
    for number, segment in enumerate(found.segments or ()):
        yield _event(schemas.TextDelta(delta=f" {segment.text}" if number else segment.text))
    usage = schemas.duration_of(found)
    yield _event(schemas.TextDone(text=schemas.text_of(found), usage=usage))
    yield b"data: [DONE]\n\n"


def _language_name(code: str) -> str:
    """As Whisper names it: "english"."""
    from babel import Locale  # noqa: PLC0415 (slow to load)

    return str(Locale("en").languages.get(code, code)).lower()
