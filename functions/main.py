"""Every Cloud Function: trigger, region, memory, secrets, and one line of body each.

The whole file runs at the start of every function, so nothing of `troupe` is imported up here.
"""

import os
from typing import Any, cast

from firebase_functions import https_fn, options, scheduler_fn, tasks_fn
from flask import Request, Response

EMULATED = os.environ.get("FUNCTIONS_EMULATOR") == "true"
# functions-framework serves with four threads a core unless told; requests here mostly wait.
os.environ.setdefault("THREADS", "40")
# The emulator would ask the real Secret Manager for what is named here; it needs no secrets.
JWT = [] if EMULATED else ["JWT_SECRET"]
# functions/.env is loaded before this file, for deployment too; a key that the chosen engine has
# no use for need not exist.
ENGINE_KEYS = {"openai": ["OPENAI_API_KEY"], "elevenlabs": ["ELEVENLABS_API_KEY"]}
ENGINE_KEY = ENGINE_KEYS.get(os.environ.get("SPEECH_ENGINE", ""), [])
SPEECH = JWT if EMULATED else [*JWT, *ENGINE_KEY]
# The sweep has clones deleted that ElevenLabs keeps of voices.
SWEEPS = SPEECH if os.environ.get("SPEECH_ENGINE") == "elevenlabs" else JWT
# A language model writes scripts when functions/.env says SCRIPT_WRITER=openai; the key is then
# that function's too, and nobody else's.
WRITES = not EMULATED and os.environ.get("SCRIPT_WRITER") == "openai"
WRITER = [*JWT, "OPENAI_API_KEY"] if WRITES else JWT
# The emulator starts one interpreter for each task at once: more than there are cores is slower.
TASKS_AT_ONCE = int(os.environ.get("TASKS_AT_ONCE", "2" if EMULATED else "20"))

# Without `cpu`, each function would get a fraction of one and take one request at a time.
options.set_global_options(
    region=os.environ.get("TROUPE_REGION", "us-central1"),
    cpu=1,
    concurrency=40,
    memory=options.MemoryOption.MB_512,
    max_instances=20,
    timeout_sec=60,
)


def _serve(function: str, request: Request) -> Response:
    from troupe.app.functions import app_for

    return cast(Response, Response.from_app(app_for(function), request.environ))


# Pictures of users: decoded one at a time, which can take 620 MB.
@https_fn.on_request(secrets=JWT, memory=options.MemoryOption.GB_1)
def auth(request: Request) -> Response:
    return _serve("auth", request)


@https_fn.on_request(secrets=JWT)
def plans(request: Request) -> Response:
    return _serve("plans", request)


@https_fn.on_request(secrets=JWT)
def voice(request: Request) -> Response:
    return _serve("voice", request)


# Each request may bring 32 MB, and a large picture takes 620 MB while it is decoded.
@https_fn.on_request(secrets=JWT, memory=options.MemoryOption.GB_2, concurrency=16, timeout_sec=120)
def characters(request: Request) -> Response:
    return _serve("characters", request)


@https_fn.on_request(secrets=WRITER)
def scripts(request: Request) -> Response:
    return _serve("scripts", request)


# Each request may bring 32 MB, in memory twice while it is looked at.
@https_fn.on_request(secrets=JWT, memory=options.MemoryOption.GB_1, concurrency=8, timeout_sec=120)
def files(request: Request) -> Response:
    return _serve("files", request)


@https_fn.on_request(secrets=JWT)
def support(request: Request) -> Response:
    return _serve("support", request)


@https_fn.on_request(secrets=JWT)
def admin(request: Request) -> Response:
    return _serve("admin", request)


# One task at a time: speech takes a whole core, and Cloud Tasks starts as many as may run.
@tasks_fn.on_task_dispatched(
    secrets=SPEECH,
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
def generate(request: https_fn.CallableRequest[Any]) -> None:
    from troupe.app.functions import container
    from troupe.app.task import handle

    handle(request, container())


@scheduler_fn.on_schedule(
    schedule="every 5 minutes",
    secrets=SWEEPS,
    memory=options.MemoryOption.MB_512,
    timeout_sec=540,
    concurrency=1,
    max_instances=1,
)
def sweep(event: scheduler_fn.ScheduledEvent) -> None:
    from troupe.app.functions import container

    container().sweeper.run()
