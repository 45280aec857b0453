"""The fuzzer's environment: all functions at one URL, two callers, and real objects.

Generated ids match no object. So every valid one is replaced by the id of a real object, and all
kinds of responses occur.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from schemathesis import Case
from schemathesis.core.parameters import ParameterLocation

from bench.serving import FUNCTIONS, ROOT, served
from local.client import Client
from tests.conftest import Running
from tests.fakes.openai_server import KEY, openai_server
from tests.support.media_files import picture
from tests.support.sounds import recording
from tests.support.speeches import silence, wav
from troupe.characters.wording import STATEMENT

PASSWORD = "correct horse 1"
TOKENS = 4  # per caller: enough for some jobs, so that both outcomes occur
# These end the caller's session, so each call gets its own guest.
LAST_CALLS = {"logout", "deleteAccount"}
SPEECH = {"text": "Good evening, and welcome.", "language": "en-US"}
Ids = dict[str, str]


@dataclass
class World:
    url: str
    tokens: dict[str, str] = field(default_factory=dict)
    # By caller, then by the name in a path or a body; deletions use `spare`.
    objects: dict[str, Ids] = field(default_factory=dict)
    spare: dict[str, Ids] = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)

    def prepare(self, case: Case[Any], caller: str) -> dict[str, str]:
        """Replaces the case's valid ids by real ones; returns the caller's headers."""
        operation = case.operation.definition.raw
        known = (self.spare if case.method == "DELETE" else self.objects)[caller]
        if case.path_parameters and _is_good(case, ParameterLocation.PATH):
            family = case.path.split("{")[0].rstrip("/").rpartition("/")[2]
            for name in case.path_parameters:
                place = f"{family}/{name}" if f"{family}/{name}" in known else name
                case.path_parameters[name] = known.get(place, case.path_parameters[name])
        if isinstance(case.body, dict) and _is_good(case, ParameterLocation.BODY):
            case.body = _with_real_ids(case.body, known)
        token = self.tokens[caller]
        if operation.get("x-alias-of", operation["operationId"]) in LAST_CALLS:
            token = _guest(self.url)["accessToken"]
        return {"Authorization": f"Bearer {token}"}


@contextmanager
def fuzzed_world(stack: Running, log: Path) -> Iterator[World]:
    source = Path(__file__).with_name("every_function.py")
    with openai_server() as model:
        env = stack.env | {
            "PYTHONPATH": f"{FUNCTIONS}:{ROOT}",
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": model.base_url,
            "SCRIPT_LIMIT": "0",
        }
        with served("every", "/api/voice/styles", env, source=source, log=log) as server:
            world = World(server.url)
            for name in ("user", "admin"):
                _add_caller(world, stack, name)
            with world.session:
                yield world


def _add_caller(world: World, stack: Running, name: str) -> None:
    email = f"fuzz-{secrets.token_hex(6)}@example.com"
    body = {"email": email, "password": PASSWORD, "name": "Fuzz"}
    if name == "admin":
        _make_admin(stack, email)
    with Client(world.url) as stranger:
        if name == "admin":
            signed_in = stranger.data("POST", "/api/auth/login", json=body)
        else:
            signed_in = stranger.data("POST", "/api/auth/register", json=body)
    world.tokens[name] = signed_in["accessToken"]
    with Client(world.url) as elsewhere:  # a session that may be ended
        elsewhere.sign_in(email, PASSWORD)
    with Client(world.url, signed_in["accessToken"]) as client:
        own, spare = _owned(client), _owned(client)
        if name == "admin":
            own |= _administered(client) | {"userId": _guest(world.url)["user"]["id"]}
            spare |= _administered(client) | {"userId": _guest(world.url)["user"]["id"]}
        else:
            own |= _performed(client, own) | {"userId": signed_in["user"]["id"]}
        left = client.data("GET", "/api/user/profile")["tokensRemaining"]
        spent = {"tokensToConsume": left - TOKENS, "action": "fuzzing"}
        client.data("POST", "/api/tokens/consume", json=spent)
    for ids in (own, spare):
        # Generated passwords would never be correct either.
        ids |= {"password": PASSWORD, "currentPassword": PASSWORD, "newPassword": PASSWORD}
    world.objects[name], world.spare[name] = own, spare


def _owned(client: Client) -> Ids:
    """Creates one of everything that a user can own."""
    form: dict[str, Any] = {"displayName": "Anna", "consent": STATEMENT}
    files = [
        ("audioFile", ("a.wav", recording(seconds=2), "audio/wav")),
        ("imageFiles[]", ("a.png", picture(), "image/png")),
    ]
    character = client.data("POST", "/api/characters/complete", data=form, files=files)["character"]
    scene: dict[str, Any] = {"selectedCharacters": [character["id"]]}
    scene["dialogue"] = [{"speaker": character["id"], "text": "Good evening, and welcome."}]
    script = client.data("POST", "/api/scripts", json=scene)["script"]
    generation = client.generate(**SPEECH)["generation"]
    file = client.data("POST", "/api/files/upload", files={"file": ("a.wav", recording())})
    sound = {"audio": ("a.wav", wav(silence(1)))}  # for which no model is needed
    heard = client.data("POST", "/api/audio/transcribe", files=sound)["transcription"]
    dubbed: dict[str, Any] = {"files": {"media": sound["audio"]}, "data": {"targetLanguage": "pt"}}
    dubbing = client.data("POST", "/api/dubbing", **dubbed)["dubbing"]
    sessions = client.data("GET", "/api/auth/sessions")["sessions"]
    other = next(session["id"] for session in sessions if not session["current"])
    return {
        "characterId": character["id"],
        "scriptId": script["id"],
        "generationId": generation["id"],
        "audioId": generation["id"],
        "fileId": file["fileId"],
        "transcriptionId": heard["id"],
        "dubbingId": dubbing["id"],
        "sessionId": other,
        "assets/name": "swagger-ui.css",
        "kind": "images",
        "static/name": character["images"]["0"].rpartition("/")[2],
    }


def _performed(client: Client, own: Ids) -> Ids:
    """Runs the jobs; returns the ids of their results."""
    video = client.perform(own["scriptId"], "video")
    status = client.data("GET", f"/api/scripts/{own['scriptId']}/video-status")
    with suppress(StopIteration):
        for _ in client.follow(own["generationId"]):
            pass
    return {
        "jobId": video["jobId"],
        "exportId": client.data("POST", "/api/auth/export")["job"]["jobId"],
        "videos/name": status["finalVideoPath"].partition("?")[0].rpartition("/")[2],
    }


def _administered(client: Client) -> Ids:
    plan = {"name": f"Plan {secrets.token_hex(4)}", "price": 1, "billingPeriod": "monthly"}
    faq = {"category": "General", "question": "Why?", "answer": "Because."}
    message = {"name": "Ada", "email": "a@example.com", "subject": "Hello", "message": "Good day."}
    client.data("POST", "/api/contact/submit", json=message)
    user = client.data("POST", "/api/auth/guest")["user"]["id"]
    abuse = {"subjectKind": "user", "subjectId": user, "reason": "Noise."}
    client.data("POST", "/api/reports", json=abuse)
    return {
        "planId": client.data("POST", "/api/admin/plans", json=plan)["plan"]["id"],
        "faqId": client.data("POST", "/api/admin/faq", json=faq)["faq"]["id"],
        "reportId": client.data("GET", "/api/admin/reports")["reports"][0]["id"],
        "contactId": client.data("GET", "/api/admin/contacts")["contacts"][0]["id"],
    }


def _guest(url: str) -> dict[str, Any]:
    with Client(url) as stranger:
        return stranger.data("POST", "/api/auth/guest")


def _make_admin(stack: Running, email: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "troupe", "create-admin", email, "--create"],
        input=f"{PASSWORD}\n".encode(),
        cwd=FUNCTIONS,
        env={**stack.env, "PYTHONPATH": str(FUNCTIONS)},
        check=True,
        capture_output=True,
    )


def _is_good(case: Case[Any], place: ParameterLocation) -> bool:
    component = case.meta.components.get(place) if case.meta else None
    return component is not None and component.mode.is_positive


def _with_real_ids(value: Any, known: Ids) -> Any:
    if isinstance(value, list):
        return [_with_real_ids(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _with_real_ids(item, known) for name, item in value.items()}
    if "characterId" in known:
        others = {"speaker": known["characterId"], "selectedCharacters": [known["characterId"]]}
    for name, real in ({**known, **others}).items():
        if found.get(name):
            found[name] = real
    return found
