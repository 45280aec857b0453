"""The cost of a function: cold start, warm requests, Firestore calls; ratios to a bare function."""

from __future__ import annotations

import compileall
import os
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from bench.serving import BARE, FUNCTIONS, Served, served

if TYPE_CHECKING:
    from troupe.web.routes import Route

PAIRS = 7
WARM_REQUESTS = 200


def light_functions() -> list[str]:
    """The functions whose first request is not heavy: those that have a plain list or object."""
    from troupe.app.domains import functions

    return [name for name in functions() if _plain_routes(name)]


def first_route(function: str) -> Route:
    """The route of the first request to a new instance: the first list or object that needs only a
    signed-in user, or an administrator if all of the function's do; else a public one, or one that
    refuses whoever does not belong to a company."""
    order = ("user", "admin", "public", "member")
    plain = [route for route in _plain_routes(function) if route.auth in order]
    return min(plain, key=lambda route: order.index(str(route.auth)))


def _plain_routes(function: str) -> list[Route]:
    from troupe.app.domains import apis

    return [
        route
        for api in apis(function)
        for route in api.routes
        if route.method == "GET" and "<" not in route.path and not _asks_for_more(route)
    ]


def _asks_for_more(route: Route) -> bool:
    query = route.parts.get("query")
    return query is not None and any(field.is_required() for field in query.model_fields.values())


@dataclass(frozen=True)
class Account:
    uid: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def new_account() -> Account:
    from troupe.app.functions import container
    from troupe.caller import Device

    email = f"bench-{time.time_ns()}@example.com"
    signed_in = container().accounts.register(
        email=email,
        password="bench-pass-1",
        name=None,
        username=None,
        picture=None,
        device=Device(),
        verified=True,
    )
    # Some functions serve only administrators.
    container().administration.make_admin(signed_in.user.id)
    return Account(signed_in.user.id, signed_in.pair.access_token)


def cold_starts(env: Mapping[str, str], account: Account) -> list[dict[str, Any]]:
    """Process start to first response, alternating with the bare function. Compares the fastest of
    each: every start does the same work, so slower ones only measure other load on the machine
    (single ratios differ by a third)."""
    _compile()
    rows: list[dict[str, Any]] = []
    bare_times: list[float] = []
    ratios: list[float] = []
    for function in light_functions():
        times, path = [], first_route(function).path
        for _ in range(PAIRS):
            with served("bare", "/", env) as bare:
                bare_times.append(bare.seconds_to_first_answer)
            with served(function, path, env, account.headers) as ours:
                times.append(ours.seconds_to_first_answer)
        ratio = min(times) / min(bare_times[-PAIRS:])
        ratios.append(ratio)
        name = f"cold start of {function} ÷ bare function"
        rows.append(row(name, ratio, "ratio", 1.4))
        rows.append(row(f"cold start of {function}", statistics.median(times), "s"))
    median = statistics.median(ratios)
    rows.append(row("median of the cold starts ÷ bare function", median, "ratio", 1.35))
    rows.append(row("cold start of the bare function", statistics.median(bare_times), "s"))
    return rows


def room_starts(env: Mapping[str, str], account: Account) -> list[dict[str, Any]]:
    """What the first message and the first event of a room wait for, beside `voice`: the fastest of
    alternating starts, as in `cold_starts`. Nobody in the room needs a translation."""
    from tests.support.companies import Person
    from tests.support.rooms import a_room
    from troupe.accounts.records import AccountCaller, UserRecord
    from troupe.app.functions import container
    from troupe.rooms.messages import Draft

    _compile()
    db = container().database
    room = a_room(db, Person(db, account.uid, dict(account.headers)), language="en")
    caller = AccountCaller.of(UserRecord.of(db.get(f"users/{account.uid}")), "bench")
    container().messages.send(caller, room.id, Draft("Good morning!"))
    asked: dict[str, tuple[str, dict[str, Any] | None]] = {
        "voice": (first_route("voice").path, None),
        "rooms": (f"{room.path}/messages", {"text": "Good morning!"}),
        "live": (f"{room.path}/events?after=2020-01-01T00:00:00Z", None),
    }
    times: dict[str, list[float]] = {function: [] for function in asked}
    for _ in range(PAIRS):
        for function, (path, body) in asked.items():
            with served(function, path, env, account.headers, body=body) as ours:
                times[function].append(ours.seconds_to_first_answer)
    voice = min(times["voice"])
    return [
        row(f"cold start of {function}, {what}, less that of voice", more * 1000, "ms", 150)
        for function, what in (("rooms", "first message"), ("live", "first event"))
        for more in [min(times[function]) - voice]
    ]


