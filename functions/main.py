"""Every Cloud Function: trigger, region, memory, secrets, and a body of one line.

The whole file runs on every function's cold start, so `troupe` is not imported at the top.
"""

import gc

# What a start loads stays loaded. Looking for garbage in it takes a tenth of the start
# (decision 039).
gc.disable()

import os
from functools import partial
from typing import Any, cast

from firebase_functions import https_fn, options, scheduler_fn, tasks_fn
from flask import Request, Response

EMULATED = os.environ.get("FUNCTIONS_EMULATOR") == "true"
# functions-framework defaults to four threads per core; requests here mostly wait for I/O.
# `live` has one for each stream.
os.environ.setdefault("THREADS", "200" if os.environ.get("FUNCTION_TARGET") == "live" else "40")
# pydantic would search every installed package for plugins.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# The emulator needs no secrets, and would look for the ones listed here in the real Secret Manager.
# Any function may get a request with an API key, once there are some.
API_KEYS = ["API_KEY_PEPPER"] if os.environ.get("API_KEYS") == "on" else []
JWT = [] if EMULATED else ["JWT_SECRET", *API_KEYS]
# functions/.env is loaded before this file, also on deployment. Only the keys of the chosen engines
# have to exist. SPEECH_ENGINE is the name of one, from before there could be several.
ENGINE_KEYS = {"openai": ["OPENAI_API_KEY"], "elevenlabs": ["ELEVENLABS_API_KEY"]}
ENGINES = os.environ.get("SPEECH_ENGINES") or os.environ.get("SPEECH_ENGINE") or ""
KEYS = [key for name in ENGINES.split(",") for key in ENGINE_KEYS.get(name.strip(), [])]
SPEECH = JWT if EMULATED else [*JWT, *KEYS]
# The sweep deletes unused voice clones at ElevenLabs, so it needs the key.
SWEEPS = SPEECH if "elevenlabs" in ENGINES else JWT
LISTENER_KEY = ENGINE_KEYS.get(os.environ.get("TRANSCRIBER", ""), [])
LISTENER = JWT if EMULATED else [*JWT, *LISTENER_KEY]
TRANSLATOR_KEYS = {
    "openai": ["OPENAI_API_KEY"],
    "deepl": ["DEEPL_API_KEY"],
    "libretranslate": ["LIBRETRANSLATE_API_KEY"],
}
# Several functions translate: texts, scripts, and what is to be spoken.
# With SCRIPT_WRITER=openai a language model writes scripts; then `scripts` needs the key too.
# With MODERATION=openai a server checks texts; then all functions that accept texts need it.
OPENAI = JWT if EMULATED else [*JWT, "OPENAI_API_KEY"]
CHECKER = OPENAI if os.environ.get("MODERATION") == "openai" else JWT
TRANSLATOR_KEY = TRANSLATOR_KEYS.get(os.environ.get("TRANSLATOR", ""), [])
LANGUAGE = JWT if EMULATED else sorted({*CHECKER, *TRANSLATOR_KEY})
DUBBER = sorted({*LISTENER, *SPEECH, *LANGUAGE})
WRITER = OPENAI if os.environ.get("SCRIPT_WRITER") == "openai" else []
GOOGLE = ["GOOGLE_CLIENT_SECRET"] if os.environ.get("GOOGLE_CLIENT_ID") else []
AUTH = JWT if EMULATED else [*JWT, *GOOGLE]
# Only these two ask Stripe: requests about payments, and the sweep.
STRIPE = ["STRIPE_SECRET_KEY"] if os.environ.get("PAYMENTS") == "stripe" else []
PAYER = JWT if EMULATED or not STRIPE else [*JWT, *STRIPE, "STRIPE_WEBHOOK_SECRET"]
# `relay` sends messages about calls, and `calls` gets the replies, which are signed.
SMS_KEYS = {"http": ["SMS_TOKEN"], "twilio": ["TWILIO_AUTH_TOKEN"]}
SMS = [] if EMULATED else SMS_KEYS.get(os.environ.get("SMS", ""), [])
MAIL = ["SMTP_URL"] if os.environ.get("MAIL") == "smtp" and not EMULATED else []
# Without it, everybody in a call connects directly, or not at all.
TURN = ["TURN_SECRET"] if os.environ.get("TURN_URLS") else []
# `companies` cuts off whoever loses their company, and the sweep compares the rooms with the calls.
LIVEKIT = ["LIVEKIT_API_SECRET"] if os.environ.get("LIVEKIT_URL") and not EMULATED else []
# They also let LiveKit record again, once who has not agreed is gone.
if LIVEKIT and os.environ.get("LIVEKIT_EGRESS", "").lower() in ("true", "1", "yes", "on"):
    LIVEKIT.append("LIVEKIT_EGRESS_CREDENTIALS")
