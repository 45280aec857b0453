"""Who may do what with a character: every operation that takes one, for each kind of caller and
each visibility."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.openai_server import KEY, openai_server
from tests.support.characters import CONSENT, SOUND
from tests.support.factories import CountingDatabase, code, new_character, signed_in
from tests.support.jobs import given_to
from tests.support.media_files import picture
from tests.support.sounds import recording
from tests.support.wiring import app_for, held_queue, rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.llm import LanguageModel
from troupe.adapters.storage import Files
from troupe.characters.records import Character, Consent, Image, Purpose, Visibility
from troupe.characters.writes import character_path
from troupe.settings import settings

CALLERS = ("owner", "stranger", "guest", "nobody")
PUBLIC, UNLISTED, PRIVATE = Visibility
Headers = dict[str, str]


class Cast:
    """The callers, and the characters of one of them."""

    def __init__(self, db: Database, files: Files) -> None:
        self.db, self.files = db, files
        self.uid, owner = signed_in(db)
        guest_uid, guest = signed_in(db)
        db.commit(Update(f"users/{guest_uid}", {"guest": True}))
        self.headers: dict[str, Headers] = {
            "owner": owner,
            "stranger": signed_in(db)[1],
            "guest": guest,
            "nobody": {},
        }

    def character(self, visibility: Visibility, *, name: str = "Ada", **changes: Any) -> str:
        """A character of the owner's, with its files."""
        made = new_character(self.db, self.uid, name, visibility=visibility, **changes)
        names = f"{made}-0123abcd.wav", f"{made}-0123abcd.png"
        self.files.upload(f"static/audio_files/{names[0]}", recording(), "audio/wav")
        self.files.upload(f"static/images/{names[1]}", picture(), "image/png")
        image = Image(
            name=names[1],
            path=f"static/images/{names[1]}",
            content_type="image/png",
            width=8,
            height=8,
            size=9,
        )
        sample = {"sample.name": names[0], "sample.path": f"static/audio_files/{names[0]}"}
        self.db.commit(Update(character_path(made), {**sample, "images": {"0": image.stored()}}))
        return made

    def ask(self, caller: str, function: str, method: str, path: str, **sent: Any) -> Any:
        client = app_for(function).test_client()
        if "data" in sent:
            sent["content_type"] = "multipart/form-data"
        with client.open(path, method=method, headers=self.headers[caller], **sent) as answer:
            answer.get_data()
            return answer


@pytest.fixture
def cast(db: Database, files: Files) -> Iterator[Cast]:
    with openai_server() as fake, held_queue():
        model = LanguageModel(KEY, fake.base_url, "gpt-5.4-mini")
        with rewired(language_model=lambda: model):
            yield Cast(db, files)
        model.close()


def generated(character: str) -> dict[str, Any]:
    return {"json": {"text": "Hello.", "language": "en-us", "characterId": character}}


def scripted(character: str) -> dict[str, Any]:
    dialogue = [{"speaker": character, "text": "Hello."}]
    return {"json": {"selectedCharacters": [character], "dialogue": dialogue}}


def written(character: str) -> dict[str, Any]:
    return {"json": {"selectedCharacters": [character], "prompt": "A greeting."}}


def abusive(character: str) -> dict[str, Any]:
    body = {"subjectKind": "character", "subjectId": character, "reason": "Mine."}
    return {"json": body}


def nothing(character: str) -> dict[str, Any]:
    return {}


def renamed(character: str) -> dict[str, Any]:
    return {"data": {"displayName": "Grace"}}


# Function, method, path, and the rest of the request, by operation.
READING = {
    "getCharacter": ("characters", "GET", "/api/characters/{id}", nothing),
    "starCharacter": ("characters", "POST", "/api/characters/{id}/star", nothing),
    "unstarCharacter": ("characters", "DELETE", "/api/characters/{id}/star", nothing),
    "report": ("support", "POST", "/api/reports", abusive),
}
CASTING = {
    "generateVoice": ("voice", "POST", "/api/voice/generate", generated),
    "createScript": ("scripts", "POST", "/api/scripts", scripted),
    "generateScript": ("scripts", "POST", "/api/scripts/generate", written),
}
CHANGING = {
    "updateCharacter": ("characters", "PUT", "/api/characters/{id}", renamed),
    "revokeConsent": ("characters", "POST", "/api/characters/{id}/consent/revoke", nothing),
    "deleteCharacter": ("characters", "DELETE", "/api/characters/{id}", nothing),
}


