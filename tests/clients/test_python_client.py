"""A Python client, generated from the OpenAPI document, calls a running app."""

from __future__ import annotations

import importlib
import json
import secrets
import subprocess
import sys
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

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "functions" / "openapi.json"
PACKAGE = "troupe_client"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of the generated package, and the generator's output."""
    folder = tmp_path_factory.mktemp("client") / PACKAGE
    done = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"),
            *("--path", str(DOCUMENT), "--output-path", str(folder), "--fail-on-warning"),
            *("--config", str(Path(__file__).with_name("python-client.yaml"))),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout + done.stderr


def test_it_is_generated_without_warnings(output: tuple[Path, str]) -> None:
    assert "warning" not in output[1].lower()
    assert "skipping" not in output[1].lower()


def test_it_has_a_readable_size(output: tuple[Path, str]) -> None:
    """About four files for each operation."""
    files = list(output[0].rglob("*.py"))
    paths = json.loads(DOCUMENT.read_text())["paths"].values()
    operations = sum(len(methods) for methods in paths)
    assert 100 < len(files) < 4.5 * operations


@pytest.fixture(scope="module")
def client(output: tuple[Path, str]) -> Iterator[ModuleType]:
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(output[0].parent))
    yield importlib.import_module(PACKAGE)
    patch.undo()


def api(operation: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.api.{operation}")


def models() -> Any:
    return importlib.import_module(f"{PACKAGE}.models")


def test_every_module_of_it_is_imported(output: tuple[Path, str], client: ModuleType) -> None:
    folder = output[0]
    for path in folder.rglob("*.py"):
        name = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
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
