"""Model files: found, checked, and brought from packages and servers."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from troupe.adapters.models import files as model_files
from troupe.adapters.models.errors import ModelDamaged, ModelMissing
from troupe.adapters.models.fetching import FetchFailed, fetch
from troupe.adapters.models.files import ModelFiles, check
from troupe.adapters.models.table import KOKORO, KOKORO_VOICES, MODELS, Group, Model, Part
from troupe.ai_settings import FUNCTIONS
from troupe.app.health import check_engines
from troupe.settings import Settings

CONTENT = bytes(range(256)) * 9_000  # more than two chunks
MODEL = Model(
    name="some/model.bin",
    group=Group.SPEECH,
    bytes=len(CONTENT),
    sha256=sha256(CONTENT).hexdigest(),
    licence="MIT",
    url="",
    parts=(Part("voices_1-1.0-*.whl", "voices_1/part"), Part("voices-2.tgz", "package/part.bin")),
)


def silent(size: int) -> None: ...


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A web server's address, and what it serves by path."""
    served: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = served.get(self.path)
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", served
        http.shutdown()
        thread.join()


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The content in two packages: half in a wheel, half in an npm package."""
    folder = tmp_path / "packages"
    folder.mkdir()
    half = len(CONTENT) // 2
    with zipfile.ZipFile(folder / "voices_1-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("voices_1/part", CONTENT[:half])
    with tarfile.open(folder / "voices-2.tgz", "w:gz") as package:
        member = tarfile.TarInfo("package/part.bin")
        member.size = len(CONTENT) - half
        package.addfile(member, io.BytesIO(CONTENT[half:]))
    return folder


def test_the_table_names_each_file_once_and_completely() -> None:
    assert len({model.sha256 for model in MODELS.values()}) == len(MODELS)
    for name, model in MODELS.items():
        assert model.name == name
        assert re.fullmatch(r"[a-z0-9-]+(/[\w.-]+)+", name), name
        assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
        assert model.bytes > 0
        assert model.url.startswith("https://")
        assert model.parts
    assert len(KOKORO_VOICES) == 41


def test_set_up_brought_every_file_and_each_is_right() -> None:
    found = ModelFiles()
    for name, model in MODELS.items():
        assert found.path(name).stat().st_size == model.bytes
    assert found.path(KOKORO) == FUNCTIONS / "models" / KOKORO


def test_a_directory_comes_before_the_deployed_files(tmp_path: Path) -> None:
    voice = "kokoro/voices/af_heart.bin"
    (tmp_path / "kokoro/voices").mkdir(parents=True)
    (tmp_path / voice).write_bytes(ModelFiles().read(voice))
    assert ModelFiles(tmp_path).path(voice) == tmp_path / voice
    assert ModelFiles(tmp_path).path(KOKORO) == FUNCTIONS / "models" / KOKORO


def test_a_missing_file_says_where_it_was_looked_for_and_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "DEPLOYED", tmp_path / "deployed")
    with pytest.raises(ModelMissing) as failure:
        ModelFiles(tmp_path / "mine").path(KOKORO)
    told = str(failure.value)
    assert KOKORO in told
    assert str(tmp_path / "mine") in told
    assert str(tmp_path / "deployed") in told
    assert f"`python -m troupe models fetch {KOKORO}`" in told
    assert str(tmp_path) not in failure.value.text  # which clients may see
    assert (failure.value.status, failure.value.code) == (503, "model_missing")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (CONTENT[:-1], f"is cut: it has {len(CONTENT) - 1} of {len(CONTENT)} bytes"),
        (b"", f"is cut: it has 0 of {len(CONTENT)} bytes"),
        (CONTENT + b"x", "has been altered"),
        (b"x" + CONTENT[1:], "has been altered"),
    ],
)
def test_a_file_that_is_not_the_published_one_is_refused(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(ModelDamaged, match=told):
        check(path, MODEL)


def test_a_file_is_hashed_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = []

    def counted(path: Path) -> str:
        hashed.append(path)
        return sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(model_files, "sha256", counted)
    path = tmp_path / "model.bin"
    path.write_bytes(CONTENT)
    check(path, MODEL)
    check(path, MODEL)
    assert len(hashed) == 1
    path.write_bytes(b"x" + CONTENT[1:])
    os.utime(path, ns=(1, 1))  # a file system may count time in coarse steps
    with pytest.raises(ModelDamaged):
        check(path, MODEL)


def test_a_file_is_joined_from_packages(tmp_path: Path, packages: Path) -> None:
    told: list[int] = []
    path = fetch(MODEL, tmp_path, packages, told.append)
    assert path.read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == MODEL.bytes
    assert [file.name for file in path.parent.iterdir()] == ["model.bin"]


def test_a_file_is_downloaded_if_a_package_is_not_there(
    tmp_path: Path, packages: Path, server: tuple[str, dict[str, bytes]]
) -> None:
    address, served = server
    served["/model"] = CONTENT
    (packages / "voices-2.tgz").unlink()
    path = fetch(replace(MODEL, url=f"{address}/model"), tmp_path, packages, silent)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (CONTENT[:-1], f"sent only {len(CONTENT) - 1} of {len(CONTENT)} bytes"),
        (CONTENT + b"x", f"sends more than {len(CONTENT)} bytes"),
        (CONTENT[::-1], "another file"),
        (None, "404"),
    ],
)
def test_a_bad_download_leaves_nothing_and_replaces_nothing(
    tmp_path: Path, server: tuple[str, dict[str, bytes]], content: bytes | None, told: str
) -> None:
    address, served = server
    if content is not None:
        served["/model"] = content
    path = tmp_path / MODEL.name
    path.parent.mkdir()
    path.write_bytes(b"what was there")
    with pytest.raises(FetchFailed, match=told):
        fetch(replace(MODEL, url=f"{address}/model"), tmp_path, None, silent)
    assert path.read_bytes() == b"what was there"
    assert list(path.parent.iterdir()) == [path]


def test_a_server_that_cannot_be_reached_is_an_error_with_the_files_name(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=re.escape(MODEL.name)):
        fetch(replace(MODEL, url="http://127.0.0.1:9/model"), tmp_path, None, silent)


@pytest.mark.parametrize("damage", ["wheel", "member"])
def test_a_damaged_package_is_an_error(tmp_path: Path, packages: Path, damage: str) -> None:
    wheel = packages / "voices_1-1.0-py3-none-any.whl"
    if damage == "wheel":
        wheel.write_bytes(b"no archive")
    else:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("voices_1/other", b"")
    with pytest.raises(FetchFailed, match=re.escape(MODEL.name)):
        fetch(MODEL, tmp_path, packages, silent)


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command in an environment that has no project and no secrets."""
    return subprocess.run(
        [sys.executable, "-m", "troupe", "models", *arguments],
        cwd=FUNCTIONS,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_needs_no_project() -> None:
    done = run("list", "translation")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 7
    assert all(str(FUNCTIONS / "models") in line for line in lines)


def test_the_command_verifies(tmp_path: Path) -> None:
    name = "kokoro/voices/am_michael.bin"
    done = run("verify", name)
    assert (done.returncode, done.stdout) == (0, "1 files are right, 0 are not\n")
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(b"cut")
    done = run("verify", name, MODELS_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "is cut" in done.stderr
    assert "models fetch" in done.stderr


def test_the_command_fetches_only_what_is_missing() -> None:
    done = run("fetch", "translation", "--packages", "/nowhere")
    assert (done.returncode, done.stdout) == (0, "0 files fetched (0 MB), 7 were there\n")


def test_the_command_refuses_unknown_names() -> None:
    done = run("fetch", "kokoro/nobody.bin")
    assert done.returncode == 2
    assert "kokoro/nobody.bin" in done.stderr


def test_health_names_a_voice_that_is_damaged(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"FUNCTIONS_EMULATOR": "true", "SPEECH_ENGINES": "kokoro", "MODELS_DIR": str(tmp_path)}
    )
    check_engines(settings)
    path = tmp_path / "kokoro/voices/bf_emma.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut")
    with pytest.raises(ModelDamaged, match=r"bf_emma\.bin is cut"):
        check_engines(settings)
