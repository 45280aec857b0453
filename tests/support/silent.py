"""A server that accepts connections and never answers, and clients of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import firebase_admin
import pytest
from firebase_admin import auth, credentials, functions
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from troupe.adapters.app_check import AppChecks
from troupe.adapters.firebase import OPTIONS
from troupe.adapters.firestore import Database, connect
from troupe.adapters.google_oauth import GoogleOAuth
from troupe.adapters.identity import Identity
from troupe.adapters.moderation import ModerationServer
from troupe.adapters.queue import CloudTasksQueue
from troupe.adapters.storage import Files
from troupe.adapters.stripe import Stripe

PROJECT = "demo-silent"


class Credential(credentials.Base):
    def get_credential(self) -> AnonymousCredentials:
        return AnonymousCredentials()


@contextmanager
def silent_services() -> Iterator[Any]:
    """The adapters by the names of their services. os.environ is changed only while they are
    made."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        port = server.getsockname()[1]
        host = f"127.0.0.1:{port}"
        app = firebase_admin.initialize_app(
            Credential(), {"projectId": PROJECT, **OPTIONS}, name=f"silent-{port}"
        )
        moderation = ModerationServer("key", f"http://{host}/v1", "a-model")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FIRESTORE_EMULATOR_HOST", host)
            patch.setenv("FIREBASE_AUTH_EMULATOR_HOST", host)
            patch.setenv("CLOUD_TASKS_EMULATOR_HOST", host)
            patch.setenv("STORAGE_EMULATOR_HOST", f"http://{host}")
            storage = Client(project=PROJECT, credentials=AnonymousCredentials())
            firestore = connect(PROJECT)
            identity = Identity(app, "key", emulated=True)
            # These read the environment when they are first used.
            auth._get_client(app)
            functions._get_functions_service(app)
        yield SimpleNamespace(
            database=Database(firestore),
            files=Files(storage.bucket("a-bucket"), can_sign=False),
            identity=identity,
            queue=CloudTasksQueue(app, "us-central1"),
            app_checks=AppChecks(PROJECT, f"http://{host}/keys"),
            moderation=moderation,
            stripe=Stripe("sk_test_silent", ["whsec_silent"], f"http://{host}"),
            google_oauth=GoogleOAuth(
                client_id="a-client",
                client_secret="a-secret",
                redirect_url="https://app.example.com/api/auth/google/callback",
                authorize_url="https://accounts.example.com",
                token_url=f"http://{host}/token",
            ),
        )
        moderation.close()
        identity.close()
        firestore.close()
        storage.close()
        firebase_admin.delete_app(app)
