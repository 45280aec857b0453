"""The second part of the demo: a cast of three performs a screenplay as audio and video."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local import cast
from local.client import Client, Json

Seen = Callable[[Json], None]
NAME = "5-lighthouse"
WRITTEN = "6-written-by-ai"
_PROMPT = (
    "A year later. Pip shows the lighthouse to her grandmother, who has never been inside; Marta "
    "and Ezra try to tell the story of the first night, and cannot agree on it."
)


@dataclass(frozen=True)
class Work:
    """A finished job; `seconds` of audio or video."""

    title: str
    job_id: str
    seconds: float
    files: tuple[Path, ...]


def play(client: Client, out: Path, progress: Callable[[str], Seen]) -> list[Work]:
    """Performs the screenplay of emulator-data with the seeded cast. With OPENAI_API_KEY set, a
    model writes another scene for the same cast. Writes audio, captions and video to `out`."""
    characters = client.data("GET", "/api/my-characters?limit=100")["characters"]
    ids = [character["id"] for character in characters]
    script = client.data(
        *("POST", "/api/scripts"),
        json={
            "selectedCharacters": ids,
            "screenplay": cast.screenplay(),
            "title": "The Lighthouse",
        },
    )["script"]
    done = [_audio(client, script, out / NAME, progress), _video(client, script, out, progress)]
    if os.environ.get("OPENAI_API_KEY"):
        request = {"selectedCharacters": ids, "prompt": _PROMPT, "lines": 8, "language": "en"}
        written = client.data("POST", "/api/scripts/generate", json=request)["script"]
        done.append(_audio(client, written, out / WRITTEN, progress))
    return done


def _audio(client: Client, script: Json, stem: Path, progress: Callable[[str], Seen]) -> Work:
    title = f"Scene, {len(script['dialogue'])} lines"
    job = client.perform(script["id"], "audio", format="mp3", seen=progress(title))
    place = f"/api/scripts/{script['id']}"
    files = (stem.with_suffix(".mp3"), stem.with_suffix(".vtt"))
    files[0].write_bytes(client.call("GET", f"{place}/audio").content)
    files[1].write_bytes(client.call("GET", f"{place}/captions?format=vtt").content)
    seconds = client.data("GET", place)["script"]["audioDuration"]
    return Work(title, job["jobId"], seconds, files)


def _video(client: Client, script: Json, out: Path, progress: Callable[[str], Seen]) -> Work:
    job = client.perform(script["id"], "video", seen=progress("Scene, video"))
    target = out / f"{NAME}.mp4"
    target.write_bytes(client.call("GET", job["finalVideoPath"]).content)
    return Work("Scene, video", job["jobId"], job["videoDuration"], (target,))
