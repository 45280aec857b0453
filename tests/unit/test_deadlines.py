"""Every call to a service ends soon if the service accepts the connection and never answers, and a
request waits ten seconds for all such calls together."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from google.auth.credentials import AnonymousCredentials

from tests.support.machine import slack
from tests.support.silent import silent_services
from troupe import deadlines
from troupe.adapters.app_check import AppChecks
from troupe.adapters.firestore import Create, Database
from troupe.adapters.google_oauth import GoogleOAuth
from troupe.adapters.identity import Identity
from troupe.adapters.identity_errors import IdentityError
from troupe.adapters.model import ModelError
from troupe.adapters.moderation import ModerationServer
from troupe.adapters.queue import CloudTasksQueue, QueueUnavailable
from troupe.adapters.storage import Files
from troupe.adapters.stripe import Stripe
from troupe.adapters.stripe_records import Bought, Item
from troupe.errors import Unavailable

LONGEST = 12.0  # seconds
# Not one of the project: its key is looked up first.
APP_TOKEN = jwt.encode({"sub": "app"}, "x" * 32, headers={"kid": "k"})
DOWN = (ModelError, Unavailable, IdentityError, QueueUnavailable, OSError)
Call = Callable[[Any], object]
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOUGHT = Bought("sub_1", "active", (Item("si_1", "price_1", 1, _NOW, _NOW),), _NOW)


class Waiting(AnonymousCredentials):
    """Credentials whose server does not answer."""

    def refresh(self, request: Any) -> None:
        time.sleep(15)


@pytest.fixture(scope="module")
def silent() -> Iterator[Any]:
    with silent_services() as services, pytest.MonkeyPatch.context() as patch:
        patch.setattr("google.auth.default", lambda: (Waiting(), None))
        yield services


def read(services: Any) -> bytes:
    with services.files.reading("a"), services.files.open("a", 100) as file:
        return bytes(file.read(10))


def write(services: Any) -> None:
    with services.files.writer("a", "text/plain") as file:
        file.write(b"abc")


# By service and method. A method that makes no call is None.
CALLS: dict[str, dict[str, Call | None]] = {
    "database": {
        "connect": None,
        "get": lambda to: to.database.get("c/one"),
        "get_all": lambda to: to.database.get_all(["c/one", "c/two"]),
        "find": lambda to: to.database.find("c", limit=1),
        "due": lambda to: to.database.due("c", 1),
        "walk": lambda to: list(to.database.walk("c")),
        "count_and_sum": lambda to: to.database.count_and_sum("c", "size"),
        "count": lambda to: to.database.count("c"),
        "begin_count": lambda to: to.database.begin_count("c")(),
        "clear": lambda to: to.database.clear("c"),
        "commit": lambda to: to.database.commit(Create("c/one", {})),
        "commit_once": lambda to: to.database.commit_once(Create("c/one", {})),
        "commit_or_stale": lambda to: to.database.commit_or_stale(Create("c/one", {})),
        "delete_all": lambda to: to.database.delete_all(["c/one"]),
    },
    "files": {
        "connect": None,
        "upload": lambda to: to.files.upload("a", b"abc", "text/plain"),
        "writer": write,
        "read": lambda to: to.files.read("a"),
        "download": lambda to: to.files.download("a", Path(os.devnull)),
        "begin_upload": lambda to: to.files.begin_upload("a", 3, "https://app.example.com"),
        "cancel_upload": lambda to: to.files.cancel_upload(
            f"{to.files._bucket.client._connection.API_BASE_URL}/upload?upload_id=a"
        ),
        "stat": lambda to: to.files.stat("a"),
        "open": None,
        "reading": read,
        "signed_url": lambda to: to.files.signed_url(
            "a", disposition="inline", content_type="audio/wav"
        ),
        "delete": lambda to: to.files.delete(["a"]),
        "list": lambda to: to.files.list("a"),
        "check": lambda to: to.files.check(),
    },
    "identity": {
        "close": None,
        "verify": None,  # on the emulators, tokens are not signed
        "listener_token": None,
        "create": lambda to: to.identity.create("ada@example.com", "secret-123", "Ada"),
        "sign_in": lambda to: to.identity.sign_in("ada@example.com", "secret-123"),
        "sign_in_with_google": lambda to: to.identity.sign_in_with_google("a-token"),
        "link_google": lambda to: to.identity.link_google("ada", "a-token"),
        "add_password": lambda to: to.identity.add_password("ada", None, "secret-123"),
        "sign_up_guest": lambda to: to.identity.sign_up_guest(),
        "send_reset": lambda to: to.identity.send_reset("ada@example.com"),
        "standing": lambda to: to.identity.standing("ada"),
        "last_seen": lambda to: to.identity.last_seen("ada"),
        "unlink": lambda to: to.identity.unlink("ada", ["google.com"]),
        "address_of": lambda to: to.identity.address_of("code", "PASSWORD_RESET"),
        "reset_password": lambda to: to.identity.reset_password("code", "secret-123"),
        "send_verification": lambda to: to.identity.send_verification("ada"),
        "verify_email": lambda to: to.identity.verify_email("code"),
        "uid_of": lambda to: to.identity.uid_of("ada@example.com"),
        "set_password": lambda to: to.identity.set_password("ada", "secret-123"),
        "set_email": lambda to: to.identity.set_email("ada", "ada@example.com"),
        "delete": lambda to: to.identity.delete("ada"),
        "revoke": lambda to: to.identity.revoke("ada"),
    },
    "queue": {
        "enqueue": lambda to: to.queue.enqueue("generate", {"jobId": "a"}, {}),
        "check": None,  # on the emulators, it only connects
    },
    "app_checks": {"verify": lambda to: to.app_checks.verify(APP_TOKEN)},
    "google_oauth": {
        "authorization_url": None,
        "exchange": lambda to: to.google_oauth.exchange("code", nonce="n", verifier="v"),
    },
    "stripe": {
        "event": None,
        "picture": lambda to: to.stripe.picture("cus_1", None),
        "one_offs": lambda to: to.stripe.one_offs("cus_1", None),
        "subscriptions": lambda to: to.stripe.subscriptions("cus_1"),
        "customer_gone": lambda to: to.stripe.customer_gone("cus_1"),
        "customer_of": lambda to: to.stripe.customer_of(payment_intent="pi_1", charge=None),
        "create_customer": lambda to: to.stripe.create_customer(
            "user", "ada", None, "Ada", number=0
        ),
        "checkout": lambda to: to.stripe.checkout(
            customer_id="cus_1",
            owner_id="ada",
            price_id="price_1",
            quantity=1,
            subscription=True,
            trial_days=0,
            success_url="https://a.example/",
            cancel_url="https://a.example/",
            expires_at=datetime.now(UTC),
            tax=False,
            key="k",
        ),
        "session": lambda to: to.stripe.session("cs_1"),
        "expire_session": lambda to: to.stripe.expire_session("cs_1"),
        "cancel_at_period_end": lambda to: to.stripe.cancel_at_period_end(BOUGHT, True),
        "cancel_now": lambda to: to.stripe.cancel_now("sub_1"),
        "end_trial": lambda to: to.stripe.end_trial("sub_1"),
        "portal": lambda to: to.stripe.portal("cus_1", "https://a.example/"),
        "preview": lambda to: to.stripe.preview("cus_1", BOUGHT, "price_1", 1, datetime.now(UTC)),
        "document_url": lambda to: to.stripe.document_url(
            invoice_id="in_1", charge_id=None, pdf=True
        ),
        "charges_of": lambda to: to.stripe.charges_of("pi_1"),
        "refunds_of": lambda to: to.stripe.refunds_of("pi_1"),
        "refund": lambda to: to.stripe.refund("pi_1", 1, None, "k"),
        "price": lambda to: to.stripe.price("price_1"),
        "prices": lambda to: to.stripe.prices(),
        "create_price": lambda to: to.stripe.create_price(
            product="p", name="P", amount=1, currency="usd", months=1, lookup_key="k"
        ),
        "configure_portal": lambda to: to.stripe.configure_portal(None, {}, "https://a.example/"),
        "create_webhook": lambda to: to.stripe.create_webhook("https://a.example/", []),
        "products": lambda to: to.stripe.products(),
        "events_since": lambda to: list(to.stripe.events_since(_NOW, [])),
        "endpoints": lambda to: to.stripe.endpoints(),
        "portal_features": lambda to: to.stripe.portal_features("bpc_1"),
    },
    "moderation": {"close": None, "__call__": lambda to: to.moderation(["Good day."])},
}
CLASSES: dict[str, type[Any]] = {
    "database": Database,
    "files": Files,
    "identity": Identity,
    "queue": CloudTasksQueue,
    "app_checks": AppChecks,
    "google_oauth": GoogleOAuth,
    "stripe": Stripe,
    "moderation": ModerationServer,
}


@pytest.mark.parametrize("service", CLASSES)
def test_every_method_of_an_adapter_is_tried(service: str) -> None:
    methods = inspect.getmembers(CLASSES[service], inspect.isroutine)
    public = {name for name, _ in methods if not name.startswith("_")}
    public |= {"__call__"} & vars(CLASSES[service]).keys()
    assert public == CALLS[service].keys()


def timed(call: Call, services: Any) -> float:
    """Makes a call as a request does; returns its seconds."""
    deadlines.begin(deadlines.REQUEST_SECONDS)
    started = time.monotonic()
    with pytest.raises(DOWN):
        call(services)
    return time.monotonic() - started


@pytest.mark.slow
def test_every_call_ends_within_twelve_seconds(silent: Any) -> None:
    calls = {
        f"{service}.{name}": call
        for service, methods in CALLS.items()
        for name, call in methods.items()
        if call is not None
    }
    with ThreadPoolExecutor(len(calls)) as pool:
        taken = dict(
            zip(calls, pool.map(lambda call: timed(call, silent), calls.values()), strict=True)
        )
    print(*(f"{seconds:6.1f} s  {name}" for name, seconds in taken.items()), sep="\n")
    assert not {name: seconds for name, seconds in taken.items() if seconds > LONGEST * slack()}


def test_the_calls_of_one_request_share_its_time(silent: Any) -> None:
    deadlines.begin(1.0)
    started = time.monotonic()
    for _ in range(2):
        with pytest.raises(Unavailable):
            silent.database.get("c/one")
    with pytest.raises(Unavailable):
        silent.files.read("a")
    # Of thirty that three calls may take alone.
    assert 1.0 < time.monotonic() - started < 8 * slack()
    deadlines.begin(None)


def test_calls_that_succeed_take_nothing_from_the_time() -> None:
    deadlines.begin(1.0)
    with deadlines.charged(OSError):
        time.sleep(0.1)
    assert deadlines.seconds_left(30) == 1.0
    with pytest.raises(OSError), deadlines.charged(OSError):
        time.sleep(0.1)
        raise OSError
    assert deadlines.seconds_left(30) < 0.95
    assert deadlines.seconds_left(0.2) == 0.2
    deadlines.begin(None)
    assert deadlines.seconds_left(30) == 30
