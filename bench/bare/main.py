"""The baseline: a minimal Firebase function that reads one Firestore document."""

from firebase_functions import https_fn, options
from flask import Request, Response
from google.cloud import firestore

options.set_global_options(cpu=1, concurrency=40)
client: firestore.Client | None = None


@https_fn.on_request()
def bare(request: Request) -> Response:
    global client  # noqa: PLW0603 (Firebase's documentation caches clients this way)
    client = client or firestore.Client()
    document = client.document("bench/one").get()
    return Response(f"{document.exists}")
