"""API keys: made, used, limited, rotated and revoked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes.openai_server import KEY, openai_server
from tests.support.companies import a_firm
from tests.support.factories import (
    CountingDatabase,
    HeldQueue,
    code,
    signed_in,
    test_settings,
)
from tests.support.forms import multipart
from tests.support.media_files import sent
from tests.support.speeches import noise, wav
from tests.support.wiring import app_for, held_queue, rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.api_keys import secrets
from troupe.api_keys.authentication import KeyCallers
from troupe.api_keys.errors import ApiKeyInvalid
from troupe.api_keys.lifecycle import erase, export
from troupe.app.domains import apis, functions
from troupe.caller import Device, Scope
from troupe.commands.keys_audit import audit_keys
from troupe.wallet.budgets import key_month_path
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter
from troupe.wallet.records import Owner as Payer

TEXT = {"text": "Good evening.", "language": "en-US"}
NEVER = {"auth", "payments", "companies", "admin", "support", "rooms", "calls", "captions", "live"}


class Owner:
    def __init__(self, db: Database, tokens: int = 20) -> None:
        self.db = db
        self.uid, self.headers = signed_in(db, tokens)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        client = app_for("developers").test_client()
        return client.open(path, method=method, headers=self.headers, **options)

    def key(self, *scopes: str, **body: Any) -> tuple[str, str]:
        """The id and the whole key."""
        body = {"name": "Blog", "scopes": scopes or ["speech"], **body}
        answer = self.ask("POST", "/api/keys", json=body)
        assert answer.status_code == 201, answer.text
        data = answer.json["data"]
        return data["key"]["id"], data["secret"]

    def shown(self, key_id: str) -> Any:
        return self.ask("GET", f"/api/keys/{key_id}").json["data"]["key"]


@pytest.fixture
def owner(db: Database) -> Owner:
    return Owner(db)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def me(key: str, address: str = "203.0.113.7") -> Any:
    client = app_for("developers").test_client()
    from_there = {"REMOTE_ADDR": address}
    return client.get("/api/keys/me", headers=bearer(key), environ_base=from_there)


def generate(headers: dict[str, str]) -> Any:
    return app_for("voice").test_client().post("/api/voice/generate", json=TEXT, headers=headers)


def speak(headers: dict[str, str]) -> Any:
    with held_queue():
        return generate(headers)


def test_a_key_is_shown_once_and_never_stored(owner: Owner) -> None:
    key_id, key = owner.key("speech", "files", ipAllow=["203.0.113.0/24"], cap={"tokens": 5})
    shown = owner.shown(key_id)
    assert (shown["prefix"], shown["last4"]) == (f"trp_{key_id}", key[-4:])
    assert (shown["scopes"], shown["cap"]) == (
        ["files", "speech"],
        {"tokens": 5, "voiceSeconds": None},
    )
    assert owner.ask("GET", "/api/keys").json["data"]["keys"] == [shown]
    stored = owner.db.get(f"apiKeys/{key_id}").data
    secret = secrets.parse(key)
    assert secret is not None
    assert secret.secret not in repr(stored)
    exported = [each.data for each in export(owner.uid, database=owner.db)]  # type: ignore[union-attr]
    assert [each["name"] for each in exported] == ["Blog"]
    assert stored["hash"] not in repr(exported)


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key", "xi-api-key", "api-key"])
def test_a_key_speaks_for_its_owner(owner: Owner, header: str) -> None:
    _, key = owner.key()
    answer = speak({header: f"Bearer {key}" if header == "Authorization" else key})
    assert answer.status_code == 202, answer.text
    assert answer.json["data"]["remainingTokens"] == 19
    generation = answer.json["data"]["generation"]["id"]
    assert owner.db.get(f"generations/{generation}").data["uid"] == owner.uid


def test_what_a_key_may_not_do(owner: Owner) -> None:
    _, key = owner.key("files")
    answer = speak(bearer(key))
    assert code(answer) == (403, "scope_missing")
    assert answer.json["error"]["details"] == {"needs": "speech"}
    client = app_for("developers").test_client()
    assert code(client.get("/api/keys", headers=bearer(key))) == (403, "key_not_accepted")
    everything = [each.value for each in Scope if each is not Scope.ANY]
    _, key = owner.key(*everything)
    refused = app_for("auth").test_client().get("/api/auth/me", headers=bearer(key))
    assert code(refused) == (403, "key_not_accepted")


@pytest.mark.parametrize(
    ("path", "form"),
    [("/api/audio/transcribe", {}), ("/api/dubbing", {"targetLanguage": "pt"})],
)
def test_a_key_needs_the_scope_of_files_to_hear_what_is_in_them(
    owner: Owner, path: str, form: dict[str, str]
) -> None:
    file = services().user_files.add(owner.uid, "Talk.wav", sent(wav(noise(2))))
    owner.db.commit(*grant_writes(Payer.user(owner.uid), "test", Meter.TOKENS, 200, "test", now()))

    def ask(key: str, **given: Any) -> Any:
        headers = bearer(key) | {"Prefer": "respond-async"}
        client = app_for("language").test_client()
        return client.post(path, headers=headers, **multipart(**form, **given))

    with openai_server() as fake:
        settings = test_settings(
            TRANSCRIBER="openai",
            OPENAI_API_KEY=KEY,
            OPENAI_BASE_URL=fake.base_url,
        )
        with rewired(settings=settings, queue=HeldQueue()):
            _, deaf = owner.key("transcribe")
            for file_id in (file.id, "0" * 32):
                refused = ask(deaf, fileId=file_id)
                assert code(refused) == (403, "scope_missing")
                assert refused.json["error"]["details"] == {"needs": "files"}
            key_id, key = owner.key("transcribe", "files")
            answer = ask(key, fileId=file.id)
            assert answer.status_code == 202, answer.text
            job_id = answer.json["data"]["job"]["jobId"]
    assert owner.db.get(f"jobs/{job_id}").data["keyId"] == key_id


def test_no_scope_reaches_accounts_money_or_people() -> None:
    scoped = {
        (function, route.operation_id)
        for function in functions()
        for api in apis(function)
        for route in api.routes
        if route.scope
    }
    assert not {name for function, name in scoped if function in NEVER}
    assert len(scoped) > 40


def test_an_administrators_key_is_no_administrator(owner: Owner) -> None:
    _, key = owner.key("usage:read")
    owner.db.commit(Update(f"users/{owner.uid}", {"role": "admin"}))
    _, stranger = signed_in(owner.db)
    mine = app_for("plans").test_client()
    someone = services().callers.authenticate(stranger["Authorization"]).uid
    assert mine.get(f"/api/tokens/usage/{owner.uid}", headers=bearer(key)).status_code == 200
    refused = mine.get(f"/api/tokens/usage/{someone}", headers=bearer(key))
    assert code(refused) == (403, "forbidden")


def test_keys_that_are_no_good(owner: Owner) -> None:
    key_id, key = owner.key()
    mistyped = key[:-1] + ("a" if key[-1] != "a" else "b")
    assert code(me(mistyped)) == (401, "api_key_invalid")
    made_up = secrets.new_secret(secrets.new_id()).text
    other_secret = secrets.new_secret(key_id).text
    for wrong in (made_up, other_secret):
        assert code(me(wrong)) == (401, "api_key_invalid")
    assert me(key).status_code == 200
    assert owner.ask("DELETE", f"/api/keys/{key_id}").status_code == 200
    assert owner.ask("DELETE", f"/api/keys/{key_id}").status_code == 200
    assert code(me(key)) == (401, "api_key_invalid")
    assert owner.ask("GET", "/api/keys").json["data"]["keys"] == []
    assert owner.shown(key_id)["revokedAt"]
    assert code(owner.ask("POST", f"/api/keys/{key_id}/rotate", json={})) == (409, "key_revoked")
    assert code(owner.ask("PUT", f"/api/keys/{key_id}", json={"rate": 5})) == (409, "key_revoked")


def test_a_key_ends_with_its_time_and_its_user(owner: Owner) -> None:
    later = (now() + timedelta(hours=1)).isoformat()
    key_id, key = owner.key(expiresAt=later)
    assert me(key).status_code == 200
    owner.db.commit(Update(f"apiKeys/{key_id}", {"expiresAt": now() - timedelta(seconds=1)}))
    assert code(me(key)) == (401, "api_key_expired")
    assert owner.ask("PUT", f"/api/keys/{key_id}", json={"expiresAt": None}).status_code == 200
    assert me(key).status_code == 200
    owner.db.commit(Update(f"users/{owner.uid}", {"suspended": True}))
    assert code(me(key)) == (403, "account_suspended")


def test_networks(owner: Owner) -> None:
    key_id, key = owner.key(ipAllow=["203.0.113.7", "2001:db8::/48"])
    assert owner.shown(key_id)["ipAllow"] == ["203.0.113.7/32", "2001:db8::/48"]
    assert me(key, "203.0.113.7").status_code == 200
    assert me(key, "2001:db8:0:5::1").status_code == 200
    for outside in ("203.0.113.8", "2001:db9::1", "127.0.0.1"):
        assert code(me(key, outside)) == (403, "address_not_allowed")


def test_a_rotation_overlaps(owner: Owner) -> None:
    key_id, first = owner.key()

    def rotate(hours: int) -> str:
        answer = owner.ask("POST", f"/api/keys/{key_id}/rotate", json={"graceHours": hours})
        return str(answer.json["data"]["secret"])

    second = rotate(1)
    assert [me(key).status_code for key in (first, second)] == [200, 200]
    assert owner.shown(key_id)["previousValidUntil"]
    past = {"previousUntil": now() - timedelta(seconds=1)}
    owner.db.commit(Update(f"apiKeys/{key_id}", past))
    assert code(me(first)) == (401, "api_key_invalid")
    third = rotate(0)
    assert [me(key).status_code for key in (first, second, third)] == [401, 401, 200]


def test_every_operation_is_the_owners_alone(owner: Owner, db: Database) -> None:
    key_id, _ = owner.key()
    stranger = Owner(db)
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {"name": "Mine"}),
        ("POST", "/rotate", {}),
        ("DELETE", "", None),
    ):
        answer = stranger.ask(method, f"/api/keys/{key_id}{path}", json=body)
        assert code(answer) == (404, "api_key_not_found"), method
    assert owner.shown(key_id)["revokedAt"] is None


def test_a_key_is_changed(owner: Owner) -> None:
    key_id, key = owner.key(cap={"tokens": 1}, rate=100)
    body = {"name": "Shop", "scopes": ["files"], "cap": None, "rate": 2, "ipAllow": None}
    changed = owner.ask("PUT", f"/api/keys/{key_id}", json=body).json["data"]["key"]
    assert (changed["name"], changed["scopes"], changed["rate"]) == ("Shop", ["files"], 2)
    assert changed["cap"] == {"tokens": None, "voiceSeconds": None}
    assert code(speak(bearer(key))) == (403, "scope_missing")
    assert code(owner.ask("PUT", f"/api/keys/{key_id}", json={})) == (422, "invalid_input")


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": ["speech", "admin"]},
        {"scopes": ["any"]},
        {"scopes": []},
        {"ipAllow": ["nowhere"]},
        {"ipAllow": ["2001:db8::1/128"]},
        {"ipAllow": ["10.0.0.1"] * 21},
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"cap": {"tokens": -1}},
        {"rate": 0},
    ],
)
def test_what_is_refused(owner: Owner, wrong: dict[str, Any]) -> None:
    body = {"name": "Blog", "scopes": ["speech"], **wrong}
    assert code(owner.ask("POST", "/api/keys", json=body)) == (422, "invalid_input")


def test_guests_and_switched_off(owner: Owner, db: Database) -> None:
    _, key = owner.key()
    with rewired(settings=test_settings(API_KEYS="off")):
        body = {"name": "Blog", "scopes": ["speech"]}
        assert code(owner.ask("POST", "/api/keys", json=body)) == (503, "api_keys_not_configured")
        assert code(me(key)) == (401, "api_key_invalid")
    guest = Owner(db)
    db.commit(Update(f"users/{guest.uid}", {"guest": True}))
    assert code(guest.ask("POST", "/api/keys", json=body)) == (403, "guest_not_allowed")


def test_at_most_twenty_keys_even_at_once(owner: Owner) -> None:
    owner.db.commit(Update(f"users/{owner.uid}", {"apiKeys": 18}))
    body = {"name": "Blog", "scopes": ["speech"]}

    def make(_: int) -> int:
        return int(owner.ask("POST", "/api/keys", json=body).status_code)

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(make, range(6)))
    assert answers == [201, 201, 409, 409, 409, 409]
    (first, *_) = owner.ask("GET", "/api/keys").json["data"]["keys"]
    owner.ask("DELETE", f"/api/keys/{first['id']}")
    assert make(0) == 201


def test_fifty_at_once_cannot_exceed_the_cap(db: Database) -> None:
    owner = Owner(db, tokens=100)
    key_id, key = owner.key(cap={"tokens": 20}, rate=1000)

    def once(_: int) -> tuple[int, str]:
        answer = generate(bearer(key))
        return answer.status_code, answer.json.get("error", {}).get("code", "")

    with held_queue(), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(once, range(50)))
    assert answers.count((202, "")) == 20
    assert set(answers) == {(202, ""), (402, "key_budget_spent")}
    assert owner.shown(key_id)["usedThisMonth"]["tokens"] == 20
    refused = speak(bearer(key)).json["error"]["details"]
    assert (refused["limit"], refused["used"], refused["needed"]) == (20, 20, 1)
    # The owner can still spend the rest.
    assert speak(owner.headers).status_code == 202


def test_a_cancelled_job_gives_its_budget_back(owner: Owner) -> None:
    key_id, key = owner.key(cap={"tokens": 1})
    generation = speak(bearer(key)).json["data"]["generation"]["id"]
    assert code(speak(bearer(key))) == (402, "key_budget_spent")
    cancel = f"/api/voice/generations/{generation}/cancel"
    voice = app_for("voice").test_client()
    assert voice.post(cancel, headers=bearer(key)).status_code == 200
    assert owner.shown(key_id)["usedThisMonth"]["tokens"] == 0
    assert speak(bearer(key)).status_code == 202
    problems = [problem for each, problem in audit_keys(owner.db) if each == key_id]
    assert problems == []
    month = key_month_path(key_id, now())
    owner.db.commit(Update(month, {"tokens.used": 3}))
    (problem,) = [problem for each, problem in audit_keys(owner.db) if each == key_id]
    assert "used 3, held 1; its jobs say used 0, held 1" in problem
    owner.db.commit(Update(month, {"tokens.used": 0}))


def test_a_quote_knows_the_cap(owner: Owner) -> None:
    _, key = owner.key(cap={"tokens": 0})
    voice = app_for("voice").test_client()
    quoted = voice.post("/api/voice/quote", json=TEXT, headers=bearer(key)).json["data"]
    assert (quoted["sufficient"], quoted["available"]) == (False, 0)


def test_what_a_key_reads(owner: Owner, counting: CountingDatabase) -> None:
    """The key and its user; nothing for a mistyped one."""
    _, key = owner.key()
    callers = KeyCallers(counting, services().settings.api_key_pepper)
    callers.authenticate(key, Device())  # records the use
    counting.calls.clear()
    callers.authenticate(key, Device())
    assert counting.calls == {"batch_get_documents": 2}
    with pytest.raises(ApiKeyInvalid):
        callers.authenticate(key[:-1], Device())
    assert counting.calls == {"batch_get_documents": 2}


def test_the_rate_of_a_key(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = owner.key(rate=2)
    clock = now()  # windows end with the minute
    monkeypatch.setattr("troupe.rate_limits.now", lambda: clock)
    answer = me(key)
    assert answer.headers["RateLimit-Policy"] == '"key";q=2;w=60'
    assert answer.headers["RateLimit"].startswith('"key";r=1;t=')
    assert answer.headers["RateLimit-Remaining"] == "1"
    assert me(key).status_code == 200
    assert code(me(key)) == (429, "too_many_requests")
    _, another = owner.key(rate=2)
    assert me(another).status_code == 200
    _, plain = owner.key()
    assert me(plain).headers["RateLimit-Policy"] == '"key";q=60;w=60'


def test_a_companys_key_spends_its_money_and_ends_with_the_role(db: Database) -> None:
    firm = a_firm(db)
    manager, member = firm.join("admin"), firm.join()
    body = {"name": "Site", "scopes": ["speech"], "companyId": firm.id}
    client = app_for("developers").test_client()
    refused = client.post("/api/keys", json=body, headers=member.headers)
    assert code(refused) == (403, "forbidden")
    made = client.post("/api/keys", json=body, headers=manager.headers).json["data"]
    told = me(made["secret"]).json["data"]
    assert told["owner"] == {"kind": "company", "id": firm.id}
    # Somebody else who manages the company sees it, and a member does not.
    path = f"/api/keys/{made['key']['id']}"
    other = firm.join("admin")
    assert client.get(path, headers=other.headers).status_code == 200
    listed = client.get(f"/api/keys?companyId={firm.id}", headers=other.headers).json["data"]
    assert [each["id"] for each in listed["keys"]] == [made["key"]["id"]]
    assert code(client.get(path, headers=member.headers)) == (404, "api_key_not_found")
    # It pays by itself, without the header, and for no other company.
    assert code(speak(bearer(made["secret"]))) == (402, "not_enough_tokens")
    elsewhere = bearer(made["secret"]) | {"X-Troupe-Company": a_firm(db).id}
    assert code(speak(elsewhere)) == (422, "company_differs")
    db.commit(Update(f"users/{manager.uid}", {f"companies.{firm.id}": "member"}))
    assert code(me(made["secret"])) == (401, "api_key_invalid")


def test_a_users_key_spends_no_companys_money(db: Database) -> None:
    firm = a_firm(db)
    person = firm.join("admin")
    client = app_for("developers").test_client()
    body = {"name": "Blog", "scopes": ["speech"]}
    key = client.post("/api/keys", json=body, headers=person.headers).json["data"]["secret"]
    answer = speak(bearer(key) | {"X-Troupe-Company": firm.id})
    assert code(answer) == (404, "company_not_found")


def test_erasing_the_user_erases_the_keys(owner: Owner) -> None:
    key_id, key = owner.key(cap={"tokens": 5})
    assert speak(bearer(key)).status_code == 202
    assert erase(owner.uid, 10, database=owner.db) == 1
    assert erase(owner.uid, 10, database=owner.db) == 0
    assert owner.db.find(f"apiKeys/{key_id}/months", limit=5) == []
    assert code(me(key)) == (401, "api_key_invalid")


def test_a_link_made_for_a_key_ends_with_the_key(owner: Owner) -> None:
    key_id, key = owner.key()
    generation = speak(bearer(key)).json["data"]["generation"]
    caller = services().callers.authenticate(f"Bearer {key}")
    path = f"/api/voice/generations/{generation['id']}/audio"
    url = services().media_links.make(caller, path).url
    voice = app_for("voice").test_client()
    assert code(voice.get(url)) == (409, "audio_not_ready")
    owner.ask("DELETE", f"/api/keys/{key_id}")
    assert code(voice.get(url)) == (401, "api_key_invalid")
