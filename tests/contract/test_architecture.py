"""Consistency: every route has a rewrite and is in openapi.json; the deploy manifest matches
main.py; functions load only what they need."""

from __future__ import annotations

import fnmatch
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.http import first_route, light_functions
from tests.contract.contract import contract, is_planned, routes
from troupe.app.domains import COMPAT, functions
from troupe.app.openapi import document
from troupe.waiters import places_of

ROOT = Path(__file__).parents[2]
ROUTES = routes()


def test_no_two_routes_share_a_name() -> None:
    names = [route.operation_id for _, route in ROUTES]
    assert len(set(names)) == len(names)


def test_no_two_routes_share_a_path() -> None:
    places = [(route.method, re.sub(r"<\w+>", "<>", route.path)) for _, route in ROUTES]
    assert len(set(places)) == len(places)


def test_openapi_json_is_up_to_date() -> None:
    committed = json.loads((ROOT / "functions" / "openapi.json").read_text())
    assert committed == document(), "run `make openapi`"


def rewritten(path: str, rewrites: list[dict[str, Any]]) -> str:
    """The function that Hosting routes a path to: that of the first matching source."""
    for rewrite in rewrites:
        source = rewrite["source"]
        pattern = source.replace("/**", "/*") if source.endswith("/**") else source
        if fnmatch.fnmatchcase(path, pattern) or path == source.removesuffix("/**"):
            return str(rewrite["function"]["functionId"])
    raise AssertionError(f"nothing serves {path}")


def test_hosting_sends_every_route_to_the_function_that_serves_it() -> None:
    rewrites = json.loads((ROOT / "firebase.json").read_text())["hosting"]["rewrites"]
    wrong = [
        route.path
        for function, route in ROUTES
        if rewritten(re.sub(r"<\w+>", "abc", route.path), rewrites) != function
    ]
    assert not wrong


def fresh(code: str, **env: str) -> str:
    """The output of a new interpreter in the deployed folder."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "functions",
        env={**os.environ, "FUNCTIONS_EMULATOR": "true", **env},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


# Copies of an interpreter that has imported main.py, as each start does first: starting one takes a
# hundredth of the time of the import.
COPIES = """
import json, os, sys, traceback
import main
for line in sys.stdin:
    code, env = json.loads(line)
    copy = os.fork()
    if not copy:
        os.environ.update(env)
        try:
            exec(code, {"__name__": "__main__"})
        except BaseException:
            traceback.print_exc(file=sys.stdout)
            sys.stdout.flush()
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)
"""
Started = Callable[..., str]


@pytest.fixture(scope="module")
def started() -> Iterator[Started]:
    """The output of code in the deployed folder, where main.py has been imported."""
    with subprocess.Popen(
        [sys.executable, "-c", COPIES],
        cwd=ROOT / "functions",
        env={**os.environ, "FUNCTIONS_EMULATOR": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        told, asked = process.stdout, process.stdin
        assert told and asked

        def run(code: str, **env: str) -> str:
            print(json.dumps([code, env]), file=asked, flush=True)
            output = ""
            while not (line := told.readline()).startswith("ended "):
                assert line, output
                output += line
            assert line == "ended 0\n", output
            return output

        yield run
        asked.close()


# `get_functions` runs main.py anew, in an interpreter that has its imports.
MANIFESTS = """
import json, os, sys
from unittest import mock
from firebase_functions.private import serving
for settings in json.loads({}):
    with mock.patch.dict(os.environ, settings):
        print("---", serving.functions_as_yaml(serving.get_functions()), sep="\\n")