def _compile() -> None:
    """What the build of a deployed function does to check the syntax: `compileall` over the source.
    Otherwise the setting PYTHONDONTWRITEBYTECODE of this machine decides whether every start
    compiles all of our modules, and none of bare's.
    https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/python/functions_framework/main.go
    """
    for source in (FUNCTIONS / "main.py", BARE / "main.py"):
        compileall.compile_file(source, quiet=1)
    compileall.compile_dir(FUNCTIONS / "troupe", quiet=1)


def warm_requests(env: Mapping[str, str], account: Account) -> list[dict[str, Any]]:
    """The medians of alternating requests to both, on kept-alive connections."""
    with (
        served("bare", "/", env) as bare,
        served("auth", "/api/auth/me", env, account.headers) as ours,
    ):
        ask_bare, ask_ours = asker(bare, "/", {}), asker(ours, "/api/auth/me", account.headers)
        for _ in range(20):
            ask_bare(), ask_ours()
        pairs = [(ask_bare(), ask_ours()) for _ in range(WARM_REQUESTS)]
    bare_ms = statistics.median(pair[0] for pair in pairs) * 1000
    ours_ms = statistics.median(pair[1] for pair in pairs) * 1000
    ratio = statistics.median(ours / bare for bare, ours in pairs)
    return [
        row("warm GET /api/auth/me ÷ bare function", ratio, "ratio", 1.5),
        row("warm GET /api/auth/me", ours_ms, "ms"),
        row("warm bare function", bare_ms, "ms"),
    ]


def asker(server: Served, path: str, headers: Mapping[str, str]) -> Any:
    session = requests.Session()
    session.headers.update(headers)

    def ask() -> float:
        started = time.perf_counter()
        session.get(server.url + path, timeout=30).raise_for_status()
        return time.perf_counter() - started

    return ask


def calls(account: Account) -> list[dict[str, Any]]:
    """Firestore calls, counted at the client's generated API."""
    from google.cloud import firestore

    from tests.support.factories import CountingDatabase, Troupe, new_user
    from troupe.accounts.callers import Callers, no_keys
    from troupe.app.functions import container

    database = CountingDatabase(firestore.Client(project=os.environ["GCLOUD_PROJECT"]))
    callers = Callers(database, container().accounts.by_id_token, no_keys)
    callers.authenticate(f"Bearer {account.token}")
    me = database.total
    files = container().files
    troupe = Troupe(database, files)
    uid = new_user(database)
    database.calls.clear()
    troupe.speak(uid, "Good evening, and welcome.", "key")
    generate = database.total
    database.calls.clear()
    troupe.deliver_all()
    return [
        row("document reads of GET /api/auth/me", me, "calls", 1),
        row(
            "Firestore calls of POST /api/voice/generate after the caller's read",
            generate,
            "calls",
            2,
        ),
        row("Firestore calls in the task of a one-part job", database.total, "calls", 4),
    ]


def row(name: str, value: float, unit: str, limit: float | None = None) -> dict[str, Any]:
    ok = limit is None or value <= limit
    return {"name": name, "value": round(value, 3), "unit": unit, "limit": limit, "ok": ok}
