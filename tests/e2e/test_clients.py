"""The packages of the clients, installed as users do, against the whole stack: what their READMEs
and examples say, and the command."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import av
import pytest

from local.client import Client
from tests.conftest import Running
from tests.e2e.users import grant, text_of
from tools.clients import (
    PYTHON,
    TYPESCRIPT,
    build_python,
    build_typescript,
    generate_typescript,
)
from tools.locks import ROOT


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and what it depends on, in the versions of the lock."""
    folder = tmp_path_factory.mktemp("client")
    wheel, venv = build_python(folder), folder / "venv"
    uv: list[str | Path] = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, venv], check=True)
    # Hashes are for everything or nothing, and nobody has locked the wheel.
    pins = [line.split(" \\")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()]
    (folder / "pins").write_text("\n".join(pin for pin in pins if re.match(r"[a-z][^ ]*==", pin)))
    where: list[str | Path] = [
        "--python",
        venv / "bin" / "python",
    ]  # otherwise into the environment of the tests
    install = [*uv, "pip", "install", "--quiet", *where, "-c", folder / "pins", wheel]
    subprocess.run(install, check=True)
    return venv


@pytest.fixture
def account(stack: Running) -> dict[str, str]:
    """The environment of programs, with a new user's address and password."""
    email, password = f"{secrets.token_hex(6)}@example.com", "secret-123"
    given = {"email": email, "password": password}
    token = Client(stack.base_url).data("POST", "/api/auth/register", json=given)["accessToken"]
    grant(stack, Client(stack.base_url, token), 100)
    own = {"TROUPE_EMAIL": email, "TROUPE_PASSWORD": password}
    return {**os.environ, "TROUPE_URL": stack.base_url, **own}


def blocks(readme: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", readme.read_text(), re.DOTALL | re.MULTILINE)


def seconds(audio: Path) -> float:
    with av.open(str(audio)) as container:
        return float((container.duration or 0) / av.time_base)


def run(
    command: list[str | Path], folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=240, check=False
    )


def test_the_readme_of_the_python_client_makes_an_mp3(
    stack: Running, venv: Path, tmp_path: Path
) -> None:
    program = blocks(PYTHON / "README.md", "python")[0]
    lines = [line for line in program.splitlines() if line]
    assert len(lines) == 3
    env = {"PATH": os.environ["PATH"], "TROUPE_URL": stack.base_url}
    done = run([venv / "bin" / "python", "-c", program], tmp_path, env)
    assert done.returncode == 0, done.stderr
    assert seconds(tmp_path / "evening.mp3") > 1


@pytest.mark.parametrize("name", sorted(path.name for path in (PYTHON / "examples").iterdir()))
def test_the_examples_of_the_python_client_run(
    name: str, venv: Path, account: dict[str, str], tmp_path: Path
) -> None:
    done = run([venv / "bin" / "python", PYTHON / "examples" / name], tmp_path, account)
    assert done.returncode == 0, done.stderr
    assert seconds(next(tmp_path.glob("*.mp3"))) > 0.5
    assert done.stdout


def test_the_command_is_interrupted_and_goes_on(
    venv: Path, account: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "chapter.txt").write_text(text_of(6_000))
    command: list[str | Path] = [
        venv / "bin" / "troupe",
        "speak",
        "chapter.txt",
        "-o",
        "chapter.mp3",
    ]
    # Shells let what they run in the background ignore it, and so do its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*command, "--email", account["TROUPE_EMAIL"]],
        cwd=tmp_path,
        env=account,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    with process:
        assert process.stderr is not None
        assert "%" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
        assert process.wait(20) == 130, told
    assert list(tmp_path.glob("*.mp3")) == []
    (again,) = re.findall(r"To get the audio: (troupe speak .*)", told)
    path = f"{venv / 'bin'}:{account['PATH']}"
    done = run(["bash", "-c", again], tmp_path, account | {"PATH": path})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("chapter.mp3, ")
    assert seconds(tmp_path / "chapter.mp3") > 150
    # It was one job, paid once.
    token = Client(account["TROUPE_URL"]).data(
        "POST",
        "/api/auth/login",
        json={"email": account["TROUPE_EMAIL"], "password": account["TROUPE_PASSWORD"]},
    )["accessToken"]
    entries = Client(account["TROUPE_URL"], token).data("GET", "/api/tokens/ledger")["entries"]
    assert [entry["kind"] for entry in entries].count("settle") == 1


WRONG = {
    "no file": (["none.txt"], {}, 2, "there is no file none.txt"),
    "no text": (["empty.txt"], {}, 2, "empty.txt has no text"),
    "nobody": (["text.txt"], {"TROUPE_API_KEY": ""}, 2, "Set TROUPE_API_KEY, or give --email"),
    "a wrong key": (["text.txt"], {"TROUPE_API_KEY": "trp_x"}, 1, "troupe: "),
    "a wrong language": (["text.txt", "--language", "xx-XX"], {}, 1, "language"),
    "no server": (["text.txt", "--url", "http://127.0.0.1:9"], {}, 1, "cannot be reached"),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_command_says_what_is_wrong(
    what: str, venv: Path, account: dict[str, str], tmp_path: Path
) -> None:
    words, changes, code, told = WRONG[what]
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "text.txt").write_text("Good evening.")
    email = [] if "TROUPE_API_KEY" in changes else ["--email", account["TROUPE_EMAIL"]]
    command: list[str | Path] = [venv / "bin" / "troupe", "speak", *words, "-o", "out.mp3", *email]
    done = run(command, tmp_path, account | changes)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.mp3").exists()


def test_the_typescript_package_and_its_example(account: dict[str, str], tmp_path: Path) -> None:
    package = build_typescript(tmp_path)
    names = subprocess.run(
        ["tar", "-tzf", package], check=True, capture_output=True, text=True
    ).stdout.split()
    assert {"package/dist/src/index.js", "package/dist/src/index.d.ts"} <= set(names)
    done = run(["node", TYPESCRIPT / "dist" / "examples" / "speak.js"], tmp_path, account)
    assert done.returncode == 0, done.stderr
    assert seconds(tmp_path / "evening.mp3") > 1
    assert "completed, 100 %" in done.stdout
    assert "settle" in done.stdout


def test_the_readme_of_the_typescript_client_compiles(tmp_path: Path) -> None:
    generate_typescript()
    shutil.copytree(TYPESCRIPT / "src", tmp_path / "src")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    program = blocks(TYPESCRIPT / "README.md", "ts")
    text = "declare const audio: HTMLAudioElement;\n" + "\n".join(program)
    (tmp_path / "readme.ts").write_text(text.replace('"troupe-client"', '"./src/index.js"'))
    (tmp_path / "tsconfig.json").write_text((TYPESCRIPT / "tsconfig.json").read_text())
    command: list[str | Path] = [ROOT / "node_modules" / ".bin" / "tsc", "--noEmit", "-p", "."]
    settings = (tmp_path / "tsconfig.json").read_text().replace('"examples"', '"readme.ts"')
    (tmp_path / "tsconfig.json").write_text(settings)
    done = run(command, tmp_path, os.environ)
    assert done.returncode == 0, done.stdout
