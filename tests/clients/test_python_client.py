"""A Python client, generated from the OpenAPI document, calls a running app."""

from __future__ import annotations

import importlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.conftest import Running
from tests.support.wiring import app_for
from tools.clients import DOCUMENT, PYTHON, NotGenerated, generate_python, write_python

PACKAGE = "troupe_client.generated"


@pytest.fixture(scope="module")
def folder() -> Path:
    """Of the generated package. The generator has left nothing out, or it would have failed."""
    return generate_python()


def test_what_cannot_be_generated_is_an_error(tmp_path: Path) -> None:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Small", "version": "1"},
        "paths": {
            "/things": {
                "post": {
                    "operationId": "createThing",
                    "requestBody": {"content": {"application/x-strange": {"schema": {}}}},
                    "responses": {"200": {"description": "OK"}},
                }
            }
        },
    }
    (tmp_path / "small.json").write_text(json.dumps(document))
    with pytest.raises(NotGenerated, match="application/x-strange"):
        write_python(tmp_path / "small.json", tmp_path / "generated")
    assert not (tmp_path / "generated").exists()


def test_it_has_a_readable_size(folder: Path) -> None:
    """About four files for each operation."""
    files = list(folder.rglob("*.py"))
    paths = json.loads(DOCUMENT.read_text())["paths"].values()
    operations = sum(len(methods) for methods in paths)
    assert 100 < len(files) < 4.5 * operations


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[ModuleType]:
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(PYTHON / "src"))
    yield importlib.import_module(PACKAGE)
    patch.undo()


def api(operation: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.api.{operation}")


def models() -> Any:
    return importlib.import_module(f"{PACKAGE}.models")


def test_every_module_of_it_is_imported(folder: Path, client: ModuleType) -> None:
    for path in folder.rglob("*.py"):
        name = ".".join(path.relative_to(PYTHON / "src").with_suffix("").parts)
        importlib.import_module(name.removesuffix(".__init__"))


@contextmanager
def serving(*functions: str) -> Iterator[str]:
    """The URL of an app that serves several functions over a socket, routed by path."""

    def either(environ: Any, start_response: Any) -> Any:
        places = {"auth": "/api/auth", "voice": "/api/", "plans": "/api/tokens"}
        for name in sorted(functions, key=lambda each: -len(places[each])):
            if environ["PATH_INFO"].startswith(places[name]):
                return app_for(name)(environ, start_response)
        raise AssertionError(environ["PATH_INFO"])

    server = make_server("127.0.0.1", 0, either, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_calls_a_running_app(client: ModuleType, emulators: Running) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    with serving("auth", "voice", "plans") as address, client.Client(base_url=address) as public:
        found = models()
        languages = api("voice.list_languages").sync(client=public)
        assert isinstance(languages, found.LanguagesEnvelope)
        assert "af" in [each.code for each in languages.data.languages]

        body = found.RegisterBody(email=email, password="secret-123")
        signed_in = api("auth.register").sync(client=public, body=body)
        assert signed_in.data.user.email == email
        again = api("auth.register").sync(client=public, body=body)
        assert isinstance(again, found.Failure)
        assert again.error.code == "email_taken"

        token = signed_in.data.access_token
        with client.AuthenticatedClient(base_url=address, token=token) as own:
            assert api("auth.get_me").sync(client=own).data.user.email == email
            ledger = api("tokens.get_token_ledger").sync(client=own, limit=5)
            assert ledger.meta.limit == 5
            assert [entry.kind for entry in ledger.data.entries] == ["grant"]
            assert isinstance(ledger.data.entries[0].kind, found.EntryKind)


def test_its_failures_have_typed_details(client: ModuleType, emulators: Running) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    with serving("auth", "plans") as address, client.Client(base_url=address) as public:
        found = models()
        body = found.RegisterBody(email=email, password="secret-123")
        token = api("auth.register").sync(client=public, body=body).data.access_token
        with client.AuthenticatedClient(base_url=address, token=token) as own:
            wanted = found.ConsumeTokens(tokens_to_consume=1_000, action="A picture")
            refused = api("tokens.consume_tokens").sync(client=own, body=wanted)
        assert isinstance(refused.error, found.NotEnoughTokensError)
        assert refused.error.details.needed == 1_000
        assert refused.error.details.available < 1_000
        wrong = found.RegisterBody(email="nobody", password="secret-123")
        refused = api("auth.register").sync(client=public, body=wrong)
        assert isinstance(refused.error, found.InvalidInputError)
        assert refused.error.details.fields[0].field == "email"
