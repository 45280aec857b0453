"""A fake of the REST APIs of Google that describe a project, for `preflight`: what it answers is
what Google's reference documents. It also gives out tokens, to a service account."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, request
from werkzeug.serving import make_server

from troupe.commands.declared import declared
from troupe.commands.preflight import (
    CHOSEN,
    INDEXES,
    OWN_ROLES,
    PROJECT_ROLES,
    SENDING,
    SERVICES,
    SHORT_LIVED,
)

PROJECT, NUMBER = "acme-voices", "123456789012"
BUCKET = f"{PROJECT}.firebasestorage.app"
ACCOUNT = f"{NUMBER}-compute@developer.gserviceaccount.com"
MEMBER = f"serviceAccount:{ACCOUNT}"
DATABASE = f"v1/projects/{PROJECT}/databases/(default)"
_PAGE = 50


@dataclass
class FakeProject:
    """`answers`: by host and path; None does not exist. `denied`: hosts without permission."""

    base: str
    answers: dict[str, Any] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, host: str, path: str) -> tuple[Any, int]:
        self.asked.append((request.method, f"{host}/{path}"))
        if host in self.broken:
            return "<html>", 502
        if host in self.disabled:
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo"}]
            details[0]["reason"] = "SERVICE_DISABLED"
            return _error(403, f"{host} API has not been used in project", details), 403
        if host in self.denied:
            return _error(403, f"Permission denied on {host}"), 403
        found = self.answers.get(f"{host}/{path}")
        if found is None:
            return _error(404, "not found"), 404
        for name, entries in found.items():
            if isinstance(entries, list) and len(entries) > _PAGE:
                first = int(request.args.get("pageToken", "0"))
                page = {name: entries[first : first + _PAGE]}
                more = first + _PAGE < len(entries)
                return page | ({"nextPageToken": str(first + _PAGE)} if more else {}), 200
        return found, 200


def _error(code: int, message: str, details: list[dict[str, str]] | None = None) -> Any:
    return {"error": {"code": code, "message": message, "details": details or []}}


def complete(settings: dict[str, str]) -> dict[str, Any]:
    """A project that lacks nothing."""
    functions, apis = declared(settings)
    names = [f"{each}.googleapis.com" for each in (*SERVICES, *CHOSEN.values())]
    indexes = json.loads(INDEXES.read_text())
    answers: dict[str, Any] = {
        f"serviceusage/v1/projects/{PROJECT}/services": {
            "services": [{"config": {"name": name}} for name in (*names, *apis)]
        },
        f"firestore/{DATABASE}": {"name": DATABASE, "type": "FIRESTORE_NATIVE"},
        f"identitytoolkit/admin/v2/projects/{PROJECT}/config": {
            "signIn": {"email": {"enabled": True}, "anonymous": {"enabled": True}}
        },
        f"cloudresourcemanager/v1/projects/{PROJECT}": {"projectNumber": NUMBER},
        f"cloudresourcemanager/v1/projects/{PROJECT}:getIamPolicy": {
            "bindings": [{"role": role, "members": [MEMBER]} for role in PROJECT_ROLES]
        },
        f"iam/v1/projects/{PROJECT}/serviceAccounts/{ACCOUNT}:getIamPolicy": {
            "bindings": [{"role": role, "members": [MEMBER]} for role in OWN_ROLES]
        },
        f"storage/storage/v1/b/{BUCKET}": {
            "cors": [{"origin": ["*"], "method": ["GET", "PUT"], "responseHeader": [*SENDING]}],
            "lifecycle": {
                "rule": [
                    {
                        "action": {"type": "Delete"},
                        "condition": {"age": 8, "matchesPrefix": [*SHORT_LIVED]},
                    }
                ]
            },
        },
        f"cloudfunctions/v2/projects/{PROJECT}/locations/-/functions": {
            "functions": [
                {
                    "name": f"projects/{PROJECT}/locations/{each.region}/functions/{each.name}",
                    "state": "ACTIVE",
                    "serviceConfig": {"serviceAccountEmail": ACCOUNT},
                }
                for each in functions
            ]
        },
        f"firestore/{DATABASE}/collectionGroups/-/indexes": {
            "indexes": [
                {
                    "name": f"projects/x/databases/(default)/collectionGroups/"
                    f"{each['collectionGroup']}/indexes/{number}",
                    "queryScope": each["queryScope"],
                    "fields": [*each["fields"], {"fieldPath": "__name__", "order": "ASCENDING"}],
                    "state": "READY",
                }
                for number, each in enumerate(indexes["indexes"])
            ]
        },
        f"firestore/{DATABASE}/collectionGroups/-/fields": {
            "fields": [
                {
                    "name": f"projects/x/databases/(default)/collectionGroups/"
                    f"{each['collectionGroup']}/fields/{each['fieldPath']}",
                    "ttlConfig": {"state": "ACTIVE"},
                }
                for each in indexes["fieldOverrides"]
                if each.get("ttl")
            ]
        },
        f"firebaserules/v1/projects/{PROJECT}/releases": {
            "releases": [
                {"name": f"projects/{PROJECT}/releases/cloud.firestore"},
                {"name": f"projects/{PROJECT}/releases/firebase.storage/{BUCKET}"},
            ]
        },
    }
    for each in functions:
        for secret in each.secrets:
            path = f"secretmanager/v1/projects/{PROJECT}/secrets/{secret}/versions/latest"
            answers[path] = {"name": f"projects/{NUMBER}/secrets/{secret}", "state": "ENABLED"}
        service = f"run/v2/projects/{PROJECT}/locations/{each.region}/services/{each.name}"
        answers[f"{service}:getIamPolicy"] = {
            "bindings": [{"role": "roles/run.invoker", "members": [MEMBER]}]
        }
    return answers


@contextmanager
def google_project() -> Iterator[FakeProject]:
    app = Flask(__name__)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    fake = FakeProject(f"http://127.0.0.1:{server.server_port}")

    @app.post("/token")
    def token() -> Any:
        return {"access_token": "of-the-fake", "expires_in": 3600, "token_type": "Bearer"}

    @app.route("/api/<host>/<path:path>", methods=["GET", "POST"])
    def api(host: str, path: str) -> Any:
        if request.headers.get("Authorization") != "Bearer of-the-fake":
            return _error(401, "Request had invalid authentication credentials."), 401
        return fake.answer(host, path)

    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_credentials(path: Path, base: str) -> None:
    """The key of a service account, for GOOGLE_APPLICATION_CREDENTIALS."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key": pem.decode(),
        "client_email": f"operator@{PROJECT}.iam.gserviceaccount.com",
        "token_uri": f"{base}/token",
    }
    path.write_text(json.dumps(account))
