"""`python -m troupe preflight`, against a local server that answers as Google's REST APIs do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.google_project import (
    ACCOUNT,
    BUCKET,
    DATABASE,
    MEMBER,
    PROJECT,
    FakeProject,
    complete,
    google_project,
    write_credentials,
)
from troupe.__main__ import main
from troupe.commands import preflight
from troupe.commands.declared import declared, env_of

SETTINGS = "PAYMENTS=off\nSPEECH_ENGINES=kokoro,openai\n"
NAMES = f"cloudfunctions/v2/projects/{PROJECT}/locations/-/functions"
POLICY = f"cloudresourcemanager/v1/projects/{PROJECT}:getIamPolicy"
OWN_POLICY = f"iam/v1/projects/{PROJECT}/serviceAccounts/{ACCOUNT}:getIamPolicy"
STORED = f"storage/storage/v1/b/{BUCKET}"
INVOKERS = f"run/v2/projects/{PROJECT}/locations/us-central1/services/dub:getIamPolicy"
INDEXES = f"firestore/{DATABASE}/collectionGroups/-/indexes"
FIELDS = f"firestore/{DATABASE}/collectionGroups/-/fields"


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return complete({"PAYMENTS": "off", "SPEECH_ENGINES": "kokoro,openai"})


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("credentials") / "key.json"


@pytest.fixture(scope="module")
def server(credentials: Path) -> Iterator[FakeProject]:
    with google_project() as fake:
        write_credentials(credentials, fake.base)
        yield fake


@pytest.fixture
def google(
    server: FakeProject,
    whole: dict[str, Any],
    credentials: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> FakeProject:
    """A project that lacks nothing."""
    server.answers = {path: _copy(answer) for path, answer in whole.items()}
    for each in (server.denied, server.disabled, server.broken, server.asked):
        each.clear()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
    monkeypatch.setenv("GOOGLE_APIS_URL", f"{server.base}/api/{{host}}")
    monkeypatch.delenv("FUNCTIONS_EMULATOR", raising=False)
    (tmp_path / ".env").write_text(SETTINGS)
    monkeypatch.setattr(preflight, "FUNCTIONS", tmp_path)
    # What main.py declares is the same in all these tests, and takes half a second to read.
    monkeypatch.setattr(preflight, "declared", _declared)
    return server


def _copy(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: _copy(each) for name, each in answer.items()}
    return [_copy(each) for each in answer] if isinstance(answer, list) else answer


_known: dict[tuple[tuple[str, str], ...], Any] = {}


def _declared(settings: dict[str, str]) -> Any:
    key = tuple(sorted(settings.items()))
    if key not in _known:
        _known[key] = declared(settings)
    return _known[key]


def run(*words: str) -> int:
    return main(["preflight", "--project", PROJECT, *words])


def test_nothing_is_missing(google: FakeProject, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--deployed") == 0
    told = capsys.readouterr().out
    assert f"preflight of {PROJECT}: 0 missing, 0 not looked at\n" in told
    assert set(re.findall(r"^(\w+) ", told, re.MULTILINE)) == {"ok", "preflight"}
    # It changes nothing: a policy is read with POST.
    assert {path.rpartition(":")[2] for method, path in google.asked if method != "GET"} == {
        "getIamPolicy"
    }


def without(path: str, *keys: str | int) -> Callable[[dict[str, Any]], None]:
    """Takes something out of the answers, by its path and the keys within."""

    def take(answers: dict[str, Any]) -> None:
        within: Any = answers
        for key in (path, *keys)[:-1]:
            within = within[key]
        del within[(path, *keys)[-1]]

    return take


def changed(path: str, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda answers: answers[path].update(fields)


def lasting(days: int, prefix: str) -> dict[str, Any]:
    """A lifecycle rule of a bucket."""
    condition = {"age": days, "matchesPrefix": [prefix]}
    return {"action": {"type": "Delete"}, "condition": condition}


MISSING: dict[str, tuple[Callable[[dict[str, Any]], None], str, str]] = {
    "a service": (
        without(f"serviceusage/v1/projects/{PROJECT}/services", "services", 0),
        "artifactregistry.googleapis.com is not enabled",
        f"gcloud services enable artifactregistry.googleapis.com --project={PROJECT}",
    ),
    "the database": (
        without(f"firestore/{DATABASE}"),
        "there is no Firestore database",
        "gcloud firestore databases create --location=us-central1",
    ),
    "native mode": (
        changed(f"firestore/{DATABASE}", type="DATASTORE_MODE"),
        "in Datastore mode",
        "gcloud firestore databases update --type=firestore-native",
    ),
    "authentication": (
        without(f"identitytoolkit/admin/v2/projects/{PROJECT}/config"),
        "Authentication is not set up",
        "Get started",
    ),
    "passwords": (
        changed(f"identitytoolkit/admin/v2/projects/{PROJECT}/config", signIn={}),
        "sign-in with e-mail and password is off",
        "enable Email/Password",
    ),
    "a secret": (
        without(f"secretmanager/v1/projects/{PROJECT}/secrets/OPENAI_API_KEY/versions/latest"),
        "the secret OPENAI_API_KEY is not set",
        f"npx firebase functions:secrets:set OPENAI_API_KEY --project {PROJECT}",
    ),
    "a secret's version": (
        changed(
            f"secretmanager/v1/projects/{PROJECT}/secrets/JWT_SECRET/versions/latest",
            state="DESTROYED",
        ),
        "the secret JWT_SECRET is destroyed",
        "npx firebase functions:secrets:set JWT_SECRET",
    ),
    "a role": (
        without(POLICY, "bindings", 3),
        f"{ACCOUNT} lacks roles/cloudtasks.enqueuer",
        f"--member={MEMBER} --role=roles/cloudtasks.enqueuer",
    ),
    "a role without a condition": (
        lambda answers: answers[POLICY]["bindings"][0].update(condition={"expression": "false"}),
        f"{ACCOUNT} lacks roles/datastore.user",
        f"gcloud projects add-iam-policy-binding {PROJECT}",
    ),
    "a role on itself": (
        without(OWN_POLICY, "bindings", 1),
        f"{ACCOUNT} lacks roles/iam.serviceAccountTokenCreator on itself",
        f"gcloud iam service-accounts add-iam-policy-binding {ACCOUNT}",
    ),
    "the account": (
        without(OWN_POLICY),
        f"the service account {ACCOUNT} does not exist",
        "gcloud services enable compute.googleapis.com",
    ),
    "the bucket": (without(STORED), f"there is no bucket {BUCKET}", "STORAGE_BUCKET"),
    "CORS": (
        changed(STORED, cors=[{"origin": ["https://example.com"], "method": ["GET"]}]),
        "the bucket has no CORS rule",
        '{"method": ["GET"], "origin": ["https://example.com"]}]\' > cors.json && '
        f"gcloud storage buckets update gs://{BUCKET} --cors-file=cors.json",
    ),
    "CORS of uploads": (
        changed(STORED, cors=[{"origin": ["*"], "method": ["GET", "PUT"]}]),
        "the bucket has no CORS rule that lets any origin PUT, with the headers Content-Range",
        '[{"origin": ["*"], "method": ["GET", "PUT"], "responseHeader": ["Content-Range", '
        '"Content-Type", "Location", "Range"]}, {"method": ["GET", "PUT"], "origin": ["*"]}]',
    ),
    "the lifecycle": (
        without(STORED, "lifecycle"),
        "the bucket keeps objects below speech/ and uploads/ that",
        '{"rule": [{"action": {"type": "Delete"}, "condition": {"age": 8, '
        '"matchesPrefix": ["speech/", "uploads/"]}}]}',
    ),
    "the lifecycle of uploads": (
        changed(STORED, lifecycle={"rule": [lasting(8, "speech/"), lasting(30, "exports/")]}),
        "the bucket keeps objects below uploads/ that",
        json.dumps(
            {"rule": [lasting(8, "speech/"), lasting(30, "exports/"), lasting(8, "uploads/")]}
        ),
    ),
    "a function": (
        without(NAMES, "functions", 0),
        "the function admin is not deployed",
        f"npx firebase deploy --only functions:admin --project {PROJECT}",
    ),
    "a function that works": (
        lambda answers: answers[NAMES]["functions"][1].update(state="FAILED"),
        "the function auth is failed",
        "npx firebase deploy --only functions:auth",
    ),
    "a function of today": (
        lambda answers: answers[NAMES]["functions"].append({"name": "x/old", "state": "ACTIVE"}),
        "the function old is deployed, but this version has none",
        "npx firebase functions:delete old",
    ),
    "an invoker": (
        changed(INVOKERS, bindings=[]),
        "tasks may not call dub",
        "gcloud run services add-iam-policy-binding dub --region=us-central1",
    ),
    "privacy": (
        lambda answers: answers[INVOKERS]["bindings"][0]["members"].append("allUsers"),
        "anybody may call dub, which is private",
        "remove-iam-policy-binding dub",
    ),
    "an index": (
        without(INDEXES, "indexes", 0),
        "the index of users by deletedAt, createdAt is missing",
        f"npx firebase deploy --only firestore:indexes --project {PROJECT}",
    ),
    "an index on a later page": (
        without(INDEXES, "indexes", -1),
        " is missing",
        "npx firebase deploy --only firestore:indexes",
    ),
    "an index that is built": (
        lambda answers: answers[INDEXES]["indexes"][0].update(state="CREATING"),
        "1 indexes are being built",
        "gcloud firestore indexes composite list",
    ),
    "expiry": (
        lambda answers: answers[FIELDS]["fields"][0].pop("ttlConfig"),
        "do not expire by expiresAt",
        "--enable-ttl",
    ),
    "rules": (
        without(f"firebaserules/v1/projects/{PROJECT}/releases", "releases", 1),
        f"the rules of firebase.storage/{BUCKET} are not deployed",
        f"npx firebase deploy --only storage --project {PROJECT}",
    ),
}


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_is_named_with_what_mends_it(
    what: str, google: FakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    take, told, command = MISSING[what]
    take(google.answers)
    assert run() == 1
    out = capsys.readouterr().out
    (line,) = re.findall(r"^missing  (.*)\n +(.*)$", out, re.MULTILINE)
    assert told in line[0]
    assert command in line[1]
    assert "1 missing, 0 not looked at" in out


def test_before_the_first_deploy(google: FakeProject, capsys: pytest.CaptureFixture[str]) -> None:
    google.answers[NAMES] = {}
    assert run() == 0
    out = capsys.readouterr().out
    assert "later    indexes: nothing is deployed yet" in out
    assert "run it again after the deploy" in out
    assert run("--deployed") == 1


def test_without_permission_the_other_checks_are_made(
    google: FakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    google.denied |= {"secretmanager", "iam"}
    assert run() == 1
    out = capsys.readouterr().out
    assert "unknown  secrets: Permission denied on secretmanager" in out
    assert "unknown  roles of the functions' account: Permission denied on iam" in out
    assert "0 missing, 2 not looked at" in out
    assert "ok       indexes" in out


def test_without_permission_to_list_functions(
    google: FakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    google.denied.add("cloudfunctions")
    assert run() == 1
    assert "unknown  functions: Permission denied on cloudfunctions" in capsys.readouterr().out


def test_a_service_that_is_not_enabled_is_no_question_of_permission(
    google: FakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    google.disabled |= {"secretmanager", "cloudfunctions"}
    assert run() == 1
    out = capsys.readouterr().out
    assert "unknown  secrets: its service is not enabled" in out
    assert "nothing is deployed yet" in out


def test_no_network(
    google: FakeProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GOOGLE_APIS_URL", "http://127.0.0.1:9/{host}")
    assert run() == 1
    told = capsys.readouterr()
    assert told.err == "serviceusage cannot be reached: check the network, and run this again\n"
    assert "missing" not in told.out


def test_a_gateway_that_fails(google: FakeProject, capsys: pytest.CaptureFixture[str]) -> None:
    google.broken.add("secretmanager")
    assert run() == 1
    assert "secretmanager answered 502" in capsys.readouterr().err


def test_no_credentials(
    google: FakeProject,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    assert run() == 1
    assert "gcloud auth application-default login" in capsys.readouterr().err
    assert google.asked == []


def test_wrong_use(
    google: FakeProject,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("GCLOUD_PROJECT", raising=False)
    assert main(["preflight"]) == 2
    (tmp_path / ".env").write_text("")
    assert run() == 1
    assert "does not set PAYMENTS" in capsys.readouterr().err
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    assert run() == 3


def test_what_is_chosen_in_the_settings_is_wanted(
    google: FakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text(SETTINGS + "SPEECH_ENGINES=google\nPUSH=fcm\n")
    (tmp_path / f".env.{PROJECT}").write_text('API_KEYS="on"  # of this project alone\n')
    google.answers[f"serviceusage/v1/projects/{PROJECT}/services"]["services"] = []
    assert run() == 1
    out = capsys.readouterr().out
    for name in ("texttospeech", "fcm", "cloudscheduler", "cloudtasks"):
        assert f"{name}.googleapis.com is not enabled" in out
    assert "speech.googleapis.com is not enabled" not in out.replace("texttospeech", "")
    assert "the secret API_KEY_PEPPER is not set" in out


def test_stripe_is_not_looked_at_without_its_key(
    google: FakeProject,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("STRIPE_SECRET_KEY", raising=False)
    (tmp_path / ".env").write_text(SETTINGS + "PAYMENTS=stripe\n")
    assert run() == 1
    out = capsys.readouterr().out
    assert "unknown  prices and webhook at Stripe: STRIPE_SECRET_KEY is not set here" in out
    assert "the secret STRIPE_WEBHOOK_SECRET is not set" in out


def test_settings_are_read_as_the_firebase_cli_does(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# comment\nA=1\n B = 'two words' # why\nexport C=\"x=y\"\nD=plain # why\nE=\nF=a#b\n"
    )
    (tmp_path / ".env.p").write_text("A=2\n")
    assert env_of("p", tmp_path) == {
        **{"A": "2", "B": "two words", "C": "x=y", "D": "plain", "E": "", "F": "a"}
    }
