"""A message until it is translated, beside the translator alone, and until others have it; and a
caption, from the sound."""

from __future__ import annotations

import io
import os
import statistics
import time
from typing import Any

from bench.http import row
from bench.serving import served
from troupe.adapters.firestore import now

_MESSAGES = 40
_LISTENERS = 10
_SENTENCES = (
    ("en", "en-us", "The train from Lisbon arrives before the meeting on Thursday."),
    ("pt", "pt-br", "O trem de Lisboa chega antes da reunião de quinta-feira."),
)
_CAPTIONS = 12  # of each of them


def measure() -> list[dict[str, Any]]:
    """With Firefox's models, in a room of two who read English and Portuguese."""
    return [*_messages(), *_captions()]


def _captions() -> list[dict[str, Any]]:
    """From the end of a sentence, which Whisper recognises, until the others can read it."""
    from tests.support.companies import a_person
    from tests.support.rooms import a_room
    from tests.support.speeches import spoken, wav
    from troupe.app.functions import container
    from troupe.rooms.captions import CaptionDraft
    from troupe.wallet.ledger import grant_writes
    from troupe.wallet.records import Meter, Owner

    services = container()
    room = a_room(services.database, a_person(services.database), language="en")
    people = {"en": room.owner, "pt": room.join(language="pt")}
    gift = Owner.user(room.owner.uid)
    services.database.commit(*grant_writes(gift, "x", Meter.TOKENS, 100, "bench", now()))
    sent = []
    for number in range(_CAPTIONS):
        for language, voice, sentence in _SENTENCES:
            sound = io.BytesIO(wav(spoken(sentence, voice, before=0.2)))
            draft = CaptionDraft(language, number, audio=sound)
            caller = people[language].account
            begun = time.perf_counter()
            message = services.captions.send(caller, room.id, draft).message
            sent.append(time.perf_counter() - begun)
            if message is None or message.translation_state != "done":
                raise RuntimeError(f"the caption is {message}")
    sent = sent[4:]  # the first ones load models
    p95 = statistics.quantiles(sent, n=20)[-1]
    return [
        row(
            "a spoken sentence until it is translated, median",
            statistics.median(sent),
            "s",
            limit=2.3,
        ),
        row("p95 of that", p95, "s"),
    ]


def _messages() -> list[dict[str, Any]]:
    from tests.support.companies import a_person
    from tests.support.rooms import a_room
    from troupe.app.functions import container
    from troupe.rooms.messages import Draft
    from troupe.translation.texts import translate

    services = container()
    room = a_room(services.database, a_person(services.database), language="en")
    room.join(language="pt")
    caller = room.owner.account
    marker = f"rooms/{room.id}/reads/{room.owner.uid}"
    translator = services.translator
    if translator is None:
        raise RuntimeError("the benchmark needs a translator")
    alone, sent = [], []
    for number in range(_MESSAGES):
        text = f"The train from Lisbon number {number} arrives before the meeting on Thursday."
        begun = time.perf_counter()
        translate(translator, [f"{text} "], "en", "pt", deadline=time.monotonic() + 10)
        alone.append(time.perf_counter() - begun)
        services.database.delete_all([marker])  # a member sends twenty in ten seconds
        begun = time.perf_counter()
        message = services.messages.send(caller, room.id, Draft(text)).message
        sent.append(time.perf_counter() - begun)
        if message.translation_state != "done":
            raise RuntimeError(f"the message is {message.translation_state}")
    sent, alone = sent[5:], alone[5:]  # the first ones load models
    more = statistics.quantiles(sent, n=20)[-1] - statistics.median(alone)
    return [
        row("a message until it is translated, median", statistics.median(sent) * 1000, "ms"),
        row("p95 of that, less the translator alone", more * 1000, "ms", limit=700),
        row(
            "a translated message ÷ the translator alone",
            statistics.median(sent) / statistics.median(alone),
            "x",
        ),
    ]


def listeners() -> list[dict[str, Any]]:
    """Ten clients in Node that listen (public/live.mjs), and sixty streams of events."""
    from tests.support.companies import a_person
    from tests.support.rooms import a_room
    from tests.support.served_rooms import members, run_program, served_rooms, token_of
    from troupe.app.functions import container

    db = container().database
    room = a_room(db, a_person(db), language="en")
    tokens = [*members(room, _LISTENERS - 1), token_of(room.join(language="pt"))]
    texts = [f"The ship number {number} leaves after the concert." for number in range(16)]
    with served_rooms() as base:
        heard = run_program("translated.mjs", base, room=room.id, tokens=tokens, texts=texts)
    quiet = a_room(db, a_person(db))
    tokens = members(quiet, _LISTENERS)
    headers, env = {"Authorization": f"Bearer {token_of(quiet.owner)}"}, dict(os.environ)
    with (
        served("live", f"{quiet.path}/events?wait=1", env, headers) as live,
        served("rooms", quiet.path, env, headers) as rooms,
    ):
        sent = run_program(
            "streams.mjs", rooms.url, rooms=rooms.url, live=live.url, room=quiet.id, tokens=tokens
        )
    translated = statistics.median(heard["took"][5:])
    return [
        row("commit of a message until ten listeners have it, p95", heard["arrived"], "ms", 400),
        row("a message until ten listeners have its translation, median", translated, "ms", 700),
        row("sending a message, median", sent["without"], "ms"),
        row("that with sixty streams ÷ without", sent["during"] / sent["without"], "ratio", 1.5),
    ]