# `compat` calls `voice`, `scripts` and others in its own process, so it needs their secrets.
# While it is off, it answers everything with 404.
COMPATIBLE = os.environ.get("COMPATIBILITY") == "on"
COMPAT = sorted({*LANGUAGE, *WRITER}) if COMPATIBLE else JWT
CALLER = JWT if EMULATED else sorted({*CHECKER, *TURN, *LIVEKIT, *SMS})
# `developers` shows the secrets of webhooks, and `deliver` signs with them.
HOOKS = ["WEBHOOK_MASTER"] if os.environ.get("WEBHOOKS") == "on" and not EMULATED else []
# The sweep translates messages whose translation was late.
SWEEPER = SWEEPS if EMULATED else [*dict.fromkeys([*SWEEPS, *STRIPE, *TRANSLATOR_KEY, *LIVEKIT])]
# The emulator starts one interpreter per concurrent task; more than there are cores is slower.
TASKS_AT_ONCE = int(os.environ.get("TASKS_AT_ONCE") or (2 if EMULATED else 20))

# Without `cpu`, a function gets a fraction of a CPU and serves one request at a time.
options.set_global_options(
    region=os.environ.get("TROUPE_REGION") or "us-central1",
    cpu=1,
    concurrency=40,
    memory=options.MemoryOption.MB_512,
    max_instances=20,
    timeout_sec=60,
)


def _serve(function: str, request: Request) -> Response:
    from troupe.app.functions import app_for

    return cast(Response, Response.from_app(app_for(function), request.environ))


# Memory and concurrency of the functions that take uploads: as many of the largest requests at
# once, with the worst files to decode, take half of the memory (decision 023 has the numbers).
@https_fn.on_request(secrets=AUTH, memory=options.MemoryOption.GB_1, concurrency=16)
def auth(request: Request) -> Response:
    return _serve("auth", request)


@https_fn.on_request(secrets=[*JWT, *LIVEKIT], memory=options.MemoryOption.GB_1, concurrency=16)
def companies(request: Request) -> Response:
    return _serve("companies", request)


@https_fn.on_request(secrets=JWT)
def plans(request: Request) -> Response:
    return _serve("plans", request)


@https_fn.on_request(secrets=PAYER)
def payments(request: Request) -> Response:
    return _serve("payments", request)


# A text of 2.4 MB takes 8 MB until it is read and answered, and the translator 250 MB.
@https_fn.on_request(secrets=LANGUAGE, memory=options.MemoryOption.GB_1, concurrency=20)
def voice(request: Request) -> Response:
    return _serve("voice", request)


# Speaks while the client listens, so it has the engines. More at once would make all of them slow.
@https_fn.on_request(
    secrets=[*dict.fromkeys([*SPEECH, *LANGUAGE])],
    memory=options.MemoryOption.GB_2,
    concurrency=4,
    timeout_sec=300,
)
def stream(request: Request) -> Response:
    return _serve("stream", request)


# OpenAI's API. It speaks as `stream` does, and waits for transcriptions.
@https_fn.on_request(
    secrets=[*dict.fromkeys([*SPEECH, *CHECKER])],
    memory=options.MemoryOption.GB_2,
    concurrency=4,
    timeout_sec=300,
)
def v1(request: Request) -> Response:
    return _serve("v1", request)


@https_fn.on_request(
    secrets=CHECKER, memory=options.MemoryOption.GB_2, concurrency=8, timeout_sec=120
)
def characters(request: Request) -> Response:
    return _serve("characters", request)


# Pages of the longest scripts at once: seven took 583 MB on a machine with much else to do.
@https_fn.on_request(
    secrets=sorted({*LANGUAGE, *WRITER}), memory=options.MemoryOption.GB_1, concurrency=5
)
def scripts(request: Request) -> Response:
    return _serve("scripts", request)


@https_fn.on_request(secrets=JWT, memory=options.MemoryOption.GB_1, concurrency=7, timeout_sec=120)
def files(request: Request) -> Response:
    return _serve("files", request)


# Takes recordings, and translates in a child process (decisions 037 and 038 have the numbers).
@https_fn.on_request(
    secrets=LANGUAGE, memory=options.MemoryOption.GB_1, concurrency=4, timeout_sec=120
)
def language(request: Request) -> Response:
    return _serve("language", request)