def done_by(cast: Cast, operation: str, caller: str, character: str) -> tuple[int, str]:
    function, method, path, sent = (READING | CASTING | CHANGING)[operation]
    answer = cast.ask(caller, function, method, path.format(id=character), **sent(character))
    return answer.status_code, "" if answer.status_code < 300 else code(answer)[1]


def outcome(operation: str, caller: str, visibility: Visibility) -> tuple[int, str]:
    """The status and the error code, by the rules."""
    done = {"starCharacter": 200, "generateVoice": 202, "createScript": 201, "generateScript": 201}
    done["report"] = 201
    success = done.get(operation, 200), ""
    if caller == "nobody":
        return 401, "unauthorized"
    if caller == "owner":
        return success
    if visibility is PRIVATE:
        missing = "subject_not_found" if operation == "report" else "character_not_found"
        return 404, missing
    return (403, "not_owner") if operation in CHANGING else success


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("operation", [*READING, *CASTING, *CHANGING])
def test_each_caller_gets_what_the_visibility_allows(
    cast: Cast, operation: str, visibility: Visibility
) -> None:
    character = cast.character(visibility)
    callers = [*CALLERS[1:], CALLERS[0]]  # the owner last, who may delete it
    found = {each: done_by(cast, operation, each, character) for each in callers}
    assert found == {each: outcome(operation, each, visibility) for each in callers}


@pytest.mark.parametrize("operation", [*READING, *CASTING, *CHANGING])
def test_a_private_character_looks_the_same_as_none(cast: Cast, operation: str) -> None:
    function, method, path, sent = (READING | CASTING | CHANGING)[operation]
    answers = []
    private = cast.character(PRIVATE)
    for character in (private, secrets.token_hex(8)):
        place = path.format(id=character)
        answer = cast.ask("stranger", function, method, place, **sent(character))
        answers.append(answer.text.replace(character, "ID"))
    assert answers[0] == answers[1]


def consent(**changes: Any) -> Consent:
    return Consent(statement="Yes.", at=now(), sample_sha256="0" * 64, **changes)


@pytest.mark.parametrize("operation", CASTING)
@pytest.mark.parametrize(
    "kept",
    [
        {"allow_use": False},
        {"consent": None},
        {"consent": consent(purposes=[Purpose.OWN_USE])},
        {"consent": consent(revoked_at=now())},
    ],
    ids=["not allowed", "no consent", "narrow consent", "revoked consent"],
)
def test_others_cast_a_voice_only_while_owner_and_consent_allow_it(
    cast: Cast, operation: str, kept: dict[str, Any]
) -> None:
    character = cast.character(PUBLIC, **kept)
    for caller in ("stranger", "guest"):
        assert done_by(cast, operation, caller, character) == (403, "voice_not_shared")
        assert done_by(cast, "getCharacter", caller, character)[0] == 200
    assert done_by(cast, operation, "owner", character)[0] < 300


@pytest.mark.parametrize("visibility", Visibility)
def test_samples_and_private_pictures_are_for_the_owner(cast: Cast, visibility: Visibility) -> None:
    character = cast.character(visibility)
    sample = f"/api/static/audio_files/{character}-0123abcd.wav"
    image = f"/api/static/images/{character}-0123abcd.png"

    def statuses(path: str) -> dict[str, int]:
        return {each: cast.ask(each, "characters", "GET", path).status_code for each in CALLERS}

    for_owner = {"owner": 200, "stranger": 404, "guest": 404, "nobody": 404}
    everybody = dict.fromkeys(CALLERS, 200)
    assert statuses(sample) == for_owner | {"nobody": 401}
    assert statuses(image) == (for_owner if visibility is PRIVATE else everybody)
    # It has no small copy, as those from before there were any.
    assert statuses(f"{image}?w=96") == statuses(image)
    copy = f"static/images/{character}-0123abcd-96.webp"
    cast.files.upload(copy, picture("webp"), "image/webp")
    assert statuses(f"{image}?w=96") == statuses(image)
    assert cast.ask("owner", "characters", "GET", f"{image}?w=96").mimetype == "image/webp"
    assert cast.ask("owner", "characters", "GET", f"{image}?w=97").status_code == 422
    assert set(statuses(f"/api/{copy}").values()) == {404}, "it has no address of its own"
    cached = cast.ask("owner", "characters", "GET", image).headers["Cache-Control"]
    assert cached.startswith("private" if visibility is PRIVATE else "public")

    # The owner's links open in players; others learn nothing about the sample.
    views = {
        each: cast.ask(each, "characters", "GET", f"/api/characters/{character}").json
        for each in ("owner", "stranger")
    }
    mine = views["owner"]["data"]["character"]
    picture_url = mine["images"]["0"]
    smaller = f"{picture_url}{'&' if '?' in picture_url else '?'}w=96"
    for url in (mine["audioFile"], picture_url, smaller):
        assert cast.ask("nobody", "characters", "GET", url).status_code == 200
    if visibility is not PRIVATE:
        theirs = views["stranger"]["data"]["character"]
        assert (theirs["audioFile"], theirs["sampleText"], theirs["consent"]) == ("", "", None)
        assert "token" not in theirs["images"]["0"]


