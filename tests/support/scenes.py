"""A user with two characters and a script, and helpers for requests about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask.testing import FlaskClient

from tests.support.factories import new_character, signed_in
from troupe.adapters.firestore import Database, Update
from troupe.adapters.storage import Files
from troupe.media.captions import Cue, cues_to_json
from troupe.recording.records import Sound
from troupe.scripts.records import DialogueAudio, FinalVideo, Script
from troupe.scripts.writes import files_prefix, referenced_files, script_path
from troupe.speech.engine import WordTiming

SCENE = [
    ("Anna", "Did you hear the bell?"),
    ("Ben", "There is no bell in this town."),
    ("Anna", "There is now."),
]


@dataclass
class Scene:
    client: FlaskClient
    db: Database
    uid: str
    headers: dict[str, str]
    cast: list[str]
    script: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.script["id"])

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(self._url(path), headers=self.headers | headers)

    def post(self, path: str, *, key: str | None = None, **body: Any) -> Any:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return self.client.post(self._url(path), json=body, headers=headers)

    def put(self, path: str, **body: Any) -> Any:
        return self.client.put(self._url(path), json=body, headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(self._url(path), headers=self.headers)

    def sound(self, line: int) -> Any:
        return self.get(f"/audio?line={line}")

    def dialogue(self) -> list[dict[str, str]]:
        speakers = {"Anna": self.cast[0], "Ben": self.cast[1]}
        return [{"speaker": speakers[name], "text": text} for name, text in SCENE]

    def as_another(self, db: Database) -> Scene:
        uid, headers = signed_in(db)
        return replace(self, uid=uid, headers=headers)

    def record(self) -> Script:
        return Script.of(self.db.get(script_path(self.id)))

    def stored(self, files: Files) -> set[str]:
        return set(files.list(files_prefix(self.id)))

    def referenced(self) -> set[str]:
        return referenced_files(self.record())

    def performed(self, files: Files) -> None:
        """Puts the script in the state after its audio and video jobs; each file is distinct."""
        prefix, script = files_prefix(self.id), self.record()
        lines = []
        for number, line in enumerate(script.dialogue):
            path = f"{prefix}lines/{number}.wav"
            sound = Sound(path=path, samples=22_050, rate=22_050, timing_source="engine")
            files.upload(path, f"line {number}".encode(), "audio/wav")
            files.upload(sound.facts_path(sound.path), b"[]", "application/json")
            lines.append(line.model_copy(update={"audio": sound}))
        audio = DialogueAudio(
            path=f"{prefix}audio-1.mp3",
            cues_path=f"{prefix}audio-1.cues.json",
            peaks_path=f"{prefix}audio-1.peaks",
            format="mp3",
            size=len(b"the dialogue"),
            seconds=3.5,
            starts=[0.0, 1.2, 2.4],
        )
        files.upload(audio.path, b"the dialogue", "audio/mpeg")
        cues = [Cue(0.0, 1.0, "Hello & goodbye", "Anna")]
        files.upload(audio.cues_path, cues_to_json(cues).encode(), "application/json")
        files.upload(f"{prefix}audio-1.peaks", bytes(4), "application/octet-stream")
        name = f"{self.id}_abc-1_final.mp4"
        video = FinalVideo(
            name=name,
            path=f"{prefix}{name}",
            cues_path=f"{prefix}video-1.cues.json",
            size=len(b"the video"),
            seconds=45.2,
            resolution="1280x720",
            revision=script.revision,
        )
        files.upload(video.path, b"the video", "video/mp4")
        assert video.cues_path
        cues = [Cue(0.0, 1.2, "Hello & goodbye", "Anna", 0, (WordTiming("Hello ", 0.0, 0.5),))]
        files.upload(video.cues_path, cues_to_json(cues).encode(), "application/json")
        fields = {
            "dialogue": [line.stored() for line in lines],
            "audio": audio.stored(),
            "video": video.stored(),
        }
        self.db.commit(Update(script_path(self.id), fields))

    def _url(self, path: str) -> str:
        return path if path.startswith("/api/") else f"/api/scripts/{self.id}{path}"


def new_scene(client: FlaskClient, db: Database, tokens: int = 20) -> Scene:
    uid, headers = signed_in(db, tokens)
    cast = [new_character(db, uid, name, images=2) for name in ("Anna", "Ben")]
    scene = Scene(client, db, uid, headers, cast, {})
    body = {"selectedCharacters": cast, "dialogue": scene.dialogue()}
    answer = client.post("/api/scripts", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return replace(scene, script=answer.json["data"]["script"])
