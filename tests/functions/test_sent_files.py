"""Every door that sends a file: its name for clients of ASCII and of Unicode, and its ranges."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from tests.support.factories import HeldQueue, new_character, signed_in
from tests.support.media_files import sent
from tests.support.scenes import Scene
from tests.support.sounds import recording
from tests.support.wiring import app_for, deliver, services
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files

TITLE = "Война и мир"
Headers = Mapping[str, str]


@dataclass
class Door:
    """`name`: the real name that it sends, if there is one that is not of ASCII. `body`: of a
    POST, for which ranges are not defined."""

    client: FlaskClient
    url: str
    headers: Headers
    name: str | None = None
    ranges: bool = True
    body: dict[str, str] | None = None

    def get(self, **headers: str) -> Any:
        method = "GET" if self.body is None else "POST"
        sent = {**self.headers, **headers}
        return self.client.open(self.url, method=method, json=self.body, headers=sent)


def generation(queue: HeldQueue, headers: Headers, path: str) -> Door:
    client = app_for("voice").test_client()
    body = {"text": "Добрый вечер!", "language": "ru"}
    place = client.post("/api/voice/generate", json=body, headers=headers).headers["Location"]
    deliver(queue)
    name = "Добрый вечер!.mp3"
    if path == "download":
        body = {"audioId": place.rpartition("/")[2]}
        return Door(client, "/api/user/download-audio", headers, name, ranges=False, body=body)
    place = f"{place}/{path}"
    if path == "captions":
        return Door(client, place, headers, ranges=False)
    return Door(client, place, headers, name)


def script(db: Database, files: Files, uid: str, headers: dict[str, str], path: str) -> Door:
    cast = [new_character(db, uid, name) for name in ("Anna", "Ben")]
    scene = Scene(app_for("scripts").test_client(), db, uid, headers, cast, {})
    body: dict[str, Any] = {
        "selectedCharacters": cast,
        "dialogue": scene.dialogue(),
        "title": TITLE,
    }
    made = scene.post("/api/scripts", **body)
    scene.script = made.json["data"]["script"]
    scene.performed(files)
    url = f"/api/scripts/{scene.id}{path}"
    if path == "video":
        url = scene.get("").json["data"]["script"]["finalVideoPath"]
    names = {"/audio": f"{TITLE}.mp3", "/audio?line=1": f"{TITLE} 2.wav", "video": f"{TITLE}.mp4"}
    return Door(scene.client, url, headers, names.get(path), ranges="captions" not in path)


def upload(uid: str, headers: Headers) -> Door:
    file = services().user_files.add(uid, "Голос.mp3", sent(recording()))
    url = f"/api/files/download/{file.id}"
    return Door(app_for("files").test_client(), url, headers, "Голос.wav")


def export(queue: HeldQueue, headers: Headers) -> Door:
    client = app_for("auth").test_client()
    place = client.post("/api/auth/export", headers=headers).headers["Location"]
    deliver(queue)
    return Door(client, f"{place}/archive", headers)


def _script(path: str, db: Database, files: Files, _: HeldQueue) -> Door:
    return script(db, files, *signed_in(db), path)


Opened = Callable[[Database, Files, HeldQueue], Door]
DOORS: dict[str, Opened] = {
    "audio": lambda db, files, queue: generation(queue, signed_in(db)[1], "audio"),
    "download": lambda db, files, queue: generation(queue, signed_in(db)[1], "download"),
    "captions": lambda db, files, queue: generation(queue, signed_in(db)[1], "captions"),
    **{
        f"script: {path}": partial(_script, path)
        for path in ("/audio", "/audio?line=1", "/captions", "video")
    },
    "file": lambda db, files, queue: upload(*signed_in(db)),
    "export": lambda db, files, queue: export(queue, signed_in(db)[1]),
}


@pytest.mark.parametrize("name", DOORS)
def test_every_door_sends_names_and_ranges_by_the_standards(
    name: str, db: Database, files: Files, queue: HeldQueue
) -> None:
    door = DOORS[name](db, files, queue)
    whole = door.get()
    assert whole.status_code == 200, whole.text
    size = len(whole.data)
    disposition = whole.headers["Content-Disposition"]
    simple = re.search(r'filename="([^"]*)"', disposition)
    assert simple and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._ -]*\.[a-z0-9]+", simple[1])
    real = re.search(r"filename\*=UTF-8''(\S+)$", disposition)
    assert (unquote(real[1]) if real else None) == door.name
    rows: list[tuple[str, int, bytes]] = [
        ("bytes=0-1", 206, whole.data[:2]),
        ("bytes=-2", 206, whole.data[-2:]),
        (f"bytes=-{size + 1}", 206, whole.data),
        ("bytes=0-0,2-2", 200, whole.data),
        ("bytes=x", 200, whole.data),
    ]
    for asked, status, data in rows:
        answer = door.get(Range=asked)
        wanted = (status if door.ranges else 200, data if door.ranges else whole.data)
        assert (answer.status_code, answer.data) == wanted, asked
    beyond = door.get(Range=f"bytes={size}-")
    if door.ranges:
        assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
        assert door.get(**{"Range": "bytes=0-1", "If-Range": '"x"'}).status_code == 200
    else:
        assert beyond.status_code == 200