def test_a_link_of_another_user_opens_no_private_file(cast: Cast) -> None:
    character = cast.character(PRIVATE)
    for path in (
        f"/api/static/audio_files/{character}-0123abcd.wav",
        f"/api/static/images/{character}-0123abcd.png",
    ):
        made = cast.ask("stranger", "support", "POST", "/api/media-links", json={"path": path})
        url = made.json["data"]["url"]
        assert code(cast.ask("nobody", "characters", "GET", url)) == (404, "file_missing")
        assert cast.ask("nobody", "characters", "GET", f"{url}x").status_code == 401


def listed(cast: Cast, caller: str, query: str) -> set[str]:
    answer = cast.ask(caller, "characters", "GET", f"/api/characters?limit=100&{query}")
    return {each["id"] for each in answer.json["data"]["characters"]}


@pytest.mark.parametrize("caller", ["owner", "stranger", "guest"])
def test_lists_show_public_characters_only(cast: Cast, caller: str) -> None:
    word = f"w{secrets.token_hex(6)}"
    ids = {each: cast.character(each, name=word, name_key=word) for each in Visibility}
    for character in ids.values():  # as `create` stores it
        prefixes = [word[:end] for end in range(1, len(word) + 1)]
        cast.db.commit(Update(character_path(character), {"nameStarts": prefixes}))
    for query in (f"search={word}", f"search={word}&sort=starred"):
        assert listed(cast, caller, query) == {ids[PUBLIC]}
    assert listed(cast, caller, "") & {*ids.values()} == {ids[PUBLIC]}
    mine = cast.ask(caller, "characters", "GET", "/api/my-characters?limit=100").json
    found = {each["id"] for each in mine["data"]["characters"]}
    assert found == ({*ids.values()} if caller == "owner" else set())


def test_a_star_disappears_when_its_character_turns_private(cast: Cast) -> None:
    character = cast.character(PUBLIC)
    for caller in ("owner", "stranger"):
        assert done_by(cast, "starCharacter", caller, character) == (200, "")
        assert listed(cast, caller, "starred=true") == {character}
    for visibility, seen in ((UNLISTED, set()), (PRIVATE, set()), (PUBLIC, {character})):
        path = f"/api/characters/{character}"
        changed = cast.ask("owner", "characters", "PUT", path, data={"visibility": visibility})
        assert changed.json["data"]["character"]["visibility"] == visibility
        assert listed(cast, "stranger", "starred=true") == seen
        assert listed(cast, "owner", "starred=true") == {character}
    assert cast.ask("owner", "characters", "GET", path).json["data"]["character"]["starred"] == 2


def test_use_ends_with_the_next_job(cast: Cast) -> None:
    """A job that has started keeps the voice; a script with the voice does not start another."""
    character = cast.character(PUBLIC)
    made = cast.ask("stranger", "scripts", "POST", "/api/scripts", **scripted(character))
    place = f"/api/scripts/{made.json['data']['script']['id']}/generate-audio"
    job = cast.ask("stranger", "scripts", "POST", place, json={}).json["data"]["job"]["jobId"]
    path = f"/api/characters/{character}"
    cast.ask("owner", "characters", "PUT", path, data={"allowUse": "false"})
    assert services().jobs.get(job)[0].status == "queued"
    services().jobs.cancel(job)
    refused = cast.ask("stranger", "scripts", "POST", place, json={})
    assert code(refused) == (403, "voice_not_shared")
    cast.ask("owner", "characters", "PUT", path, data={"visibility": "private"})
    refused = cast.ask("stranger", "scripts", "POST", place, json={})
    assert code(refused) == (422, "character_gone")


