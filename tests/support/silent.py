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

from troupe.adapters.firebase import OPTIONS
from troupe.adapters.firestore import Database, connect
from troupe.adapters.identity import Identity
from troupe.adapters.queue import CloudTasksQueue
from troupe.adapters.storage import Files

PROJECT = "demo-silent"


class Credential(credentials.Base):
    def get_credential(self) -> AnonymousCredentials:
        return AnonymousCredentials()


@contextmanager
def silent_services() -> Iterator[Any]:
    """The adapters `database`, `files`, `identity` and `queue`. os.environ is changed only while
    they are made."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        port = server.getsockname()[1]
        host = f"127.0.0.1:{port}"
        app = firebase_admin.initialize_app(
            Credential(), {"projectId": PROJECT, **OPTIONS}, name=f"silent-{port}"
        )
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
        )
        identity.close()
        firestore.close()
        storage.close()
        firebase_admin.delete_app(app)
