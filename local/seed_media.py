"""Seeds background clips and characters through the app's own services."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage

from local import cast
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import AlreadyExists, now
from troupe.app.functions import container
from troupe.characters.schemas import CreateCharacter
from troupe.characters.wording import STATEMENT, VERSION
from troupe.media.video.poster import MIME_TYPE, poster
from troupe.scripts.backgrounds import Background, background_path, create_write, poster_path
from troupe.web.schema import Page


def seed_backgrounds(folder: Path) -> int:
    """Seeds the clips in `folder`; returns their number."""
    entries = json.loads((folder / "backgrounds.json").read_text())
    for entry in entries:
        clip = folder / entry["name"]
        picture = poster(clip, entry["seconds"])
        container().files.upload(background_path(entry["name"]), clip, "video/mp4")
        container().files.upload(poster_path(entry["name"]), picture, MIME_TYPE)
        background = Background(
            id=entry["name"],
            title=entry["title"],
            seconds=entry["seconds"],
            width=entry["width"],
            height=entry["height"],
            size=clip.stat().st_size,
            poster_size=len(picture),
            created_at=now(),
        )
        try:
            container().database.commit(create_write(background))
        except AlreadyExists:
            continue
    return len(entries)


def seed_cast() -> int:
    """Seeds the characters of the sample cast; returns their number."""
    found = container().directory.find(cast.owner())
    if found is None:
        return 0
    owner = AccountCaller.of(found, "seed")
    mine, _ = container().character_library.mine(found.id, Page(limit=100))
    names = {each.character.display_name for each in mine}
    members = cast.members()
    for member in members:
        if member["name"] not in names:
            _create(owner, member)
    return len(members)


def _create(owner: AccountCaller, member: dict[str, Any]) -> None:
    with ExitStack() as opened:

        def upload(path: Path) -> FileStorage:
            return FileStorage(opened.enter_context(path.open("rb")), path.name)

        fields = {
            "display_name": member["name"],
            "audio_file": upload(cast.sample(member["name"])),
            "consent": _consent(member["name"]),
            "sample_text": member["sampleText"],
            "image_files": [upload(path) for path in cast.pictures(member["name"])],
            "speed": member["speed"],
            "language": member["language"],
            "voice_type": member["voiceType"],
        }
        container().characters.create(owner, CreateCharacter.model_validate(fields).command())


def _consent(name: str) -> dict[str, Any]:
    """The consent for the voice sample of a character."""
    return {
        "statement": STATEMENT,
        "version": VERSION,
        "speaker": f"{name}, a synthetic voice",
        "relationship": "authorised",
        "purposes": ["own_use", "use_by_others"],
    }
