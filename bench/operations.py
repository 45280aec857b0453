"""The cost of every operation in Firestore: documents read and written by one request of a user who
has one of everything. And the latency of the main operations under fifty concurrent users."""

from __future__ import annotations

import os
import re
import secrets
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest import mock

import requests

from bench.http import first_route, row
from bench.serving import served

USERS = 50
ROUNDS, RUNS = 6, 3
PASSWORD = "bench-pass-1"

# Operation -> JSON body; {characterId} and {scriptId} are the requesting user's.
MAIN: dict[str, Any] = {
    "getMe": None,
    "listMyActivities": None,
    "listPlans": None,
    "consumeTokens": {"tokensToConsume": 1, "action": "bench"},
    "listVoiceHistory": None,
    "listCharacters": None,
    "getCharacter": None,
    "starCharacter": None,
    "getScript": None,
    "createScript": {
        "selectedCharacters": ["{characterId}"],
        "dialogue": [{"speaker": "{characterId}", "text": "Hello."}],
    },
}
# The most that p50 may be, relative to the bare function.
P50_LIMITS = {"listCharacters": 6, "listVoiceHistory": 3.5, "starCharacter": 4, "createScript": 4}


class Counter:
    """Counts documents that pass the generated API of a Firestore client. `written` includes
    deletions; `changed` and `deleted` are the documents' paths, one for each write."""

    def __init__(self, client: Any) -> None:
        self.read = self.written = 0
        self.changed: list[str] = []
        self.deleted: list[str] = []
        api, counter = client._firestore_api, self

        class Proxy:
            def __getattr__(self, name: str) -> Any:
                return getattr(api, name)

            def batch_get_documents(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
                return counter._each(api.batch_get_documents(*args, **kwargs), "found", "missing")

            def run_query(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
                return counter._each(api.run_query(*args, **kwargs), "document")

            def run_aggregation_query(self, *args: Any, **kwargs: Any) -> Any:
                counter.read += 1  # billed as one read per thousand index entries
                return api.run_aggregation_query(*args, **kwargs)

            def commit(self, request: Any, **kwargs: Any) -> Any:
                counter.written += len(request["writes"])
                for write in request["writes"]:
                    counter._note(write)
                return api.commit(request=request, **kwargs)

        client._firestore_api_internal = Proxy()

    def clear(self) -> None:
        self.read = self.written = 0
        self.changed.clear()
        self.deleted.clear()

    def _note(self, write: Any) -> None:
        paths, name = (
            (self.deleted, write.delete) if write.delete else (self.changed, write.update.name)
        )
        paths.append(name.partition("/documents/")[2])

    def _each(self, answers: Any, *kinds: str) -> Iterator[Any]:
        for answer in answers:
            self.read += any(kind in answer for kind in kinds)
            yield answer


@contextmanager
def _set(**values: str) -> Iterator[None]:
    """Changes settings of this process temporarily."""
    from troupe.settings import settings

    with mock.patch.dict(os.environ, values):
        settings.cache_clear()
        yield
    settings.cache_clear()


def _asker(headers: Mapping[str, str]) -> Callable[..., Any]:
    from tests.support.wiring import app_for

    def ask(function: str, method: str, path: str, **sent: Any) -> Any:
        client: Any = app_for(function).test_client()
        with client.open(path, method=method, headers=headers, **sent) as answer:
            found = answer.get_json(silent=True)
            if not found or "data" not in found:
                raise RuntimeError(f"{method} {path}: {answer.status} {answer.text}")
            return found["data"]

    return ask


def _prepared(operation_id: str, ask: Callable[..., Any], ids: Mapping[str, str]) -> dict[str, str]:
    """Creates what the operation works on; returns the ids of what it created."""
    from tests.support.firebase_client import mailed_codes

    speech = {"text": "Good evening.", "language": "en-us"}
    if operation_id == "unstarCharacter":
        ask("characters", "POST", f"/api/characters/{ids['characterId']}/star")
    elif operation_id == "clearActivities":
        ask("voice", "POST", "/api/voice/generate", json=speech)
    elif operation_id == "cancelGeneration":
        made = ask("voice", "POST", "/api/voice/generate", json=speech)
        return {"generationId": made["generation"]["id"]}
    elif operation_id == "register":
        return {"email": f"{secrets.token_hex(6)}@example.com"}
    elif operation_id == "resetPassword":
        ask("auth", "POST", "/api/auth/forgot-password", json={"email": ids["email"]})
        return {"code": mailed_codes(ids["email"], "PASSWORD_RESET")[-1]}
    elif operation_id == "verifyEmail":
        ask("auth", "POST", "/api/auth/verify-email", json={})
        return {"code": mailed_codes(ids["email"], "VERIFY_EMAIL")[-1]}
    return {}


QUERIES = {"searchUsers": "?search=a"}


def table() -> list[dict[str, Any]]:
    """One row per operation; a response that is not a success counts as a failure."""
    from tests.contract.access import World
    from tests.contract.contract import policies
    from tests.contract.examples import request_of
    from tests.contract.operations import served as operations
    from tests.fakes.openai_server import KEY, openai_server
    from tests.support.factories import PROJECT, test_settings
    from tests.support.wiring import app_for, held_queue
    from tests.support.wiring import services as container
    from troupe.adapters.storage import Files

    rows = []
    files = Files.connect(PROJECT, test_settings().bucket, can_sign=False)
    with (
        openai_server() as model,
        _set(OPENAI_API_KEY=KEY, OPENAI_BASE_URL=model.base_url),
        # No worker runs: this one waits for it, and has no other way.
        mock.patch("troupe.openai_api.service.WHOLE", 0),
        held_queue() as queue,
    ):
        world = World(container().database, files, queue)
        counter = Counter(container().database._client)
        for operation in operations():
            if "Alias" in operation.id:
                continue
            policy = policies()[operation.place]
            caller, ids = _caller(world, operation, admin=policy == "admin")
            ids |= _prepared(operation.id, _asker(caller), ids)
            body = request_of(operation.route, ids)
            client = app_for(operation.function).test_client()
            counter.clear()
            with client.open(
                operation.filled(ids) + QUERIES.get(operation.id, ""),
                method=operation.method,
                # No worker runs, so that waiting for one would be in vain.
                headers={**caller, "Prefer": "respond-async"},
                **body,
            ) as answer:
                status = answer.status_code
            queue.take()
            rows.append(
                {
                    **row(f"reads of {operation.id}", counter.read, "documents"),
                    "writes": counter.written,
                    "status": status,
                    # Health reports the missing queue as an error, and nobody transcribes, but the
                    # reads are the same.
                    "ok": status < 400 or operation.id in ("getHealth", "v1Transcribe"),
                }
            )
    return rows


def _caller(world: Any, operation: Any, *, admin: bool) -> tuple[dict[str, str], dict[str, str]]:
    from tests.contract.access import Caller
    from troupe.app.functions import container
    from troupe.caller import Device

    email = f"{secrets.token_hex(8)}@example.com"
    signed_in = container().accounts.register(
        email=email,
        password=PASSWORD,
        name="Ada",
        username=None,
        picture=None,
        device=Device(),
        verified=operation.id != "verifyEmail",
    )
    if admin or operation.id == "adminLogin":
        container().administration.make_admin(signed_in.user.id)
    headers = {"Authorization": f"Bearer {signed_in.pair.access_token}"}
    owner = world.callers()["user"] if admin else None
    mine = Caller(
        signed_in.user.id,
        next(iter(signed_in.user.sessions), ""),
        headers,
    )
    ids: dict[str, str] = dict(world.objects(operation, owner or mine, of_body=True))
    secret = {"password": PASSWORD, "refreshToken": signed_in.pair.refresh_token}
    return mine.headers, ids | {"email": email} | secret


def under_load(env: Mapping[str, str]) -> list[dict[str, Any]]:
    """p50 and p95 of each main operation with fifty concurrent users, relative to a bare function
    that reads one document. Measures both in turn, and compares the fastest run of each: other load
    on the machine slows single runs to the double."""
    from tests.contract.operations import served as operations

    users = _users()
    by_id = {operation.id: operation for operation in operations()}
    rows = []
    for name, body in MAIN.items():
        operation = by_id[name]
        first = {"Authorization": f"Bearer {users[0]['token']}"}
        with (
            served("bare", "/", env) as bare,
            served(operation.function, first_route(operation.function).path, env, first) as ours,
        ):
            runs = [
                (
                    _latencies(bare.url, "GET", "/", None, users),
                    _latencies(ours.url, operation.method, operation.place[1], body, users),
                )
                for _ in range(RUNS)
            ]
        base, times = (min(of, key=lambda run: run[49]) for of in zip(*runs, strict=True))
        for label, at in (("p50", 49), ("p95", 94)):
            ratio = times[at] / base[at]
            limit = P50_LIMITS.get(name) if label == "p50" else None
            what = f"{label} of {name}, {USERS} users at once ÷ bare"
            rows.append(row(what, ratio, "ratio", limit))
        rows.append(row(f"p95 of {name}, {USERS} users at once", times[94] * 1000, "ms"))
    return rows


def _users() -> list[dict[str, str]]:
    from tests.support.factories import new_character, signed_in
    from troupe.adapters.firestore import Create, now
    from troupe.app.functions import container
    from troupe.scripts.records import Line, Script

    users = []
    for _ in range(USERS):
        uid, headers = signed_in(container().database, tokens=1000)
        character, at = new_character(container().database, uid, "Ada"), now()
        script = Script(
            id=secrets.token_hex(16),
            uid=uid,
            title="Bench",
            selected_characters=[character],
            cast={character: "Ada"},
            dialogue=[Line(speaker=character, text="Hello.")] * 20,
            created_at=at,
            updated_at=at,
        )
        container().database.commit(Create(f"scripts/{script.id}", script.stored()))
        token = headers["Authorization"].removeprefix("Bearer ")
        users.append({"uid": uid, "token": token, "characterId": character, "scriptId": script.id})
    return users


def _latencies(
    url: str, method: str, path: str, body: Any, users: list[dict[str, str]]
) -> list[float]:
    """The 99 percentiles of the seconds from request to complete response."""
    begin = threading.Barrier(len(users))

    def ask(user: dict[str, str]) -> list[float]:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {user['token']}"
        place, sent, times = url + _filled(path, user), _filled(body, user), []
        for number in range(ROUNDS + 1):
            if number == 1:
                begin.wait()  # each user's first request warms the connection
            started = time.perf_counter()
            session.request(method, place, json=sent, timeout=60).raise_for_status()
            times.append(time.perf_counter() - started)
        return times[1:]

    with ThreadPoolExecutor(len(users)) as pool:
        return statistics.quantiles([x for each in pool.map(ask, users) for x in each], n=100)


def _filled(value: Any, user: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda name: user[name[1]], value)
    if isinstance(value, list):
        return [_filled(each, user) for each in value]
    if isinstance(value, dict):
        return {key: _filled(each, user) for key, each in value.items()}
    return value
