"""The document of all functions says what is served."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from pydantic import BaseModel, create_model

from troupe.app import openapi
from troupe.app.domains import apis, functions
from troupe.app.openapi import document
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api, Route
from troupe.web.schema import Schema


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return document()


def routes() -> list[Route]:
    return [route for function in functions() for api in apis(function) for route in api.routes]


def operation(spec: dict[str, Any], route: Route) -> dict[str, Any]:
    path = re.sub(r"<(\w+)>", r"{\1}", route.path)
    found: dict[str, Any] = spec["paths"][path][route.method.lower()]
    return found


def test_it_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    validate(spec, cls=OpenAPIV31SpecValidator)


def test_it_is_the_same_every_time(spec: dict[str, Any]) -> None:
    assert json.dumps(document()) == json.dumps(spec)


def test_every_route_is_in_it_with_its_policy(spec: dict[str, Any]) -> None:
    assert routes()
    for route in routes():
        found = operation(spec, route)
        assert found["operationId"] == route.operation_id
        assert found["x-auth"] == route.auth
        assert found.get("security", []) == ([] if route.auth is Auth.PUBLIC else [{"bearer": []}])
        assert found["summary"]


def test_a_summary_is_one_sentence(spec: dict[str, Any]) -> None:
    for route in routes():
        summary = operation(spec, route)["summary"]
        assert summary.endswith(".")
        assert ". " not in summary


def models(part: str) -> list[type[BaseModel]]:
    """Those of all routes, each once, in the order of their names."""
    found = {route.parts[part] for route in routes() if part in route.parts}
    return sorted(found, key=lambda model: model.__name__)


@pytest.mark.parametrize("model", models("body"), ids=lambda model: model.__name__)
def test_a_body_has_an_example_that_is_taken(model: type[BaseModel], spec: dict[str, Any]) -> None:
    """The interactive docs begin with it; without one they invent something that is not."""
    (example,) = spec["components"]["schemas"][model.__name__]["examples"]
    taken = model.model_validate(example).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert taken.keys() == example.keys()


@pytest.mark.parametrize("model", models("form"), ids=lambda model: model.__name__)
def test_a_form_that_nobody_has_touched_sends_nothing_but_defaults(
    model: type[BaseModel], spec: dict[str, Any]
) -> None:
    """The interactive docs fill in and send every field."""
    described = spec["components"]["schemas"][model.__name__]
    for name, field in described["properties"].items():
        if name not in described.get("required", ()) and "default" not in field:
            assert field["examples"] == [[] if field.get("type") == "array" else ""]


def test_nothing_else_is_in_it(spec: dict[str, Any]) -> None:
    assert sum(len(item) for item in spec["paths"].values()) == len(routes())


def test_aliases_name_what_they_stand_for(spec: dict[str, Any]) -> None:
    assert spec["paths"]["/api/login"]["post"]["x-alias-of"] == "login"
    assert spec["paths"]["/api/login"]["post"]["description"].startswith("Alias of `login`.")


def test_path_parameters_are_in_it(spec: dict[str, Any]) -> None:
    (parameter,) = spec["paths"]["/api/tokens/usage/{userId}"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("userId", "path", True)


def test_headers_that_a_handler_takes_are_in_it(spec: dict[str, Any]) -> None:
    parameters = spec["paths"]["/api/tokens/consume"]["post"]["parameters"]
    assert ("Idempotency-Key", "header") in [(p["name"], p["in"]) for p in parameters]


def test_answers_are_typed_envelopes(spec: dict[str, Any]) -> None:
    answer = spec["paths"]["/api/auth/me"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/UserDataEnvelope")
    envelope = spec["components"]["schemas"]["UserDataEnvelope"]
    assert envelope["properties"]["data"] == {"$ref": "#/components/schemas/UserData"}


def test_forms_with_files_are_multipart_in_it(spec: dict[str, Any]) -> None:
    """As Swagger UI wants it to offer a choice of files: plain types, without null."""
    binary = {"type": "string", "format": "binary"}
    create = spec["paths"]["/api/characters/complete"]["post"]["requestBody"]
    update = spec["paths"]["/api/characters/{characterId}"]["put"]["requestBody"]
    for body, images in ((create, "imageFiles"), (update, "newImageFiles")):
        (kind,) = body["content"]
        assert kind == "multipart/form-data"
        name = body["content"][kind]["schema"]["$ref"].rsplit("/", 1)[-1]
        fields = spec["components"]["schemas"][name]["properties"]
        assert {"displayName", "nfeSteps", "crossFadeDuration", "removeSilences"} <= set(fields)
        assert binary.items() <= fields["audioFile"].items()
        assert fields[images]["type"] == "array"
        assert fields[images]["items"] == binary
        assert fields["speed"]["type"] == "number"
        assert not any("anyOf" in field for field in fields.values())
    assert (create["required"], update["required"]) == (True, False)
    upload = spec["paths"]["/api/files/upload"]["post"]["requestBody"]
    assert upload["required"]
    assert (
        binary.items() <= spec["components"]["schemas"]["UploadForm"]["properties"]["file"].items()
    )
    required = spec["components"]["schemas"]["CreateCharacter"]["required"]
    assert required == ["displayName", "audioFile", "consent"]


def test_failures_are_in_it_with_their_codes(spec: dict[str, Any]) -> None:
    def codes(path: str, method: str, status: int) -> list[str]:
        answer = spec["paths"][path][method]["responses"][str(status)]
        if "$ref" in answer:
            answer = spec["components"]["responses"][answer["$ref"].rsplit("/", 1)[-1]]
        extra = answer["content"]["application/json"]["schema"]["allOf"][1]
        found: list[str] = extra["properties"]["error"]["properties"]["code"]["enum"]
        return found

    assert codes("/api/auth/register", "post", 409) == ["email_taken", "username_taken"]
    assert codes("/api/auth/register", "post", 415) == ["unsupported_media_type"]
    assert codes("/api/auth/login", "post", 401) == ["invalid_credentials"]
    assert codes("/api/auth/me", "get", 401) == ["token_expired", "token_invalid", "unauthorized"]
    assert codes("/api/auth/me", "get", 403) == ["account_suspended"]
    assert "422" not in spec["paths"]["/api/auth/me"]["get"]["responses"]
    for item in spec["paths"].values():
        for found in item.values():
            assert {"500", "503"} <= set(found["responses"])


def test_files_may_come_in_parts_or_from_elsewhere(spec: dict[str, Any]) -> None:
    files = {"200", "206", "302", "304", "416"}
    audio = spec["paths"]["/api/voice/generations/{generationId}/audio"]["get"]["responses"]
    assert audio.keys() >= files
    assert audio["206"]["content"] == audio["200"]["content"]
    video = spec["paths"]["/api/videos/{name}"]["get"]["responses"]
    assert video.keys() >= files
    captions = spec["paths"]["/api/voice/generations/{generationId}/captions"]["get"]["responses"]
    assert captions.keys() & files == {"200"}


def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    for reference in set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', json.dumps(spec))):
        kind, name = reference.split("/")
        assert name in spec["components"][kind]


def test_two_schemas_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api("things", "Things")

    def schema(kind: type) -> type[BaseModel]:
        return create_model("Same", __base__=Schema, __module__=kind.__name__, value=(kind, ...))

    @api.get("/api/first", auth=Auth.PUBLIC, data=schema(int))
    def first() -> Reply:
        return Reply()

    @api.get("/api/second", auth=Auth.PUBLIC, data=schema(str))
    def second() -> Reply:
        return Reply()

    monkeypatch.setattr(openapi, "apis", lambda function: [api])
    monkeypatch.setattr(openapi, "functions", lambda: {"things": ()})
    with pytest.raises(ValueError, match="Same"):
        document()
