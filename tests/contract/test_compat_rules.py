"""The rules of `compat`: each names an operation and its fields, and none adds to a body."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.contract.contract import contract, is_planned, place_of, places, routes
from tests.support.documents import NAMES, Follower, examples, unnamed
from tests.support.wiring import app_for
from troupe.app.compat import DOCUMENTS, Compat
from troupe.compat.documents import Rule
from troupe.compat.shapes import At, Shape
from troupe.web.caller import Auth
from troupe.web.routes import Route

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SPEC: Any = json.loads((Path(__file__).parents[2] / "functions/openapi.json").read_text())
ROUTES: dict[str, tuple[str, Route]] = {
    unnamed(" ".join(place_of(route))): (function, route) for function, route in routes()
}
HEADERS = (
    *("Authorization", "X-API-Key", "X-Firebase-AppCheck", "X-Forwarded-For", "X-Request-Id"),
    *("Idempotency-Key", "If-Match", "If-None-Match", "Range", "Origin", "Traceparent"),
)
RULES = [
    pytest.param(name, function, f"{method} {path}", rule, id=f"{name} {method} {path}")
    for name, document in DOCUMENTS.items()
    for function, method, path, rule in document.each()
]


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_are_those_of_the_examples_and_of_the_files_they_lead_to(name: str) -> None:
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


def test_nothing_below_as_is_an_operation_of_the_api() -> None:
    assert not any(path.startswith("/as") for path in SPEC["paths"])
    assert not any(path.startswith("/as") for line in contract() for _, path in places(line))


@pytest.mark.parametrize(("name", "function", "place", "rule"), RULES)
def test_a_request_reaches_the_operation_as_it_came(
    name: str, function: str, place: str, rule: Rule
) -> None:
    """With its address, its headers and its unread body. No credentials or consent are added."""
    passed: dict[str, Any] = {}

    def operation(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        passed.update(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"as it is"]

    method, path = place.split(" ")
    sent = EnvironBuilder(
        f"/as/{name}{path}?page=2",
        method=method,
        data=b"body",
        headers=[(each, f"the {each}") for each in HEADERS],
        environ_base={"REMOTE_ADDR": "203.0.113.7"},
    ).get_environ()
    given = dict(sent)
    answer = run_wsgi_app(Compat(lambda _: operation, on=True), sent)
    assert b"".join(answer[0]) == b"as it is"
    changed = {key for key in passed | given if passed.get(key) != given.get(key)}
    expected = {"PATH_INFO": path}
    if rule.limit is not None:
        expected["QUERY_STRING"] = f"page=2&limit={rule.limit}"
    if rule.wait is not None:
        expected["HTTP_PREFER"] = f"wait={rule.wait}"
    assert {key: passed[key] for key in changed if not key.startswith("werkzeug.")} == expected
    assert passed["wsgi.input"].read() == b"body"
    assert passed["HTTP_IDEMPOTENCY_KEY"] == "the Idempotency-Key"


def test_nobody_gets_more_than_from_the_operation(emulators: object) -> None:
    """Without a token, and as a guest: no rule has credentials of its own, or lets anyone in."""
    guest = app_for("auth").test_client().post("/api/auth/guest").json["data"]["accessToken"]
    public = {
        unnamed(" ".join(place))
        for line in contract()
        if line["auth"] in ("public", "optional") and not is_planned(line)
        for place in places(line)
    } - {"POST /api/refresh-token"}  # public, because its body can have the token instead
    for parameter in RULES:
        name, _, place, _ = parameter.values
        _, route = ROUTES[unnamed(str(place))]
        follower = Follower(str(name))
        method, path = unnamed(str(place)).split(" ")
        path = path.format(*["x1"] * 3)
        nobody = follower.open(method, path)
        assert (nobody.status_code == 401) == (unnamed(str(place)) not in public), place
        if route.auth is Auth.ADMIN:
            follower.sign_in(guest)
            assert follower.open(method, path).status_code == 403, place
