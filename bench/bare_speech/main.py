"""The baseline of speech over HTTP: the same engine and encoder behind a bare Flask endpoint."""

import os

import functions_framework
from flask import Request, Response

from troupe.adapters.models.files import ModelFiles
from troupe.media.formats import LiveFormat
from troupe.media.live import LiveEncoder
from troupe.speech.engine import SpeechRequest, Voice, VoiceType
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.engines.kokoro import KokoroEngine

engine = KokoroEngine(ModelFiles()) if os.environ["SPEECH_ENGINES"] == "kokoro" else EspeakEngine()
voice = Voice("en-US", VoiceType.FEMALE, "neutral")
engine.synthesize(SpeechRequest("Ready.", voice))


@functions_framework.http
def bare_speech(request: Request) -> Response:
    if request.method == "GET":
        return Response("ready")
    speech = engine.synthesize(SpeechRequest(request.get_json()["input"], voice))
    audio = bytearray()
    with LiveEncoder(LiveFormat.MP3, audio.extend) as live:
        live(speech.samples, speech.rate)
    return Response(bytes(audio), mimetype="audio/mpeg")
