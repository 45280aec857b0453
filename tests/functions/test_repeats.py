"""A repeat under the same Idempotency-Key gets the first answer, also when what the request names
has been deleted since."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from werkzeug.datastructures import FileStorage

from tests.fakes.openai_server import KEY, openai_server
from tests.support.calls import a_call, license_of
from tests.support.characters import CONSENT, SOUND
from tests.support.companies import Firm, Person, a_firm, a_person, client
from tests.support.factories import HeldQueue, new_character, signed_in, test_settings
from tests.support.forms import multipart
from tests.support.media_files import sent
from tests.support.reviews import a_past_call
from tests.support.rooms import a_room
from tests.support.scenes import new_scene
from tests.support.speeches import noise, wav
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.speech.text.entry import Entry

Headers = dict[str, str]


class Case(NamedTuple):
    """`ask` sends a request with an idempotency key that names something; `delete` deletes that;
    `made` is the id of what the answer says was made."""

    ask: Callable[[Headers], Any]
    delete: Callable[[], Any]
    made: Callable[[Any], Any]


@pytest.fixture(autouse=True)
def wired(emulators: object) -> Iterator[None]:
    with openai_server() as fake:
        settings = test_settings(
            TRANSCRIBER="openai", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=fake.base_url
        )
        with rewired(settings=settings, queue=HeldQueue()):
            yield


def posted(person: Person, function: str, path: str, **given: Any) -> Callable[[Headers], Any]:
    def ask(headers: Headers) -> Any:
        return client(function).post(path, headers=person.headers | headers, **given)

    return ask


def a_user(db: Database) -> Person:
    return Person(db, *signed_in(db))


def left(firm: Firm, person: Person) -> Any:
    return firm.owner.data("DELETE", f"/api/users/{person.uid}", json={"companyId": firm.id})


def of_file(db: Database, path: str, kind: str, **form: str) -> Case:
    ada, files = a_user(db), services().user_files
    file = files.add(ada.uid, "Talk.wav", sent(wav(noise(2))))
    ask = posted(ada, "language", path, **multipart(fileId=file.id, **form))
    return Case(
        lambda headers: ask({"Prefer": "respond-async", **headers}),
        lambda: files.delete(ada.uid, file.id),
        lambda answer: answer.json["data"][kind]["id"],
    )


def transcribe(db: Database) -> Case:
    return of_file(db, "/api/audio/transcribe", "transcription")


def dub(db: Database) -> Case:
    return of_file(db, "/api/dubbing", "dubbing", targetLanguage="pt")


def of_voice(db: Database, function: str, path: str) -> Case:
    ada, dictionaries = a_user(db), services().dictionary_service
    character = new_character(db, ada.uid, "Ezra")
    names = dictionaries.create(ada.uid, "Names", "en-us", [Entry("Ada", "Ayda")]).dictionary
    body = {"text": "Good evening, Ada.", "language": "en-us", "dictionaryId": names.id}

    def delete() -> None:
        dictionaries.delete(ada.uid, names.id)
        services().characters.delete(ada.account, character)

    return Case(
        posted(ada, function, path, json=body | {"characterId": character}),
        delete,
        lambda answer: answer.headers["Location"],
    )


def generate_voice(db: Database) -> Case:
    return of_voice(db, "voice", "/api/voice/generate")


def stream_voice(db: Database) -> Case:
    return of_voice(db, "stream", "/api/voice/stream")


def of_script(db: Database, path: str) -> Case:
    scene = new_scene(client("scripts"), db)
    return Case(
        posted(Person(db, scene.uid, scene.headers), "scripts", f"/api/scripts/{scene.id}{path}"),
        lambda: scene.delete(""),
        lambda answer: answer.headers["Location"],
    )


def generate_audio(db: Database) -> Case:
    return of_script(db, "/generate-audio")


def speak_line(db: Database) -> Case:
    return of_script(db, "/lines/0/speak")


def create_script(db: Database) -> Case:
    ada = a_user(db)
    character = new_character(db, ada.uid, "Anna")
    line = {"speaker": character, "text": "Hi."}
    body = {"selectedCharacters": [character], "dialogue": [line]}
    return Case(
        posted(ada, "scripts", "/api/scripts", json=body),
        lambda: services().characters.delete(ada.account, character),
        lambda answer: answer.json["data"]["script"]["id"],
    )


def create_character(db: Database) -> Case:
    ada, dictionaries = a_user(db), services().dictionary_service
    names = dictionaries.create(ada.uid, "Names", "en-us", [Entry("Ada", "Ayda")]).dictionary
    config = json.dumps({"dictionaryId": names.id})

    def ask(headers: Headers) -> Any:
        sound = FileStorage(io.BytesIO(SOUND), filename="a.wav")
        form = multipart(displayName="Ada", audioFile=sound, consent=CONSENT, config=config)
        return posted(ada, "characters", "/api/characters/complete", **form)(headers)

    return Case(
        ask,
        lambda: dictionaries.delete(ada.uid, names.id),
        lambda answer: answer.json["data"]["character"]["id"],
    )


def create_comment(db: Database) -> Case:
    call = a_past_call(db)
    parent = call.comment(call.host)["id"]
    about = {"subjectKind": "call", "subjectId": call.id, "text": "Hello.", "parentId": parent}
    return Case(
        posted(call.host, "calls", "/api/comments", json=about),
        lambda: client("calls").delete(f"/api/comments/{parent}", headers=call.host.headers),
        lambda answer: answer.json["data"]["comment"]["id"],
    )


def create_room(db: Database) -> Case:
    firm = a_firm(db)
    grace = firm.join()
    body = {"name": "Lobby", "companyId": firm.id, "settings": {"payer": "company"}}
    return Case(
        posted(grace, "rooms", "/api/rooms", json=body),
        lambda: left(firm, grace),
        lambda answer: answer.json["data"]["room"]["id"],
    )


def send_message(db: Database) -> Case:
    room = a_room(db)
    first = room.say(room.owner)["id"]
    return Case(
        posted(room.owner, "rooms", f"{room.path}/messages", json={"text": "Hi", "replyTo": first}),
        lambda: room.data(room.owner, "DELETE", f"/messages/{first}"),
        lambda answer: answer.json["data"]["message"]["id"],
    )


def create_call(db: Database) -> Case:
    firm = a_firm(db)
    host = firm.join()
    license_of(firm, host)
    return Case(
        posted(
            firm.owner, "calls", "/api/videocalls", json={"companyId": firm.id, "hostId": host.uid}
        ),
        lambda: left(firm, host),
        lambda answer: answer.json["data"]["call"]["id"],
    )


def invite_to_call(db: Database) -> Case:
    call = a_call(db)
    grace = call.firm.join()
    return Case(
        posted(call.host, "calls", f"{call.path}/invitations", json={"userId": grace.uid}),
        lambda: left(call.firm, grace),
        lambda answer: answer.json["data"]["joinUrl"],
    )


def create_license(db: Database) -> Case:
    firm = a_firm(db)
    grace = firm.join()
    body = {"type": "standard", "companyId": firm.id, "userId": grace.uid}
    return Case(
        posted(a_person(db, "admin"), "companies", "/api/licenses", json=body),
        lambda: left(firm, grace),
        lambda answer: answer.json["data"]["license"]["id"],
    )


def bulk_company_users(db: Database) -> Case:
    firm = a_firm(db)
    firm.join()
    body = {"companyId": firm.id, "filter": {"role": "member"}, "action": "remove"}
    return Case(
        posted(firm.owner, "companies", "/api/users/bulk", json=body),
        lambda: None,  # the first request has removed those whom the filter found
        lambda answer: answer.json["data"]["job"]["jobId"],
    )


def create_payment(db: Database) -> Case:
    ada = a_person(db)
    return Case(
        posted(
            a_person(db, "admin"),
            "payments",
            "/api/payments",
            json={"ownerId": ada.uid, "amount": 5000, "tokens": 40},
        ),
        lambda: db.commit(Update(f"users/{ada.uid}", {"deletedAt": now()})),
        lambda answer: answer.json["data"]["payment"]["id"],
    )


CASES = {
    "transcribe": transcribe,
    "dub": dub,
    "generateVoice": generate_voice,
    "streamVoice": stream_voice,
    "generateAudio": generate_audio,
    "speakLine": speak_line,
    "createScript": create_script,
    "createCharacter": create_character,
    "createComment": create_comment,
    "createRoom": create_room,
    "sendMessage": send_message,
    "createCall": create_call,
    "inviteToCall": invite_to_call,
    "createLicense": create_license,
    "bulkCompanyUsers": bulk_company_users,
    "createPayment": create_payment,
}

# These do as one of the above, in the same lines of code.
ALIKE = {
    "generateVideo": "generateAudio",
    "generateScript": "createScript",
    "createRoomAlias1": "createRoom",
    "createRoomAlias2": "createRoom",
    "v1Speech": "streamVoice",
    "elSpeech": "streamVoice",
    "elStream": "streamVoice",
    "elTimestamps": "streamVoice",
    "elStreamTimestamps": "streamVoice",
}

# These name nothing but where they are sent, or each thing that they name has a result of its own.
NAME_NOTHING = {
    "addMinutes",
    "beginUpload",
    "bulkCalls",
    "bulkLicenses",
    "bulkUsers",
    "clearMessages",
    "consumeTokens",
    "createCompany",
    "enterCall",
    "exportCompany",
    "refundPayment",
    "uploadFile",
    "v1Transcribe",
}


@pytest.mark.parametrize("operation", CASES)
def test_a_repeat_is_answered_after_what_it_names_has_been_deleted(
    db: Database, operation: str
) -> None:
    case, key = CASES[operation](db), {"Idempotency-Key": secrets.token_hex(8)}
    first = case.ask(key)
    assert first.status_code < 300, first.text
    first.get_data()  # to its end, if it is a stream
    case.delete()
    again = case.ask(key)
    assert again.status_code < 300, again.text
    assert case.made(again) == case.made(first)


def test_every_keyed_operation_is_known_here() -> None:
    described = json.loads(Path("functions/openapi.json").read_text())
    keyed = {
        operation["operationId"]
        for methods in described["paths"].values()
        for operation in methods.values()
        if "#/components/parameters/IdempotencyKey" in str(operation.get("parameters"))
    }
    assert keyed == CASES.keys() | ALIKE.keys() | NAME_NOTHING
