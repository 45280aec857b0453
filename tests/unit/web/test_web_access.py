"""Policies that depend on an object: the edge sends nothing without an access check."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from flask import Response, g
from flask.testing import FlaskClient

from tests.unit.web.conftest import ThingPath, code_of, edge
from troupe import access, logs
from troupe.adapters.firestore import Document
from troupe.caller import Caller
from troupe.errors import NotFound
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

SECRET = "the owner's words"
THINGS = {
    name: Document(f"things/{name}", {"uid": name, "companyId": name, "text": SECRET}, True, None)
    for name in ("ada", "eve")
}

Handler = Callable[[ThingPath, Caller], Any]


class ThingNotFound(NotFound):
    code = "thing_not_found"
    message = "There is no such thing of yours."


def thing(name: str) -> Document:
    return THINGS.get(name) or Document(f"things/{name}", {}, False, None)


def asks(path: ThingPath, caller: Caller) -> Reply:
    document = access.owned(thing(path.thing_id), caller.uid, ThingNotFound)
    return Reply({"text": document.data["text"]})


def forgets(path: ThingPath, caller: Caller) -> Reply:
    return Reply({"text": thing(path.thing_id).data["text"]})


def forgets_with_bytes(path: ThingPath, caller: Caller) -> Response:
    return Response(SECRET, mimetype="text/plain")


def forgets_with_a_stream(path: ThingPath, caller: Caller) -> Response:
    return Response((word for word in SECRET), mimetype="text/plain")


def asks_for_whoever_owns_it(path: ThingPath, caller: Caller) -> Reply:
    document = thing(path.thing_id)
    access.owned(document, document.data["uid"], ThingNotFound)
    return Reply({"text": document.data["text"]})


def swallows_the_refusal(path: ThingPath, caller: Caller) -> Reply:
    with suppress(NotFound):
        access.owned(thing(path.thing_id), caller.uid, ThingNotFound)
    access.owned(thing(caller.uid), caller.uid, ThingNotFound)
    return Reply({"text": SECRET})


def asks_something_else(path: ThingPath, caller: Caller) -> Reply:
    access.company_admin("ada", caller, ThingNotFound)
    return Reply({"text": SECRET})


def asks_in_a_thread(path: ThingPath, caller: Caller) -> Reply:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asks, path, caller).result()


def asks_in_a_thread_of_the_request(path: ThingPath, caller: Caller) -> Reply:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(logs.in_context(asks), path, caller).result()


def client_of(handler: Handler, auth: Auth = Auth.OWNER) -> FlaskClient:
    api = Api("things", "Things")
    api.get("/api/things/<thingId>", auth=auth)(handler)
    return edge(api).test_client()


def bearer(uid: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {uid}"}


@pytest.mark.parametrize("handler", [asks, asks_in_a_thread_of_the_request])
def test_a_handler_that_checks_ownership_answers_the_owner(handler: Handler) -> None:
    with client_of(handler) as client:
        answer = client.get("/api/things/ada", headers=bearer("ada"))
        assert g.checks == [access.Check("owner", "ada", "things/ada", True)]
    assert answer.get_json()["data"] == {"text": SECRET}


def test_another_users_object_and_a_missing_one_are_the_same_404(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with client_of(asks) as client:
        strange = client.get("/api/things/ada", headers=bearer("eve"))
        assert g.checks == [access.Check("owner", "eve", "things/ada", False)]
        missing = client.get("/api/things/nothing", headers=bearer("eve"))
    assert (strange.status_code, code_of(strange)) == (404, "thing_not_found")
    assert strange.data == missing.data
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["refused"] for line in lines] == [True, True]


@pytest.mark.parametrize(
    ("handler", "uid"),
    [
        (forgets, "eve"),
        (forgets, "admin"),
        (forgets, "ada"),  # so that no test of such a route can pass
        (forgets_with_bytes, "eve"),
        (forgets_with_a_stream, "eve"),
        (asks_for_whoever_owns_it, "eve"),
        (swallows_the_refusal, "eve"),
        (asks_something_else, "admin"),
        (asks_in_a_thread, "ada"),
    ],
)
def test_a_handler_without_an_access_check_discloses_nothing(
    handler: Handler, uid: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client_of(handler).get("/api/things/ada", headers=bearer(uid))
    assert (answer.status_code, code_of(answer)) == (500, "internal_error")
    assert SECRET.encode() not in answer.data
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    (error,) = [line for line in lines if line["severity"] == "ERROR"]
    assert error["message"] == "ownership_not_checked"
    assert (error["route"], error["policy"]) == ("/api/things/<thingId>", "owner")


def of_company(path: ThingPath, caller: Caller) -> Reply:
    document = thing(path.thing_id)
    access.company_admin(document.data.get("companyId", ""), caller, ThingNotFound)
    return Reply({"text": document.data["text"]})


def of_member(path: ThingPath, caller: Caller) -> Reply:
    document = thing(path.thing_id)
    access.member_of(document.data.get("companyId", ""), caller, ThingNotFound)
    return Reply({"text": document.data["text"]})


@pytest.mark.parametrize(
    ("auth", "handler", "uid", "status"),
    [
        (Auth.COMPANY, of_company, "boss-of-ada", 200),
        (Auth.COMPANY, of_company, "member-of-ada", 403),
        (Auth.COMPANY, of_company, "boss-of-eve", 404),
        (Auth.COMPANY, of_company, "admin", 200),
        (Auth.COMPANY, of_member, "boss-of-ada", 500),
        (Auth.COMPANY, forgets, "boss-of-ada", 500),
        (Auth.MEMBER, of_member, "member-of-ada", 200),
        (Auth.MEMBER, of_member, "boss-of-ada", 200),
        (Auth.MEMBER, of_member, "boss-of-eve", 404),
        (Auth.MEMBER, of_member, "admin", 404),
        (Auth.MEMBER, forgets, "member-of-ada", 500),
    ],
)
def test_policies_of_companies(auth: Auth, handler: Handler, uid: str, status: int) -> None:
    answer = client_of(handler, auth).get("/api/things/ada", headers=bearer(uid))
    assert answer.status_code == status
    assert (SECRET.encode() in answer.data) is (status == 200)
