"""Background clips of videos."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from troupe.adapters.firestore import AlreadyExists, now
from troupe.app.container import Container
from troupe.media.uploads.checks import BadClip
from troupe.media.video.poster import MIME_TYPE, poster
from troupe.scripts.backgrounds import (
    CLIP_NAME,
    COLLECTION,
    Background,
    background_path,
    create_write,
    poster_path,
)

MAX_BYTES = 100 * 1024 * 1024  # a minute at a high bit rate; every job that uses it downloads it


def add_background(options: argparse.Namespace, services: Container) -> int:
    """Stores a clip as a background named after its file, in lower case with hyphens."""
    path = Path(options.file)
    name = re.sub(r"[^a-z0-9_]+", "-", path.stem.lower()).strip("-_") + ".mp4"
    title = options.title.strip()
    if not CLIP_NAME.fullmatch(name) or not 1 <= len(title) <= 100:
        print("the file's name or the title is empty or too long", file=sys.stderr)
        return 2
    try:
        clip = services.decoders.clip(path)
        size = path.stat().st_size
        picture = poster(path, clip.seconds)
    except (BadClip, OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    if size > MAX_BYTES:
        print(f"{path}: {size} bytes is too large (maximum {MAX_BYTES})", file=sys.stderr)
        return 1
    taken = f"a background named {name} already exists; rename the file"
    if services.database.get(f"{COLLECTION}/{name}").exists:  # its clip must not be replaced
        print(taken, file=sys.stderr)
        return 1
    services.files.upload(background_path(name), path, "video/mp4")
    services.files.upload(poster_path(name), picture, MIME_TYPE)
    background = Background(
        id=name,
        title=title,
        seconds=clip.seconds,
        width=clip.width,
        height=clip.height,
        size=size,
        poster_size=len(picture),
        created_at=now(),
    )
    try:
        services.database.commit(create_write(background))
    except AlreadyExists:
        print(taken, file=sys.stderr)
        return 1
    print(f"{name}: {clip.width} x {clip.height}, {clip.seconds:.1f} s, {size} bytes")
    return 0
