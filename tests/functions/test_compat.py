"""`/as/...`: clients that were written for a document find every request and answer of it."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage

from tests.contract.contract import contract, is_planned, place_of, places, routes
from tests.fakes.openai_server import KEY, openai_server
from tests.support.admins import a_member, new_admin
from tests.support.characters import CONSENT, PICTURE, SOUND
from tests.support.documents import NAMES, Follower, examples, unnamed
from tests.support.factories import HeldQueue, signed_in
from tests.support.firebase_client import PASSWORD, new_email
from tests.support.forms import multipart
from tests.support.plans import Shop
from tests.support.scenes import Scene
from tests.support.sounds import recording
from tests.support.wiring import app_for, deliver, rewired
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.llm import LanguageModel
from troupe.adapters.storage import Files
from troupe.app.compat import DOCUMENTS
from troupe.compat.documents import Rule
from troupe.compat.shapes import At, Shape
from troupe.web.body import JSON_LIMIT
from troupe.web.caller import Auth
from troupe.web.routes import Route


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def an_address() -> dict[str, Any]:
    return {"email": new_email(), "password": PASSWORD}


def an_admin(db: Database) -> tuple[str, dict[str, str]]:
    """The address of an administrator, and the headers of their session."""
    member = a_member()
    db.commit(Update(f"users/{member.uid}", {"role": "admin"}))
    return member.email, member.headers


# --- every example of the documents


@dataclass
class Prompt(HeldQueue):
    """Runs each task in a thread as soon as it comes, as Cloud Tasks does."""

    threads: list[threading.Thread] = field(default_factory=list)

    def enqueue(self, *task: Any) -> None:
        super().enqueue(*task)
        self.threads.append(threading.Thread(target=deliver, args=(self,)))
        self.threads[-1].start()


@pytest.fixture
def prompt(emulators: object) -> Iterator[Prompt]:
    queue = Prompt()
    with rewired(queue=queue):
        yield queue
    for thread in queue.threads:
        thread.join()


def test_every_example_of_raket(db: Database, prompt: Prompt) -> None:
    raket, me = Follower("raket"), an_address()
    uid = raket.follow("POST /api/auth/register", body=me | {"name": "Ada"})["user_id"]
    signed = raket.follow("POST /api/auth/login", body=me)
    assert signed["user_data"].keys() == {"id", "name", "email", "created_at"}
    assert (signed["user_data"]["id"], signed["user_data"]["email"]) == (uid, me["email"])
    raket.headers = bearer(signed["token"])
    verified = raket.follow("GET /api/auth/verify-token")
    assert verified == {"valid": True, "user_data": signed["user_data"]}

    speech = {"text": "Good evening.", "language": "en-US", "voice_type": "kids"}
    body = speech | {"voice_style": "neutral", "user_id": uid}
    spoken = raket.follow("POST /api/voice/generate", body=body)
    assert (spoken["tokens_used"], spoken["remaining_tokens"]) == (1, 19)
    (heard,) = raket.follow("GET /api/user/voice-history")["history"]
    # A media link opens without a bearer token, also below the base address of the client.
    audio = Follower("raket").open("GET", spoken["audio_url"])
    assert audio.mimetype == "audio/mpeg"
    download = raket.follow("POST /api/user/download-audio", body={"audio_id": heard["id"]})
    assert download.data == audio.data
    assert len(download.data) > 1_000
    raket.follow("GET /api/voice/languages")
    raket.follow("GET /api/voice/styles")

    form = multipart(file=recording())
    file = raket.follow("POST /api/files/upload", **form)
    sent = raket.follow("GET /api/files/download/{file_id}", file["file_id"])
    assert sent.data == recording()
    part = raket.open("GET", file["file_url"], headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.data) == (206, recording()[:10])

    use = {"user_id": uid, "tokens_to_consume": 5, "action": "voice_generation"}
    assert raket.follow("POST /api/tokens/consume", body=use)["remaining_tokens"] == 14
    usage = raket.follow("GET /api/tokens/usage/{user_id}", uid)
    assert usage == {"used_tokens": 6, "total_tokens": 20, "usage_percentage": 30}

    follow_as_administrator(raket, db, uid, me["email"])

    profile = raket.follow("GET /api/user/profile")
    assert (profile["tokens_remaining"], profile["subscription_info"]["tokens"]) == (500, 500)
    message = {"name": "Ada", "email": me["email"], "subject": "Hi", "message": "Hello"}
    raket.follow("POST /api/contact/submit", body=message)
    demo = raket.follow("GET /api/demo/token-usage")["demo_data"]
    assert demo["used_tokens"] + demo["remaining_tokens"] == demo["total_tokens"]
    raket.follow("POST /api/auth/logout")
    assert raket.open("GET", "/api/auth/verify-token").json.keys() == {"success", "message"}
    assert raket.left == set()


def follow_as_administrator(raket: Follower, db: Database, uid: str, email: str) -> None:
    own, (admin, _), plan = raket.headers, an_admin(db), Shop(db).plan(features=["Video"])
    body = {"email": admin, "password": PASSWORD}
    raket.headers = bearer(raket.follow("POST /api/admin/login", body=body)["admin_token"])
    verified = raket.follow("GET /api/admin/verify")
    assert (verified["valid"], verified["admin_data"]["role"]) == (True, "admin")
    dates = {"start_date": "2026-01-01", "expiry_date": "2199-01-01"}
    terms = {"email": email, "plan_type": plan.id, "tokens": 486, **dates}
    assert raket.follow("POST /api/subscriptions/create", body=terms)["subscription_id"] == uid
    listed = raket.follow("GET /api/subscriptions/plans")["plans"]
    assert [each["features"] for each in listed if each["id"] == plan.id] == [["Video"]]
    raket.follow("GET /api/admin/stats")
    raket.follow("GET /api/admin/recent-activity")
    query = {"page": "1", "limit": "50", "status": "active", "plan": plan.id}
    (row,) = raket.follow("GET /api/admin/users", query_string=query)["users"]
    assert (row["id"], row["tokens"], row["status"]) == (uid, 500, "active")
    query = {"search": email, "status": "active", "plan": plan.id}
    found = raket.follow("GET /api/admin/search-users", query_string=query)
    assert found == {"users": [row], "total_count": 1}
    change = {"email": email, "plan": plan.id, "tokens": 500, "status": "active", **dates}
    raket.follow("PUT /api/admin/users/{user_id}", uid, body=change)
    raket.headers, administrators = own, raket.headers
    mine = raket.follow("GET /api/subscriptions/user/{user_id}", uid)
    assert mine["subscription_data"] == {
        "id": uid,
        "user_id": uid,
        "plan_type": plan.id,
        "tokens": 500,
        "start_date": "2026-01-01T00:00:00Z",
        "expiry_date": "2199-01-01T00:00:00Z",
        "status": "active",
    }
    other = a_member().uid
    raket.headers = administrators
    raket.follow("DELETE /api/admin/users/{user_id}", other)
    raket.headers = own


def test_every_example_of_selftalk(db: Database, shop: Shop) -> None:
    selftalk, me = Follower("selftalk"), an_address()
    given = {"username": f"user_{secrets.token_hex(4)}", "profilePicture": ""}
    registered = selftalk.follow("POST /api/auth/register", body=me | given)
    uid = registered["data"]["user"]["_id"]
    signed = selftalk.follow("POST /api/auth/login", body=me)
    assert signed["data"]["user"] == registered["data"]["user"]
    selftalk.headers = bearer(signed["data"]["accessToken"])
    plan = shop.plan(name=f"Premium {uid}", billing_period="yearly", voice_minutes=50)
    selftalk.follow("GET /api/subscriptions/plans")
    body = {"plan_id": plan.id}
    mine = selftalk.follow("POST /api/subscriptions/subscribe", body=body)
    assert mine["data"]["user_subscription"]["current_plan"]["voice_minutes"] == 50
    selftalk.follow("GET /api/subscriptions/my-subscription")
    added = selftalk.follow("POST /api/subscriptions/add-minutes")["data"]
    assert added == {"added_minutes": 10, "total_minutes": 60, "available_minutes": 60}
    stranger = selftalk.open("GET", "/api/admin/users")
    assert stranger.status_code == stranger.json["statusCode"] == 403
    assert stranger.json.keys() == {"success", "statusCode", "message"}

    _, selftalk.headers = an_admin(db)
    made = selftalk.follow("POST /api/admin/plans", body={"name": f"Enterprise {uid}"})
    own = made["data"]["plan"]["_id"]
    place = "/api/admin/plans/{id}"
    assert selftalk.follow(f"GET {place}", own)["data"] == made["data"]
    assert selftalk.follow(f"PUT {place}", own)["data"]["plan"]["is_popular"] is True
    selftalk.follow("GET /api/admin/plans", query_string={"status": "Active"})
    users = "Cannot delete plan. 1 user is currently subscribed to this plan"
    assert selftalk.refused(f"DELETE {place}", plan.id) == users
    selftalk.follow(f"DELETE {place}", own)
    listed = selftalk.follow("GET /api/admin/users", query_string={"plan": plan.id})
    (user,) = listed["data"]["users"]
    assert (user["_id"], user["total_minutes"], listed["meta"]["total"]) == (uid, 60, 1)
    suspend = "PUT /api/admin/users/suspension/{id}"
    assert selftalk.follow(suspend, uid)["data"]["user"]["is_suspended"] is True
    assert selftalk.refused(suspend, new_admin(db).uid) == "Cannot suspend admin users"

    faq = selftalk.follow("POST /api/admin/faq")["data"]["faq"]["_id"]
    selftalk.follow("GET /api/admin/faq", query_string={"category": "General"})
    place = "/api/admin/faq/{id}"
    selftalk.follow(f"GET {place}", faq)
    selftalk.follow(f"PUT {place}", faq)
    selftalk.follow(f"DELETE {place}", faq)
    assert selftalk.refused(f"DELETE {place}", faq) == "FAQ not found"
    assert selftalk.left == set()


@pytest.fixture
def writer(queue: HeldQueue) -> Iterator[None]:
    """A language model that writes scripts."""
    with openai_server() as fake:
        model = LanguageModel(KEY, fake.base_url, "gpt-5.4-mini")
        with rewired(language_model=lambda: model):
            yield
        model.close()


@pytest.mark.usefixtures("writer")
def test_every_example_of_cloning(db: Database, files: Files) -> None:
    cloning, me = Follower("cloning"), an_address()
    new = cloning.follow("POST /api/signup", body=me)
    cloning.headers = bearer(cloning.follow("POST /api/login", body=me)["token"])
    uid = new["user"]["id"]
    assert cloning.follow("GET /api/me") == new["user"]
    cloning.headers = bearer(cloning.follow("POST /api/refresh-token")["token"])

    form = examples("cloning")["POST /api/characters/complete"]["form"]
    made = [
        cloning.follow(
            "POST /api/characters/complete",
            **multipart(
                **form,
                audioFile=SOUND,
                imageFiles=[FileStorage(BytesIO(PICTURE), "a.png") for _ in range(3)],
                consent=CONSENT,
            ),
        )
        for _ in range(2)
    ]
    one, two = (each["id"] for each in made)
    assert (made[0]["displayName"], made[0]["config"]["speed"]) == (form["displayName"], 1.2)
    cloning.follow("GET /api/characters")
    assert [each["id"] for each in cloning.follow("GET /api/my-characters")] == [two, one]
    for url in (made[0]["audioFile"], made[0]["images"]["0"]):
        assert cloning.open("GET", url).mimetype.partition("/")[0] in ("audio", "image")
    change = multipart(**examples("cloning")["PUT /api/characters/{character_id}"]["form"])
    changed = cloning.follow("PUT /api/characters/{character_id}", one, **change).json
    assert (changed["config"]["speed"], [*changed["images"]]) == (1.1, ["1"])
    assert changed.keys() == made[0].keys()
    place = "/api/characters/{character_id}/star"
    assert cloning.follow(f"POST {place}", one)["starred"] == 1
    assert cloning.follow(f"DELETE {place}", one)["isStarred"] is False

    body: dict[str, Any] = {"selectedCharacters": [one, two]}
    script = cloning.follow("POST /api/scripts/generate", body=body)["id"]
    body = {"dialogue": [{"speaker": one, "text": text, "audioFile": ""} for text in "abc"]}
    updated = cloning.follow("PUT /api/scripts/{script_id}", script, body=body).json
    assert [line["text"] for line in updated["dialogue"]] == ["a", "b", "c"]
    place = "/api/scripts/{script_id}/generate-video"
    started = cloning.follow(f"POST {place}", script, body={"backgroundVideo": "#203040"})
    job = started["job"]["jobId"]
    cloning.follow("GET /api/scripts/{script_id}/video-status", script)
    assert cloning.follow("GET /api/video-jobs/{job_id}", job) == started["job"]
    client = app_for("scripts").test_client()
    Scene(client, db, uid, cloning.headers, [one, two], {"id": script}).performed(files)
    done = {"status": "completed", "startedAt": now(), "completedAt": now()}
    db.commit(Update(f"jobs/{job}", done), Update(f"scripts/{script}", {"activeJobId": None}))
    (listed,) = cloning.follow("GET /api/my-scripts")["scripts"]
    assert listed["videoJobStatus"] == "completed"
    assert cloning.open("GET", listed["finalVideoPath"]).data == b"the video"
    assert cloning.open("GET", listed["dialogue"][1]["audioFile"]).data == b"line 1"
    assert cloning.follow("DELETE /api/scripts/{script_id}", script)["deletedMediaFiles"]
    assert cloning.follow("DELETE /api/characters/{character_id}", two)["deletedFiles"]

    assert cloning.follow("GET /api/my-activities")["limit"] == 50
    assert cloning.follow("GET /api/my-activity-stats")["characterActivities"] > 0
    cloning.follow("DELETE /api/my-activities")
    assert cloning.left == set()


# --- the rules


SPEC: Any = json.loads((Path(__file__).parents[2] / "functions/openapi.json").read_text())
ROUTES: dict[str, tuple[str, Route]] = {
    unnamed(" ".join(place_of(route))): (function, route) for function, route in routes()
}
RULES = [
    pytest.param(name, function, f"{method} {path}", rule, id=f"{name} {method} {path}")
    for name, document in DOCUMENTS.items()
    for function, method, path, rule in document.each()
]


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_are_the_examples_and_the_files_that_they_lead_to(name: str) -> None:
    told = {unnamed(place) for place in examples(name)}
    rules = {unnamed(f"{method} {path}"): rule for _, method, path, rule in DOCUMENTS[name].each()}
    more = rules.keys() - told
    assert told <= rules.keys()
    assert {place for place in more if rules[place].answer is not None} == set()


@pytest.mark.parametrize(("name", "function", "place", "rule"), RULES)
def test_every_rule_names_an_operation_and_its_fields(
    name: str, function: str, place: str, rule: Rule
) -> None:
    served, route = ROUTES[unnamed(place)]
    assert served == function
    assert (rule.answer is None) == bool(route.produces)
    assert (rule.limit is None) or "query" in route.parts
    method, path = place.split(" ")
    answers = operation(method, path)["responses"]
    if rule.answer is not None:
        content = answers[str(route.status)]["content"]
        check(rule.answer, [content["application/json"]["schema"]], place)
    check(DOCUMENTS[name].failure, [SPEC["components"]["schemas"]["Failure"]], name)


def operation(method: str, path: str) -> Any:
    found = {unnamed(each): methods for each, methods in SPEC["paths"].items()}
    return found[unnamed(path)][method.lower()]


def check(shape: Shape, schemas: list[Any], place: str) -> None:
    if isinstance(shape, str):
        assert at(schemas, shape), f"{place}: nothing is at {shape}"
    elif isinstance(shape, At):
        found = at(schemas, shape.path)
        assert found, f"{place}: nothing is at {shape.path}"
        items = [each["items"] for each in found if "items" in each]
        check(shape.shape, options(items) or found, place)
    else:
        for each in shape.values():
            check(each, schemas, place)


def at(schemas: list[Any], path: str) -> list[Any]:
    """The schemas of what is at a path."""
    for step in path.split("."):
        properties = [each.get("properties", {}) for each in options(schemas)]
        schemas = [each[step] for each in properties if step in each]
    return options(schemas)


def options(schemas: list[Any]) -> list[Any]:
    found = []
    for schema in schemas:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            found += options([SPEC["components"]["schemas"][name]])
        elif parts := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            found += options(parts)
        else:
            found.append(schema)
    return found


def test_the_documents_are_no_operations() -> None:
    assert not any(path.startswith("/as") for path in SPEC["paths"])
    assert not any(path.startswith("/as") for line in contract() for _, path in places(line))


# --- attacks


def test_nobody_gets_more_than_from_the_operation(emulators: object) -> None:
    """Without a token, and as a guest: no rule has credentials of its own, or lets anybody in."""
    guest = app_for("auth").test_client().post("/api/auth/guest").json["data"]["accessToken"]
    public = {
        unnamed(" ".join(place))
        for line in contract()
        if line["auth"] in ("public", "optional") and not is_planned(line)
        for place in places(line)
    } - {"POST /api/refresh-token"}  # whose body has the token, or the bearer is one
    for parameter in RULES:
        name, _, place, _ = parameter.values
        _, route = ROUTES[unnamed(str(place))]
        follower = Follower(str(name))
        method, path = unnamed(str(place)).split(" ")
        path = path.format(*["x1"] * 3)
        nobody = follower.open(method, path)
        assert (nobody.status_code == 401) == (unnamed(str(place)) not in public), place
        if route.auth is Auth.ADMIN:
            assert follower.open(method, path, headers=bearer(guest)).status_code == 403, place


def test_no_rule_gives_consent(db: Database) -> None:
    cloning = Follower("cloning")
    _, cloning.headers = signed_in(db)
    form = examples("cloning")["POST /api/characters/complete"]["form"]
    refused = cloning.open("POST", "/api/characters/complete", **multipart(**form, audioFile=SOUND))
    assert refused.status_code == 422
    assert refused.json.keys() == {"detail"}
    assert cloning.open("GET", "/api/my-characters").json == []


def test_things_of_strangers_are_not_found(db: Database, queue: HeldQueue) -> None:
    own, stranger = Follower("raket"), Follower("raket")
    uid, own.headers = signed_in(db)
    _, stranger.headers = signed_in(db)
    file = own.follow("POST /api/files/upload", **multipart(file=recording()))
    found = stranger.open("GET", f"/api/files/download/{file['file_id']}")
    assert (found.status_code, found.json.keys()) == (404, {"success", "message"})
    for path in (f"/api/tokens/usage/{uid}", f"/api/subscriptions/user/{uid}"):
        assert own.open("GET", path).status_code == 200
        assert stranger.open("GET", path).status_code in (403, 404)
    body = {"user_id": uid, "tokens_to_consume": 5, "action": "x"}
    assert stranger.ask("POST /api/tokens/consume", body=body).status_code in (403, 404)
    assert own.open("GET", f"/api/tokens/usage/{uid}").json["used_tokens"] == 0
    # A link opens one file, also here.
    link = file["file_url"].partition("?")[2]
    nobody = Follower("raket")
    assert nobody.open("GET", file["file_url"]).status_code == 200
    assert nobody.open("GET", f"/api/user/profile?{link}").status_code == 401


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("raket", {"success", "message"}),
        ("selftalk", {"success", "statusCode", "message"}),
        ("cloning", {"detail"}),
    ],
)
def test_other_paths_are_not_found_in_the_shape_of_the_document(name: str, failure: Any) -> None:
    follower = Follower(name)
    for method, path in (
        ("GET", "/api/no/such/place"),
        ("GET", "/api/health"),  # an operation, but not one of the document
        ("PATCH", "/api/login"),
        ("DELETE", "/api/auth/register"),
        ("GET", "/api/../api/me"),
        ("POST", "//api/auth/login"),
        ("GET", "/"),
    ):
        answer = follower.open(method, path)
        assert (answer.status_code, answer.json.keys()) == (404, failure), path


@pytest.mark.parametrize("name", [*NAMES, "nobody", "..", ""])
def test_while_it_is_off_nothing_is_there(name: str) -> None:
    follower = Follower(name, on=False)
    for method, path in (
        ("POST", "/api/auth/register"),
        ("POST", "/api/login"),
        ("GET", "/api/subscriptions/plans"),
        ("OPTIONS", "/api/me"),
    ):
        answer = follower.open(method, path, json={} if method == "POST" else None)
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


def test_bodies_have_the_limits_and_the_checks_of_the_operation(db: Database) -> None:
    cloning = Follower("cloning")
    large = b'{"email": "' + b"a" * JSON_LIMIT + b'"}'
    answer = cloning.open("POST", "/api/login", data=large, content_type="application/json")
    assert (answer.status_code, answer.json.keys()) == (413, {"detail"})
    answer = cloning.open("POST", "/api/login", data=b"[" * 9999, content_type="application/json")
    assert (answer.status_code, answer.json.keys()) == (400, {"detail"})
    answer = cloning.open("POST", "/api/signup", json={"email": "no address", "password": PASSWORD})
    assert (answer.status_code, answer.json["detail"].partition(":")[0]) == (422, "email")


def test_rate_limits_and_headers_are_those_of_the_operation(emulators: object) -> None:
    client: FlaskClient = app_for("auth").test_client()
    own = client.post("/api/login", json=an_address())
    given = Follower("cloning").open("POST", "/api/login", json=an_address())
    assert own.status_code == given.status_code
    dropped = {"Content-Length", "X-Request-Id"}
    assert set(own.headers.keys()) - dropped == set(given.headers.keys()) - dropped
    assert own.headers["RateLimit-Policy"] == given.headers["RateLimit-Policy"]
    origin = {"Origin": "https://example.com", "Access-Control-Request-Method": "PUT"}
    preflight = Follower("cloning").open("OPTIONS", "/api/scripts/x", headers=origin)
    assert (preflight.status_code, preflight.data) == (200, b"")
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]


def test_a_head_request_has_the_headers_of_a_get(db: Database) -> None:
    raket = Follower("raket")
    answer = raket.open("HEAD", "/api/voice/languages")
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_client_that_sends_a_limit_gets_that(db: Database, queue: HeldQueue) -> None:
    raket = Follower("raket")
    _, raket.headers = signed_in(db)
    assert raket.open("GET", "/api/user/voice-history?limit=0").status_code == 422
    assert raket.open("GET", "/api/user/voice-history?language=en-US").json == {"history": []}


def test_what_is_not_there_is_null(db: Database) -> None:
    selftalk = Follower("selftalk")
    _, selftalk.headers = signed_in(db)
    mine = selftalk.open("GET", "/api/subscriptions/my-subscription").json["data"]
    assert mine["user_subscription"]["current_plan"] is None