"""


def manifests(*settings: dict[str, str]) -> list[dict[str, Any]]:
    """The endpoints with each of these settings, as the Firebase CLI reads them to deploy."""
    told = fresh(MANIFESTS.format(repr(json.dumps(settings))), FUNCTIONS_EMULATOR="")
    return [found["endpoints"] for found in yaml.safe_load_all(told)]


# Concurrency of functions with heavier requests.
AT_ONCE = {
    "dub": 1,
    "generate": 1,
    "listen": 1,
    "relay": 1,
    "sweep": 1,
    "auth": 16,
    "calls": 20,
    "captions": 4,
    "characters": 8,
    "compat": 4,
    "companies": 16,
    "files": 7,
    "language": 4,
    "live": 200,
    "rooms": 20,
    "scripts": 5,
    "stream": 4,
    "v1": 4,
    "voice": 20,
}


def test_the_deploy_manifest_is_what_main_promises() -> None:
    (endpoints,) = manifests({})
    tasks = {
        line["function"] for line in contract() if line["auth"] == "task" and not is_planned(line)
    }
    assert set(endpoints) == {*functions(), *tasks, COMPAT}
    for name, endpoint in endpoints.items():
        secrets = {secret["key"] for secret in endpoint["secretEnvironmentVariables"]}
        assert secrets == {"JWT_SECRET"}, name
        assert endpoint["cpu"] == 1, name
        assert endpoint["concurrency"] == AT_ONCE.get(name, 40), name
        assert endpoint["region"] == ["us-central1"], name
    assert all("httpsTrigger" in endpoints[name] for name in functions())
    longest = {"generate": 1800, "listen": 1800, "dub": 1800, "relay": 600, "deliver": 60}
    assert longest.keys() == tasks - {"sweep"}
    for name, seconds in longest.items():
        queue = endpoints[name]["taskQueueTrigger"]
        assert queue["retryConfig"]["maxAttempts"] > 5
        assert endpoints[name]["timeoutSeconds"] == seconds
    assert endpoints["sweep"]["scheduleTrigger"]["schedule"] == "every 5 minutes"


@pytest.mark.parametrize("function", [*sorted(functions()), COMPAT])
def test_not_every_request_of_an_instance_may_wait(function: str) -> None:
    assert AT_ONCE.get(function, 40) > places_of(function)


OPENAI, ELEVENLABS, DEEPL = "OPENAI_API_KEY", "ELEVENLABS_API_KEY", "DEEPL_API_KEY"
CHECKERS = {
    *("voice", "stream", "scripts", "characters", "language", "dub", "relay", "rooms", "captions"),
    *("calls", "v1"),
}
SPEAKERS = {"generate", "stream", "dub", "relay", "v1"}
LISTENERS = {"listen", "dub", "relay", "captions"}
TRANSLATORS = {
    *("language", "scripts", "stream", "voice", "dub", "relay", "rooms", "captions", "sweep"),
}
TASKS = {"generate", "listen", "dub", "relay", "deliver", "sweep"}
# (settings, secret, the functions that have it)
HOLDERS: list[tuple[dict[str, str], str, set[str]]] = [
    ({"SPEECH_ENGINES": "espeak, openai"}, OPENAI, SPEAKERS),
    ({"SCRIPT_WRITER": "openai"}, OPENAI, {"scripts"}),
    ({"SPEECH_ENGINES": "openai", "SCRIPT_WRITER": "openai"}, OPENAI, SPEAKERS | {"scripts"}),
    ({"MODERATION": "openai"}, OPENAI, CHECKERS),
    ({"MODERATION": "openai", "SCRIPT_WRITER": "openai"}, OPENAI, CHECKERS),
    ({"MODERATION": "blocklist"}, OPENAI, set()),
    ({"SPEECH_ENGINES": "", "SPEECH_ENGINE": "elevenlabs"}, ELEVENLABS, SPEAKERS | {"sweep"}),
    ({"TRANSCRIBER": "openai"}, OPENAI, LISTENERS),
    ({"TRANSCRIBER": "elevenlabs", "SPEECH_ENGINES": "openai"}, ELEVENLABS, LISTENERS),
    ({"TRANSCRIBER": "whisper"}, OPENAI, set()),
    ({"TRANSLATOR": "openai"}, OPENAI, TRANSLATORS),
    ({"TRANSLATOR": "openai", "MODERATION": "openai"}, OPENAI, CHECKERS | {"sweep"}),
    ({"TRANSLATOR": "deepl"}, DEEPL, TRANSLATORS),
    ({"TRANSLATOR": "deepl", "COMPATIBILITY": "on"}, DEEPL, TRANSLATORS | {COMPAT}),
    ({"MODERATION": "openai", "COMPATIBILITY": "on"}, OPENAI, CHECKERS | {COMPAT}),
    ({"SCRIPT_WRITER": "openai", "COMPATIBILITY": "on"}, OPENAI, {"scripts", COMPAT}),
    ({"TRANSLATOR": "libretranslate"}, "LIBRETRANSLATE_API_KEY", TRANSLATORS),
    ({"PAYMENTS": "stripe"}, "STRIPE_SECRET_KEY", {"payments", "sweep"}),
    ({"PAYMENTS": "stripe"}, "STRIPE_WEBHOOK_SECRET", {"payments"}),
    ({"PAYMENTS": "off"}, "STRIPE_SECRET_KEY", set()),
    ({"API_KEYS": "on"}, "API_KEY_PEPPER", {*functions(), *TASKS, COMPAT}),
    ({"API_KEYS": "off"}, "API_KEY_PEPPER", set()),
    ({"WEBHOOKS": "on"}, "WEBHOOK_MASTER", {"developers", "deliver"}),
    ({"SMS": "http"}, "SMS_TOKEN", {"calls", "relay"}),
    ({"SMS": "twilio"}, "TWILIO_AUTH_TOKEN", {"calls", "relay"}),
    ({"MAIL": "smtp"}, "SMTP_URL", {"relay"}),
    ({"TURN_URLS": "turn:turn.example.com"}, "TURN_SECRET", {"calls"}),
    (
        {"LIVEKIT_URL": "wss://livekit.example.com"},
        "LIVEKIT_API_SECRET",
        {"calls", "companies", "sweep"},
    ),
    ({"LIVEKIT_URL": "wss://livekit.example.com"}, "LIVEKIT_EGRESS_CREDENTIALS", set()),
    (
        {"LIVEKIT_URL": "wss://livekit.example.com", "LIVEKIT_EGRESS": "true"},
        "LIVEKIT_EGRESS_CREDENTIALS",
        {"calls", "companies", "sweep"},
    ),
]


def test_only_functions_that_need_a_secret_have_it() -> None:
    found = manifests(*(settings for settings, _, _ in HOLDERS))
    for (settings, secret, wanted), endpoints in zip(HOLDERS, found, strict=True):
        holders = {
            name
            for name, endpoint in endpoints.items()
            if secret in {key["key"] for key in endpoint["secretEnvironmentVariables"]}
        }
        assert holders == wanted, settings


# Slow imports: a function loads them only with the first request that needs them.
HEAVY = {
    "PIL",
    "av",
    "babel",
    "espeakng_loader",
    "fasttext",
    "fxtranslate",
    "numpy",
    "uharfbuzz",
    "openai",
    "elevenlabs",
    "faster_whisper",
    "stripe",
    "ctranslate2",
    "google.cloud.texttospeech",
    "flask_openapi",
    "flask_openapi_swagger",
    "openapi_spec_validator",
    "google.cloud.storage",
    "google.cloud.tasks_v2",
}


def test_main_imports_none_of_our_modules() -> None:
    code = "import sys, main; print([m for m in sys.modules if m.split('.')[0] == 'troupe'])"
    assert fresh(code).strip() == "[]"


# Loading a domain takes 5 to 30 ms, so a cold start loads few besides the function's own, and those
# that accounts need. Declarations (`domain`) are always loaded.
OTHERS = {
    "admin": {"exports", "generations", "media", "moderation", "recording", "scripts", "speech"},
    "auth": {"characters", "companies", "generations", "plans", "recording", "scripts", "speech"},
    "calls": {"exports", "generations", "recording", "speech"},
    "characters": {"exports", "generations", "jobs", "plans", "recording", "scripts"},
    "companies": {"characters", "exports", "generations", "scripts", "speech"},
    "developers": {"characters", "exports", "generations", "jobs", "plans", "recording", "scripts"},
    "files": {"characters", "exports", "generations", "jobs", "plans", "recording", "scripts"},
    "language": {"characters", "exports", "generations", "plans", "scripts"},
    "live": {"characters", "exports", "generations", "jobs", "plans", "recording", "scripts"},
    "payments": {"characters", "exports", "generations", "jobs", "media", "scripts", "speech"},
    "plans": {"characters", "exports", "generations", "jobs", "media", "scripts", "speech"},
    "rooms": {"exports", "generations", "plans", "recording", "scripts"},
    "scripts": {"exports", "plans"},
    "support": {"exports", "generations", "jobs", "media", "moderation", "scripts", "speech"},
    "v1": {"companies", "exports", "plans", "rooms", "scripts", "translation"},
    "voice": {"exports", "plans", "scripts"},
}
# What only some requests need.
ACTIONS = {
    "troupe.accounts.deletion",
    "troupe.accounts.provisioning",
    "troupe.accounts.service",
    "troupe.adapters.identity",
    "troupe.admin.users",
    "troupe.characters.withdrawal",
    "troupe.jobs.service",
    "troupe.media.uploads.decoders",
    "troupe.reports.decisions",
    "troupe.scripts.pricing",
    "troupe.scripts.screenplay",
    "troupe.scripts.writer",
}
# Starts a function, and answers a request that no route takes.
START = (
    "import sys, main\n"
    "from troupe.app.functions import app_for, container\n"
    "client = app_for({!r}).test_client()\n"
    "assert client.get('/no/such/place/at/all').status_code == 404\n"
)


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_function_starts_with_little_besides_its_own_modules(
    started: Started, function: str
) -> None:
    """And builds no validators of routes."""
    light = function in light_functions()
    services = ("callers", *first_route(function).services) if light else ()
    code = (
        f"{START.format(function)}"
        "from troupe.web.schema import Headers, Schema\n"
        "def models(base):\n"
        "    return [base, *(each for model in base.__subclasses__() for each in models(model))]\n"
        "found = models(Headers) + models(Schema)\n"
        "assert len(found) > 10\n"
        "print([model.__name__ for model in found if model.__pydantic_complete__])\n"
        f"for service in {services!r}:\n"
        "    getattr(container(), service)\n"
        "print(' '.join(sys.modules))"
    )
    *_, built, modules = started(code, FIRESTORE_EMULATOR_HOST="127.0.0.1:9").splitlines()
    assert built == "[]"
    if not light:
        return
    loaded = set(modules.split())
    assert not loaded & (HEAVY | ACTIONS)
    for domain in OTHERS[function]:
        mine = {name for name in loaded if name.startswith(f"troupe.{domain}.")}
        assert mine <= {f"troupe.{domain}.domain"}


def test_what_a_start_loads_is_not_looked_through_for_garbage() -> None:
    code = (
        "import gc\n"
        "starts = []\n"
        "gc.callbacks.append(lambda phase, info: starts.append(phase))\n"
        # The first line of main.py: its compilation comes before.
        "disable = gc.disable\n"
        "gc.disable = lambda: (disable(), starts.clear(), setattr(gc, 'disable', disable))\n"
        "import main\n"
        "in_main, frozen, on = len(starts), gc.get_freeze_count(), gc.isenabled()\n"
        "from troupe.app.functions import app_for\n"
        "in_imports = len(starts)\n"
        "app_for('auth')\n"
        "print(in_main, len(starts) - in_imports, on, gc.isenabled(), frozen > 10_000,"
        " gc.get_freeze_count() > frozen + 1_000)"
    )
    assert fresh(code).strip() == "0 0 True True True True"


def test_the_garbage_collector_runs_after_a_start_that_failed() -> None:
    code = (
        "import gc, main\nfrom troupe.app.functions import app_for\n"
        "try:\n    app_for('none')\nexcept KeyError:\n    print(gc.isenabled())"
    )
    assert fresh(code).strip() == "True"


def test_a_start_does_not_search_the_packages_for_plugins_of_pydantic() -> None:
    code = (
        "import importlib.metadata as metadata\n"
        "asked, search = [], metadata.entry_points\n"
        "metadata.entry_points = lambda **of: asked.append(of.get('group')) or search(**of)\n"
        f"{START.format('auth')}"
        "print('pydantic' in asked)"
    )
    assert fresh(code).splitlines()[-1] == "False"


def test_heavy_packages_are_spelled_right() -> None:
    """A misspelled module would never be loaded, so the other tests would pass."""
    assert all(importlib.util.find_spec(name) for name in HEAVY | ACTIONS)


def test_scripts_load_a_language_model_only_to_write(started: Started) -> None:
    code = (
        "import sys\nfrom troupe.app.functions import container\n"
        "container().scripts, container().script_jobs\n"
        "print([m for m in ('openai', 'google.cloud.storage', 'numpy') if m in sys.modules])"
    )
    env = {"OPENAI_API_KEY": "sk-test", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9"}
    assert started(code, **env).strip() == "[]"


def test_messages_load_decoders_only_for_files(started: Started) -> None:
    heavy = sorted(HEAVY | {"troupe.media.uploads.decoders"})
    code = (
        "import sys\nfrom troupe.app.functions import app_for, container\n"
        "app_for('rooms'), container().messages, container().message_translations\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    assert started(code, FIRESTORE_EMULATOR_HOST="127.0.0.1:9").strip() == "[]"


@pytest.mark.parametrize("moderation", ["off", "blocklist", "openai"])
def test_moderation_is_loaded_with_the_first_text(started: Started, moderation: str) -> None:
    code = (
        "import sys\nfrom troupe.app.functions import container\n"
        "container().generations, container().scripts, container().script_jobs\n"
        "container().characters\n"
        "loaded = ('openai', 'troupe.moderation.blocklist', 'troupe.speech.text.plain')\n"
        "print([m for m in loaded if m in sys.modules])"
    )
    env = {"MODERATION": moderation, "MODERATION_BLOCKLIST": "weasel"}
    assert started(code, **env, FIRESTORE_EMULATOR_HOST="127.0.0.1:9").strip() == "[]"


@pytest.mark.parametrize(
    ("engine", "loaded"),
    [
        ("espeak", []),
        ("kokoro", ["onnxruntime"]),
        ("piper", ["onnxruntime"]),
        ("openai", ["openai"]),
        ("f5tts", []),
        ("elevenlabs", ["elevenlabs"]),
        ("google", ["google.cloud.texttospeech"]),
    ],
)
def test_the_task_function_loads_only_the_selected_engine(
    started: Started, engine: str, loaded: list[str]
) -> None:
    packages = ("onnxruntime", "openai", "elevenlabs", "google.cloud.texttospeech")
    code = (
        "import sys\nfrom troupe.app.functions import container\n"
        "name = container().engines('').name\n"
        f"print([m for m in {packages!r} if m in sys.modules], name)"
    )
    keys = {"OPENAI_API_KEY": "sk-test", "ELEVENLABS_API_KEY": "xi-test"}
    env = {"SPEECH_ENGINES": engine, "GOOGLE_TTS_ENDPOINT": "http://127.0.0.1:9", **keys}
    assert started(code, **env).strip() == f"{loaded} {engine}"


@pytest.mark.parametrize(
    ("transcriber", "loaded"),
    [
        ("whisper", ["faster_whisper"]),
        ("openai", ["openai"]),
        ("elevenlabs", ["elevenlabs"]),
        ("google", []),
    ],
)
def test_the_task_function_loads_only_the_selected_transcriber(
    started: Started, transcriber: str, loaded: list[str]
) -> None:
    packages = ("faster_whisper", "openai", "elevenlabs")
    code = (
        "import sys\nfrom troupe.app.functions import container\n"
        "name = container().transcriber.name\n"
        f"print([m for m in {packages!r} if m in sys.modules], name)"
    )
    keys = {"OPENAI_API_KEY": "sk-test", "ELEVENLABS_API_KEY": "xi-test"}
    env = {"TRANSCRIBER": transcriber, "GOOGLE_STT_ENDPOINT": "http://127.0.0.1:9", **keys}
    assert started(code, **env).strip() == f"{loaded} {transcriber}"


@pytest.mark.parametrize(
    ("transcriber", "package"), [("whisper", "faster_whisper"), ("elevenlabs", "elevenlabs")]
)
def test_a_missing_package_of_a_transcriber_is_named(
    started: Started, transcriber: str, package: str
) -> None:
    code = (
        f"import sys\nsys.modules[{package!r}] = None\nfrom troupe.app.functions import container\n"
        "try:\n    container().transcriber\nexcept RuntimeError as error:\n    print(error)"
    )
    told = started(code, TRANSCRIBER=transcriber)
    assert f"TRANSCRIBER={transcriber} needs its package: pip install -r requirements" in told


@pytest.mark.parametrize("engine", ["elevenlabs", "google"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    started: Started, engine: str
) -> None:
    package = {"elevenlabs": "elevenlabs", "google": "google.cloud.texttospeech"}[engine]
    code = (
        f"import sys\nsys.modules[{package!r}] = None\nfrom troupe.app.functions import container\n"
        "try:\n    container().engines('')\nexcept RuntimeError as error:\n    print(error)"
    )
    assert "pip install -r requirements-extras.txt" in started(code, SPEECH_ENGINES=engine)
