"""The OpenAPI document of all functions matches the routes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from pydantic import BaseModel, create_model

from troupe.app.domains import apis, functions
from troupe.app.openapi import document
from troupe.errors import Forbidden
from troupe.web.caller import Auth, Caller
from troupe.web.reply import Reply
from troupe.web.routes import Api, Route
from troupe.web.schema import Schema, Sized


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return document()


def routes() -> list[Route]:
    return [route for function in functions() for api in apis(function) for route in api.routes]


def operation(spec: dict[str, Any], route: Route) -> dict[str, Any]:
    path = re.sub(r"<(\w+)>", r"{\1}", route.path)
    found: dict[str, Any] = spec["paths"][path][route.method.lower()]
    return found


def parameters(spec: dict[str, Any], path: str, method: str) -> list[dict[str, Any]]:
    return [resolved(spec, each) for each in spec["paths"][path][method].get("parameters", ())]


def resolved(spec: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """The target of a reference, or the value itself."""
    while "$ref" in value:
        _, _, kind, name = value["$ref"].split("/")
        value = spec["components"][kind][name]
    return value


@pytest.mark.slow
def test_the_document_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    validate(spec, cls=OpenAPIV31SpecValidator)


def test_the_document_is_deterministic(spec: dict[str, Any]) -> None:
    assert json.dumps(document()) == json.dumps(spec)


def test_every_route_is_documented_with_its_policy(spec: dict[str, Any]) -> None:
    assert routes()
    for route in routes():
        found = operation(spec, route)
        assert found["operationId"] == route.operation_id
        assert found["x-auth"] == route.auth
        assert found.get("x-scope") == route.scope
        link: list[dict[str, list[str]]] = [{"mediaLink": []}] if route.media else []
        anybody: list[dict[str, list[str]]] = [{}] if route.auth is Auth.OPTIONAL else []
        key: list[dict[str, list[str]]] = [{"apiKey": []}] if route.scope else []
        wanted = [] if route.auth is Auth.PUBLIC else [*anybody, {"bearer": []}, *key, *link]
        assert found.get("security", []) == wanted
        assert found["summary"]


def test_a_summary_is_one_sentence(spec: dict[str, Any]) -> None:
    for route in routes():
        summary = operation(spec, route)["summary"]
        assert summary.endswith(".")
        assert ". " not in summary


def models(part: str) -> list[type[BaseModel]]:
    """The body models of all routes, without duplicates, sorted by name."""
    found = {route.parts[part] for route in routes() if part in route.parts}
    return sorted(found, key=lambda model: model.__name__)


@pytest.mark.parametrize("model", models("body"), ids=lambda model: model.__name__)
def test_every_body_has_a_valid_example(model: type[BaseModel], spec: dict[str, Any]) -> None:
    """Swagger UI starts with it; without one it invents an invalid one."""
    (example,) = spec["components"]["schemas"][model.__name__]["examples"]
    taken = model.model_validate(example).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert taken.keys() == example.keys()


@pytest.mark.parametrize("model", models("form"), ids=lambda model: model.__name__)
def test_an_untouched_form_sends_only_defaults(
    model: type[BaseModel], spec: dict[str, Any]
) -> None:
    """Swagger UI fills in and sends every field."""
    described = spec["components"]["schemas"][model.__name__]
    for name, field in described["properties"].items():
        if name not in described.get("required", ()) and "default" not in field:
            assert field["examples"] == [[] if field.get("type") == "array" else ""]


def test_nothing_else_is_documented(spec: dict[str, Any]) -> None:
    assert sum(len(item) for item in spec["paths"].values()) == len(routes())


def test_aliases_name_their_operation(spec: dict[str, Any]) -> None:
    alias = spec["paths"]["/api/login"]["post"]
    assert (alias["x-alias-of"], alias["deprecated"]) == ("login", True)
    assert "deprecated" not in spec["paths"]["/api/auth/login"]["post"]
    assert spec["paths"]["/api/login"]["post"]["description"].startswith("Alias of `login`.")


def test_path_parameters_are_documented(spec: dict[str, Any]) -> None:
    (parameter,) = parameters(spec, "/api/tokens/usage/{userId}", "get")
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("userId", "path", True)


def test_request_headers_are_documented(spec: dict[str, Any]) -> None:
    found = parameters(spec, "/api/tokens/consume", "post")
    assert ("Idempotency-Key", "header") in [(p["name"], p["in"]) for p in found]


def test_no_parameter_is_null(spec: dict[str, Any]) -> None:
    """Headers and query fields are sent or left out."""
    for path, item in spec["paths"].items():
        for method in item:
            for parameter in parameters(spec, path, method):
                assert "null" not in json.dumps(parameter["schema"]), (path, parameter["name"])


def test_responses_are_typed_envelopes(spec: dict[str, Any]) -> None:
    answer = spec["paths"]["/api/auth/me"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/UserDataEnvelope")
    envelope = spec["components"]["schemas"]["UserDataEnvelope"]
    assert envelope["properties"]["data"] == {"$ref": "#/components/schemas/UserData"}
    assert "meta" not in envelope["properties"]


def test_a_list_always_has_meta(spec: dict[str, Any]) -> None:
    lists = 0
    for route in routes():
        query = route.parts.get("query")
        if query is None or not issubclass(query, Sized):
            continue
        content = operation(spec, route)["responses"]["200"]["content"]["application/json"]
        page = resolved(spec, content["schema"])
        assert "meta" in page["required"]
        meta = resolved(spec, page["properties"]["meta"])
        position = spec["components"]["schemas"]["Meta"]
        assert position["properties"].items() <= meta["properties"].items()
        assert set(position["required"]) <= set(meta["required"])
        lists += 1
    assert lists >= 11
    assert "nextCursor" not in spec["components"]["schemas"]["Meta"]["required"]
    cursor = spec["components"]["schemas"]["Meta"]["properties"]["nextCursor"]
    assert cursor["type"] == "string"


def test_both_responses_of_generate_voice_are_documented(spec: dict[str, Any]) -> None:
    answers = spec["paths"]["/api/voice/generate"]["post"]["responses"]
    assert answers["200"]["content"] == answers["202"]["content"]
    assert {"Location", "Preference-Applied"} <= answers["200"]["headers"].keys()
    assert "Location" in spec["paths"]["/api/scripts"]["post"]["responses"]["201"]["headers"]


def test_forms_with_files_are_documented_as_multipart(spec: dict[str, Any]) -> None:
    """As Swagger UI needs it to show a file picker: plain types without null."""
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


def codes(spec: dict[str, Any], path: str, method: str, status: int) -> list[str]:
    answer = resolved(spec, spec["paths"][path][method]["responses"][str(status)])
    failure = resolved(spec, answer["content"]["application/json"]["schema"])
    assert failure["allOf"] == [{"$ref": "#/components/schemas/Failure"}]
    assert failure["properties"]["statusCode"]["const"] == status
    found: list[str] = failure["properties"]["error"]["properties"]["code"]["enum"]
    return found


def test_failures_are_documented_with_their_codes(spec: dict[str, Any]) -> None:
    assert codes(spec, "/api/auth/register", "post", 409) == [
        "email_taken",
        "org_number_taken",
        "username_taken",
    ]
    assert codes(spec, "/api/auth/register", "post", 415) == ["unsupported_media_type"]
    login = ["app_check_failed", "invalid_credentials"]
    assert codes(spec, "/api/auth/login", "post", 401) == login
    bearer = ["app_check_failed", "token_expired", "token_invalid", "unauthorized"]
    assert codes(spec, "/api/auth/me", "get", 401) == bearer
    assert codes(spec, "/api/auth/me", "get", 403) == ["account_suspended", "key_not_accepted"]
    speech = ["account_suspended", "address_not_allowed", "scope_missing"]
    assert codes(spec, "/api/voice/generations/{generationId}", "get", 403) == speech
    assert "422" not in spec["paths"]["/api/auth/me"]["get"]["responses"]
    for item in spec["paths"].values():
        for found in item.values():
            assert {"500", "503"} <= set(found["responses"])


def test_every_failure_has_a_name(spec: dict[str, Any]) -> None:
    for route in routes():
        for status, answer in operation(spec, route)["responses"].items():
            if status >= "400":
                content = resolved(spec, answer)["content"]["application/json"]
                assert answer.keys() == {"$ref"}
                name = route.surface.failure.__name__ if route.surface else "Failure"
                assert content["schema"]["$ref"].endswith(name)


def test_every_code_is_distinguishable(spec: dict[str, Any]) -> None:
    """One schema for each code with details, and one for all codes without."""
    schemas = spec["components"]["schemas"]
    told: list[str] = []
    for reference in schemas["FailureError"]["oneOf"]:
        error = resolved(spec, reference)
        code = error["properties"]["code"]
        told += code.get("enum") or [code["const"]]
    narrowed = {
        code
        for name, schema in schemas.items()
        if name.endswith("Failure") and name != "Failure"
        for code in schema["properties"]["error"]["properties"]["code"]["enum"]
    }
    assert len(told) == len(set(told))
    assert set(told) == narrowed


def test_files_can_be_ranges_or_redirects(spec: dict[str, Any]) -> None:
    files = {"200", "206", "302", "304", "416"}
    audio = spec["paths"]["/api/voice/generations/{generationId}/audio"]["get"]["responses"]
    assert audio.keys() >= files
    assert audio["206"]["content"] == audio["200"]["content"]
    assert "Location" in resolved(spec, audio["302"])["headers"]
    video = spec["paths"]["/api/videos/{name}"]["get"]["responses"]
    assert video.keys() >= files
    captions = spec["paths"]["/api/voice/generations/{generationId}/captions"]["get"]["responses"]
    assert captions.keys() & files == {"200"}


def test_every_reference_resolves(spec: dict[str, Any]) -> None:
    for reference in set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', json.dumps(spec))):
        kind, name = reference.split("/")
        assert name in spec["components"][kind]


def test_two_schemas_with_the_same_name_are_rejected() -> None:
    api = Api("things", "Things")

    def schema(kind: type) -> type[BaseModel]:
        return create_model("Same", __base__=Schema, __module__=kind.__name__, value=(kind, ...))

    @api.get("/api/first", auth=Auth.PUBLIC, data=schema(int))
    def first() -> Reply:
        return Reply()

    @api.get("/api/second", auth=Auth.PUBLIC, data=schema(str))
    def second() -> Reply:
        return Reply()

    with pytest.raises(ValueError, match="Same"):
        document([api])


def test_an_optional_bearer_may_be_absent_or_rejected() -> None:
    api = Api("things", "Things")

    @api.get("/api/things", auth=Auth.OPTIONAL)
    def list_things(caller: Caller | None) -> Reply:
        """Lists things."""
        return Reply()

    found = document([api])["paths"]["/api/things"]["get"]
    assert found["security"] == [{}, {"bearer": []}]
    assert found["x-auth"] == "optional"
    assert "401" in found["responses"]


def test_owner_routes_do_not_promise_a_403_that_the_edge_never_gives(spec: dict[str, Any]) -> None:
    for route in routes():
        if route.auth is Auth.OWNER and Forbidden not in route.errors:
            path = re.sub(r"<(\w+)>", r"{\1}", route.path)
            assert "forbidden" not in codes(spec, path, route.method.lower(), 403)
