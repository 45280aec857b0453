"""`make demo`: from sign-in to finished files and charges, on a stack of its own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.client import Client, Json
from local.demo_listening import wrong_words
from local.demo_room import converse
from local.demo_scene import Work, play
from local.layout import HOST
from local.ports import default_ports
from local.seed import account, seed_stack
from local.stack import Stack

_BAR = 28

_OPENING = (
    "Good evening, and welcome to the show. My name is Arthur, and I will be your host tonight. "
    "We have songs, we have stories, and we have a very small orchestra that has been told to play "
    "quietly. Please take your seats, switch off everything that rings, and let the first act "
    "begin."
)
_SPANISH = (
    "Buenas noches a todos. Esta historia empieza en un pueblo pequeño, junto al mar, donde cada "
    "barco lleva el nombre de una canción."
)
_KIDS = "Hello! I have a dragon in my garden. It eats tomatoes, and it is afraid of butterflies."
_ACT = (
    "The lamps went out one by one along the harbour, and only the lighthouse kept its slow count. "
    "Somebody was singing on the last boat. It was an old song, older than the harbour wall, and "
    "nobody knew all of its verses any more. "
)


@dataclass(frozen=True)
class Piece:
    """One text of the demo; `name` names its files."""

    name: str
    title: str
    text: str
    language: str
    voice_type: str
    voice_id: str | None = None


PIECES = (
    Piece("1-opening-male", "English, male", _OPENING, "en-us", "male"),
    Piece("2-historia-female", "Spanish, female", _SPANISH, "es", "female"),
    Piece("3-dragon-kids", "English, kids", _KIDS, "en-us", "kids"),
    # Longer than one part of 4,000 characters: each part is a task, and they run in parallel.
    # By the fast engine: Kokoro would take more than a minute for these seven.
    Piece(
        *("4-long-female", "English, female, in parts", _ACT * 30, "en-gb", "female"),
        voice_id="espeak-en-gb-female",
    ),
)


class _Progress:
    """A progress bar on a terminal; elsewhere one line per change."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._live = sys.stdout.isatty()
        self._begun = time.monotonic()
        self._shown = ""

    def __call__(self, data: Json) -> None:
        job = data["job"]
        percent = int(job["overallProgress"])
        step = next((s["message"] for s in job["steps"] if s["status"] == "in_progress"), "")
        state = step or job["status"]
        if self._live:
            filled = "█" * (_BAR * percent // 100)
            seconds = time.monotonic() - self._begun
            line = f"  {self._title:<26} {filled:<{_BAR}} {percent:>3} %  {seconds:4.1f} s  {state}"
            print(f"\r\x1b[K{line[: _columns() - 1]}", end="", flush=True)
            if job["status"] in ("completed", "failed", "cancelled"):
                print()
        elif f"{percent} {state}" != self._shown:
            self._shown = f"{percent} {state}"
            print(f"  {self._title:<26} {percent:>3} %  {state}", flush=True)


def _columns() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 120


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [head, tuple("─" * width for width in widths), *rows]
    return "\n".join(
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def perform(
    base_url: str, out: Path
) -> tuple[list[Work], dict[str, list[Json]], list[tuple[str, ...]]]:
    """Speaks every piece as Ada, performs the scene, and writes the files to `out`. Returns the
    works, the ledger's settle entries by job, and what a recogniser gets wrong."""
    out.mkdir(parents=True, exist_ok=True)
    ada = account("ada@example.com")
    works: list[Work] = []
    with Client(base_url) as client:
        client.sign_in(ada.email, ada.password)
        # All at once: the queue runs them at the same time.
        requests = [
            client.generate(
                text=piece.text,
                language=piece.language,
                voiceType=piece.voice_type,
                voiceId=piece.voice_id,
                format="mp3",
            )
            for piece in PIECES
        ]
        for piece, started in zip(PIECES, requests, strict=True):
            generation = client.finished(started, seen=_Progress(piece.title))["generation"]
            audio, captions = out / f"{piece.name}.mp3", out / f"{piece.name}.vtt"
            audio.write_bytes(client.call("GET", generation["audioUrl"]).content)
            captions.write_bytes(client.call("GET", generation["captionsUrl"]).content)
            seconds = generation["seconds"]
            title = f"{piece.title}, by {generation['engine']}"
            works.append(Work(title, generation["id"], seconds, (audio, captions)))
        works += play(client, out, _Progress)
        errors = _listen(client, out)
        entries = client.data("GET", "/api/tokens/ledger?limit=100")["entries"]
    settled = [entry for entry in entries if entry["kind"] == "settle"]
    charges = {
        work.job_id: [entry for entry in settled if entry["jobId"] == work.job_id] for work in works
    }
    return works, charges, errors


def _listen(client: Client, out: Path) -> list[tuple[str, ...]]:
    """Transcribes the first pieces, as they were spoken and as espeak-ng speaks them."""
    rows: list[tuple[str, ...]] = []
    for piece in PIECES[:2]:
        other = out / f"{piece.name}-espeak.mp3"
        voice = f"espeak-{piece.language}-{piece.voice_type}"
        spoken = client.speak(
            text=piece.text, language=piece.language, voiceId=voice, seen=_Progress(voice)
        )["generation"]
        other.write_bytes(client.call("GET", spoken["audioUrl"]).content)
        heard = (out / f"{piece.name}.mp3", other)
        rows.append((piece.title, *(wrong_words(client, each, piece.text) for each in heard)))
    return rows


def _report(
    works: list[Work],
    settled: dict[str, list[Json]],
    errors: list[tuple[str, ...]],
    folder: Path,
) -> str:
    files = [
        (
            _shown(path),
            f"{path.stat().st_size:,} bytes",
            "captions" if path.suffix == ".vtt" else f"{work.seconds:.1f} s",
        )
        for work in works
        for path in work.files
    ]
    charges = [
        (entry["id"], work.title, f"{entry['amount']:+d} {entry['meter']}")
        for work in works
        for entry in settled[work.job_id]
    ]
    return (
        f"\nWords that a recogniser (Whisper base) gets wrong:\n"
        f"{_table(('text', 'this voice', 'espeak-ng'), errors)}\n"
        f"\nCharged to Ada (one settle entry per job):\n"
        f"{_table(('ledger entry', 'for', 'charge'), charges)}\n"
        f"\nResults in {_shown(folder)}/:\n{_table(('file', 'size', 'length'), files)}"
    )


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def demo(out: Path) -> int:
    begun = time.monotonic()
    print("Starting a stack on free ports", flush=True)
    with Stack.start(ports="auto", say=lambda line: print(line, flush=True)) as stack:
        print(f"  {'seeded':<10} {seed_stack(stack)}", flush=True)
        print(f"\nReady after {time.monotonic() - begun:.1f} s. Ada signs in and requests speech:")
        works, settled, errors = perform(stack.base_url, out)
        print("\nThree people write to each other in a room, each in their own language:")
        transcript = converse(stack, out)
        print(_report(works, settled, errors, out))
        print(f"  {_shown(transcript)}: what was written in the room, as each of the three read it")
        missing = [work.title for work in works if len(settled[work.job_id]) != 1]
    if missing:
        print(f"\nnot charged exactly once: {', '.join(missing)}", file=sys.stderr)
        return 1
    print(f"\nThe stack has stopped. Total time: {time.monotonic() - begun:.1f} s.")
    print(
        f"To do the same by hand: `make up`, then open the studio, http://{HOST}:{default_ports()['hosting']}/"
    )
    return 0