@pytest.mark.parametrize("caller", ["owner", "stranger", "guest"])
def test_a_job_tells_the_transcript_of_a_sample_to_its_owner_only(cast: Cast, caller: str) -> None:
    character = cast.character(PUBLIC)
    said = f"My number is {secrets.token_hex(4)}."
    cast.db.commit(Update(character_path(character), {"sample.text": said}))
    made = cast.ask(caller, "scripts", "POST", "/api/scripts", **scripted(character))
    place = f"/api/scripts/{made.json['data']['script']['id']}/generate-audio"
    job = cast.ask(caller, "scripts", "POST", place, json={}).json["data"]["job"]["jobId"]
    given = str(given_to(cast.db, job))
    assert character in given
    assert (said in given) is (caller == "owner")


def test_documents_of_earlier_versions_are_public_and_shared(cast: Cast) -> None:
    character = cast.character(PUBLIC)
    old = {**cast.db.get(character_path(character)).data}
    for name in ("visibility", "allowUse", "hiddenAt"):
        del old[name]
    old["consent"] = {key: old["consent"][key] for key in ("statement", "at", "sampleSha256")}
    read = Character.model_validate(old | {"id": character})
    assert (read.visibility, read.shared, read.clonable) == (PUBLIC, True, True)
    without = Character.model_validate(old | {"id": character, "consent": None})
    assert (without.shared, without.clonable) == (False, False)


@pytest.mark.parametrize(
    ("config", "sent", "expected"),
    [
        ({}, {}, ("public", True)),
        ({}, {"visibility": "unlisted", "allowUse": "false"}, ("unlisted", False)),
        ({"character_visibility": "private"}, {}, ("private", True)),
        ({"character_allow_use": False}, {}, ("public", False)),
        ({"character_allow_use": False}, {"allowUse": "true"}, ("public", True)),
    ],
    ids=str,
)
def test_settings_are_the_defaults(
    cast: Cast, config: dict[str, Any], sent: dict[str, str], expected: tuple[str, bool]
) -> None:
    with rewired(settings=settings().model_copy(update=config)):
        made = created(cast, "owner", **sent).json["data"]["character"]
    assert (made["visibility"], made["allowUse"]) == expected


def created(cast: Cast, caller: str, **fields: str) -> Any:
    sent: dict[str, Any] = {"displayName": "Ada", "consent": CONSENT, **fields}
    sent["audioFile"] = (io.BytesIO(SOUND), "a.wav")
    return cast.ask(caller, "characters", "POST", "/api/characters/complete", data=sent)


@pytest.mark.parametrize(
    "asked", [{"visibility": "public"}, {"visibility": "unlisted"}, {"allowUse": "true"}], ids=str
)
def test_guests_publish_nothing(cast: Cast, asked: dict[str, str]) -> None:
    assert code(created(cast, "guest", **asked)) == (403, "guests_publish_nothing")
    made = created(cast, "guest").json["data"]["character"]
    assert (made["visibility"], made["allowUse"]) == ("private", False)
    path = f"/api/characters/{made['id']}"
    assert code(cast.ask("guest", "characters", "PUT", path, data=asked)) == (
        403,
        "guests_publish_nothing",
    )
    assert code(cast.ask("stranger", "characters", "GET", path)) == (404, "character_not_found")
    private = cast.ask("guest", "characters", "PUT", path, data={"visibility": "private"})
    assert private.status_code == 200


def test_media_read_one_document(cast: Cast) -> None:
    character = cast.character(PUBLIC)
    counting = CountingDatabase(cast.db._client)
    with rewired(database=counting):
        image = f"/api/static/images/{character}-0123abcd.png"
        assert cast.ask("nobody", "characters", "GET", image).status_code == 200
    assert counting.calls == {"batch_get_documents": 1}
