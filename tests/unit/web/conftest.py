"""A small API with every kind of route and no services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from pydantic import Field
from typing_extensions import TypedDict

from tests.support.factories import test_settings
from troupe import tokens
from troupe.caller import Caller, CompanyRole, Role
from troupe.errors import PaymentRequired, Unauthorized
from troupe.settings import Settings
from troupe.web.app import build
from troupe.web.body import TEXT_LIMIT
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Id, Line, Page, Schema


class ThingPath(Schema):
    thing_id: Id


class UserPath(Schema):
    user_id: Id


class ThingBody(Schema):
    display_name: Line | None = None
    speed: float = 1.0
    tags: list[str] = Field(default_factory=list)
    kind: str = "plain"


class NeededBody(Schema):
    text: str


class TagsQuery(Page):
    tag: list[str] = Field(default_factory=list)


class NoTokensDetails(TypedDict):
    needed: int
    available: int


class NoTokens(PaymentRequired):
    code = "not_enough_tokens"
    details_type = NoTokensDetails


def things() -> Api:
    api = Api("things", "Things")

    @api.get("/api/things/<thingId>", auth=Auth.PUBLIC, data=ThingPath)
    def get_thing(path: ThingPath, query: TagsQuery) -> Reply:
        """One thing."""
        return Reply({"id": path.thing_id, "tags": query.tag}, meta=query.meta(41))

    @api.post("/api/things", auth=Auth.PUBLIC, status=201, aliases=("/api/make-thing",))
    def create_thing(body: ThingBody) -> Reply:
        """Makes a thing."""
        return Reply(body, "Made", headers={"Location": "/api/things/1"})

    @api.post("/api/needed", auth=Auth.PUBLIC, body_bytes=TEXT_LIMIT)
    def needed(body: NeededBody) -> Reply:
        return Reply(body)

    @api.get("/api/raise/<thingId>", auth=Auth.PUBLIC)
    def raise_error(path: ThingPath) -> Reply:
        raise RAISED[path.thing_id]

    @api.get("/api/bytes", auth=Auth.PUBLIC, produces="audio/mpeg")
    def some_bytes() -> Response:
        return Response(b"abc", mimetype="audio/mpeg")

    @api.get("/api/mine")
    def mine(caller: Caller) -> Reply:
        return Reply({"uid": caller.uid})

    @api.get("/api/users/<userId>", auth=Auth.SELF)
    def of_user(path: UserPath) -> Reply:
        return Reply({"uid": path.user_id})

    @api.post("/api/admin", auth=Auth.ADMIN)
    def admin_only(body: NeededBody) -> Reply:
        return Reply()

    @api.get("/api/greeting", auth=Auth.OPTIONAL)
    def greeting(caller: Caller | None) -> Reply:
        return Reply({"uid": caller.uid if caller else None})

    return api


RAISED: dict[str, Exception] = {
    "bug": ZeroDivisionError("private words"),
    "poor": NoTokens(details={"needed": 3, "available": 1}),
    "unauthorized": Unauthorized(),
}


class Doors:
    """Replaces the service `callers`: the bearer token is the uid. `admin` is an administrator,
    `boss-of-acme` and `member-of-acme` belong to that company, and `expired` is rejected."""

    def authenticate(self, authorization: str | None, device: object) -> Caller:
        uid = tokens.bearer(authorization)
        if uid == "expired":
            raise tokens.TokenExpired
        role: Role = "admin" if uid == "admin" else "user"
        place, _, company = uid.partition("-of-")
        roles: dict[str, CompanyRole] = {"boss": "owner", "member": "member"}
        companies = {company: roles[place]} if company else {}
        return Caller(uid=uid, role=role, guest=False, email=None, companies=companies)


@dataclass(frozen=True)
class Services:
    """The services that the edge itself needs."""

    callers: Doors
    settings: Settings


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    monkeypatch.setenv("GCLOUD_PROJECT", "demo-troupe")
    yield


def edge(*apis: Api, **changes: Any) -> Flask:
    """An app with the routes."""
    config = test_settings(**changes)
    return build("edge", apis, Services(Doors(), config), origins=config.allowed_origins)


@pytest.fixture
def client() -> FlaskClient:
    return edge(things()).test_client()


def code_of(answer: Any) -> str:
    """The error code, after checking that the failure envelope is complete."""
    envelope = answer.get_json()
    assert envelope["success"] is False
    assert envelope["statusCode"] == answer.status_code
    assert envelope["message"]
    assert set(envelope) == {"success", "statusCode", "message", "error"}
    return str(envelope["error"]["code"])
