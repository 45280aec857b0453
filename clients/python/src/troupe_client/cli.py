"""`troupe speak`: speaks a file, and follows the job."""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from troupe_client.client import LOCAL, Troupe
from troupe_client.errors import ApiError, JobFailed

_CHOICES = ("language", "voice_id", "voice_type", "character_id", "target_language", "speed")
_HINTS = {
    "unauthorized": "Is the key or the password right?",
    "api_key_invalid": "Copy the whole key; it begins with trp_.",
    "key_not_accepted": "The key needs the scope `speech`.",
    "invalid_credentials": "Is the password right?",
    "not_enough_tokens": "`GET /api/tokens/ledger` shows what they were spent for.",
    "idempotency_key_reused": "Text and options have to be those of the first time.",
}


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return _speak(options)
    except KeyboardInterrupt:
        told = f": the server goes on with it. To get the audio: {_again(options)}"
        print(f"\ninterrupted{told if options.key else ''}", file=sys.stderr)
        return 130
    except _Wrong as wrong:
        print(f"troupe: {wrong}", file=sys.stderr)
        return 2
    except ApiError as error:
        print(f"troupe: {error.message}", file=sys.stderr)
        if isinstance(error.details, dict):
            for each in error.details.get("fields", []):
                print(f"  {each.get('field')}: {each.get('message')}", file=sys.stderr)
        if error.code in _HINTS:
            print(f"  {_HINTS[error.code]}", file=sys.stderr)
        return 1
    except JobFailed as failed:
        print(f"troupe: the text was not spoken: {failed}", file=sys.stderr)
        return 1
    except httpx.TransportError as error:
        print(f"troupe: {options.url} cannot be reached: {error}", file=sys.stderr)
        if options.key:
            print(f"  To go on later: {_again(options)}", file=sys.stderr)
        return 1


class _Wrong(Exception):
    """Wrong use; the sentence says what would be right."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="troupe",
        description="Speaks texts with an installation of Troupe.",
        epilog="TROUPE_API_KEY holds an API key with the scope `speech`; or sign in with --email, "
        "and TROUPE_PASSWORD or a prompt. Exit codes: 0 success, 1 refused or failed, 2 wrong use, "
        "130 interrupted.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    speak = commands.add_parser("speak", help="speak a file, and wait for the audio")
    speak.add_argument("file", help="a text; - for standard input")
    speak.add_argument("-o", "--output", required=True, metavar="FILE", help="the audio")
    url = os.environ.get("TROUPE_URL") or LOCAL
    speak.add_argument("--url", default=url, help=f"default: TROUPE_URL, or {LOCAL}")
    speak.add_argument("--email", metavar="ADDRESS", help="sign in, without a key")
    for name in _CHOICES:
        default = "en-US" if name == "language" else None
        kind = float if name == "speed" else str
        speak.add_argument(f"--{name.replace('_', '-')}", default=default, type=kind)
    speak.add_argument(
        "--resume", dest="key", metavar="KEY", help="go on with what an earlier call began"
    )
    return parser


def _speak(options: argparse.Namespace) -> int:
    output = Path(options.output)
    if not output.parent.is_dir():
        raise _Wrong(f"there is no folder {output.parent}")
    text = _text(options.file)
    choices = {name: getattr(options, name) for name in _CHOICES}
    choices = {name: value for name, value in choices.items() if value is not None}
    formats = {".wav": "wav", ".ogg": "ogg"}
    choices["format"] = formats.get(output.suffix.lower(), "mp3")
    with _signed_in(options) as troupe:
        # Chosen before anything is sent: whenever this ends, the same call continues it.
        options.key = options.key or secrets.token_hex(8)
        with _progress() as show:
            speech = troupe.speak(text, on_progress=show, idempotency_key=options.key, **choices)
        speech.save(output)
    print(f"{output}, {speech.generation.seconds:.1f} s")
    return 0


def _text(name: str) -> str:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _Wrong(f"there is no file {name}") from None
    except UnicodeDecodeError:
        raise _Wrong(f"{name} is not a text in UTF-8") from None
    if not text.strip():
        raise _Wrong(f"{name} has no text")
    return text


@contextmanager
def _signed_in(options: argparse.Namespace) -> Iterator[Troupe]:
    if options.email:
        password = os.environ.get("TROUPE_PASSWORD") or getpass.getpass(
            f"Password of {options.email}: "
        )
        troupe = Troupe.sign_in(options.email, password, options.url)
    elif os.environ.get("TROUPE_API_KEY"):
        troupe = Troupe(options.url)
    else:
        raise _Wrong("who are you? Set TROUPE_API_KEY, or give --email")
    with troupe:
        yield troupe


@contextmanager
def _progress() -> Iterator[Callable[[Any], None]]:
    """A bar on a terminal, and lines elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("waiting", total=100)

        def show(job: Any) -> None:
            progress.update(task, description=_step(job), completed=job.overall_progress)

        yield show


def _lines() -> Callable[[Any], None]:
    last = ""

    def show(job: Any) -> None:
        nonlocal last
        line = f"{_step(job)}: {job.overall_progress} %"
        if line != last:
            print(line, file=sys.stderr, flush=True)
        last = line

    return show


def _step(job: Any) -> str:
    return "waiting" if str(job.status) == "queued" else "speaking"


def _again(options: argparse.Namespace) -> str:
    words = ["troupe", "speak", options.file, "-o", options.output]
    for name in ("url", "email", *_CHOICES):
        value = getattr(options, name)
        if value is not None and (name, value) not in (("url", LOCAL), ("language", "en-US")):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join([*words, "--resume", options.key])


if __name__ == "__main__":
    sys.exit(main())