# Translates what is written, in a child process, and takes sounds and pictures.
@https_fn.on_request(secrets=LANGUAGE, memory=options.MemoryOption.GB_2, concurrency=20)
def rooms(request: Request) -> Response:
    return _serve("rooms", request)


# Recognises what is said in rooms while everybody waits, so it has the transcriber. More at once
# would make all of them slow.
@https_fn.on_request(
    secrets=sorted({*LISTENER, *LANGUAGE}), memory=options.MemoryOption.GB_2, concurrency=4
)
def captions(request: Request) -> Response:
    return _serve("captions", request)


# Who is in a call beats every few seconds, and nothing here takes long. Parts of recordings have up
# to 16 MB, and are not opened here.
@https_fn.on_request(secrets=CALLER, memory=options.MemoryOption.GB_1, concurrency=20)
def calls(request: Request) -> Response:
    return _serve("calls", request)


# Its streams wait nearly all the time.
@https_fn.on_request(secrets=JWT, concurrency=200, timeout_sec=300)
def live(request: Request) -> Response:
    return _serve("live", request)


@https_fn.on_request(secrets=[*JWT, *HOOKS])
def developers(request: Request) -> Response:
    return _serve("developers", request)


@https_fn.on_request(secrets=JWT)
def support(request: Request) -> Response:
    return _serve("support", request)


@https_fn.on_request(secrets=JWT)
def admin(request: Request) -> Response:
    return _serve("admin", request)


# Takes the uploads of `characters`. A page of the longest scripts takes twice the memory that it
# takes in `scripts`, because it is reshaped.
@https_fn.on_request(
    secrets=COMPAT, memory=options.MemoryOption.GB_2, concurrency=4, timeout_sec=120
)
def compat(request: Request) -> Response:
    from troupe.app.compat import app

    return cast(Response, Response.from_app(app(), request.environ))


# One task per instance: speech uses a whole core. Cloud Tasks limits how many run at once.
_on_task = partial(
    tasks_fn.on_task_dispatched,
    concurrency=1,
    memory=options.MemoryOption.GB_2,
    timeout_sec=1800,
    retry_config=options.RetryConfig(
        max_attempts=12, min_backoff_seconds=2, max_backoff_seconds=60, max_doublings=4
    ),
    rate_limits=options.RateLimits(
        max_concurrent_dispatches=TASKS_AT_ONCE, max_dispatches_per_second=100
    ),
)


def _work(function: str, request: https_fn.CallableRequest[Any]) -> None:
    from troupe.app.functions import instance
    from troupe.app.task import handle

    handle(request, instance(), function)


@_on_task(secrets=SPEECH)
def generate(request: https_fn.CallableRequest[Any]) -> None:
    _work("generate", request)


# Transcriptions: somebody may be waiting for them, so they do not queue behind long speech.
@_on_task(secrets=LISTENER)
def listen(request: https_fn.CallableRequest[Any]) -> None:
    _work("listen", request)


# Dubbing: listens, translates and speaks.
@_on_task(secrets=DUBBER)
def dub(request: https_fn.CallableRequest[Any]) -> None:
    _work("dub", request)


# The work of rooms, for which people wait: in a queue of its own, so that no chat waits behind a
# book. It may need what `listen`, `generate` and the translator need. Kokoro takes minutes
# for the longest message.
@_on_task(secrets=[*DUBBER, *SMS, *MAIL], timeout_sec=600)
def relay(request: https_fn.CallableRequest[Any]) -> None:
    _work("relay", request)


# Events for webhooks: it waits for servers of others. A delivery that finds no place comes again,
# for an hour and a half, and then the sweep brings it back.
@_on_task(
    secrets=[*JWT, *HOOKS],
    concurrency=40,
    memory=options.MemoryOption.MB_512,
    timeout_sec=60,
    retry_config=options.RetryConfig(
        max_attempts=100, min_backoff_seconds=2, max_backoff_seconds=60, max_doublings=4
    ),
    rate_limits=options.RateLimits(
        max_concurrent_dispatches=TASKS_AT_ONCE if EMULATED else 200, max_dispatches_per_second=200
    ),
)
def deliver(request: https_fn.CallableRequest[Any]) -> None:
    from troupe.app.functions import instance
    from troupe.app.task import handle_delivery

    handle_delivery(request, instance(), "deliver")


@scheduler_fn.on_schedule(
    schedule="every 5 minutes",
    secrets=SWEEPER,
    memory=options.MemoryOption.GB_1,
    timeout_sec=540,
    concurrency=1,
    max_instances=1,
)
def sweep(event: scheduler_fn.ScheduledEvent) -> None:
    from troupe.app.functions import instance

    instance().sweeper.run()


gc.freeze()
gc.enable()
