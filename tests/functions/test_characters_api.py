"""The character endpoints over HTTP: responses to valid and invalid requests."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from tests.support.characters import CONSENT, OTHER_SOUND, PICTURE, SOUND
from tests.support.factories import CountingDatabase, code, signed_in
from tests.support.forms import multipart
from tests.support.media_files import SVG, ZIP, opened, picture, pixel_bomb, sound
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database

CREATE = "/api/characters/complete"
MB = 1024 * 1024


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("characters").test_client()


@pytest.fixture
def no_storage() -> Iterator[None]:
    """Fails the test if a file is stored or read."""

    class Away:
        def __getattr__(self, name: str) -> None:
            raise AssertionError("a file was touched")

    with rewired(files=Away()):
        yield


def part(data: bytes, name: str = "file.bin") -> FileStorage:
    return FileStorage(io.BytesIO(data), filename=name)


def form(**changes: Any) -> dict[str, Any]:
    fields = {"displayName": "Ada", "audioFile": part(SOUND, "ada.wav"), "consent": CONSENT}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def create(client: FlaskClient, headers: dict[str, str], **changes: Any) -> TestResponse:
    return client.post(CREATE, headers=headers, **multipart(**form(**changes)))


def made(client: FlaskClient, headers: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = create(client, headers, **changes)
    assert answer.status_code == 201, answer.text
    character: dict[str, Any] = answer.json["data"]["character"]
    return character


def test_a_form_becomes_a_character_with_files(client: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db)
    character = made(
        client,
        headers,
        displayName=" Grace Hopper ",
        speed="1.2",
        nfeSteps="28",
        crossFadeDuration="0.2",
        removeSilences="false",
        language="de",
        voiceType="male",
        sampleText="Guten Abend.",
        imageFiles=[part(PICTURE), part(picture("jpeg"))],
    )
    assert character["displayName"] == "Grace Hopper"
    assert character["config"] == {
        "speed": 1.2,
        "nfeSteps": 28,
        "crossFadeDuration": 0.2,
        "removeSilences": False,
        "dictionaryId": None,
        "voiceId": None,
    }
    assert (character["language"], character["voiceType"]) == ("de", "male")
    assert (character["outputPrefix"], character["sampleText"]) == ("grace_hopper", "Guten Abend.")
    assert (character["createdBy"], character["createdByName"]) == (uid, "Ada")
    assert (character["imageCount"], character["hasAudio"], character["isOwner"]) == (2, True, True)
    assert character["sampleQuality"]["seconds"] == 1.5
    assert character["sampleQuality"]["verdict"] == "poor"
    assert character["voiceCloned"] is False
    assert "does not clone" in character["voiceNote"]
    assert "male voice in German" in character["voiceNote"]
    assert character["consent"]["statement"] == CONSENT
    assert (character["visibility"], character["allowUse"]) == ("public", True)
    audio = client.get(character["audioFile"])
    assert (audio.status_code, audio.mimetype) == (200, "audio/wav")
    assert audio.data[:4] == b"RIFF"
    for url, kind in zip(character["images"].values(), ("PNG", "JPEG"), strict=True):
        assert opened(client.get(url).data).format == kind


def test_pictures_have_small_copies_that_go_with_them(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    large = picture("jpeg", (600, 400))
    character = made(client, headers, imageFiles=[part(large), part(PICTURE)])
    place, (url, tiny) = f"/api/characters/{character['id']}", character["images"].values()
    answers = {side: client.get(f"{url}?w={side}") for side in (96, 320)}
    assert {side: opened(answer.data).size for side, answer in answers.items()} == {
        96: (144, 96),
        320: (480, 320),
    }
    assert {answer.mimetype for answer in answers.values()} == {"image/webp"}
    assert {answer.headers["Cache-Control"] for answer in answers.values()} == {
        "public, max-age=300"
    }
    assert len(answers[96].data) < len(large)
    assert client.get(f"{tiny}?w=96").data == client.get(tiny).data

    def stored() -> list[str]:
        return services().files.list(f"static/images/{character['id']}")

    assert len(stored()) == 4
    sent = {"removeImageKeys": "0", "newImageFiles": part(large)}
    assert client.put(place, data=sent, headers=headers).status_code == 200
    assert len(stored()) == 4 and client.get(f"{url}?w=96").status_code == 404
    assert client.delete(place, headers=headers).status_code == 200
    assert stored() == []


@pytest.mark.parametrize("name", ["imageFiles", "imageFiles[]", "image_files", "image_files[]"])
def test_all_field_spellings_work(client: FlaskClient, db: Database, name: str) -> None:
    _, headers = signed_in(db)
    fields = {
        "display_name": "Ada",
        "audio_file": part(SOUND),
        "consent": CONSENT,
        "nfe_steps": "16",
        name: [part(PICTURE), part(PICTURE)],
    }
    answer = client.post(CREATE, data=fields, headers=headers)
    assert answer.status_code == 201
    character = answer.json["data"]["character"]
    assert (character["imageCount"], character["config"]["nfeSteps"]) == (2, 16)


def test_both_spellings_of_a_list_are_combined(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    both = {"imageFiles": [part(PICTURE)], "imageFiles[]": [part(PICTURE)]}
    assert made(client, headers, **both)["imageCount"] == 2


def test_blank_fields_count_as_absent(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    blank = {"speed": "", "language": "", "sampleText": "", "imageFiles": [part(b"", "")]}
    character = made(client, headers, **blank)
    assert (character["config"]["speed"], character["language"]) == (1.0, "en-US")
    assert character["imageCount"] == 0


BAD_AUDIO = {
    "a png named wav": (picture(), 415, "unsupported_media_type"),
    "a truncated mp4": (sound("m4a")[:15_000], 422, "broken_audio"),
    "a zip": (ZIP, 415, "unsupported_media_type"),
    "svg": (SVG, 415, "unsupported_media_type"),
    "0 bytes": (b"", 415, "unsupported_media_type"),
    "too short": (sound(seconds=0.5), 422, "sample_too_short"),
    "too long": (sound("mp3", seconds=61), 422, "sample_too_long"),
    "silent": (sound(level=0.0), 422, "sample_silent"),
    "21 MB": (bytes(21 * MB), 413, "file_too_large"),
    "31 MB": (bytes(31 * MB), 413, "file_too_large"),
    "33 MB": (bytes(33 * MB), 413, "payload_too_large"),
}
BAD_IMAGES = {
    "a pixel bomb": (pixel_bomb(), 422, "image_too_large"),
    "svg with script": (SVG, 415, "unsupported_media_type"),
    "a zip": (ZIP, 415, "unsupported_media_type"),
    "0 bytes": (b"", 415, "unsupported_media_type"),
    "a sound": (sound(seconds=1), 415, "unsupported_media_type"),
    "cut off": (picture("jpeg", (300, 300))[:900], 422, "broken_image"),
    "6 MB": (bytes(6 * MB), 413, "file_too_large"),
}


def nothing_of(db: Database, uid: str) -> bool:
    activities = db.count(f"users/{uid}/activities")
    return db.count("characters", where=[("uid", "==", uid)]) == activities == 0


@pytest.mark.parametrize(("data", "status", "name"), BAD_AUDIO.values(), ids=BAD_AUDIO)
def test_invalid_audio_is_rejected_and_nothing_is_stored(
    client: FlaskClient, db: Database, no_storage: None, data: bytes, status: int, name: str
) -> None:
    uid, headers = signed_in(db)
    answer = create(client, headers, audioFile=part(data, "voice.wav"))
    assert code(answer) == (status, name)
    if name != "payload_too_large":
        assert answer.json["error"]["details"]["field"] == "audioFile"
    assert nothing_of(db, uid)


@pytest.mark.parametrize(("data", "status", "name"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_invalid_images_are_rejected_and_nothing_is_stored(
    client: FlaskClient, db: Database, no_storage: None, data: bytes, status: int, name: str
) -> None:
    uid, headers = signed_in(db)
    answer = create(client, headers, imageFiles=[part(PICTURE), part(data, "face.png")])
    assert code(answer) == (status, name)
    assert answer.json["error"]["details"]["field"] == "imageFiles.1"
    assert nothing_of(db, uid)


def test_eleven_images_are_too_many(client: FlaskClient, db: Database, no_storage: None) -> None:
    uid, headers = signed_in(db)
    answer = create(client, headers, imageFiles=[part(PICTURE) for _ in range(11)])
    assert code(answer) == (422, "too_many_images")
    assert nothing_of(db, uid)


@pytest.mark.parametrize(
    ("changes", "name", "field"),
    [
        ({"consent": None}, "consent_required", None),
        ({"consent": " "}, "consent_required", None),
        ({"consent": "x"}, "consent_required", None),
        ({"consent": "x" * 4001}, "invalid_input", "consent"),
        ({"displayName": None}, "invalid_input", "displayName"),
        ({"displayName": "  "}, "invalid_input", "displayName"),
        ({"displayName": "x" * 81}, "invalid_input", "displayName"),
        ({"displayName": "two\nlines"}, "invalid_input", "displayName"),
        ({"displayName": part(b"Ada")}, "invalid_input", "displayName"),
        ({"audioFile": None}, "invalid_input", "audioFile"),
        ({"audioFile": "not a file"}, "invalid_input", "audioFile"),
        ({"imageFiles": "not a file"}, "invalid_input", "imageFiles.0"),
        ({"speed": "0.4"}, "invalid_input", "speed"),
        ({"speed": "2.1"}, "invalid_input", "speed"),
        ({"speed": "fast"}, "invalid_input", "speed"),
        ({"speed": "nan"}, "invalid_input", "speed"),
        ({"nfeSteps": "3"}, "invalid_input", "nfeSteps"),
        ({"nfeSteps": "65"}, "invalid_input", "nfeSteps"),
        ({"nfeSteps": "7.5"}, "invalid_input", "nfeSteps"),
        ({"crossFadeDuration": "1.01"}, "invalid_input", "crossFadeDuration"),
        ({"removeSilences": "perhaps"}, "invalid_input", "removeSilences"),
        ({"voiceType": "robot"}, "invalid_input", "voiceType"),
        ({"sampleText": "a\x07b"}, "invalid_input", "sampleText"),
        ({"language": "tlh"}, "unknown_choice", "language"),
    ],
)
def test_invalid_fields_are_422_and_nothing_is_stored(
    client: FlaskClient,
    db: Database,
    no_storage: None,
    changes: dict[str, Any],
    name: str,
    field: str | None,
) -> None:
    uid, headers = signed_in(db)
    answer = create(client, headers, **changes)
    assert code(answer) == (422, name)
    if field is not None:
        assert [each["field"] for each in answer.json["error"]["details"]["fields"]] == [field]
    assert nothing_of(db, uid)


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b'{"displayName": "Ada"}', "application/json", 415),
        (b"hello", "text/plain", 415),
        (b"", "multipart/form-data", 422),
        (b"--x\r\n\r\nrubbish", "multipart/form-data; boundary=x", 422),
        (b"\xff" * 1000, "multipart/form-data; boundary=\xff", 422),
        (b"displayName=Ada", "application/x-www-form-urlencoded", 415),
    ],
)
def test_bodies_that_are_not_forms_are_rejected(
    client: FlaskClient, db: Database, raw: bytes, kind: str, status: int
) -> None:
    _, headers = signed_in(db)
    assert client.post(CREATE, data=raw, content_type=kind, headers=headers).status_code == status


def test_an_update_changes_only_its_fields(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    before = made(client, headers, imageFiles=[part(PICTURE), part(picture("jpeg"))])
    place = f"/api/characters/{before['id']}"
    fields = {"speed": "1.1", "newImageFiles[]": [part(PICTURE)], "removeImageKeys": "0"}
    answer = client.put(place, data=fields, headers=headers, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.text
    after = answer.json["data"]["character"]
    assert after["config"] == before["config"] | {"speed": 1.1}
    assert set(after["images"]) == {"1", "2"}
    assert client.get(before["images"]["0"]).status_code == 404
    assert client.get(after["images"]["2"]).status_code == 200
    changed = {"config", "images", "updatedAt", "audioFile"}  # a link may be newer
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }
    assert client.get(place, headers=headers).json["data"]["character"] == after


def test_a_new_sample_replaces_the_old_file(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    before = made(client, headers)
    place = f"/api/characters/{before['id']}"
    sent: dict[str, Any] = {"audioFile": part(OTHER_SOUND)}
    assert code(client.put(place, data=sent, headers=headers)) == (422, "consent_required")
    assert client.get(before["audioFile"]).status_code == 200
    sent = {"audioFile": part(OTHER_SOUND), "consent": CONSENT}
    after = client.put(place, data=sent, headers=headers).json["data"]["character"]
    assert after["audioFile"] != before["audioFile"]
    assert client.get(before["audioFile"]).status_code == 404
    assert client.get(after["audioFile"]).status_code == 200


@pytest.mark.parametrize("keys", ["7", "0,7", "a", "-1", "0;1", "0,", "../0", "00"])
def test_unknown_image_keys_are_422(client: FlaskClient, db: Database, keys: str) -> None:
    _, headers = signed_in(db)
    character = made(client, headers, imageFiles=[part(PICTURE)])
    place = f"/api/characters/{character['id']}"
    answer = client.put(
        place, data={"removeImageKeys": keys}, headers=headers, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert client.get(place, headers=headers).json["data"]["character"]["imageCount"] == 1


def test_an_invalid_update_changes_nothing(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    before = made(client, headers, imageFiles=[part(PICTURE)])
    place = f"/api/characters/{before['id']}"
    for fields in (
        {"displayName": "New", "newImageFiles": [part(SVG)]},
        {"displayName": "New", "audioFile": part(ZIP), "consent": CONSENT},
        {"displayName": "New", "language": "tlh"},
        {"displayName": "New", "newImageFiles": [part(PICTURE) for _ in range(10)]},
    ):
        assert client.put(
            place, data=fields, headers=headers, content_type="multipart/form-data"
        ).status_code in (415, 422)
    assert client.get(place, headers=headers).json["data"]["character"] == before


def test_other_users_can_read_but_not_change_a_character(client: FlaskClient, db: Database) -> None:
    _, ada = signed_in(db)
    _, ben = signed_in(db)
    character = made(client, ada)
    place = f"/api/characters/{character['id']}"
    seen = client.get(place, headers=ben).json["data"]["character"]
    assert (seen["isOwner"], seen["consent"]) == (False, None)
    assert seen["displayName"] == "Ada"
    refused = client.put(
        place, data={"displayName": "Mine"}, headers=ben, content_type="multipart/form-data"
    )
    assert code(refused) == (403, "not_owner")
    assert code(client.delete(place, headers=ben)) == (403, "not_owner")
    missing = "/api/characters/no-such-one"
    for answer in (
        client.get(missing, headers=ben),
        client.put(
            missing, data={"displayName": "Mine"}, headers=ben, content_type="multipart/form-data"
        ),
        client.delete(missing, headers=ben),
        client.post(f"{missing}/star", headers=ben),
        client.delete(f"{missing}/star", headers=ben),
    ):
        assert code(answer) == (404, "character_not_found")


def test_deleting_reports_the_files_and_repeating_it_is_404(
    client: FlaskClient, db: Database
) -> None:
    _, headers = signed_in(db)
    character = made(client, headers, imageFiles=[part(PICTURE)])
    place = f"/api/characters/{character['id']}"
    answer = client.delete(place, headers=headers)
    urls = [character["audioFile"].partition("?")[0], *character["images"].values()]
    deleted = answer.json["data"]["deletedFiles"]
    assert sorted(deleted) == sorted(url.removeprefix("/api/") for url in urls)
    assert [client.get(url, headers=headers).status_code for url in urls] == [404, 404]
    assert code(client.delete(place, headers=headers)) == (404, "character_not_found")


def test_starring_twice_gets_the_same_response(client: FlaskClient, db: Database) -> None:
    _, ada = signed_in(db)
    _, ben = signed_in(db)
    place = f"/api/characters/{made(client, ada)['id']}"
    first, again = (client.post(f"{place}/star", headers=ben) for _ in range(2))
    assert first.json == again.json
    assert first.json["data"]["starred"] == 1
    assert client.get(place, headers=ben).json["data"]["character"]["isStarred"] is True
    assert client.get(place, headers=ada).json["data"]["character"]["isStarred"] is False
    gone, still_gone = (client.delete(f"{place}/star", headers=ben) for _ in range(2))
    assert gone.json == still_gone.json
    assert (gone.json["data"]["starred"], gone.json["data"]["isStarred"]) == (0, False)


def test_starred_characters_are_listed_newest_star_first(client: FlaskClient, db: Database) -> None:
    _, ada = signed_in(db)
    _, ben = signed_in(db)
    ids = [made(client, ada, displayName=f"Star {n}")["id"] for n in range(4)]
    for n in (2, 0, 3):
        client.post(f"/api/characters/{ids[n]}/star", headers=ben)
    client.post(f"/api/characters/{ids[1]}/star", headers=ada)

    def listed(**query: Any) -> tuple[list[str], dict[str, Any]]:
        query = {"starred": "true"} | query
        answer = client.get("/api/characters", query_string=query, headers=ben)
        assert answer.status_code == 200, answer.text
        characters = answer.json["data"]["characters"]
        assert all(each["isStarred"] for each in characters)
        return [each["id"] for each in characters], answer.json["meta"]

    assert listed()[0] == [ids[3], ids[0], ids[2]]
    first, meta = listed(limit=2)
    assert (first, meta["total"], meta["totalPages"]) == ([ids[3], ids[0]], 3, 2)
    assert listed(limit=2, page=2)[0] == [ids[2]]
    rest, last = listed(limit=2, cursor=meta["nextCursor"])
    assert (rest, "nextCursor" in last) == ([ids[2]], False)
    other_list = client.get(f"/api/characters?cursor={meta['nextCursor']}", headers=ben)
    assert code(other_list) == (422, "invalid_cursor")
    client.delete(f"/api/characters/{ids[0]}/star", headers=ben)
    client.delete(f"/api/characters/{ids[3]}", headers=ada)
    assert listed()[0] == [ids[2]]


def test_the_starred_list_reads_two_documents_per_character(
    client: FlaskClient, db: Database
) -> None:
    _, headers = signed_in(db)
    for n in range(3):
        place = f"/api/characters/{made(client, headers, displayName=f'Row {n}')['id']}"
        client.post(f"{place}/star", headers=headers)
    counting = CountingDatabase(db._client)
    with rewired(database=counting):
        client.get("/api/characters?starred=true", headers=headers)
    # Two lookups (the caller; the characters of the page), the page of stars, their count.
    assert counting.calls == {
        "batch_get_documents": 2,
        "run_query": 1,
        "run_aggregation_query": 1,
    }


@pytest.mark.parametrize("query", ["search=a", "sort=starred", "search=a&sort=starred"])
def test_starred_cannot_be_combined_with_search_or_sort(
    client: FlaskClient, db: Database, query: str
) -> None:
    _, headers = signed_in(db)
    answer = client.get(f"/api/characters?starred=true&{query}", headers=headers)
    assert code(answer) == (422, "invalid_input")
    assert answer.json["message"] == "Search and sort cannot be combined with starred=true."


def test_lists_have_pages_search_and_sorting(client: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db)
    ids = [made(client, headers, displayName=f"{uid} {n}")["id"] for n in range(3)]
    client.post(f"/api/characters/{ids[1]}/star", headers=headers)

    def listed(path: str, **query: Any) -> tuple[list[str], dict[str, Any]]:
        answer = client.get(path, query_string=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json["data"]["characters"]], answer.json["meta"]

    assert listed("/api/my-characters")[0] == ids[::-1]
    found, meta = listed("/api/characters", search=uid.upper(), sort="starred", limit=1)
    assert found == [ids[1]]
    assert (meta["total"], meta["totalPages"]) == (3, 3)
    more, _ = listed("/api/characters", search=uid, sort="starred", cursor=meta["nextCursor"])
    assert sorted(more) == sorted([ids[0], ids[2]])
    foreign = client.get(
        "/api/characters", query_string={"cursor": meta["nextCursor"]}, headers=headers
    )
    assert code(foreign) == (422, "invalid_cursor")
    assert client.get("/api/characters?sort=worst", headers=headers).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "images/avatar_abc-0123abcd.png",
        "images/..%2F..%2Fsecret",
        "images/../../secret",
        "..%2Fimages/x",
        "images/x.png",
        "images/abc-0123abcd.svg",
        "images/abc-0123abcd.png%00",
        "images/abc-0123abcd.png",
        "generations/abc-0123abcd.wav",
        "images/",
    ],
)
def test_unknown_files_are_404(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/api/static/{path}")
    assert answer.status_code == 404
    assert answer.json["success"] is False


@pytest.mark.parametrize(
    ("kind", "cached"), [("image", "public, max-age=300"), ("sample", "private, max-age=3600")]
)
def test_media_are_cacheable_and_support_ranges(
    client: FlaskClient, db: Database, kind: str, cached: str
) -> None:
    _, headers = signed_in(db)
    character = made(client, headers, imageFiles=[part(PICTURE)])
    url = character["images"]["0"] if kind == "image" else character["audioFile"]
    whole = client.get(url)
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Cache-Control"] == cached
    some = client.get(url, headers={"Range": "bytes=4-11"})
    assert (some.status_code, some.data) == (206, whole.data[4:12])
    etag = {"If-None-Match": whole.headers["ETag"]}
    assert client.get(url, headers=etag).status_code == 304
    assert client.get(url, headers={"Range": "bytes=99999999-"}).status_code == 416


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/characters"),
        ("get", "/api/my-characters"),
        ("post", CREATE),
        ("get", "/api/characters/x"),
        ("put", "/api/characters/x"),
        ("delete", "/api/characters/x"),
        ("post", "/api/characters/x/star"),
        ("delete", "/api/characters/x/star"),
    ],
)
def test_signing_in_is_required(client: FlaskClient, method: str, path: str) -> None:
    assert getattr(client, method)(path).status_code == 401
