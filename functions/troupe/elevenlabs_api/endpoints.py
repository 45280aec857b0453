"""ElevenLabs' API over HTTP. Its requests and answers, with our jobs, prices and history."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from flask import Response
from pydantic import BaseModel
from pydantic_core import to_json

from troupe.adapters.firestore import now
from troupe.adapters.models.errors import ModelMissing
from troupe.caller import Scope
from troupe.characters.errors import CharacterNotFound, VoiceNotShared
from troupe.characters.writes import is_id
from troupe.elevenlabs_api import names, schemas
from troupe.elevenlabs_api.alignment import character_times
from troupe.elevenlabs_api.forms import MIME_TYPES, Form
from troupe.elevenlabs_api.surface import ELEVENLABS, HEADERS
from troupe.errors import FileMissing, UnknownChoice
from troupe.generations.errors import AudioNotReady, SpeechFailed, StillSpeaking, TextTooLong
from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.jobs.headers import paid_headers
from troupe.jobs.schemas import PaidHeaders
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.openai_api.errors import InvalidVoice, ModelNotFound
from troupe.speech.errors import NothingToSpeak, SpeechTooLong, UnreadableText
from troupe.speech.voices import all_voices
from troupe.voices.errors import VoiceNotFound
from troupe.wallet.errors import PAYER_ERRORS, NotEnoughTokens, WalletNotFound
from troupe.wallet.payers import payer_of
from troupe.wallet.schemas import CompanyHeader
from troupe.web.headers import secure_file
from troupe.web.routes import Api
from troupe.web.schema import MOST_ENTRIES, Page

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.caller import Caller
    from troupe.characters.library import CharacterLibrary
    from troupe.generations.service import Generations
    from troupe.openai_api.service import Asking, OpenAIAudio, Spoken
    from troupe.plans.subscriptions import Subscriptions
    from troupe.settings import Settings

api = Api("elevenlabs", "ElevenLabs' API, in its own form: snake_case, and no envelope", ELEVENLABS)
_JSON, _LINES = "application/json", "application/x-ndjson"
# ElevenLabs' clients send a request again without saying so: 1 or 2 s after it failed, or after
# `Retry-After`. Somebody who wants another take of the same text asks later.
_AGAIN_WITHIN = timedelta(seconds=20)
_ERRORS = (
    *(ModelNotFound, VoiceNotFound, UnknownChoice, VoiceNotShared, TextTooLong, NothingToSpeak),
    *(UnreadableText, SpeechTooLong, ModelMissing, *MODERATION_ERRORS, *PAYER_ERRORS),
    *(NotEnoughTokens, KeyReused, TooManyJobs, SpeechFailed, StillSpeaking, FileMissing),
)


class _Asked(NamedTuple):
    """A request for speech, and what it started."""

    asking: Asking
    form: Form
    body: schemas.TextToSpeech
    spoken: Spoken


@api.post(
    "/v1/text-to-speech/<voiceId>",
    scope=Scope.SPEECH,
    produces=MIME_TYPES,
    headers=HEADERS,
    errors=_ERRORS,
)
def el_speech(
    path: schemas.SpeechVoicePath,
    query: schemas.SpeechQuery,
    body: schemas.TextToSpeech,
    header: PaidHeaders,
    caller: Caller,
    openai_audio: OpenAIAudio,
    settings: Settings,
) -> Response:
    """Speaks a text, as ElevenLabs' `text_to_speech.convert` does. It is a generation like any
    other, with the same price, history and captions. The audio is sent when it is complete."""
    asking = _asking(caller, header)
    asked = _speak(asking, path.voice_id, query.form, body, openai_audio, settings, whole=True)
    return _audio(asked, settings)


@api.post(
    "/v1/text-to-speech/<voiceId>/stream",
    scope=Scope.SPEECH,
    produces=MIME_TYPES,
    headers=HEADERS,
    errors=_ERRORS,
)
def el_stream(
    path: schemas.SpeechVoicePath,
    query: schemas.SpeechQuery,
    body: schemas.TextToSpeech,
    header: PaidHeaders,
    caller: Caller,
    openai_audio: OpenAIAudio,
    settings: Settings,
) -> Response:
    """Speaks a text, and sends the audio as it is made; WAV when it is complete. If the client goes
    away, the audio is made all the same."""
    asking = _asking(caller, header)
    asked = _speak(asking, path.voice_id, query.form, body, openai_audio, settings)
    return _audio(asked, settings)


@api.post(
    "/v1/text-to-speech/<voiceId>/with-timestamps",
    scope=Scope.SPEECH,
    produces=_JSON,
    produced_json=schemas.TimedAudio,
    headers=HEADERS,
    errors=(*_ERRORS, AudioNotReady),
)
def el_timestamps(
    path: schemas.SpeechVoicePath,
    query: schemas.SpeechQuery,
    body: schemas.TextToSpeech,
    header: PaidHeaders,
    caller: Caller,
    openai_audio: OpenAIAudio,
    generations: Generations,
    settings: Settings,
) -> Response:
    """Speaks a text, and says when each of its characters is heard: those of a word share its time
    evenly."""
    asking = _asking(caller, header)
    asked = _speak(asking, path.voice_id, query.form, body, openai_audio, settings, whole=True)
    alignment = _alignment(asked, generations)
    response = Response(
        _with_audio(asked.form.encoded(asked.spoken.chunks), alignment), mimetype=_JSON
    )
    return _told(response, asked, settings)


@api.post(
    "/v1/text-to-speech/<voiceId>/stream/with-timestamps",
    scope=Scope.SPEECH,
    produces=_LINES,
    headers=HEADERS,
    errors=_ERRORS,
)
def el_stream_timestamps(
    path: schemas.SpeechVoicePath,
    query: schemas.SpeechQuery,
    body: schemas.TextToSpeech,
    header: PaidHeaders,
    caller: Caller,
    openai_audio: OpenAIAudio,
    generations: Generations,
    settings: Settings,
) -> Response:
    """Speaks a text, and sends lines of JSON, each as the response of
    `POST /v1/text-to-speech/{voiceId}/with-timestamps`: the audio as it is made, and in the last
    line the times of all characters."""
    asking = _asking(caller, header)
    asked = _speak(asking, path.voice_id, query.form, body, openai_audio, settings)
    lines = _lines(asked, generations)
    # The first is made here, so that an error before it is an ordinary response.
    response = Response(chain([*islice(lines, 1)], lines), mimetype=_LINES)
    response.headers["X-Accel-Buffering"] = "no"  # otherwise nginx buffers the audio
    return _told(response, asked, settings)


@api.get(
    "/v1/voices",
    scope=Scope.CHARACTERS_READ,
    produces=_JSON,
    produced_json=schemas.ElevenLabsVoices,
)
def el_voices(caller: Caller, character_library: CharacterLibrary, settings: Settings) -> Response:
    """Lists the voices that a request can name: your newest 100 characters, and those of this
    server."""
    return _json(schemas.ElevenLabsVoices(voices=_voices(caller, character_library, settings)))


@api.get(
    "/v2/voices",
    scope=Scope.CHARACTERS_READ,
    produces=_JSON,
    produced_json=schemas.ElevenLabsVoicesPage,
)
def el_search_voices(
    query: schemas.ElevenLabsVoicesQuery,
    caller: Caller,
    character_library: CharacterLibrary,
    settings: Settings,
) -> Response:
    """Searches the voices of `GET /v1/voices`, in pages."""
    found = _voices(caller, character_library, settings)
    return _json(schemas.ElevenLabsVoicesPage.of(found, query))


@api.get(
    "/v1/voices/<voiceId>",
    scope=Scope.CHARACTERS_READ,
    produces=_JSON,
    produced_json=schemas.ElevenLabsVoice,
    errors=(VoiceNotFound,),
)
def el_voice(
    path: schemas.SpeechVoicePath,
    caller: Caller,
    character_library: CharacterLibrary,
    settings: Settings,
) -> Response:
    """Returns a voice: one of this server, a character that you can see, or one of those that every
    account of ElevenLabs has."""
    voice_id = path.voice_id
    if premade := names.PREMADE.get(voice_id):
        return _json(schemas.ElevenLabsVoice.of_premade(voice_id, premade))
    if voice := all_voices(settings.speech_engines).get(voice_id):
        return _json(schemas.ElevenLabsVoice.of(voice, settings.app_url))
    if not is_id(voice_id):
        raise VoiceNotFound
    try:
        found = character_library.get(caller.uid, voice_id)
    except CharacterNotFound:
        raise VoiceNotFound from None
    return _json(schemas.ElevenLabsVoice.of_character(found.character, caller.uid))


@api.get(
    "/v1/user",
    scope=Scope.USAGE_READ,
    produces=_JSON,
    produced_json=schemas.ElevenLabsUser,
    errors=(*PAYER_ERRORS, WalletNotFound),
)
def el_user(
    header: CompanyHeader,
    caller: AccountCaller,
    subscriptions: Subscriptions,
    character_library: CharacterLibrary,
    settings: Settings,
) -> Response:
    """Returns you, with your subscription or that of the company that pays."""
    user = schemas.ElevenLabsUser(
        user_id=caller.uid,
        workspace_id=payer_of(caller, header.x_troupe_company).owner.id,
        first_name=caller.user.public_name,
        subscription=_subscription(header, caller, subscriptions, character_library, settings),
        created_at=int(caller.user.created_at.timestamp()),
    )
    return _json(user)


@api.get(
    "/v1/user/subscription",
    scope=Scope.USAGE_READ,
    produces=_JSON,
    produced_json=schemas.ElevenLabsSubscription,
    errors=(*PAYER_ERRORS, WalletNotFound),
)
def el_subscription(
    header: CompanyHeader,
    caller: Caller,
    subscriptions: Subscriptions,
    character_library: CharacterLibrary,
    settings: Settings,
) -> Response:
    """Returns your plan and your tokens, or those of the company that pays. Tokens are shown as the
    characters that they pay for."""
    return _json(_subscription(header, caller, subscriptions, character_library, settings))


def _asking(caller: Caller, header: PaidHeaders) -> Asking:
    from troupe.openai_api.service import Asking  # noqa: PLC0415 (lists need none)

    return Asking(
        uid=caller.uid,
        payer=payer_of(caller, header.x_troupe_company),
        key=header.idempotency_key,
        retried=True,
        ended_within=_AGAIN_WITHIN,
    )


def _speak(
    asking: Asking,
    voice_id: str,
    form: Form,
    body: schemas.TextToSpeech,
    openai_audio: OpenAIAudio,
    settings: Settings,
    *,
    whole: bool = False,
) -> _Asked:
    request = body.command(voice_id, form, settings.speech_engines)
    try:
        spoken = openai_audio.speak(
            asking, request, form.live, form.rate, whole=whole or form.whole
        )
    except InvalidVoice:
        raise VoiceNotFound from None
    return _Asked(asking, form, body, spoken)


def _audio(asked: _Asked, settings: Settings) -> Response:
    response = Response(asked.form.encoded(asked.spoken.chunks), mimetype=asked.form.mime_type)
    response.headers["X-Accel-Buffering"] = "no"  # otherwise nginx buffers the audio
    return _told(response, asked, settings)


def _told(response: Response, asked: _Asked, settings: Settings) -> Response:
    """Adds the headers of ElevenLabs and our own."""
    found = asked.spoken.found
    response.headers["Cache-Control"] = "private, no-store"
    secure_file(response)
    response.headers.update(paid_headers(found.job))
    response.headers["X-Troupe-Generation-Id"] = found.generation.id
    response.headers["history-item-id"] = found.generation.id
    tokens = found.job.charge.tokens_due if found.job.charge else 0
    response.headers["character-cost"] = str(tokens * settings.prices.characters_per_token)
    if ignored := asked.body.without_effect:
        response.headers["X-Troupe-Ignored"] = ", ".join(ignored)
    return response


def _alignment(asked: _Asked, generations: Generations) -> schemas.Alignment:
    text, generation = asked.body.text, asked.spoken.found.generation
    words, seconds = generations.words(generation.uid, generation.id)
    return schemas.Alignment.of(text, character_times(text, words, seconds))


def _base64(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """In pieces that make one text, so only the last may end with padding."""
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        whole = len(data) // 3 * 3
        rest = data[whole:]
        yield b64encode(data[:whole])
    yield b64encode(rest)


def _with_audio(audio: Iterable[bytes], alignment: schemas.Alignment) -> Iterator[bytes]:
    """A TimedAudio, whose audio may be larger than the memory that one request should take."""
    times = to_json(alignment)
    yield b'{"audio_base64":"'
    yield from _base64(audio)
    yield b'","alignment":' + times + b',"normalized_alignment":' + times + b"}"


def _lines(asked: _Asked, generations: Generations) -> Iterator[bytes]:
    for chunk in asked.form.encoded(asked.spoken.chunks):
        yield _line(b64encode(chunk).decode(), None)
    yield _line("", _alignment(asked, generations))


def _line(audio: str, alignment: schemas.Alignment | None) -> bytes:
    line = schemas.TimedAudio(
        audio_base64=audio, alignment=alignment, normalized_alignment=alignment
    )
    return to_json(line) + b"\n"


def _voices(
    caller: Caller, character_library: CharacterLibrary, settings: Settings
) -> list[schemas.ElevenLabsVoice]:
    mine, _ = character_library.mine(caller.uid, Page(limit=MOST_ENTRIES))
    ours = all_voices(settings.speech_engines).values()
    return [
        *(schemas.ElevenLabsVoice.of_character(each.character, caller.uid) for each in mine),
        *(schemas.ElevenLabsVoice.of(each, settings.app_url) for each in ours),
    ]


def _subscription(
    header: CompanyHeader,
    caller: Caller,
    subscriptions: Subscriptions,
    character_library: CharacterLibrary,
    settings: Settings,
) -> schemas.ElevenLabsSubscription:
    _, page = character_library.mine(caller.uid, Page(limit=1))
    return schemas.ElevenLabsSubscription.of(
        subscriptions.of(payer_of(caller, header.x_troupe_company).owner.id),
        now(),
        characters_per_token=settings.prices.characters_per_token,
        voices=page.total,
        currency=settings.currency,
    )


def _json(data: BaseModel) -> Response:
    return Response(to_json(data), mimetype=_JSON)
